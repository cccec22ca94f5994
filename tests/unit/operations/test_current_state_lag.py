"""Reads that lag behind writes: what Describe shows is believed once it shows our last write."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handler.connections.state import Connection, Write
from handler.errors import NetworkFailureError, NotStabilizedError, ResourceConflictError
from handler.operations.completion import Completion, Outcome
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import DIRECT
from handler.requests.request import check
from handler.requests.unchecked_request import read_document
from handler.settings import LONGEST_LAG
from tests.support import alpha, crm
from tests.support.crm import BASIC, HEADER, OAUTH, pass_time, stack
from tests.support.fakes import RULES, START, FakeConnections, World, make_world
from tests.support.lag import Lag

LAGS = [
    Lag(**{member: seconds})
    for member in ("state_seconds", "existence_seconds", "modified_seconds")
    for seconds in (0.1, 0.5, 2.0)
]
WITH_HEADER = {
    **BASIC,
    "AuthParameters": {
        **BASIC["AuthParameters"],
        "InvocationHttpParameters": {"HeaderParameters": [HEADER]},
    },
}
ENDS = ["killed while it waits", "answer lost"]


@pytest.fixture(params=LAGS, ids=str)
def world(request: pytest.FixtureRequest) -> World:
    """Give an empty account that shows writes late."""
    world = make_world()
    world.connections.lag = request.param
    return world


def ask(world: World, request_type: str, properties: Any = None, **more: Any) -> Completion:
    """Carry out a direct request sent now."""
    given = {"Name": "crm"} if properties is None else properties
    document = {"RequestType": request_type, "ResourceProperties": {**given, **more}}
    asked = read_document(document, DIRECT, "request", world.time.now)
    return carry_out(world.ports, check(asked, RULES))


@pytest.mark.parametrize("pause", [0.001, 0.3, 10.0])
def test_requests_in_a_row_do_what_they_are_asked(world: World, pause: float) -> None:
    """A connection on its way is nobody else's, and one that was deleted is not there."""
    told = []
    for request_type, given in (
        ("Create", BASIC),
        ("Create", BASIC),
        ("Update", {**BASIC, "Description": "other"}),
        ("Delete", None),
        ("Create", OAUTH),
        ("Update", WITH_HEADER),
    ):
        told.append(ask(world, request_type, given).outcome)
        pass_time(world, pause)
    assert told == ["Created", "Unchanged", "Updated", "Deleted", "Created", "Updated"]
    assert world.connections.stored["crm"]["states"] == ["AUTHORIZED"]


@pytest.mark.parametrize("properties", [BASIC, OAUTH], ids=["basic", "oauth"])
@pytest.mark.parametrize("wait", [{}, {"WaitTimeoutSeconds": 0}], ids=["waiting", "not waiting"])
def test_what_is_as_asked_is_never_called_changed(
    world: World, properties: dict[str, Any], wait: dict[str, int]
) -> None:
    """A LastModifiedTime noted too early was found changed at every Reconcile."""
    ask(world, "Create", properties, **wait)
    pass_time(world, 1)
    ask(world, "Update", {**properties, "Description": "other"}, **wait)
    for pause in (0, 1, 60):
        pass_time(world, pause)
        assert ask(world, "Reconcile").details == {}


def test_a_wrong_secret_is_no_success(world: World) -> None:
    """The state from before the write, AUTHORIZED, is still shown for a while."""
    ask(world, "Create", OAUTH)
    pass_time(world, 60)
    world.connections.states_after_write = ("AUTHORIZING", "AUTHORIZING", "DEAUTHORIZED")
    with pytest.raises(NotStabilizedError, match="crm is DEAUTHORIZED"):
        ask(world, "Update", {**OAUTH, "Description": "wrong secret"})


def test_a_connection_that_is_written_again_is_not_called_deauthorized(world: World) -> None:
    """What was deauthorized by us, or by an operator, shows that state for a while longer."""
    world.connections.clears_on_empty = False
    ask(world, "Create", WITH_HEADER)
    pass_time(world, 60)
    assert ask(world, "Update", BASIC).outcome is Outcome.UPDATED
    world.connections.deauthorize("crm")
    pass_time(world, 60)
    for _ in range(3):
        world.connections.describe("crm")
    assert ask(world, "Update", BASIC).connection.state == "AUTHORIZED"


def end_while_creating(world: World, end: str, properties: Mapping[str, Any] = BASIC) -> None:
    """Ask for a connection; the request ends right after it was created."""
    create, describe = world.connections.create, world.connections.describe

    def fail(*_: object) -> Connection:
        world.connections.create = create  # type: ignore[method-assign]
        world.connections.describe = describe  # type: ignore[method-assign]
        raise KeyboardInterrupt if end == "killed while it waits" else crm.lost_answer()

    def create_and_fail(properties: Mapping[str, Any]) -> Connection:
        created = create(properties)
        if end == "answer lost":
            fail()
        world.connections.describe = fail  # type: ignore[method-assign, assignment]
        return created

    world.connections.create = create_and_fail  # type: ignore[method-assign]
    with pytest.raises((KeyboardInterrupt, NetworkFailureError)):
        ask(world, "Create", properties)


