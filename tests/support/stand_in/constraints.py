"""
AWS's validation of a request, from botocore's service model, in AWS's own words.

Recorded: ``N validation errors detected: Value '…' at '…' failed to satisfy constraint: …``, with
the pattern before the length of the same value.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session

from tests.support.stand_in.errors import AwsError, invalid

# Two published patterns backtrack exponentially in Python's re; these accept the same strings.
LINEAR_PATTERNS = {
    r"^[ \t]*[^\x00-\x1F:\x7F]+([ \t]+[^\x00-\x1F:\x7F]+)*[ \t]*$": (
        r"[^\x00-\x08\x0A-\x1F:\x7F]*[^\x00-\x1F:\x7F][^\x00-\x08\x0A-\x1F:\x7F]*"
    ),
    r"^[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*$": r"[\t\x20-\x7E]*[\x20-\x7E][\t\x20-\x7E]*",
}
TYPES: dict[str, type] = {
    "structure": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
}


@cache
def service_model() -> Any:
    """Load AWS's model of EventBridge."""
    return botocore.session.get_session().get_service_model("events")


def check(operation: str, parameters: Mapping[str, Any]) -> None:
    """
    Refuse parameters that AWS's model does not accept.

    Raises:
        AwsError: SerializationException or ValidationException.
    """
    found = list(_failures(parameters, service_model().operation_model(operation).input_shape, ""))
    if found:
        errors = "error" if len(found) == 1 else "errors"
        raise invalid(f"{len(found)} validation {errors} detected: {'; '.join(found)}")


def known(operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the model does not know, and nulls, as AWS does."""
    shape = service_model().operation_model(operation).input_shape
    copy: dict[str, Any] = _known(parameters, shape)
    return copy


def _known(value: Any, shape: Any) -> Any:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        return {
            name: _known(item, shape.members[name])
            for name, item in value.items()
            if name in shape.members and item is not None
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_known(item, shape.member) for item in value]
    return value


def _failures(value: Any, shape: Any, path: str) -> Iterator[str]:
    if not _is_of_type(value, shape.type_name):
        raise AwsError("SerializationException", f"Unexpected type at '{path}'")
    match shape.type_name:
        case "structure":
            yield from _structure_failures(value, shape, path)
        case "list":
            yield from _length_failures(value, shape, path)
            for index, item in enumerate(value, 1):
                yield from _failures(item, shape.member, f"{path}.{index}.member")
        case "string":
            yield from _string_failures(value, shape, path)
        case "integer":
            yield from _range_failures(value, shape, path)


def _is_of_type(value: object, type_name: str) -> bool:
    return isinstance(value, TYPES[type_name]) and (
        type_name == "boolean" or not isinstance(value, bool)
    )


def _structure_failures(value: Mapping[str, Any], shape: Any, path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        below = f"{path}.{_camel(name)}" if path else _camel(name)
        if name in value:
            yield from _failures(value[name], member, below)
        elif name in shape.required_members:
            yield f"Value null at '{below}' failed to satisfy constraint: Member must not be null"


def _string_failures(value: str, shape: Any, path: str) -> Iterator[str]:
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(LINEAR_PATTERNS.get(pattern, pattern), value):
        yield _failure(value, path, f"satisfy regular expression pattern: {pattern}")
    yield from _length_failures(value, shape, path)
    if shape.enum and value not in shape.enum:
        yield _failure(value, path, f"satisfy enum value set: [{', '.join(shape.enum)}]")


def _length_failures(value: Any, shape: Any, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", len(value))
    if len(value) > most:
        yield _failure(value, path, f"have length less than or equal to {most}")
    if len(value) < least:
        yield _failure(value, path, f"have length greater than or equal to {least}")


def _range_failures(value: int, shape: Any, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min", value), shape.metadata.get("max", value)
    if value > most:
        yield _failure(value, path, f"have value less than or equal to {most}")
    if value < least:
        yield _failure(value, path, f"have value greater than or equal to {least}")


def _failure(value: Any, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {constraint}"


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
