"""
What is kept of a message that cannot be carried out: its body with every doubtful literal masked.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from handler.asked import MEMBERS, QUEUE
from handler.credentials import MASK, masked
from handler.errors import ProvisionerError
from handler.properties import Rules, as_written
from handler.selection import is_well_formed
from handler.spelling import with_texts

LONGEST_ATTRIBUTE = 1024
# By SQS; within JSON they stand in strings only, where an escape says the same.
REFUSED = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
WORD = re.compile(r"[A-Za-z]{1,64}")
LEAST_BYTES = 4096  # that every queue takes, however short the original


def body(text: str, rules: Rules) -> str:
    """Mask a message's body; one that is no JSON object is replaced by its length."""
    try:
        document = json.loads(text)
        if isinstance(document, dict):
            masked_document = _masked_document(document, rules)
            kept = json.dumps(masked_document, separators=(",", ":"), ensure_ascii=False)
            kept = REFUSED.sub(lambda found: f"\\u{ord(found[0]):04x}", kept)
            if len(kept.encode()) <= max(len(text.encode("utf-8", "replace")), LEAST_BYTES):
                return kept
    except (ValueError, RecursionError):
        pass
    return json.dumps({"Length": len(text)})


def attributes(error: ProvisionerError, request_id: str, request_time: str) -> dict[str, Any]:
    """Say why a message is kept, and what a redrive needs to know."""
    values = {
        "ErrorCode": error.code,
        "Reason": _printable(error.reason),
        "RequestId": _printable(request_id),
        "RequestTime": request_time,
    }
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}


def _masked_document(document: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    is_bare = "RequestType" not in document and "ResourceProperties" not in document
    around = {name: document[name] for name in document if name in MEMBERS or not is_bare}
    properties = {name: document[name] for name in document if name not in around}
    kept = {name: _masked_member(name, value, rules) for name, value in around.items()}
    return _masked_properties(properties, rules) | kept


def _masked_member(name: str, value: object, rules: Rules) -> object:
    match name, value:
        case "RequestType", str() if WORD.fullmatch(value):
            return value
        case "RequestId", str():
            return value
        case (("RequestType" | "RequestId" | "ResourceProperties"), int() | float()):
            return value
        case "ResourceProperties", Mapping():
            return _masked_properties(value, rules)
        case _:
            return MASK


def _masked_properties(properties: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    own = {
        name: value
        for name, value in properties.items()
        if name in QUEUE.own_members
        or is_well_formed(name, value)
        or _is_harmless_number(name, value, rules)
    }
    aws = {name: value for name, value in properties.items() if name not in own}
    hidden: Any = masked(with_texts(aws, rules.policy), rules.shape)
    return as_written(hidden) | {name: _scalar(value) for name, value in own.items()}


def _is_harmless_number(name: str, value: object, rules: Rules) -> bool:
    # Beneath AuthParameters, or a name that nobody knows, it may be a credential.
    shape: Any = rules.shape
    return name in set(shape.members) - {"AuthParameters"} and isinstance(value, (int, float))


def _scalar(value: object) -> object:
    return value if isinstance(value, (str, int, float)) else MASK


def _printable(text: str) -> str:
    # SQS refuses an attribute that is empty or holds a control character.
    clean = "".join(character if character.isprintable() else " " for character in text)
    return clean[:LONGEST_ATTRIBUTE] or "-"
