"""What stands around a request's properties: when it was made, and what Terraform adds."""

import json
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handler.errors import InvalidRequestError, NotFoundError, ProvisionerError
from handler.operations.completion import Outcome
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import (
    DIRECT,
    REQUEST_QUEUE,
    EntryPoint,
)
from handler.requests.request import check
from handler.requests.unchecked_request import UncheckedRequest, read_document
from tests.support.bad_requests import BASIC, CANARY, PASSWORD, USERNAME, changed, secret
from tests.support.fakes import RULES, START, World, make_world

CRM = changed(BASIC, {USERNAME: "ada", PASSWORD: secret("password", "connections/crm")})
NO_TIME = "RequestTime: must be an ISO 8601 time with a zone, such as 2026-11-28T17:00:00Z"
NO_CHANGE = "tf: must be what Terraform adds: action (create, update or delete) and prev_input"
ARRIVAL = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
EARLIER = datetime(2026, 11, 22, 13, 5, 7, tzinfo=UTC)
BUCKET = "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/key"


def asked(
    document: object, entry_point: EntryPoint = DIRECT, arrival: datetime = START
) -> UncheckedRequest:
    """Read a document."""
    return read_document(document, entry_point, "r", arrival)


def told(document: object, entry_point: EntryPoint = DIRECT) -> list[str]:
    """Give what is wrong with an envelope."""
    return [str(violation) for violation in asked(document, entry_point).violations]


def terraform(action: object, properties: object = BASIC, **more: Any) -> dict[str, Any]:
    """Give what aws_lambda_invocation sends."""
    return {"ResourceProperties": properties, "tf": {"action": action, "prev_input": None, **more}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-12-31T23:59:59Z", START - timedelta(seconds=1)),
        ("2026-01-01T01:59:00+02:00", START - timedelta(minutes=1)),
        ("2025-12-31T23:59:59.999+00:00", START - timedelta(milliseconds=1)),
        ("20251231T235959Z", START - timedelta(seconds=1)),
        ("2026-01-01T00:00:01Z", START),
        ("2999-01-01T00:00:00Z", START),
    ],
)
@pytest.mark.parametrize(
    "entry_point", [REQUEST_QUEUE, DIRECT], ids=lambda entry_point: entry_point.name
)
def test_a_request_is_as_old_as_it_says_and_never_newer_than_it_is(
    text: str, expected: datetime, entry_point: EntryPoint
) -> None:
    """A redrive, a retry or a fan-out stays old; nobody outlasts what is asked later."""
    found = asked(
        {"RequestType": "Create", "ResourceProperties": BASIC, "RequestTime": text}, entry_point
    )
    assert found.request_time == expected
    assert found.request_time.tzinfo is UTC
    assert found.violations == ()


