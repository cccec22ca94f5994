"""Whose a connection is: two owners keep out of each other's way, one owner finds its own."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handler.connections.ownership import Standing
from handler.connections.record import Record
from handler.connections.state import Write
from handler.errors import (
    AlreadyExistsError,
    NotFoundError,
    ProvisionerError,
    ResourceConflictError,
)
from handler.operations.completion import Completion, Outcome
from handler.operations.current_state import read_current_state
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import DIRECT, REQUEST_QUEUE, REQUESTS_ALIAS, EntryPoint
from handler.requests.request import check
from handler.requests.unchecked_request import read_document
from handler.settings import LONGEST_LAG
from tests.support.crm import BASIC, STACK_ID, stack
from tests.support.fakes import RULES, START, World

CLAIM = Record("crm", "requests", claimed_at=START, request_time=START)
NAMED: dict[str, Any] = {"Name": "crm"}
CHANGED: dict[str, Any] = {**BASIC, "Description": "another owner's"}
REQUESTS: list[tuple[str, dict[str, Any], type[ProvisionerError]]] = [
    ("Create", CHANGED, AlreadyExistsError),
    ("Update", CHANGED, AlreadyExistsError),
    ("Validate", CHANGED, AlreadyExistsError),
    ("Delete", NAMED, NotFoundError),
    ("Describe", NAMED, NotFoundError),
    ("Refresh", NAMED, NotFoundError),
]
OWNERS = [("team-a", "team-b"), ("team-a", "Team-a"), ("team-a", ""), ("", "team-a"), ("a.b", "a")]
PRODUCERS = pytest.mark.parametrize(
    "entry_point", [REQUEST_QUEUE, REQUESTS_ALIAS], ids=lambda each: each.name
)


def ask(
    world: World,
    owner: str,
    request_type: str,
    properties: dict[str, Any],
    entry_point: EntryPoint = REQUEST_QUEUE,
    **members: Any,
) -> Completion:
    """Carry out a request of an owner, "" for one that names none."""
    document = {"RequestType": request_type, "ResourceProperties": properties, **members}
    if owner:
        document["Owner"] = owner
    asked = read_document(document, entry_point, "request-1", world.time.now)
    return carry_out(world.ports, check(asked, RULES))


@PRODUCERS
@pytest.mark.parametrize(("request_type", "properties", "error"), REQUESTS)
@pytest.mark.parametrize(("first", "second"), OWNERS)
def test_an_owner_does_not_touch_another_owners_connection(
    world: World,
    entry_point: EntryPoint,
    request_type: str,
    properties: dict[str, Any],
    error: type[ProvisionerError],
    first: str,
    second: str,
) -> None:
    """By whatever request: it is told whose it is, nothing is written to it or read of it."""
    ask(world, first, "Create", BASIC, entry_point)
    world.secrets.rotate("connections/crm", '{"password": "battery staple"}')
    record, stored = world.registry.records["crm"], dict(world.connections.stored["crm"])
    world.secrets.reads.clear()
    world.time.seconds += 60
    owner = f"requests/{first}" if first else "requests"
    with pytest.raises(error, match=f"crm belongs to {owner}(;|$)"):
        ask(world, second, request_type, properties, entry_point)
    assert world.registry.records == {"crm": record}
    assert world.connections.stored["crm"]["properties"] == stored["properties"]
    assert world.connections.stored["crm"]["modified"] == stored["modified"]
    assert world.secrets.reads == []


@PRODUCERS
@pytest.mark.parametrize("owner", ["team-a", ""])
def test_an_owner_keeps_its_connection_from_request_to_request(
    world: World, entry_point: EntryPoint, owner: str
) -> None:
    """Through every request type, each later than the last."""
    outcomes = []
    for request_type, properties in (
        ("Create", BASIC),
        ("Describe", NAMED),
        ("Validate", CHANGED),
        ("Update", CHANGED),
        ("Refresh", NAMED),
        ("Delete", NAMED),
    ):
        world.time.seconds += 60
        outcomes.append(ask(world, owner, request_type, properties, entry_point).outcome)
    assert outcomes == [
        Outcome.CREATED,
        Outcome.DESCRIBED,
        Outcome.VALIDATED,
        Outcome.UPDATED,
        Outcome.UNCHANGED,
        Outcome.DELETED,
    ]
    assert world.registry.records == {}


@pytest.mark.parametrize(("request_type", "properties", "error"), REQUESTS)
@pytest.mark.parametrize("owner", ["team-a", ""])
def test_a_stacks_connection_is_the_stacks(
    world: World,
    request_type: str,
    properties: dict[str, Any],
    error: type[ProvisionerError],
    owner: str,
) -> None:
    """No message takes it over, whatever it calls itself."""
    stack(world, "Create")
    record = world.registry.records["crm"]
    with pytest.raises(error, match=f"crm belongs to cloudformation/{STACK_ID}/Connection"):
        ask(world, owner, request_type, properties)
    assert world.registry.records["crm"] == record


@PRODUCERS
@pytest.mark.parametrize("request_type", ["Describe", "Refresh", "Delete"])
def test_what_was_made_elsewhere_is_nobodys(
    world: World, entry_point: EntryPoint, request_type: str
) -> None:
    """A connection that nobody is registered for is not shown to a producer."""
    world.connections.make_by_hand("crm", BASIC)
    with pytest.raises(NotFoundError):
        ask(world, "team-a", request_type, NAMED, entry_point)
    assert "crm" in world.connections.stored


def test_a_namesake_of_ones_own_connection_is_not_shown(world: World) -> None:
    """It was made again by somebody else, who may have put other things into it."""
    ask(world, "team-a", "Create", BASIC)
    del world.connections.stored["crm"]
    world.time.seconds += 3600
    world.connections.make_by_hand("crm", BASIC)
    with pytest.raises(NotFoundError, match="was not made here, or is gone"):
        ask(world, "team-a", "Describe", NAMED)
    assert ask(world, "", "Describe", NAMED, DIRECT).outcome is Outcome.DESCRIBED


@pytest.mark.parametrize("owner", ["team-b", ""])
def test_an_administrator_sees_and_refreshes_everybodys(world: World, owner: str) -> None:
    """But does not write under another owner's name."""
    ask(world, "team-a", "Create", BASIC)
    assert ask(world, owner, "Describe", NAMED, DIRECT).outcome is Outcome.DESCRIBED
    assert ask(world, owner, "Refresh", NAMED, DIRECT).outcome is Outcome.UNCHANGED
    with pytest.raises(AlreadyExistsError):
        ask(world, owner, "Update", CHANGED, DIRECT)
    assert world.owners == {"crm": "requests/team-a"}


