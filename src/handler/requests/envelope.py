"""What stands around the properties of a request, and when the request was made."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from handler.requests.violation import Violation, unknown_member
from handler.settings import RESPONSE_URL_LIFETIME

MEMBERS = ("RequestType", "RequestId", "RequestTime", "ResourceProperties", "TaskToken")
TERRAFORM_MEMBER = "tf"
TERRAFORM_ACTIONS = {"create": "Create", "update": "Update", "delete": "Delete"}
LONGEST = {"RequestId": 256, "TaskToken": 2048}
LONGEST_TIME = 40
NO_TIME = "must be an ISO 8601 time with a zone, such as 2026-11-28T17:00:00Z"
NO_CHANGE = "must be what Terraform adds: action (create, update or delete) and prev_input"


def enveloped(document: Mapping[str, Any], members: tuple[str, ...]) -> Mapping[str, Any]:
    """Give an envelope of any document: a bare one is a Create, Terraform's says what it is."""
    envelope = dict(document)
    if not {"RequestType", "ResourceProperties"} & set(document):
        properties = {name: envelope.pop(name) for name in document if name not in members}
        envelope |= {"RequestType": "Create", "ResourceProperties": properties}
    if TERRAFORM_MEMBER in members and is_change(document.get(TERRAFORM_MEMBER)):
        envelope["RequestType"] = TERRAFORM_ACTIONS[document[TERRAFORM_MEMBER]["action"]]
    return envelope


def envelope_violations(
    envelope: Mapping[str, Any], members: tuple[str, ...]
) -> Iterator[Violation]:
    """Yield every member that is unknown or malformed."""
    yield from (unknown_member("", name, members) for name in envelope if name not in members)
    for name, longest in LONGEST.items():
        if name in envelope and not text(envelope, name):
            yield Violation(name, f"must be a string of 1 to {longest} characters")
    if "RequestTime" in envelope and request_time(envelope) is None:
        yield Violation("RequestTime", NO_TIME)
    if TERRAFORM_MEMBER in {*envelope} & {*members} and not is_change(envelope[TERRAFORM_MEMBER]):
        yield Violation(TERRAFORM_MEMBER, NO_CHANGE)


def text(envelope: Mapping[str, Any], name: str) -> str:
    """Give a member that is a text of a fit length, else an empty text."""
    value = envelope.get(name)
    return value if isinstance(value, str) and len(value) <= LONGEST[name] else ""


def request_time(envelope: Mapping[str, Any]) -> datetime | None:
    """Give the time that a request says it was made, if it is one."""
    value = envelope.get("RequestTime")
    if not isinstance(value, str) or len(value) > LONGEST_TIME:
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo and time.timestamp() > 0 else None
    except (ValueError, OverflowError):
        return None


def is_change(value: object) -> bool:
    """
    Tell whether this is what Terraform adds to the input of a function that follows a resource.

    Source:
        https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_invocation
    """
    match value:
        case {"action": str(action), "prev_input": Mapping() | None, **more}:
            return action in TERRAFORM_ACTIONS and not more
        case _:
            return False


def signing_time(response_url: str, arrival: datetime) -> datetime:
    """
    Give the time at which CloudFormation made a request: when it signed the ResponseURL.

    Source:
        https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    query = parse_qs(urlsplit(response_url).query)
    try:
        if "X-Amz-Date" in query:
            signed = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        else:
            signed = datetime.fromtimestamp(int(query["Expires"][0]), UTC) - RESPONSE_URL_LIFETIME
    except (KeyError, ValueError, OverflowError, OSError):
        return arrival
    return min(signed, arrival)
