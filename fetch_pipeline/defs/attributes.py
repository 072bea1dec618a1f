"""Attributes of a component: what `dg check yaml` and editors are told, and what YAML means."""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

from typing import Any, Final

import dagster as dg

from fetch_pipeline.defs.fetcher import Fetcher

FROM_ENVIRONMENT: Final = {
    "type": "object",
    "properties": {"env": {"type": "string"}},
    "required": ["env"],
    "additionalProperties": False,
}
"""`{env: NAME}`, as in run configs: read when a run begins, and never shown, unlike a template."""


def fetcher_schema() -> dict[str, Any]:
    """Return what `dg check yaml` and editors hold the attribute `fetcher` against.

    One schema per knob, so that they name the one that is wrong.
    """
    knobs = Fetcher.model_json_schema()["properties"]
    knobs["proxy"]["anyOf"].append(FROM_ENVIRONMENT)
    values = knobs["headers"]["additionalProperties"]
    values["additionalProperties"] = {"anyOf": [{"type": "string"}, FROM_ENVIRONMENT]}
    return {
        "properties": {name: _or_template(knob) for name, knob in knobs.items()},
        "additionalProperties": False,
    }


def _or_template(knob: dict[str, Any]) -> dict[str, Any]:
    """Allow a template for any knob: its value is not known before the definitions are loaded.

    Not "anyOf": the error then names the rule of the knob that is broken.
    """
    return {"if": {"type": "string", "pattern": "{{.*}}"}, "else": knob}


def checked(description: str, **schema: Any) -> dg.Resolver:  # noqa: ANN401 - JSON schema
    """Describe an attribute, and have `dg check yaml` hold it against a JSON schema.

    Dagster's own schema of an attribute takes any text, and forgets descriptions.
    """
    resolver: dg.Resolver = dg.Resolver.default(
        description=description, json_schema_extra=_or_template(schema)
    )
    return resolver


def from_environment(value: Any) -> Any:  # noqa: ANN401 - whatever YAML can hold
    """Put Dagster's variable in the place of each `{env: NAME}`."""
    if not isinstance(value, dict):
        return value
    if value.keys() == {"env"}:
        return dg.EnvVar(value["env"])
    return {name: from_environment(inner) for name, inner in value.items()}
