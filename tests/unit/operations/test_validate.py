"""Validate: what a Create would find, and nothing is written."""

from typing import Any

import pytest

from handler.errors import AlreadyExistsError
from handler.operations.completion import Outcome
from tests.support.crm import BASIC, ask, stack
from tests.support.fakes import World

ADOPTING: dict[str, Any] = {**BASIC, "OnExisting": "Adopt"}


def test_a_free_name_is_valid_and_has_no_state(world: World) -> None:
    """The result names what a Create would make."""
    completion = ask(world, "Validate")
    assert completion.outcome is Outcome.VALIDATED
    assert (completion.connection.name, completion.connection.state) == ("crm", "")
    assert world.connections.stored == {}
    assert world.registry.records == {}


def test_what_is_the_requesters_own_is_shown(world: World) -> None:
    """A Create of it would be an update."""
    made = ask(world).connection
    shown = ask(world, "Validate").connection
    assert (shown.arn, shown.state) == (made.arn, "AUTHORIZED")


def test_what_nobody_registered_is_valid_for_an_adoption_alone(world: World) -> None:
    """As a Create would refuse it."""
    found = world.connections.create(BASIC)
    with pytest.raises(AlreadyExistsError, match="was not made here; OnExisting: Adopt takes it"):
        ask(world, "Validate")
    completion = ask(world, "Validate", ADOPTING)
    assert (completion.outcome, completion.connection.arn) == (Outcome.VALIDATED, found.arn)
    assert world.registry.records == {}


@pytest.mark.parametrize("properties", [BASIC, ADOPTING])
def test_what_is_anothers_is_told_with_its_owner_and_the_cure(
    world: World, properties: dict[str, Any]
) -> None:
    """An adoption does not change that."""
    stack(world, "Create")
    cure = "its owner can delete it, an administrator can Release it"
    with pytest.raises(AlreadyExistsError, match=rf"^crm belongs to cloudformation/.*; {cure}$"):
        ask(world, "Validate", properties)
