"""Refusing bad config in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import dagster as dg
from pydantic import ValidationError
from pydantic_core import ErrorDetails

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
            raise refusal(error) from None
        return to_ops(config)

    return dg.ConfigMapping(config_fn=mapped, config_schema=model.to_fields_dict())


def refusal(error: ValidationError, *, secret: str = "") -> dg.DagsterInvalidConfigError:
    """Name each field, what is wrong with it, and its value, unless it is the secret one."""
    return refused("; ".join(_said(each, secret) for each in error.errors()))


def refused(why: str) -> dg.DagsterInvalidConfigError:
    """Return an error that is shown as it is: Dagster hides others behind "Error executing"."""
    return dg.DagsterInvalidConfigError(why, [], {})  # type: ignore[no-untyped-call]


def _said(each: ErrorDetails, secret: str) -> str:
    field = ".".join(map(str, each["loc"]))
    told = "" if field in {"", secret} else f", not {each['input']!r}"
    return f"{field or secret}: {each['msg'].removeprefix('Value error, ')}{told}"
