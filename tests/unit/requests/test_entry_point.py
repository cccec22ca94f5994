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
    "RequestType: {} is for CloudFormation and messages and the alias requests and direct"
    " invocations of the function itself only"
)
PRODUCERS_REQUEST = (
    "RequestType: {} is for messages and the alias requests and direct invocations of the function"
    " itself only"
)
MAINTENANCE = (
    "RequestType: {} is for the maintenance queue and direct invocations of the function itself"
    " only"
)
ADMINISTRATORS = "RequestType: {} is for direct invocations of the function itself only"
REFRESH = (
    "RequestType: {} is for messages and the alias requests and the maintenance queue and direct"
    " invocations of the function itself only"
)
NO_ADOPTION = "OnExisting: Adopt is for CloudFormation and direct invocations only"
BY_NAME = "{}: not accepted here; allowed are Name"
OK = ""

TABLE: list[tuple[str, Mapping[str, Any] | None, tuple[str, str, str, str, str]]] = [
    ("Create", BASIC, (OK, ALL_BUT_RULES, OK, OK, OK)),
    ("Update", BASIC, (OK, ALL_BUT_RULES, OK, OK, OK)),
    ("Delete", NAMED, (OK, ALL_BUT_RULES, OK, OK, OK)),
    ("Create", ADOPTING, (NO_ADOPTION, ALL_BUT_RULES, OK, OK, OK)),
    ("Update", ADOPTING, (NO_ADOPTION, ALL_BUT_RULES, OK, OK, OK)),
    ("Validate", ADOPTING, (NO_ADOPTION, PRODUCERS_REQUEST, OK, OK, PRODUCERS_REQUEST)),
    ("Delete", {**NAMED, "OnExisting": "Adopt"}, (NO_ADOPTION, ALL_BUT_RULES, OK, OK, OK)),
    ("Describe", NAMED, (OK, PRODUCERS_REQUEST, OK, OK, PRODUCERS_REQUEST)),
    ("Validate", BASIC, (OK, PRODUCERS_REQUEST, OK, OK, PRODUCERS_REQUEST)),
    ("Refresh", NAMED, (OK, OK, OK, OK, REFRESH)),
    ("Refresh", BY_SECRET, (BY_NAME, OK, BY_NAME, OK, REFRESH)),
    ("Refresh", BY_PARAMETER, (BY_NAME, OK, BY_NAME, OK, REFRESH)),
    ("Refresh", {**NAMED, **BY_SECRET}, (BY_NAME, OK, BY_NAME, OK, REFRESH)),
    ("Reconcile", None, (MAINTENANCE, OK, MAINTENANCE, OK, MAINTENANCE)),
    ("Reconcile", NAMED, (MAINTENANCE, OK, MAINTENANCE, OK, MAINTENANCE)),
    ("Reconcile", REPAIRING, (MAINTENANCE, OK, MAINTENANCE, OK, MAINTENANCE)),
    ("Release", NAMED, (ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS, OK, ADMINISTRATORS)),
    ("List", None, (ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS, OK, ADMINISTRATORS)),
    (
        "List",
        {"NextToken": "W10="},
        (ADMINISTRATORS, ADMINISTRATORS, ADMINISTRATORS, OK, ADMINISTRATORS),
    ),
]
CASES = [
    pytest.param(entry_point, request_type, properties, words, id=f"{entry_point.name}-{index}")
    for index, (request_type, properties, told) in enumerate(TABLE)
    for entry_point, words in zip(ENTRY_POINTS, told, strict=True)
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


@pytest.mark.parametrize(("entry_point", "request_type", "properties", "words"), CASES)
def test_an_entry_point_takes_what_its_callers_need_and_no_more(
    entry_point: EntryPoint, request_type: str, properties: Mapping[str, Any] | None, words: str
) -> None:
    """What it refuses is told with who may ask it."""
    told = refusal(entry_point, request_type, properties)
    if not words:
        assert told == ""
        return
    selector = next(
        (name for name in (*BY_SECRET, *BY_PARAMETER) if name in (properties or {})), ""
    )
    assert words.format(selector if words is BY_NAME else request_type) in told
    is_alone = words not in (NO_ADOPTION, BY_NAME) and properties != {
        **NAMED,
        "OnExisting": "Adopt",
    }
    assert told.startswith("RequestType: ") or not is_alone


@pytest.mark.parametrize("entry_point", [REQUEST_QUEUE, REQUESTS_ALIAS], ids=lambda it: it.name)
@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({}, "Name: required"),
        (None, "Name: required"),
        (BY_SECRET, "(1) SecretId: not accepted here; allowed are Name (2) Name: required"),
        ({**NAMED, "AccountId": "123456789012"}, "AccountId: not accepted here; allowed are Name"),
        ({**NAMED, "VersionId": "v"}, "VersionId: not accepted here; allowed are Name"),
        (
            {**NAMED, "ReconcileMode": "Repair"},
            "ReconcileMode: not accepted here; allowed are Name",
        ),
        ({**NAMED, "OnExisting": "Adopt"}, "OnExisting: unknown member; allowed are Name"),
        ({**NAMED, "Owner": "team-b"}, "Owner: unknown member; allowed are Name"),
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
