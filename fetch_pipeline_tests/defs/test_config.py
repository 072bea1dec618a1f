"""Config as the Launchpad shows it."""

import re

import dagster as dg
import pytest
from annotated_types import Ge, Gt, Le

from fetch_pipeline.defs.checks import FailureLimit
from fetch_pipeline.defs.config import bounded
from fetch_pipeline.defs.fetch_config import AsyncConfig, SequentialConfig
from fetch_pipeline.defs.fetcher import Fetcher
from fetch_pipeline.defs.resources import Journals, WarehouseResource
from fetch_pipeline.defs.study import StudyConfig
from fetch_pipeline.defs.url_list_asset import UrlListConfig

MODELS = [
    AsyncConfig,
    FailureLimit,
    Fetcher,
    Journals,
    SequentialConfig,
    StudyConfig,
    UrlListConfig,
    WarehouseResource,
]


@pytest.mark.parametrize("model", MODELS)
def test_every_field_says_what_it_is_and_what_it_may_be(model: type[dg.Config]) -> None:
    """Dagster shows descriptions and types, but no bounds."""
    for name, field in model.model_fields.items():
        about = field.description or ""
        bounds = [
            f"{'More than' if isinstance(bound, Gt) else 'From'} {_least(bound):g}"
            for bound in field.metadata
            if isinstance(bound, Gt | Ge)
        ]
        most = [f"to {bound.le:g}" for bound in field.metadata if isinstance(bound, Le)]
        assert about.endswith("."), name
        assert all(bound in about for bound in [*bounds, *most]), name


@pytest.mark.parametrize("model", MODELS)
def test_a_unit_stands_in_the_name_or_in_the_text(model: type[dg.Config]) -> None:
    """Nobody has to guess milliseconds."""
    for name, field in model.model_fields.items():
        if re.search("(?<!per)_s$", name):
            assert re.search("second|wait", field.description or "", re.IGNORECASE), name


def test_bounds_are_told_as_people_say_them() -> None:
    """One-sided or two-sided."""
    told = [bounded(1, "N.", **bounds).description for bounds in ({"gt": 0}, {"ge": 1, "le": 9})]

    assert told == ["N. More than 0.", "N. From 1 to 9."]


def _least(bound: Gt | Ge) -> float:
    return float(str(bound.gt if isinstance(bound, Gt) else bound.ge))
