"""Refusing bad config in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

import dagster as dg
from dagster._core.definitions.definition_config_schema import DefinitionConfigSchema
from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

_Config = TypeVar("_Config", bound=dg.Config)


def bounded(
    default: Any,  # noqa: ANN401 - of the field's type
    description: str,
    *,
    gt: float | None = None,
    ge: float | None = None,
    le: float | None = None,
) -> Any:  # noqa: ANN401 - pydantic's fields say so
    """Make a field whose description tells its bounds: the Launchpad shows no others."""
    range_ = _range(gt=gt, ge=ge, le=le)
    return Field(default=default, gt=gt, ge=ge, le=le, description=f"{description} {range_}")


def _range(*, gt: float | None, ge: float | None, le: float | None) -> str:
    least = f"More than {gt:g}" if gt is not None else f"From {ge:g}"
    return f"{least}." if le is None else f"{least} to {le:g}."


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


def each_on_its_own(schema: DefinitionConfigSchema) -> DefinitionConfigSchema:
    """Let a run config that names one knob of a resource leave the others as they were given.

    Dagster forgets all that the resource was made with as soon as a run config has any knob of it:
    politeness would be lost to a timeout. (`Resource(a=1, b=2)` and a run config with `a` makes `b`
    the default of its class, on 1.13.27.)
    """
    whole = schema.as_field()
    given: Mapping[str, Any] = whole.default_value if whole.default_provided else {}
    fields: Mapping[str, dg.Field] = whole.config_type.fields  # type: ignore[attr-defined]  # a Shape
    knobs = {
        name: _defaulting(field, given[name]) if name in given else field
        for name, field in fields.items()
    }
    shape = dg.Shape(knobs)  # type: ignore[no-untyped-call]
    return DefinitionConfigSchema(
        dg.Field(shape, default_value=given, is_required=False, description=whole.description)
    )


def _defaulting(field: dg.Field, value: object) -> dg.Field:
    return dg.Field(
        field.config_type, default_value=value, is_required=False, description=field.description
    )


def refusal(
    error: ValidationError, *, secrets: Collection[str] = ()
) -> dg.DagsterInvalidConfigError:
    """Name each field, what is wrong with it, and its value, unless it is a secret one."""
    return refused("; ".join(_said(each, secrets) for each in error.errors()))


def refused(why: str) -> dg.DagsterInvalidConfigError:
    """Return an error that is shown as it is: Dagster hides others behind "Error executing"."""
    return dg.DagsterInvalidConfigError(why, [], {})  # type: ignore[no-untyped-call]


def _said(each: ErrorDetails, secrets: Collection[str]) -> str:
    told = each["msg"].removeprefix("Value error, ")
    path = [str(part) for part in each["loc"]]
    if not path:  # of several fields, which it names
        return told
    if path[0] in secrets:  # so may be the keys inside
        return f"{path[0]}: {told}"
    value = repr(each["input"])
    shown = "" if value in told or str(each["input"]) in told else f", not {value}"
    return f"{'.'.join(path)}: {told}{shown}"
