"""What the random lives found, each as a story of its own."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from handler.connections.state import Connection
from handler.entrypoints.execution import Failed
from handler.errors import (
    InvalidRequestError,
    NetworkFailureError,
    NotFoundError,
    SupersededError,
    ThrottlingError,
)
from handler.operations.outcome import Outcome
from handler.operations.use_cases import carry_out
from handler.requests.request import check
from handler.requests.unchecked_request import (
    CLOUDFORMATION,
    QUEUE,
    UncheckedRequest,
    read_document,
)
from tests.support.fakes import RULES, START, FakeConnections, make_world
from tests.support.lives import properties_of, told


def message(kind: str = "Create", variant: int = 2, sent: int = 0) -> UncheckedRequest:
    """Make a message about alpha."""
    properties = {"Name": "alpha"} if kind == "Delete" else properties_of("alpha", variant)
    document = {"RequestType": kind, "ResourceProperties": properties}
    return read_document(document, QUEUE, "request-1", START + timedelta(seconds=sent))


def test_a_duplicate_that_creates_between_two_looks_is_followed() -> None:
    """The registry was read before it, EventBridge after it: the two do not belong together."""
    world = make_world()
    left = iter([True])

    class Overtaken(FakeConnections):
        def describe(self, name: str) -> Connection | None:
            if next(left, False):
                carry_out(world.ports, check(message(), RULES))
            return world.connections.describe(name)

    ports = replace(world.ports, connections=Overtaken(world.time, world.connections.stored))
    assert carry_out(ports, check(message(), RULES)).outcome in (Outcome.CREATED, Outcome.UNCHANGED)


def test_a_deauthorization_whose_answer_was_lost_is_no_end() -> None:
    """It was the function's own, on the way to a connection without leftovers."""
    world = make_world()
    world.connections.clears_on_empty = False
    carry_out(world.ports, check(message(variant=1), RULES))

    class Lost(FakeConnections):
        def deauthorize(self, name: str) -> None:
            super().deauthorize(name)
            raise NetworkFailureError("no answer")

    lost = Lost(world.time, world.connections.stored, clears_on_empty=False)
    update = message("Update", variant=2, sent=1)
    with pytest.raises(NetworkFailureError):
        carry_out(replace(world.ports, connections=lost), check(update, RULES))
    assert carry_out(world.ports, check(update, RULES)).connection.state == "AUTHORIZED"


def test_another_owners_tombstone_does_not_free_the_name_for_a_late_create() -> None:
    """Two cancelled stacks that asked for one name: the first one's Create comes last."""
    world = make_world()
    for owner in ("first", "second"):
        delete = replace(message("Delete", sent=2), owner=owner)
        with suppress(NotFoundError):
            carry_out(world.ports, check(delete, RULES))
    late = replace(message(sent=1), owner="first")
    with pytest.raises(SupersededError):
        carry_out(world.ports, check(late, RULES))


def test_a_rename_whose_end_is_unknown_tells_the_new_name() -> None:
    """An earlier delivery may have created it and been killed; else nobody would ever delete it."""
    rename = replace(message("Update"), entry_point=CLOUDFORMATION, physical_resource_id="old")
    assert told(Failed(rename, ThrottlingError("later"))) == (False, "alpha")
    assert told(Failed(rename, InvalidRequestError("never"))) == (False, "old")


def test_an_older_delete_does_not_set_back_the_time_of_a_newer_one() -> None:
    """Both under another owner's record; the Create that comes last was sent between them."""
    world = make_world()
    carry_out(world.ports, check(message(), RULES))
    for sent in (5, 2):
        with suppress(NotFoundError):
            delete = replace(message("Delete", sent=sent), owner="late")
            carry_out(world.ports, check(delete, RULES))
    carry_out(world.ports, check(message("Delete", sent=9), RULES))
    late = replace(message(sent=3), owner="late")
    with pytest.raises(SupersededError):
        carry_out(world.ports, check(late, RULES))