def test_owners_may_have_connections_side_by_side(world: World) -> None:
    """List shows each one's owner whole."""
    ask(world, "team-a", "Create", BASIC)
    ask(world, "", "Create", {**BASIC, "Name": "erp"})
    shown = ask(world, "", "List", {}, DIRECT).details["Connections"]
    assert [(each["Name"], each["Owner"]) for each in shown] == [
        ("crm", "requests/team-a"),
        ("erp", "requests"),
    ]


def test_anothers_delete_is_remembered_as_its_own(world: World) -> None:
    """It makes nobody else's request look old."""
    ask(world, "team-a", "Create", BASIC)
    world.time.seconds += 60
    with pytest.raises(NotFoundError):
        ask(world, "team-b", "Delete", NAMED)
    assert set(world.registry.deletions) == {("crm", "requests/team-b")}
    asked_at = world.time.now - timedelta(seconds=30)
    updated = ask(world, "team-a", "Update", CHANGED, RequestTime=asked_at.isoformat())
    assert updated.outcome is Outcome.UPDATED


def terraform(action: str, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give what Terraform adds."""
    return {"tf": {"action": action, "prev_input": before}}


@pytest.mark.parametrize("entry_point", [REQUESTS_ALIAS, DIRECT], ids=lambda each: each.name)
def test_a_destroy_ends_and_leaves_another_owners_connection(
    world: World, entry_point: EntryPoint
) -> None:
    """Nothing of the requester's is there."""
    ask(world, "team-a", "Create", BASIC)
    ended = ask(world, "team-b", "Delete", BASIC, entry_point, **terraform("delete"))
    assert ended.is_ignored
    assert world.owners == {"crm": "requests/team-a"}
    assert "crm" in world.connections.stored


@pytest.mark.parametrize("owner", ["team a", "requests/team-a", "x" * 65])
def test_a_destroy_for_an_owner_that_cannot_be_ends_and_writes_nothing(
    world: World, owner: str
) -> None:
    """No other request of that input was ever accepted."""
    ask(world, "team-a", "Create", BASIC)
    ended = ask(world, owner, "Delete", BASIC, REQUESTS_ALIAS, **terraform("delete"))
    assert (ended.outcome, ended.is_ignored) == (Outcome.DELETED, True)
    assert world.registry.deletions == {}
    assert world.owners == {"crm": "requests/team-a"}


def test_a_rename_deletes_no_connection_of_another_owner(world: World) -> None:
    """Whatever Terraform's state says that was there before."""
    ask(world, "team-a", "Create", BASIC)
    world.time.seconds += 60
    before = terraform("update", {"ResourceProperties": BASIC})
    ask(world, "team-b", "Update", {**BASIC, "Name": "erp"}, REQUESTS_ALIAS, **before)
    assert world.owners == {"crm": "requests/team-a", "erp": "requests/team-b"}
    assert set(world.connections.stored) == {"crm", "erp"}


def test_an_abandoned_claim_is_shown_to_nobody_else(world: World) -> None:
    """The connection that its Create made, and did not hear of, is its own."""

    def crash(_: str) -> None:
        raise ZeroDivisionError

    world.connections.after_create = crash
    with suppress(ZeroDivisionError):
        ask(world, "team-a", "Create", BASIC)
    world.time.seconds += 3600
    with pytest.raises(NotFoundError, match="belongs to requests/team-a"):
        ask(world, "team-b", "Describe", NAMED)
    assert ask(world, "team-a", "Describe", NAMED).outcome is Outcome.DESCRIBED


def test_what_is_made_while_it_is_looked_at_is_nobodys_yet(world: World) -> None:
    """The owner read a moment ago may not be the owner of what Describe shows now."""
    world.connections.make_by_hand("crm", BASIC)
    read = world.registry.read
    made = replace(CLAIM, connection_arn=world.connections.stored["crm"]["arn"])
    world.registry.read = lambda _: made  # type: ignore[assignment,method-assign]
    with pytest.raises(ResourceConflictError) as raised:
        read_current_state(world.ports, "crm", "requests", None)
    assert raised.value.reason == "crm was made while this request was reading it"
    world.registry.read = read  # type: ignore[method-assign]
    found = read_current_state(world.ports, "crm", "requests", None)
    assert found.standing is Standing.UNOWNED


def test_what_is_still_shown_after_its_deletion_is_nobodys(world: World) -> None:
    """For a few seconds; adopted then, it would be gone a moment later."""
    world.connections.make_by_hand("crm", BASIC)
    arn = world.connections.stored["crm"]["arn"]
    world.registry.write_deletion(CLAIM.deletion(START, world.time.now, arn))
    with pytest.raises(ResourceConflictError) as raised:
        read_current_state(world.ports, "crm", "requests", None)
    assert raised.value.reason == "crm is still shown after its deletion"
    world.time.seconds += LONGEST_LAG.total_seconds()
    found = read_current_state(world.ports, "crm", "requests", None)
    assert found.standing is Standing.UNOWNED


def made_just_now(world: World) -> None:
    """Create a connection whose write was not seen settled yet."""
    ask(world, "", "Create", BASIC)
    write = Write(Outcome.CREATED, world.time.now, "AUTHORIZED")
    world.registry.write(replace(world.registry.records["crm"], pending_write=write))


def test_a_name_is_not_free_before_our_last_write_shows(world: World) -> None:
    """Describe may find nothing for a while after a creation."""
    made_just_now(world)
    describe, looks = world.connections.describe, iter(["nothing", "nothing"])
    world.connections.describe = (  # type: ignore[method-assign]
        lambda name: None if next(looks, "") else describe(name)
    )
    record = world.registry.records["crm"]
    found = read_current_state(world.ports, "crm", "requests", record)
    assert found.standing is Standing.OWN


def test_a_write_that_does_not_show_in_time_is_a_conflict(world: World) -> None:
    """The request may come back; by then it shows."""
    made_just_now(world)
    del world.connections.stored["crm"]
    world.time.deadline = world.time.seconds
    with pytest.raises(ResourceConflictError) as raised:
        read_current_state(world.ports, "crm", "requests", world.registry.records["crm"])
    assert raised.value.reason == "EventBridge does not show the last change to crm yet"
