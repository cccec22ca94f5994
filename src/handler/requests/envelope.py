"""A request's document: its size and nesting, and the members of our own envelope."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from handler.references.secret_value import BYTE_ORDER_MARK
from handler.requests.request_time import request_time
from handler.requests.violation import Violation, unknown_member
from handler.settings import MOST_LEVELS, MOST_REQUEST_BYTES

NOT_JSON = "the message is not valid JSON"
TOO_LARGE = Violation("", f"the request is larger than {MOST_REQUEST_BYTES // 1024} KB")
TOO_DEEP = Violation("", "the request is nested too deeply")
MEMBERS = ("RequestType", "RequestId", "Owner", "RequestTime", "ResourceProperties", "TaskToken")
OWNER = re.compile(r"[A-Za-z0-9._-]{1,64}")
OWNER_OF_REQUESTS = "requests"  # the owner of requests that name none
TERRAFORM_MEMBER = "tf"
TERRAFORM_ACTIONS = {"create": "Create", "update": "Update", "delete": "Delete"}
LONGEST = {"RequestId": 256, "TaskToken": 2048}
NO_TIME = "must be an ISO 8601 time with a zone, such as 2026-11-28T17:00:00Z"
NO_CHANGE = "must be what Terraform adds: action (create, update or delete) and prev_input"


def parsed(text: str) -> object:
    """Parse JSON, or give a Violation with the error's position and nothing of the text."""
    if _is_large(text):
        return TOO_LARGE
    try:
        document: object = json.loads(text.removeprefix(BYTE_ORDER_MARK))
    except json.JSONDecodeError as error:
        return Violation("", f"{NOT_JSON} (line {error.lineno}, column {error.colno})")
    except RecursionError:
        return TOO_DEEP
    except ValueError:
        return Violation("", NOT_JSON)
    return TOO_DEEP if _is_deep(document) else document


def within_limits(document: object) -> object:
    """Give what Lambda parsed, or a Violation where it is too large or too deep."""
    with suppress(RecursionError):  # a document that is too deep raises it
        if _is_large(json.dumps(document, separators=(",", ":"), ensure_ascii=False)):
            return TOO_LARGE
    return TOO_DEEP if _is_deep(document) else document


def enveloped(document: Mapping[str, Any], members: tuple[str, ...]) -> Mapping[str, Any]:
    """Give any document an envelope: a bare one is a Create, Terraform's action sets the type."""
    envelope = dict(document)
    if not {"RequestType", "ResourceProperties"} & set(document):
        properties = {name: envelope.pop(name) for name in document if name not in members}
        envelope |= {"RequestType": "Create", "ResourceProperties": properties}
    if TERRAFORM_MEMBER in members and is_change(document.get(TERRAFORM_MEMBER)):
        envelope["RequestType"] = TERRAFORM_ACTIONS[document[TERRAFORM_MEMBER]["action"]]
    return envelope


def violations(envelope: Mapping[str, Any], members: Sequence[str]) -> Iterator[Violation]:
    """Yield every member that is unknown or malformed."""
    yield from (unknown_member("", name, members) for name in envelope if name not in members)
    for name, longest in LONGEST.items():
        if name in envelope and not text(envelope, name):
            yield Violation(name, f"must be a string of 1 to {longest} characters")
    if "RequestTime" in envelope and request_time(envelope) is None:
        yield Violation("RequestTime", NO_TIME)
    if "Owner" in envelope and owner(envelope) == "":
        yield Violation("Owner", f"must be a string of the form {OWNER.pattern}")
    if TERRAFORM_MEMBER in {*envelope} & {*members} and not is_change(envelope[TERRAFORM_MEMBER]):
        yield Violation(TERRAFORM_MEMBER, NO_CHANGE)


def text(envelope: Mapping[str, Any], name: str) -> str:
    """Give a member if it is a text of allowed length, otherwise ""."""
    value = envelope.get(name)
    return value if isinstance(value, str) and len(value) <= LONGEST[name] else ""


def owner(envelope: Mapping[str, Any]) -> str:
    """Give for whom a request acts, "" if its Owner is malformed, which is never shown."""
    if "Owner" not in envelope:
        return OWNER_OF_REQUESTS
    value = envelope["Owner"]
    return (
        f"{OWNER_OF_REQUESTS}/{value}" if isinstance(value, str) and OWNER.fullmatch(value) else ""
    )


def is_change(value: object) -> bool:
    """
    Tell whether this is what Terraform's aws_lambda_invocation adds to the input.

    Source:
        https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_invocation
    """
    match value:
        case {"action": str(action), "prev_input": Mapping() | None, **more}:
            return action in TERRAFORM_ACTIONS and not more
    return False


def _is_large(text: str) -> bool:
    return len(text.encode(errors="replace")) > MOST_REQUEST_BYTES


def _is_deep(document: object) -> bool:
    level: Collection[object] = [document]
    for _ in range(MOST_LEVELS):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return bool(level)
