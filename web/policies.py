"""A policy from what a person or program gave: the default values with some replaced, each complaint naming its key."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from pydantic import TypeAdapter, ValidationError

from inference.policy import RANGES, Policy, PolicyInvalid

from .callback_urls import RULE, usable

_ADAPTER = TypeAdapter(Policy)
_KEYS = tuple(field.name for field in fields(Policy))


@dataclass(frozen=True, slots=True)
class FieldError:
    """One value that cannot be used, `field` being its dotted path."""

    field: str
    message: str


class PolicyRefused(ValueError):
    """A policy with one or more unusable values."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__("; ".join(f"{error.field} {error.message}" for error in errors))
        self.errors = errors


def merge_policy(given: Mapping[str, object], defaults: Policy, *, prefix: str = "policy.", strict: bool) -> Policy:
    """`defaults` with the given keys replaced; raises `PolicyRefused` with every key at fault under `prefix`.

    Unless `strict`, numbers may be written as text, as environment variables are.
    """
    errors = [
        FieldError(f"{prefix}{key}", f"is not a key of a policy; the keys are {', '.join(_KEYS)}")
        for key in given
        if key not in _KEYS
    ]
    url = given.get("callback_url")
    if isinstance(url, str) and not usable(url):
        errors.append(FieldError(f"{prefix}callback_url", RULE))
    if errors:
        raise PolicyRefused(tuple(errors))
    try:
        # JSON, because strict validation of a dataclass from a mapping exists for JSON alone.
        return _ADAPTER.validate_json(json.dumps(asdict(defaults) | dict(given), default=str), strict=strict)
    except ValidationError as error:
        raise PolicyRefused(field_errors(error, prefix=prefix)) from error


def bounded(schema: Mapping[str, object]) -> dict[str, object]:
    """The schema that pydantic makes of a policy, with the ranges that the policy itself holds its values to."""
    properties = {name: dict(value) for name, value in _properties(schema).items()}
    for name, (low, high, low_included) in RANGES.items():
        properties[name] |= {"minimum" if low_included else "exclusiveMinimum": low, "maximum": high}
    return {**schema, "properties": properties}


def changes_schema() -> dict[str, object]:
    """The JSON schema of what `merge_policy` takes."""
    properties = dict(_properties(bounded(_ADAPTER.json_schema())))
    properties["callback_url"] = {
        "anyOf": [{"type": "string", "format": "uri", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"}, {"type": "null"}],
        "default": None,
        "description": "Where the stream's events but `gore.prob` are POSTed, signed; `http` or `https`.",
    }
    kept = {name: {key: value for key, value in one.items() if key != "title"} for name, one in properties.items()}
    return {"type": "object", "properties": kept, "additionalProperties": False}


def _properties(schema: Mapping[str, object]) -> Mapping[str, Mapping[str, object]]:
    properties = schema["properties"]
    assert isinstance(properties, Mapping)
    return properties


def field_errors(error: ValidationError, *, prefix: str = "") -> tuple[FieldError, ...]:
    """Pydantic's complaints in our words: a dotted path and a sentence without the value given."""
    return tuple(_field_error(item["loc"], item["msg"], item.get("ctx", {}), prefix) for item in error.errors())


def _field_error(loc: tuple[int | str, ...], message: str, context: Mapping[str, object], prefix: str) -> FieldError:
    cause = context.get("error")
    if isinstance(cause, PolicyInvalid):
        return FieldError(f"{prefix}{cause.field}", str(cause).removeprefix(f"{cause.field} "))
    path = ".".join(str(part) for part in loc)
    sentence = str(cause) if cause is not None else message[:1].lower() + message[1:]
    return FieldError(f"{prefix}{path}" or "(body)", sentence.removeprefix("input ") or "is not valid")
