"""
Print a request to fill in, with every member that the installed botocore knows.

Usage: make skeleton TYPE=BASIC|OAUTH_CLIENT_CREDENTIALS|API_KEY
"""

import argparse
import json
import sys

from botocore import xform_name
from botocore.model import ListShape, Shape, StringShape, StructureShape

from handler.requests.authorization_type import BLOCK_OF_TYPE
from tools.generated.service_model import create_connection, is_parameter, takes_reference

REFERENCE = "{{{{resolve:secretsmanager:connections/example:SecretString:{json_key}}}}}"
PLACEHOLDERS = {
    "AuthorizationEndpoint": "https://login.example.com/oauth2/token",
    "KmsKeyIdentifier": "alias/example",
    "ResourceConfigurationArn": (
        "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-0123456789abcdef0"
    ),
}


def skeleton(authorization_type: str) -> dict[str, object]:
    """Return a Create request of that authorization type, placeholders in place of values."""
    unused = set(BLOCK_OF_TYPE.values()) - {BLOCK_OF_TYPE[authorization_type]}
    properties = structure(create_connection(), unused)
    properties["AuthorizationType"] = authorization_type
    return {"RequestType": "Create", "ResourceProperties": properties}


def structure(shape: StructureShape, unused: set[str]) -> dict[str, object]:
    """Return every member of the structure with a placeholder, save the unused ones."""
    members = shape.members.items()
    return {name: member(name, inner, unused) for name, inner in members if name not in unused}


def member(name: str, shape: Shape, unused: set[str]) -> object:
    """Return a placeholder that AWS's model accepts for a member of that name."""
    match shape:
        case StructureShape():
            return structure(shape, unused)
        case ListShape():
            return items(name, shape.member, unused)
        case StringShape():
            return text(name, shape)
        case _:
            return scalar(shape)


def items(name: str, shape: Shape, unused: set[str]) -> list[object]:
    """Return one item, or for HTTP parameters two: one that is a secret and one that is not."""
    item = member(name, shape, unused)
    if not (isinstance(item, dict) and isinstance(shape, StructureShape) and is_parameter(shape)):
        return [item]
    secret = reference(f"{xform_name(name)}_value")
    return [
        item | {"Key": "example-secret", "Value": secret, "IsValueSecret": True},
        item | {"Key": "example-literal", "Value": "example", "IsValueSecret": False},
    ]


def text(name: str, shape: StringShape) -> str:
    """Return a reference where one is allowed, else the first enum value or an example."""
    if takes_reference(name, shape):
        return reference(xform_name(name))
    return shape.enum[0] if shape.enum else PLACEHOLDERS.get(name, "example")


def scalar(shape: Shape) -> object:
    """Return true for a boolean, else the smallest number the model allows."""
    return True if shape.type_name == "boolean" else shape.metadata.get("min", 1)


def reference(json_key: str) -> str:
    """Return CloudFormation's spelling of a reference to one key of an example secret."""
    return REFERENCE.format(json_key=json_key)


def main() -> None:
    """Print the skeleton of the authorization type that the command line names."""
    parser = argparse.ArgumentParser(prog="make skeleton", description=__doc__)
    parser.add_argument("authorization_type", choices=BLOCK_OF_TYPE)
    print(
        "Delete what is not needed; Name, AuthorizationType and the auth block are required.",
        file=sys.stderr,
    )
    print(json.dumps(skeleton(parser.parse_args().authorization_type), indent=2))


if __name__ == "__main__":
    main()
