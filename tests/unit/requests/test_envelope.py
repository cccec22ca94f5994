"""What stands around a request's properties: when it was made, and what Terraform adds."""

import json
from typing import Any

import pytest

from handler.errors import InvalidRequestError, NotFoundError
from handler.operations.completion import Outcome
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import (
    REQUEST_QUEUE,
)
from handler.requests.request import check
from tests.support.bad_requests import BASIC, CANARY, PASSWORD, USERNAME, changed, secret
from tests.support.envelopes import asked, told
from tests.support.fakes import RULES, World, make_world

CRM = changed(BASIC, {USERNAME: "ada", PASSWORD: secret("password", "connections/crm")})
NO_CHANGE = "tf: must be what Terraform adds: action (create, update or delete) and prev_input"


def terraform(action: object, properties: object = BASIC, **more: Any) -> dict[str, Any]:
    """Give what aws_lambda_invocation sends."""
    return {"ResourceProperties": properties, "tf": {"action": action, "prev_input": None, **more}}


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