@pytest.mark.parametrize(
    "text",
    [
        *("soon", "", "-5", "1764000000000", "2026-01-01", "2026-01-01T00:00:00", "٢٠٢٦-01-01"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00" * 2, "1969-12-31T00:00:00Z"),
        *(5, None, [CANARY], {"Time": CANARY}, "9" * 5000),
    ],
)
def test_a_time_that_is_none_is_told(text: object) -> None:
    """Guessed, it might undo what was asked since."""
    document = {"RequestType": "Create", "ResourceProperties": BASIC, "RequestTime": text}
    assert told(document) == told({**BASIC, "RequestTime": text}) == [NO_TIME]
    assert asked(document).request_time == START


def test_an_invocation_that_lambda_retries_does_not_undo_a_newer_one() -> None:
    """Lambda tells no retry from a first try; the request itself says when it was made."""
    world = make_world()
    late = {"RequestType": "Update", "RequestTime": START.isoformat(), "ResourceProperties": CRM}
    newer = {**late, "RequestTime": (START + timedelta(seconds=60)).isoformat()}
    carry_out(world.ports, check(asked(newer, arrival=START + timedelta(seconds=61)), RULES))
    written = deepcopy(world.connections.stored)
    changed = {**late, "ResourceProperties": {**CRM, "Description": "of long ago"}}
    retried = asked(changed, arrival=START + timedelta(seconds=120))
    with suppress(ProvisionerError):
        carry_out(world.ports, check(retried, RULES))
    assert world.connections.stored == written


@pytest.mark.parametrize(
    ("action", "request_type"), [("create", "Create"), ("update", "Update"), ("delete", "Delete")]
)
def test_terraform_says_what_is_to_be_done(action: str, request_type: str) -> None:
    """Whatever RequestType was written for the create, enveloped or bare."""
    written = {"RequestType": "Create", **terraform(action)}
    bare = {**BASIC, "tf": terraform(action)["tf"]}
    for document in (written, terraform(action), bare):
        found = asked(document)
        assert (found.request_type, found.violations) == (request_type, ())
        assert found.properties == BASIC


def test_terraforms_member_is_for_direct_requests() -> None:
    """In a message nobody's Terraform would see the result."""
    document = {"RequestType": "Create", **terraform("delete")}
    assert told(document, REQUEST_QUEUE) == ["tf: unknown member"]
    assert asked(document, REQUEST_QUEUE).request_type == "Create"


@pytest.mark.parametrize(
    "change",
    [
        *(None, [], CANARY, {}, {"action": "create"}, {"prev_input": None}),
        *({"action": "read", "prev_input": None}, {"action": [], "prev_input": None}),
        {"action": "create", "prev_input": CANARY},
        {"action": "create", "prev_input": None, "Password": CANARY},
    ],
)
def test_a_change_that_terraform_did_not_make_is_told(change: object) -> None:
    """By its path, with nothing of it."""
    assert told({"RequestType": "Create", "ResourceProperties": BASIC, "tf": change}) == [NO_CHANGE]
    assert told({**BASIC, "tf": change}) == [NO_CHANGE]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ({"ResourceProperties": {"Name": "old"}}, "old"),
        ({"Name": "old", "AuthorizationType": "BASIC"}, "old"),
        ({"ResourceProperties": {"Name": "old"}, "tf": {}}, "old"),
        ({"ResourceProperties": {"Name": BASIC["Name"]}}, ""),
        ({"ResourceProperties": {"Name": f"{CANARY}!"}}, ""),
        ({"ResourceProperties": {"Name": [CANARY]}}, ""),
        ({"ResourceProperties": CANARY}, ""),
        ({"RequestType": "Create"}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_name_before_a_rename_is_known(before: object, expected: str) -> None:
    """Another one, and one that EventBridge could have taken."""
    assert asked(terraform("update", prev_input=before)).previous_name == expected


def test_a_destroy_can_end() -> None:
    """What is not there is deleted; without Terraform that is an error."""
    world = make_world()
    outcomes = [do(world, terraform(action, CRM)) for action in ("create", "delete", "delete")]
    assert outcomes == [Outcome.CREATED, Outcome.DELETED, Outcome.DELETED]
    plain = {"RequestType": "Delete", "ResourceProperties": {"Name": "never-made"}}
    with pytest.raises(NotFoundError):
        do(make_world(), plain)
    assert do(make_world(), terraform("delete", plain["ResourceProperties"])) is Outcome.DELETED


@pytest.mark.parametrize(
    "changes",
    [
        {"Descripton": CANARY},
        {"WaitTimeoutSeconds": 301},
        {"OnExisting": CANARY, PASSWORD: CANARY},
        {"AuthParameters": {"Ref": CANARY}},
        {"Revision": "r" * 65},
    ],
)
def test_a_destroy_ends_whatever_an_update_got_wrong(changes: dict[str, object]) -> None:
    """Terraform saves the input that was refused, and sends it with the Delete."""
    world = make_world()
    do(world, terraform("create", CRM))
    wrong = changed(CRM, changes)
    with pytest.raises(InvalidRequestError):
        do(world, terraform("update", wrong))
    assert do(world, {**terraform("delete", wrong), "Priority": 1}) is Outcome.DELETED
    assert world.connections.stored == {}


@pytest.mark.parametrize(
    ("given", "expected"), [(7, 7), (0, 0), (301, 300), (CANARY, 30), (-1, 30)]
)
def test_a_destroy_waits_as_it_is_told_where_that_can_be(given: object, expected: int) -> None:
    """Else as long as any direct request."""
    document = terraform("delete", {**CRM, "WaitTimeoutSeconds": given})
    assert check(asked(document), RULES).wait_timeout_seconds == expected


@pytest.mark.parametrize("properties", [{"Name": "B!"}, {"Name": 5}, {"Nmae": "crm"}, [], None])
def test_a_destroy_of_what_no_connection_can_be_called_ends(properties: object) -> None:
    """Nothing of that name was made here."""
    world = make_world()
    do(world, terraform("create", CRM))
    assert do(world, terraform("delete", properties)) is Outcome.DELETED
    assert list(world.connections.stored) == [CRM["Name"]]


def do(world: World, document: object) -> Outcome:
    """Carry out a direct request, a second later than the one before."""
    world.time.seconds += 1
    request = check(asked(document, arrival=world.time.now), RULES)
    return carry_out(world.ports, request).outcome


def test_nothing_of_a_change_is_shown() -> None:
    """What was applied before may hold anything."""
    found = asked(terraform("update", prev_input={"Password": CANARY}))
    assert CANARY not in repr(found)
    broken = json.loads(json.dumps(terraform("update", prev_input=[CANARY])))
    with pytest.raises(InvalidRequestError) as raised:
        check(asked(broken), RULES)
    assert CANARY not in raised.value.reason


NO_OWNER = "Owner: must be a string of the form [A-Za-z0-9._-]{1,64}"


@pytest.mark.parametrize("owner", ["a", "team-a", "A.b_c-9", "..", "-", "o" * 64])
@pytest.mark.parametrize("form", ["envelope", "bare"])
def test_a_request_acts_for_its_owner(owner: str, form: str) -> None:
    """In an envelope, or beside the properties of a bare document."""
    envelope = {"RequestType": "Create", "ResourceProperties": BASIC}
    document = {**(envelope if form == "envelope" else BASIC), "Owner": owner}
    found = asked(document, REQUEST_QUEUE)
    assert (found.owner, found.violations) == (f"requests/{owner}", ())
    assert found.properties == BASIC


def test_without_an_owner_it_acts_for_requests() -> None:
    """Which is no prefix of anybody else's."""
    assert asked(BASIC).owner == "requests"


@pytest.mark.parametrize(
    "owner",
    [
        "",
        None,
        5,
        True,
        [CANARY],
        {"Ref": CANARY},
        "o" * 65,
        f"{CANARY} ",
        f"{CANARY}\n",
        f"{CANARY}/x",
        f"{CANARY}\x00",
        f"{CANARY}é",
        "٣",
        "requests/team-a",
        "cloudformation/arn:aws:cloudformation:us-east-1:123456789012:stack/shop/9f0c/Connection",
    ],
)
@pytest.mark.parametrize("request_type", ["Create", "Delete", "Describe", "Refresh"])
def test_a_malformed_owner_is_refused_and_not_shown(owner: object, request_type: str) -> None:
    """It acts for nobody, least of all for a stack."""
    properties = BASIC if request_type == "Create" else {"Name": "crm"}
    document = {"RequestType": request_type, "ResourceProperties": properties, "Owner": owner}
    found = asked(document, REQUEST_QUEUE)
    assert found.owner == ""
    with pytest.raises(InvalidRequestError) as raised:
        check(found, RULES)
    assert raised.value.reason == NO_OWNER
    assert CANARY not in repr(found)


def test_an_owner_in_the_properties_is_no_owner() -> None:
    """There is one place for it."""
    document = {"RequestType": "Create", "ResourceProperties": {**BASIC, "Owner": "team-a"}}
    with pytest.raises(InvalidRequestError, match="Owner: unknown member"):
        check(asked(document), RULES)
