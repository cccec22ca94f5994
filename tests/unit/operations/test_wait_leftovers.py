"""Settling: what a connection shows unasked is removed, and it is left alone while it moves."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from handler.connections.state import Connection
from handler.errors import AlreadyExistsError, ResourceConflictError
from handler.operations.completion import Outcome
from tests.support.crm import BASIC, PRIVATE, WITH_HEADER, ask, pass_time
from tests.support.fakes import World

PLAIN = {**BASIC, "Description": "the CRM"}  # all of WITH_HEADER but the header


def header_of(world: World) -> object:
    """Give the header parameters that the connection holds."""
    auth_parameters = world.connections.stored["crm"]["properties"]["AuthParameters"]
    return auth_parameters.get("InvocationHttpParameters", {}).get("HeaderParameters")


def with_a_header_that_stays(world: World) -> None:
    """Make a connection whose header goes only if it is deauthorized."""
    ask(world, properties=WITH_HEADER)
    pass_time(world)
    world.connections.clears_on_empty = False
    world.connections.calls.clear()


def test_an_unchanged_connection_is_looked_at_once(world: World) -> None:
    """The look that found its owner shows that it works, too."""
    ask(world)
    pass_time(world)
    world.connections.calls.clear()
    assert ask(world, "Update").outcome is Outcome.UNCHANGED
    assert world.connections.calls == ["describe"]


def test_what_was_to_go_goes_with_a_later_request_that_changes_nothing(world: World) -> None:
    """The one that dropped it did not wait until that could be seen."""
    with_a_header_that_stays(world)
    world.connections.states_after_write = ("UPDATING", "UPDATING", "AUTHORIZED")
    ask(world, "Update", {**PLAIN, "WaitTimeoutSeconds": 0})
    assert header_of(world)
    pass_time(world)
    world.connections.states_after_write = ()
    assert ask(world, "Update", PLAIN).connection.state == "AUTHORIZED"
    assert not header_of(world)


def test_a_private_connection_on_its_way_is_not_deauthorized(world: World) -> None:
    """AUTHORIZED is not yet ACTIVE, so what it shows may still change."""
    private = {"InvocationConnectivityParameters": PRIVATE}
    world.connections.states_after_write = ("CREATING", "ACTIVE")
    ask(world, properties={**WITH_HEADER, **private})
    pass_time(world)
    world.connections.clears_on_empty = False
    world.connections.states_after_write = ("AUTHORIZED", "ACTIVE")
    completion = ask(world, "Update", {**PLAIN, **private, "WaitTimeoutSeconds": 0})
    assert (completion.outcome, completion.connection.state) == (Outcome.UPDATED, "AUTHORIZED")
    assert "deauthorize" not in world.connections.calls


def test_a_private_connection_counts_as_created_once_it_is_active(world: World) -> None:
    """Whoever asks again while it is only AUTHORIZED does not take the creation away."""
    private = {**BASIC, "InvocationConnectivityParameters": PRIVATE}
    world.connections.states_after_write = ("AUTHORIZED", "ACTIVE")
    first = ask(world, properties={**private, "WaitTimeoutSeconds": 0})
    assert first.connection.state == "AUTHORIZED"
    outcomes = [ask(world, properties=private).outcome for _ in range(2)]
    assert outcomes == [Outcome.CREATED, Outcome.UNCHANGED]


def at_the_look(world: World, registered: Mapping[str, Any], act: Callable[[], None]) -> None:
    """Let something happen after the update, at the first look under a lease on a record."""
    describe, acts = world.connections.describe, iter([act])

    def watched(name: str) -> Connection | None:
        record = world.registry.records[name]
        is_leased = record.lease_holder and record.properties == registered
        if is_leased and "update" in world.connections.calls:
            next(acts, lambda: None)()
        return describe(name)

    world.connections.describe = watched  # type: ignore[method-assign]


@pytest.mark.parametrize("registered", [WITH_HEADER, PLAIN], ids=["update", "removal"])
@pytest.mark.parametrize("is_made_anew", [True, False])
def test_what_goes_while_its_leftovers_are_removed_is_not_deauthorized(
    world: World, is_made_anew: bool, registered: Mapping[str, Any]
) -> None:
    """A namesake would lose its credentials; what is gone is created again."""
    with_a_header_that_stays(world)

    def delete_by_hand() -> None:
        del world.connections.stored["crm"]
        if is_made_anew:
            world.connections.make_by_hand("crm", WITH_HEADER)

    at_the_look(world, registered, delete_by_hand)
    if is_made_anew:
        with pytest.raises(AlreadyExistsError):
            ask(world, "Update", PLAIN)
        assert header_of(world)
    else:
        assert ask(world, "Update", PLAIN).outcome is Outcome.CREATED
    assert "deauthorize" not in world.connections.calls


def test_who_has_no_time_to_begin_again_is_told_what_went_meanwhile(world: World) -> None:
    """It is a conflict, so the same request may work later."""
    with_a_header_that_stays(world)

    def delete_by_hand() -> None:
        del world.connections.stored["crm"]
        world.time.deadline = world.time.seconds

    at_the_look(world, PLAIN, delete_by_hand)
    with pytest.raises(ResourceConflictError, match="crm was deleted meanwhile"):
        ask(world, "Update", PLAIN)
