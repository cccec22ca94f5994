"""What each entry point takes, as the contract's table of trust has it, and no more."""

from collections.abc import Mapping
from typing import Any

import pytest

from handler.errors import InvalidRequestError
from handler.requests.entry_point import (
    CLOUDFORMATION,
    DIRECT,
    MAINTENANCE_QUEUE,
    REQUEST_QUEUE,
    REQUESTS_ALIAS,
    EntryPoint,
    for_terraform,
)
from handler.requests.request import check
from handler.requests.unchecked_request import read_custom_resource, read_document
from tests.support.bad_requests import BASIC, CANARY
from tests.support.fakes import RULES, START
from tests.support.stack_requests import EVENT

NAMED: dict[str, Any] = {"Name": "crm"}
ADOPTING: dict[str, Any] = {**BASIC, "OnExisting": "Adopt"}
BY_SECRET: dict[str, Any] = {"SecretId": "connections/crm"}
BY_PARAMETER: dict[str, Any] = {"ParameterName": "/connections/crm"}
REPAIRING: dict[str, Any] = {"Name": "crm", "ReconcileMode": "Repair"}

# Their order: request queue, maintenance queue, the alias requests, the function itself, stacks.
ENTRY_POINTS = (REQUEST_QUEUE, MAINTENANCE_QUEUE, REQUESTS_ALIAS, DIRECT, CLOUDFORMATION)
ALL_BUT_RULES = (
    "is for CloudFormation, messages, the alias requests and direct invocations of the function"
    " itself only"
)
PRODUCERS = "is for messages, the alias requests and direct invocations of the function itself only"
MAINTENANCE = "is for the maintenance queue and direct invocations of the function itself only"
ALL_BUT_STACKS = (
    "is for messages, the alias requests, the maintenance queue and direct invocations of the"
    " function itself only"
)
ADMINISTRATORS = "is for direct invocations of the function itself only"
NO_CREATE = f"RequestType: Create {ALL_BUT_RULES}"
NO_UPDATE = f"RequestType: Update {ALL_BUT_RULES}"
NO_DELETE = f"RequestType: Delete {ALL_BUT_RULES}"
NO_DESCRIBE = f"RequestType: Describe {PRODUCERS}"
NO_VALIDATE = f"RequestType: Validate {PRODUCERS}"
NO_REFRESH = f"RequestType: Refresh {ALL_BUT_STACKS}"
NO_RECONCILE = f"RequestType: Reconcile {MAINTENANCE}"
NO_RELEASE = f"RequestType: Release {ADMINISTRATORS}"
NO_LIST = f"RequestType: List {ADMINISTRATORS}"
NO_ADOPTION = (
    "OnExisting: Adopt is for CloudFormation, the alias requests and direct invocations of the"
    " function itself only"
)
NO_SECRET = "SecretId: not accepted here; accepted here: Name"
ONLY_SECRET = f"(1) {NO_SECRET} (2) Name: required"
ONLY_PARAMETER = "(1) ParameterName: not accepted here; accepted here: Name (2) Name: required"


def both(reason: str) -> str:
    """Give the reason of a request that is refused for its type and for its Adopt."""
    return f"(1) {reason} (2) {NO_ADOPTION}"


OK = ""

TABLE: list[tuple[str, Mapping[str, Any] | None, tuple[str, str, str, str, str]]] = [
    ("Create", BASIC, (OK, NO_CREATE, OK, OK, OK)),
    ("Update", BASIC, (OK, NO_UPDATE, OK, OK, OK)),
    ("Delete", NAMED, (OK, NO_DELETE, OK, OK, OK)),
    ("Create", ADOPTING, (NO_ADOPTION, both(NO_CREATE), OK, OK, OK)),
    ("Update", ADOPTING, (NO_ADOPTION, both(NO_UPDATE), OK, OK, OK)),
    ("Validate", ADOPTING, (NO_ADOPTION, both(NO_VALIDATE), OK, OK, NO_VALIDATE)),
    ("Delete", {**NAMED, "OnExisting": "Adopt"}, (NO_ADOPTION, both(NO_DELETE), OK, OK, OK)),
    ("Describe", NAMED, (OK, NO_DESCRIBE, OK, OK, NO_DESCRIBE)),
    ("Validate", BASIC, (OK, NO_VALIDATE, OK, OK, NO_VALIDATE)),
    ("Refresh", NAMED, (OK, OK, OK, OK, NO_REFRESH)),
    ("Refresh", BY_SECRET, (ONLY_SECRET, OK, ONLY_SECRET, OK, NO_REFRESH)),
    ("Refresh", BY_PARAMETER, (ONLY_PARAMETER, OK, ONLY_PARAMETER, OK, NO_REFRESH)),
    ("Refresh", {**NAMED, **BY_SECRET}, (NO_SECRET, OK, NO_SECRET, OK, NO_REFRESH)),
    ("Reconcile", None, (NO_RECONCILE, OK, NO_RECONCILE, OK, NO_RECONCILE)),
    ("Reconcile", NAMED, (NO_RECONCILE, OK, NO_RECONCILE, OK, NO_RECONCILE)),
    ("Reconcile", REPAIRING, (NO_RECONCILE, OK, NO_RECONCILE, OK, NO_RECONCILE)),
    ("Release", NAMED, (NO_RELEASE, NO_RELEASE, NO_RELEASE, OK, NO_RELEASE)),
    ("List", None, (NO_LIST, NO_LIST, NO_LIST, OK, NO_LIST)),
    ("List", {"NextToken": "W10="}, (NO_LIST, NO_LIST, NO_LIST, OK, NO_LIST)),
]
CASES = [
    pytest.param(entry_point, request_type, properties, reason, id=f"{entry_point.name}-{index}")
    for index, (request_type, properties, reasons) in enumerate(TABLE)
    for entry_point, reason in zip(ENTRY_POINTS, reasons, strict=True)
]


