"""Refusing bad config in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Collection
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


def refusal(
    error: ValidationError, *, secrets: Collection[str] = ()
) -> dg.DagsterInvalidConfigError:
    """Name each field, what is wrong with it, and its value, unless it is one of the secret ones.

    Dagster lets errors of its own pass as they are, and hides others behind "Error executing".
    """
    said = "; ".join(_said(each, secrets) for each in error.errors())
    return dg.DagsterInvalidConfigError(said, [], {})  # type: ignore[no-untyped-call]


def _said(each: ErrorDetails, secrets: Collection[str]) -> str:
    told = each["msg"].removeprefix("Value error, ")
    path = [str(part) for part in each["loc"]]
    if not path:  # of several fields, which it names
        return told
    if path[0] in secrets:  # so may be the keys inside
        return f"{path[0]}: {told}"
    return f"{'.'.join(path)}: {told}, not {each['input']!r}"