@pytest.mark.parametrize("end", ENDS)
def test_a_delete_waits_for_what_is_being_created_to_be_seen(world: World, end: str) -> None:
    """What was created must not be left behind, though Describe does not show it yet."""
    end_while_creating(world, end)
    assert ask(world, "Delete").outcome is Outcome.DELETED
    assert (world.connections.stored, world.owners) == ({}, {})


@pytest.mark.parametrize("properties", [BASIC, OAUTH], ids=["basic", "oauth"])
@pytest.mark.parametrize("request_type", ["Create", "Reconcile"])
@pytest.mark.parametrize("end", ENDS)
def test_what_was_being_created_is_neither_missing_nor_somebody_elses(
    world: World, end: str, request_type: str, properties: dict[str, Any]
) -> None:
    """Though Describe does not show it yet to the request that comes next."""
    end_while_creating(world, end, properties)
    done = ask(world, request_type, properties if request_type == "Create" else None)
    assert done.details == {}
    assert list(world.connections.stored) == list(world.owners) == ["crm"]


def test_who_has_no_time_left_is_told_that_the_last_change_is_not_shown() -> None:
    """Rather than what was there before; a message comes back."""
    world = make_world()
    world.connections.lag = Lag(existence_seconds=4)
    end_while_creating(world, "killed while it waits")
    world.time.deadline = world.time.seconds + 1
    told = "^EventBridge does not show the last change to crm yet$"
    with pytest.raises(ResourceConflictError, match=told):
        ask(world, "Update", WITH_HEADER)


def deleted_without_a_wait(seconds: float) -> World:
    """Give an account that shows a deleted connection for so many seconds more."""
    world = make_world()
    ask(world, "Create", BASIC)
    pass_time(world, 60)
    world.connections.lag = Lag.of_all(seconds)
    world.connections.looks_while_deleting = 1
    ask(world, "Delete", WaitTimeoutSeconds=0)
    return world


@pytest.mark.parametrize("seconds", [0.1, 0.5, 2.0])
def test_a_connection_still_shown_after_its_deletion_is_nobody_elses(seconds: float) -> None:
    """Its owner did not wait for the end, and asks for another of that name at once."""
    world = deleted_without_a_wait(seconds)
    pass_time(world, 0.001)
    assert ask(world, "Create", BASIC).outcome is Outcome.CREATED


def test_nothing_waits_where_nothing_lags() -> None:
    """Nor for what was written long ago."""
    world = make_world()
    ask(world, "Create", BASIC)
    pass_time(world, 1)
    ask(world, "Update", {**BASIC, "Description": "other"})
    ask(world, "Delete")
    assert world.time.slept == []


NOW = START + timedelta(seconds=1)
UPDATE = Write("Updated", START, "AUTHORIZING", "AUTHORIZED", START - timedelta(hours=1))
CREATION = Write("Created", START, "AUTHORIZING")


@pytest.mark.parametrize(
    ("write", "state", "modified", "expected"),
    [
        (UPDATE, "AUTHORIZING", START, True),
        (UPDATE, "DEAUTHORIZED", START, True),
        (UPDATE, "AUTHORIZED", START, False),
        (UPDATE, "AUTHORIZING", UPDATE.modified_before, False),
        (CREATION, "AUTHORIZING", START, True),
        (CREATION, "AUTHORIZED", None, True),
    ],
)
def test_a_look_shows_a_write_by_state_and_time(
    write: Write, state: str, modified: Any, expected: bool
) -> None:
    """Another time than before, and not the state from before where the answer gave another."""
    seen = Connection("crm", "arn", state, last_modified_time=modified)
    assert write.is_visible_in(seen, NOW) is expected


@pytest.mark.parametrize("write", [UPDATE, CREATION], ids=["update", "creation"])
def test_after_some_seconds_what_is_seen_is_believed(write: Write) -> None:
    """It may have been deleted, or changed back, behind our back."""
    assert not write.is_visible_in(None, START + LONGEST_LAG - timedelta(seconds=0.1))
    assert write.is_visible_in(None, START + LONGEST_LAG)


def test_a_duplicate_that_creates_between_two_looks_is_followed() -> None:
    """The registry was read before it, EventBridge after it: the two do not belong together."""
    world = make_world()
    left = iter([True])

    class Overtaken(FakeConnections):
        def describe(self, name: str) -> Connection | None:
            if next(left, False):
                carry_out(world.ports, check(alpha.message(), RULES))
            return world.connections.describe(name)

    ports = replace(world.ports, connections=Overtaken(world.time, world.connections.stored))
    assert carry_out(ports, check(alpha.message(), RULES)).outcome in (
        Outcome.CREATED,
        Outcome.UNCHANGED,
    )


@pytest.mark.parametrize("seconds", [0.1, 2.0])
def test_a_connection_still_shown_after_another_owners_deletion_is_nobodys(
    seconds: float,
) -> None:
    """The name moves from one owner to the next, who asks for it at once."""
    world = deleted_without_a_wait(seconds)
    pass_time(world, 0.1)
    assert stack(world, "Create", BASIC).outcome is Outcome.CREATED
