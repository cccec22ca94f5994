"""Many connections follow one secret on the deployed application, in fair and foul weather."""

from collections.abc import Iterator

import pytest

from tests.support.stand_in.weather import throttle
from tools.bench.rotating_fleet import MESSAGES_OF_AN_EVENT, Fleet, disturbed, running_fleet
from tools.local.local_stack import LocalStack, local_stack

SIZE = 40
CALLS_A_SECOND = 10


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """Deploy an application of its own: others would miss the stand-in's connections."""
    with local_stack() as stack:
        yield stack


@pytest.fixture(scope="module")
def fleet(stack: LocalStack) -> Iterator[Fleet]:
    """Make the connections."""
    with running_fleet(stack, SIZE) as running:
        yield running


def test_one_rotation_updates_every_connection_once(fleet: Fleet) -> None:
    """Nothing but the secret was touched."""
    assert len(fleet.names) == len(fleet.stand_in.connections) == SIZE
    rotated = fleet.rotate()
    assert rotated.followers == fleet.names
    assert rotated.updates == dict.fromkeys(fleet.names, 1)
    assert rotated.dead_letters == 0


def test_faults_and_duplicate_events_lose_nothing_and_repeat_nothing(fleet: Fleet) -> None:
    """
    One in twenty calls fails, and each event comes twice.

    What EventBridge acknowledged is never sent again; what it carried out without an answer is.
    """
    with disturbed(fleet):
        rotated = fleet.rotate()
    assert rotated.followers == fleet.names
    assert rotated.updates == dict.fromkeys(fleet.names, 1)
    assert rotated.dead_letters == 0
    assert rotated.faults > SIZE / 10
    assert rotated.calls[MESSAGES_OF_AN_EVENT] > 1


def test_more_calls_than_eventbridge_takes_in_a_second_lose_nothing(fleet: Fleet) -> None:
    """EventBridge publishes no rate for connections: whoever is refused comes back later."""
    fleet.stand_in.plan(throttle(CALLS_A_SECOND))
    rotated = fleet.rotate()
    fleet.stand_in.clear_up()
    assert rotated.followers == fleet.names
    assert rotated.updates == dict.fromkeys(fleet.names, 1)
    assert rotated.dead_letters == 0
    assert rotated.faults > 0
