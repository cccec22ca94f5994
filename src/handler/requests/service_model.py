"""Check a request against AWS's own model, botocore's shapes; violations never show a value."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from handler.references.reference import Text
from handler.requests.entry_point import DIRECT
from handler.requests.violation import Violation, below, misfit, unknown_member

# Two published patterns take exponential time in Python's re; these accept the same strings.
NO_COLON = r"^[ \t]*[^\x00-\x1F:\x7F]+([ \t]+[^\x00-\x1F:\x7F]+)*[ \t]*$"
ASCII_ONLY = r"^[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*$"
LINEAR_PATTERNS = {
    NO_COLON: r"\t*[^\x00-\x1F:\x7F][^\x00-\x08\x0A-\x1F:\x7F]*",
    ASCII_ONLY: r"\t*[\x20-\x7E][\t\x20-\x7E]*",
}
HINTS = {
    NO_COLON: ", so no colon and no control character",
    ASCII_ONLY: ", so printable ASCII only",
    ".*": ", so line breaks are not allowed",
}
BOOLEANS = {"true": True, "false": False}


class Shape(Protocol):
    """The parts of a botocore shape that are used."""

    type_name: str
    metadata: Mapping[str, Any]


class Leaf(NamedTuple):
    """A scalar in its place: path, name, shape, and the structure around it."""

    path: str
    name: str
    value: object
    shape: Shape
    siblings: Mapping[str, object]

    @property
    def is_credential(self) -> bool:
        """Tell whether AWS's model calls it sensitive."""
        return bool(self.shape.metadata.get("sensitive"))

    @property
    def is_declared_public(self) -> bool:
        """Tell whether it is the Value of a parameter whose IsValueSecret is false."""
        return self.name == "Value" and self.siblings.get("IsValueSecret") is False


def violations(value: object, shape: Shape, path: str = "") -> Iterator[Violation]:
    """
    Yield every violation of AWS's own model, without showing the value.

    A Text, which stands for a reference, is checked once it is resolved.

    Source:
        https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html
    """
    match shape.type_name:
        case "structure":
            yield from _structure_violations(value, shape, path)
        case "list":
            yield from _list_violations(value, shape, path)
        case "string" if not isinstance(value, Text):
            yield from _string_violations(value, shape, path)
        case "boolean" if not isinstance(value, bool | Text):
            yield misfit(path, "true or false", value)
        case "integer" | "long" if not isinstance(value, int) or isinstance(value, bool):
            yield misfit(path, "a whole number", value)


def leaves(value: object, shape: Any, path: str = "") -> Iterator[Leaf]:
    """Yield every scalar of a value at a place that the model knows."""
    if isinstance(value, dict) and shape.type_name == "structure":
        for name, child in shape.members.items():
            if name in value and child.type_name not in ("structure", "list"):
                yield Leaf(below(path, name), name, value[name], child, value)
            elif name in value:
                yield from leaves(value[name], child, below(path, name))
    elif isinstance(value, list) and shape.type_name == "list":
        for index, item in enumerate(value):
            if not _is_empty(item):
                yield from leaves(item, shape.member, f"{path}[{index}]")


def rebuilt(value: object, shape: Any, change: Callable[[object, Any], object]) -> object:
    """Apply a change to everything that the model knows, innermost first."""
    if isinstance(value, dict) and shape.type_name == "structure":
        value = {
            name: rebuilt(item, shape.members[name], change) if name in shape.members else item
            for name, item in value.items()
        }
    elif isinstance(value, list) and shape.type_name == "list":
        value = [rebuilt(item, shape.member, change) for item in value]
    return change(value, shape)


def to_boolean(value: object, shape: Shape) -> object:
    """
    Turn strings back into booleans: CloudFormation sends every scalar as a string.

    Source:
        https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1037
    """
    is_text = shape.type_name == "boolean" and isinstance(value, str)
    return BOOLEANS.get(str(value).lower(), value) if is_text else value


def _structure_violations(value: object, shape: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield misfit(path, "an object", value)
        return
    known = (*shape.members, *(() if path else DIRECT.own_members))
    unknown = (name for name in value if name not in shape.members)
    yield from (unknown_member(path, name, known) for name in unknown)
    for name in shape.required_members:
        if name not in value:
            yield Violation(below(path, name), "required")
    for name, child in shape.members.items():
        if name in value:
            yield from violations(value[name], child, below(path, name))


def _list_violations(value: object, shape: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, list):
        yield misfit(path, "a list", value)
        return
    if len(value) > shape.metadata.get("max", len(value)):
        yield Violation(path, f"must have at most {shape.metadata['max']} items")
    if len(value) < shape.metadata.get("min", 0):
        yield Violation(path, f"must have at least {shape.metadata['min']} items")
    for index, item in enumerate(value):
        if _is_empty(item):
            yield Violation(f"{path}[{index}]", "empty; remove this entry")
        else:
            yield from violations(item, shape.member, f"{path}[{index}]")


def _string_violations(value: object, shape: Any, path: str) -> Iterator[Violation]:
    pattern = shape.metadata.get("pattern")
    if not isinstance(value, str):
        yield misfit(path, "a string", value)
    elif shape.enum and value not in shape.enum:
        yield Violation(path, f"must be one of {', '.join(shape.enum)}")
    elif not value and (shape.metadata.get("min") or not _matches(pattern, value)):
        yield Violation(path, "must not be empty")
    elif len(value) < shape.metadata.get("min", 0):
        yield Violation(path, f"must have at least {shape.metadata['min']} characters")
    elif len(value) > shape.metadata.get("max", len(value)):
        yield Violation(path, f"must have at most {shape.metadata['max']} characters")
    elif not _matches(pattern, value):
        yield Violation(path, f"must match {pattern}{HINTS.get(pattern, '')}")


def _is_empty(item: object) -> bool:
    # An unedited list entry of the CLI's --generate-cli-skeleton.
    if isinstance(item, Mapping):
        return all(isinstance(each, bool) or each in ("", None, {}) for each in item.values())
    return item in ("", None, {})


def _matches(pattern: str | None, value: str) -> bool:
    # fullmatch, because a $ lets a trailing line break through, common in secrets.
    return pattern is None or bool(re.fullmatch(LINEAR_PATTERNS.get(pattern, pattern), value))