def refusal(
    entry_point: EntryPoint, request_type: str, properties: object, **members: object
) -> str:
    """Give the reason why an entry point refuses a request, "" if it takes it."""
    given = {} if properties is None else {"ResourceProperties": properties}
    document = {"RequestType": request_type, **given, **members}
    if entry_point is CLOUDFORMATION:
        asked = read_custom_resource({**EVENT, "ResourceProperties": None, **document}, "", START)
    else:
        asked = read_document(document, entry_point, "request-1", START)
    try:
        check(asked, RULES)
    except InvalidRequestError as error:
        return error.reason
    return ""


@pytest.mark.parametrize(("entry_point", "request_type", "properties", "reason"), CASES)
def test_an_entry_point_takes_what_its_callers_need_and_no_more(
    entry_point: EntryPoint, request_type: str, properties: Mapping[str, Any] | None, reason: str
) -> None:
    """A refusal names who may ask that."""
    assert refusal(entry_point, request_type, properties) == reason


@pytest.mark.parametrize("entry_point", [REQUEST_QUEUE, REQUESTS_ALIAS], ids=lambda it: it.name)
@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({}, "Name: required"),
        (None, "Name: required"),
        (BY_SECRET, "(1) SecretId: not accepted here; accepted here: Name (2) Name: required"),
        (
            {**NAMED, "AccountId": "123456789012"},
            "AccountId: not accepted here; accepted here: Name",
        ),
        ({**NAMED, "VersionId": "v"}, "VersionId: not accepted here; accepted here: Name"),
        (
            {**NAMED, "ReconcileMode": "Repair"},
            "ReconcileMode: not accepted here; accepted here: Name",
        ),
        ({**NAMED, "OnExisting": "Adopt"}, "OnExisting: unknown member; accepted here: Name"),
        ({**NAMED, "Owner": "team-b"}, "Owner: unknown member; accepted here: Name"),
        ({**NAMED, "WaitTimeoutSeconds": 5}, ""),
    ],
)
def test_a_producer_refreshes_by_name_alone(
    entry_point: EntryPoint, properties: object, told: str
) -> None:
    """By secret it would refresh everybody's connections."""
    assert refusal(entry_point, "Refresh", properties) == told


@pytest.mark.parametrize("spelling", ["adopt", "ADOPT", " Adopt", "Adopt ", ["Adopt"], True, None])
def test_no_other_spelling_adopts(spelling: object) -> None:
    """What resembles it is refused as what it is."""
    told = refusal(REQUEST_QUEUE, "Create", {**BASIC, "OnExisting": spelling})
    assert told == "OnExisting: must be one of Fail, Adopt"


@pytest.mark.parametrize("request_type", ["reconcile", "RECONCILE", " Reconcile", ["Reconcile"]])
def test_no_other_spelling_reconciles(request_type: Any) -> None:
    """The request types that this queue takes are named, and no others."""
    told = refusal(REQUEST_QUEUE, request_type, BASIC)
    assert told == (
        "RequestType: must be one of Create, Update, Delete, Describe, Validate, Refresh"
    )


TERRAFORMS: dict[str, Any] = {"tf": {"action": "delete", "prev_input": None}}


@pytest.mark.parametrize("queue", [REQUEST_QUEUE, MAINTENANCE_QUEUE], ids=lambda it: it.name)
@pytest.mark.parametrize("request_type", ["Create", "Delete"])
def test_no_message_is_terraforms(queue: EntryPoint, request_type: str) -> None:
    """It would decide the request's type, and delete without a check."""
    assert "tf: unknown member" in refusal(queue, request_type, BASIC, **TERRAFORMS)


def test_terraform_at_the_alias_is_limited_as_the_alias_is() -> None:
    """What it adds to a request takes nothing away from the limits."""
    changed = for_terraform(REQUESTS_ALIAS)
    assert changed.request_types == REQUESTS_ALIAS.request_types
    assert changed.is_limited_to_owner
    assert (changed.delete_always_succeeds, changed.deletes_replaced) == (True, True)
    document = {"RequestType": "Release", "ResourceProperties": NAMED, **TERRAFORMS}
    asked = read_document(document, REQUESTS_ALIAS, "request-1", START)
    assert check(asked, RULES).request_type == "Delete"


def test_who_is_limited_to_an_owner_is_who_is_least_trusted() -> None:
    """Rules and administrators act for everybody, a stack for itself."""
    limited = {each.name: each.is_limited_to_owner for each in ENTRY_POINTS}
    assert limited == {
        "request_queue": True,
        "maintenance_queue": False,
        "requests": True,
        "direct": False,
        "cloudformation": False,
    }


@pytest.mark.parametrize("entry_point", ENTRY_POINTS[:4], ids=lambda it: it.name)
@pytest.mark.parametrize("member", ["EntryPoint", "Queue", "eventSourceARN", "Installation"])
def test_no_member_chooses_the_entry_point(entry_point: EntryPoint, member: str) -> None:
    """Whatever a sender writes, it came from where it came from."""
    told = refusal(entry_point, "Refresh", NAMED, **{member: CANARY})
    assert told == f"{member}: unknown member"
    assert CANARY not in told
