"""
Write the JSON Schema (2020-12) of a queue message or direct request, for producers and editors.

Usage: make schema > examples/schema/request.schema.json
"""

import json
from collections.abc import Iterator

from botocore.model import StructureShape

from handler.requests.authorization_type import BLOCK_OF_TYPE
from handler.requests.envelope import OWNER
from tools.generated.reference_schema import DEFINITIONS, Schema, has, ref
from tools.generated.selection_schema import NAMES_OF_TYPE, selection_definitions
from tools.generated.service_model import create_connection
from tools.generated.shape_schema import definitions, structure_schema

WHOLE_REQUESTS = ["Create", "Update", "Validate"]
NAME_REQUESTS = ["Delete", "Describe", "Release"]
WITHOUT_PROPERTIES = ["Reconcile", "List"]
OWN_MEMBERS: dict[str, Schema] = {
    "OnExisting": {
        "description": "What to do when a connection of that name exists that nobody owns.",
        "enum": ["Fail", "Adopt"],
        "default": "Fail",
    },
    "WaitTimeoutSeconds": {
        "description": "How long to wait for a settled state; 0: not at all. Messages: at most 60.",
        "type": "integer",
        "minimum": 0,
        "maximum": 300,
        "default": 30,
    },
    "Revision": {"description": "Ignored.", "type": "string", "maxLength": 64},
}


def request_schema() -> Schema:
    """Return the schema of a request: the envelope, or a bare document, which is a Create."""
    shape = create_connection()
    properties = properties_schema(shape)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Request to the EventBridge Connection Provisioner",
        "type": "object",
        "if": {"anyOf": [{"required": ["RequestType"]}, {"required": ["ResourceProperties"]}]},
        "then": ref("Envelope"),
        "else": ref("Properties"),
        "$defs": {
            "Envelope": envelope_schema(),
            "Properties": properties | {"allOf": list(matching_blocks())},
            "NamedProperties": properties | {"required": ["Name"]},
            **dict(selection_definitions(properties["properties"])),
            **dict(definitions(shape)),
            **DEFINITIONS,
        },
    }


def envelope_schema() -> Schema:
    """Return the schema of what surrounds the properties."""
    return {
        "type": "object",
        "properties": {
            "RequestType": {"enum": [*WHOLE_REQUESTS, *NAME_REQUESTS, *NAMES_OF_TYPE]},
            "RequestId": {"type": "string"},
            "Owner": {"type": "string", "pattern": f"^{OWNER.pattern}$"},
            "RequestTime": {"type": "string", "format": "date-time"},
            "ResourceProperties": {"type": "object"},
            "TaskToken": {"type": "string", "minLength": 1, "maxLength": 2048},
        },
        "required": ["RequestType"],
        "additionalProperties": False,
        "if": has("RequestType", {"enum": WITHOUT_PROPERTIES}),
        "else": {"required": ["ResourceProperties"]},
        "allOf": [
            _properties_of(WHOLE_REQUESTS, ref("Properties")),
            _properties_of(NAME_REQUESTS, ref("NamedProperties")),
            *(_properties_of([each], ref(f"{each}Properties")) for each in NAMES_OF_TYPE),
        ],
    }


def _properties_of(request_types: list[str], schema: Schema) -> Schema:
    then = {"properties": {"ResourceProperties": schema}}
    return {"if": has("RequestType", {"enum": request_types}), "then": then}


def properties_schema(shape: StructureShape) -> Schema:
    """Return the schema of AWS's members and ours side by side."""
    schema = structure_schema(shape)
    return schema | {"properties": schema["properties"] | OWN_MEMBERS}


def matching_blocks() -> Iterator[Schema]:
    """Yield, for each authorization type, that its own auth block is there and no other."""
    for authorization_type, block in BLOCK_OF_TYPE.items():
        others = dict.fromkeys(set(BLOCK_OF_TYPE.values()) - {block}, False)
        parameters = {"required": [block], "properties": dict(sorted(others.items()))}
        yield {
            "if": has("AuthorizationType", {"const": authorization_type}),
            "then": {"properties": {"AuthParameters": parameters}},
        }


def main() -> None:
    """Print the schema."""
    print(json.dumps(request_schema(), indent=2))


if __name__ == "__main__":
    main()
