"""Describe, Validate and Release, and what holds of every request."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handler.connections.record import Deletion, Record
from handler.errors import (
    AlreadyExistsError,
    InvalidRequestError,
    NotFoundError,
    ResourceConflictError,
    SecretNotUsableError,
    SupersededError,
)
from handler.operations.completion import Outcome
from handler.requests.entry_point import CLOUDFORMATION, DIRECT
from handler.requests.request import check
from handler.requests.unchecked_request import read_document
from tests.support import alpha
from tests.support.crm import BASIC, ask, stack
from tests.support.fakes import RULES, START, World


def test_a_release_remembers_what_others_deleted(world: World) -> None:
    """A late Create of theirs is as late as before."""
    alpha.run(world, alpha.message())
    other = replace(
        alpha.message("Delete", sent=20, owner=alpha.STACK_B), entry_point=CLOUDFORMATION
    )
    alpha.run(world, replace(other, physical_resource_id="alpha"))
    alpha.run(world, alpha.message("Release", sent=30, entry_point=DIRECT))
    world.connections.stored.clear()
    with pytest.raises(SupersededError):
        alpha.run(world, alpha.message(sent=10, owner=alpha.STACK_B))


def test_describing_shows_the_connection_and_changes_nothing(world: World) -> None:
    """Whoever owns it."""
    stack(world, "Create")
    written = len(world.registry.writes)
    completion = ask(world, "Describe", {"Name": "crm"})
    assert (completion.outcome, completion.connection.state) == (Outcome.DESCRIBED, "AUTHORIZED")
    assert len(world.registry.writes) == written


def test_describing_what_is_not_there_is_not_found(world: World) -> None:
    """An error, not an empty answer."""
    with pytest.raises(NotFoundError):
        ask(world, "Describe", {"Name": "crm"})


def test_validating_does_everything_but_write(world: World) -> None:
    """References are resolved, the name is looked at, nothing is written."""
    assert ask(world, "Validate").outcome is Outcome.VALIDATED
    assert world.secrets.reads
    assert (world.registry.writes, world.connections.stored) == ([], {})


def test_validating_finds_what_a_create_would_meet(world: World) -> None:
    """A missing secret, a name that is taken."""
    stack(world, "Create")
    with pytest.raises(AlreadyExistsError):
        ask(world, "Validate")
    world.secrets.texts.clear()
    with pytest.raises(SecretNotUsableError):
        ask(world, "Validate", {**BASIC, "Name": "other"})


def test_releasing_drops_the_registration_and_nothing_else(world: World) -> None:
    """After DeletionPolicy: Retain, before an adoption."""
    stack(world, "Create")
    arn = world.connections.stored["crm"]["arn"]
    released = ask(world, "Release", {"Name": "crm"})
    assert (released.outcome, released.connection.arn) == (Outcome.RELEASED, arn)
    assert released.connection.state == "AUTHORIZED"
    assert world.owners == {}
    assert "crm" in world.connections.stored
    adopted = ask(world, properties={**BASIC, "OnExisting": "Adopt"})
    assert adopted.outcome is Outcome.ADOPTED


def test_releasing_what_is_gone_shows_what_was_registered(world: World) -> None:
    """EventBridge shows nothing of it any more."""
    stack(world, "Create")
    arn = world.connections.stored.pop("crm")["arn"]
    released = ask(world, "Release", {"Name": "crm"})
    assert (released.connection.name, released.connection.arn) == ("crm", arn)
    assert released.connection.state == ""


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_release_that_was_carried_out_by_its_own_lost_try_succeeds(
    world: World, is_gone: bool
) -> None:
    """Its condition fails, because the record is gone; where it is not, somebody else wrote."""
    ask(world)
    remove = world.registry.remove

    def lose(record: Record, deletion: Deletion | None = None) -> None:
        if is_gone:
            remove(record, deletion)
        raise ResourceConflictError("somebody was faster")

    world.registry.remove = lose  # type: ignore[method-assign]
    if is_gone:
        assert ask(world, "Release", {"Name": "crm"}).outcome is Outcome.RELEASED
    else:
        with pytest.raises(ResourceConflictError):
            ask(world, "Release", {"Name": "crm"})


@pytest.mark.parametrize("holder", ["this invocation", "another invocation"])
def test_a_newer_request_has_overtaken_this_one_unless_it_still_writes(
    world: World, holder: str
) -> None:
    """While another invocation holds the lease, its request may yet fail."""
    ask(world, sent=START + timedelta(seconds=10))
    record = world.registry.records["crm"]
    until = START + timedelta(days=1)

    def overtake() -> None:
        leased = replace(record, lease_holder=holder, leased_until=until)
        world.registry.records["crm"] = replace(leased, request_time=START + timedelta(seconds=30))

    world.registry.before_write = iter([overtake] * 99)
    error = SupersededError if holder == world.holder else ResourceConflictError
    with pytest.raises(error):
        ask(world, "Update", {**BASIC, "Description": "x"}, sent=START + timedelta(seconds=20))


def test_releasing_what_nobody_owns_is_not_found(world: World) -> None:
    """There is nothing to drop."""
    with pytest.raises(NotFoundError, match=r"^nobody is registered for crm$"):
        ask(world, "Release", {"Name": "crm"})


def test_a_prefix_is_demanded_of_every_name(world: World) -> None:
    """IAM says the same; here it is a clear error."""
    rules = replace(RULES, connection_name_prefix="team-")
    document = {"RequestType": "Delete", "ResourceProperties": {"Name": "crm"}}
    with pytest.raises(InvalidRequestError, match="Name: must begin with team-"):
        check(read_document(document, DIRECT, "r", START), rules)
