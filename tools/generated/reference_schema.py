"""
JSON Schema of references: the spellings in which a request may name a secret.

Prefixes, accounts and Region are an installation's own settings, so only the function judges them.
"""

import re
from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

SOURCE_NAME = r"[A-Za-z0-9_/+=.@\-]{1,512}"
SOURCE_ARN = (
    r"arn:[a-z0-9\-]+:secretsmanager:[a-z0-9\-]+:[0-9]{12}:secret:[A-Za-z0-9_/+=.@\-]{1,519}"
)
# json-key, then version-stage or version-id, never both.
VERSION = r"(?::[^:{}]*(?::[^:{}]*:?|::[^:{}]+)?)?"
SECRET = (
    r"\{\{resolve:secretsmanager:"
    rf"(?:{SOURCE_ARN}|{SOURCE_NAME})(?::(?:SecretString)?{VERSION})?\}}\}}"
)
PARAMETER = r"[A-Za-z0-9_./\-]{1,1011}(?::[0-9]{1,10})?"
SECURE_STRING = rf"\{{\{{resolve:ssm-secure:{PARAMETER}\}}\}}"
PLAIN_STRING = rf"\{{\{{resolve:ssm:{PARAMETER}\}}\}}"
PARAMETER_ARN = r"arn:[a-z0-9\-]+:ssm:[a-z0-9\-]+:[0-9]{12}:parameter/[A-Za-z0-9_./\-]+"
# The function's own, in a form that needs no flag.
NEAR = re.sub("[a-z]", lambda found: f"[{found[0]}{found[0].upper()}]", "resolve")
# ECMAScript, which editors and validators use, knows no escape of a quotation mark.
NOT_NAMED = r"""[^A-Za-z0-9_"'{}\[]*"""
OPENED = r"(?:[{$]\{|\[\[|%7[bB]%7[bB])"
OPENING = rf"(?:{OPENED}{NOT_NAMED}{NEAR}(?![A-Za-z0-9_])|\{{{NOT_NAMED}{NEAR}\s*:)"


def anchored(pattern: str) -> str:
    """Make a pattern match the whole string, in ECMAScript and in Python alike."""
    # A bare $ lets a trailing line break through in Python.
    return rf"^(?:{pattern})$(?!\n)"


def text_with(*needed: str, allowed: tuple[str, ...]) -> Schema:
    """Describe a text that holds one of the needed references, and only allowed ones."""
    every = "|".join(allowed)
    return {
        "type": "string",
        "allOf": [
            {"pattern": "|".join(needed)},
            {"pattern": anchored(rf"(?:{every}|(?!{OPENING})[\s\S])*")},
        ],
    }


def references_only(*needed: str, allowed: tuple[str, ...]) -> Schema:
    """Describe a text of references with nothing around them."""
    every = "|".join(allowed)
    return {
        "type": "string",
        "allOf": [{"pattern": "|".join(needed)}, {"pattern": anchored(f"(?:{every})+")}],
    }


def value_from(*arns: str) -> Schema:
    """Describe {"ValueFrom": arn}, as in an ECS task definition."""
    return {
        "type": "object",
        "properties": {"ValueFrom": {"type": "string", "pattern": anchored("|".join(arns))}},
        "required": ["ValueFrom"],
        "additionalProperties": False,
    }


ALL = (SECRET, SECURE_STRING, PLAIN_STRING)
FROM_ANYWHERE = value_from(SOURCE_ARN + VERSION, PARAMETER_ARN)

DEFINITIONS: Mapping[str, Schema] = {
    "Literal": {"type": "string", "not": {"pattern": OPENING}},
    "Reference": {"anyOf": [text_with(*ALL, allowed=ALL), FROM_ANYWHERE]},
    "SecretReference": {
        "description": "A reference to a secret or a SecureString; a literal is refused.",
        "anyOf": [text_with(SECRET, SECURE_STRING, allowed=ALL), FROM_ANYWHERE],
    },
    "BareSecretReference": {
        "description": "The same, and no text around it.",
        "anyOf": [references_only(SECRET, SECURE_STRING, allowed=ALL), FROM_ANYWHERE],
    },
    "PublicReference": {
        "description": "A reference to a parameter that is no SecureString.",
        "anyOf": [text_with(PLAIN_STRING, allowed=(PLAIN_STRING,)), value_from(PARAMETER_ARN)],
    },
}


def ref(name: str) -> Schema:
    """Point to a definition of the same schema."""
    return {"$ref": f"#/$defs/{name}"}


def has(name: str, schema: Schema) -> Schema:
    """Return the schema of an object that has a member of that name and kind."""
    return {"properties": {name: schema}, "required": [name]}
