"""Refusing bad config in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import dagster as dg
from pydantic import ValidationError

_Config = TypeVar("_Config", bound=dg.Config)


def config_mapping(
    model: type[_Config], to_ops: Callable[[_Config], dict[str, Any]]
) -> dg.ConfigMapping:
    """Map a graph asset's config to that of its ops, once `model` has accepted it.

    Not Dagster's decorator of the same name: that hides the field and its value behind "has thrown
    an unexpected error", in the middle of a hundred lines. Here they are the last one.
    """

    def mapped(values: dict[str, Any]) -> dict[str, Any]:
        try:
            config = model(**values)
        except ValidationError as error:
            raise dg.DagsterInvalidConfigError(_said(error), [], values) from None  # type: ignore[no-untyped-call]
        return to_ops(config)

    return dg.ConfigMapping(config_fn=mapped, config_schema=model.to_fields_dict())


def _said(error: ValidationError) -> str:
    """Name each field, what is wrong with it, and its value."""
    return "; ".join(
        f"{'.'.join(map(str, each['loc']))}: {each['msg']}, not {each['input']!r}"
        for each in error.errors()
    )
