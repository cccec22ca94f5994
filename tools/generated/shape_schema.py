"""JSON Schema of botocore shapes, with references where the function takes them."""

from collections.abc import Iterator

from botocore.model import ListShape, Shape, StringShape, StructureShape

from handler.requests.credential_rules import REFERENCE_ONLY_MEMBERS
from handler.requests.service_model import LINEAR_PATTERNS
from tools.generated.reference_schema import Schema, anchored, has, ref
from tools.generated.service_model import is_parameter, is_sensitive, takes_reference

# AWS's pattern does not demand https; the function does, save for a loopback host.
ENDPOINT = (
    r"(?:https://[A-Za-z0-9_.\-]+|http://(?:localhost|127\.0\.0\.1))(?::[0-9]+)?(?:[/?][\s\S]*)?"
)


def definitions(shape: Shape) -> Iterator[tuple[str, Schema]]:
    """Yield a definition for every structure below the shape, by AWS's name for it."""
    match shape:
        case StructureShape():
            for member in shape.members.values():
                if isinstance(member, StructureShape):
                    yield member.name, structure_schema(member)
                yield from definitions(member)
        case ListShape() if isinstance(shape.member, StructureShape):
            yield shape.member.name, structure_schema(shape.member)
            yield from definitions(shape.member)


def structure_schema(shape: StructureShape) -> Schema:
    """Return the schema of a structure, which admits no unknown member."""
    members = {name: member_schema(name, member) for name, member in shape.members.items()}
    schema: Schema = {"type": "object", "properties": members, "additionalProperties": False}
    if shape.required_members:
        schema["required"] = shape.required_members
    return schema | (value_rule(shape.members["Value"]) if is_parameter(shape) else {})


def value_rule(value: Shape) -> Schema:
    """Say that a literal needs an explicit IsValueSecret: false, and a secret must not have it."""
    declared = has("IsValueSecret", {"const": False})
    public = {"anyOf": [literal_schema("Value", value), ref("PublicReference")]}
    return {
        "if": declared,
        "then": {"properties": {"Value": public}},
        "else": {"properties": {"Value": ref("Reference")}},
    }


def member_schema(name: str, shape: Shape) -> Schema:
    """Return the schema of a member by its shape and by whether it may hold a reference."""
    match shape:
        case StructureShape():
            return ref(shape.name)
        case ListShape():
            bounds = bounds_schema(shape, "minItems", "maxItems")
            return {"type": "array", "items": member_schema(name, shape.member)} | bounds
        case StringShape():
            return string_schema(name, shape)
        case _:
            return {"type": "boolean" if shape.type_name == "boolean" else "number"}


def string_schema(name: str, shape: StringShape) -> Schema:
    """Return the schema of a text: a literal, a reference, or either."""
    if name == "Value":
        return {}  # the rule of its structure decides
    if is_sensitive(shape):
        is_bare = name in REFERENCE_ONLY_MEMBERS
        return ref("BareSecretReference" if is_bare else "SecretReference")
    literal = literal_schema(name, shape)
    return {"anyOf": [literal, ref("Reference")]} if takes_reference(name, shape) else literal


def literal_schema(name: str, shape: Shape) -> Schema:
    """Return AWS's own constraints, which bind a literal; a reference is judged once resolved."""
    if isinstance(shape, StringShape) and shape.enum:
        return {"enum": shape.enum}
    schema = ref("Literal") | bounds_schema(shape, "minLength", "maxLength")
    if pattern := shape.metadata.get("pattern"):
        schema["pattern"] = anchored(LINEAR_PATTERNS.get(pattern, pattern))
    if name == "AuthorizationEndpoint":
        schema["allOf"] = [{"pattern": anchored(ENDPOINT)}]
    return schema


def bounds_schema(shape: Shape, smallest: str, largest: str) -> Schema:
    """Return the bounds that AWS's model sets, under JSON Schema's names for them."""
    bounds = {smallest: shape.metadata.get("min"), largest: shape.metadata.get("max")}
    return {name: bound for name, bound in bounds.items() if bound}
