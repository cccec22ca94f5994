"""
What is kept of a message that cannot be carried out: the request if it passed every check, else
its id.

There is no masking: what was refused may hold a credential anywhere, and what passed holds none.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from handler.clock import iso
from handler.errors import ProvisionerError, SupersededError
from handler.requests.properties import Rules
from handler.requests.request import NAME_ONLY, check
from handler.requests.unchecked_request import UncheckedRequest
from handler.settings import LONGEST_LETTER_BYTES

LONGEST_ATTRIBUTE = 1024
# Characters that SQS refuses; in JSON they occur in strings only, so escape them.
REFUSED = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def is_left_by(error: ProvisionerError) -> bool:
    """Tell whether a message that failed for good is kept; a superseded one is of no use again."""
    return not isinstance(error, SupersededError)


def body(unchecked: UncheckedRequest, rules: Rules) -> str:
    """Give the request as it can be sent again; only its id if it is refused or too long."""
    with suppress(ProvisionerError):
        check(unchecked, rules)
        letter = _text(_request(unchecked))
        if len(letter.encode()) <= LONGEST_LETTER_BYTES:
            return letter
    return _text({"RequestId": unchecked.request_id})


def attributes(error: ProvisionerError, request_id: str, queue: str) -> dict[str, str]:
    """Say why a message is kept, and where it came from."""
    return {
        "ErrorCode": error.code,
        "Reason": _printable(error.reason),
        "RequestId": _printable(request_id),
        "Queue": queue,
    }


def _request(unchecked: UncheckedRequest) -> dict[str, Any]:
    properties = unchecked.properties
    if unchecked.request_type in NAME_ONLY and isinstance(properties, Mapping):
        properties = {"Name": properties["Name"]}  # the other values were not checked
    owner = unchecked.owner.partition("/")[2]
    return {
        "RequestType": unchecked.request_type,
        "RequestId": unchecked.request_id,
        **({"Owner": owner} if owner else {}),
        "RequestTime": iso(unchecked.request_time),
        **({"ResourceProperties": properties} if properties else {}),
    }


def _text(document: Mapping[str, Any]) -> str:
    plain = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return REFUSED.sub(lambda found: f"\\u{ord(found[0]):04x}", plain)


def _printable(text: str) -> str:
    # SQS refuses an attribute that is empty or holds a control character.
    clean = "".join(character if character.isprintable() else " " for character in text)
    return clean[:LONGEST_ATTRIBUTE] or "-"
