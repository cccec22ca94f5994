"""A connection that moves from one owner to another, as docs/moving.md says."""

from typing import Any

import pytest

from tests.support.cloudformation_player import Answer, Stack
from tests.support.event_bridge import EventBridge
from tests.support.function import Function
from tests.support.stand_in import StandIn, StoredConnection

MINUTE_SECONDS = 60.0


@pytest.fixture
def adopting(basic: dict[str, Any]) -> dict[str, Any]:
    """Give the connection as its new owner asks for it."""
    return {**basic, "OnExisting": "Adopt"}


@pytest.fixture
def other(shop: Stack) -> Stack:
    """Give another stack."""
    return shop.cloudformation.stack()


def age(connection: StoredConnection) -> str:
    """Let a connection be older than the second in which it is adopted; give its ARN."""
    connection.creation_time -= MINUTE_SECONDS
    connection.last_modified_time -= MINUTE_SECONDS
    connection.forget_past()
    return connection.arn


def release(function: Function, name: str) -> None:
    """Let the registry forget who owns a connection."""
    request = {"RequestType": "Release", "ResourceProperties": {"Name": name}}
    assert function(request)["Outcome"] == "Released"


def told(answer: Answer | None) -> tuple[str, str]:
    """Give the outcome and the ARN of a success."""
    assert answer
    assert answer.is_success, answer.reason
    return answer.data["Outcome"], answer.data["ConnectionArn"]


def test_what_was_made_elsewhere_is_adopted_and_outlives_its_stack(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, adopting: dict[str, Any]
) -> None:
    """Its ARN stays, so that API destinations go on; its credential is the secret's."""
    arn = age(stand_in.create_by_hand(adopting["Name"]))
    assert told(shop.create(adopting)) == ("Adopted", arn)
    event_bridge.assert_holds(adopting)
    assert told(shop.delete()) == ("Released", arn)
    event_bridge.assert_holds(adopting)
    assert stand_in.count("CreateConnection") == stand_in.count("DeleteConnection") == 0


def test_what_was_adopted_and_is_made_again_goes_with_its_stack(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, adopting: dict[str, Any]
) -> None:
    """Deleted by hand, then asked for with another Revision."""
    arn = age(stand_in.create_by_hand(adopting["Name"]))
    shop.create(adopting)
    stand_in.delete_by_hand(adopting["Name"])
    outcome, new_arn = told(shop.update({**adopting, "Revision": "made again"}))
    assert (outcome, new_arn == arn) == ("Created", False)
    assert told(shop.delete()) == ("Deleted", new_arn)
    event_bridge.assert_holds()


def test_what_replaces_an_adopted_connection_goes_with_its_stack(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, adopting: dict[str, Any]
) -> None:
    """Renamed, so that the adopted one serves until the new one works, and is left standing."""
    age(stand_in.create_by_hand(adopting["Name"]))
    shop.create(adopting)
    renamed = {**adopting, "Name": f"{adopting['Name']}-b"}
    assert told(shop.update(renamed))[0] == "Created"
    event_bridge.assert_holds(adopting, renamed)
    assert told(shop.delete())[0] == "Deleted"
    event_bridge.assert_holds(adopting)


def test_a_connection_moves_to_another_stack_once_it_is_released(
    shop: Stack,
    other: Stack,
    function: Function,
    event_bridge: EventBridge,
    stand_in: StandIn,
    adopting: dict[str, Any],
) -> None:
    """Not before; and the old stack's Delete, where nobody retained it, harms no one."""
    _, arn = told(shop.create(adopting))
    refused = other.create(adopting)
    assert refused
    assert refused.reason.startswith(f"AlreadyExists: {adopting['Name']} belongs to cloudformation")
    release(function, adopting["Name"])
    age(stand_in.connections[adopting["Name"]])
    assert told(other.create(adopting)) == ("Adopted", arn)
    shop.delete()
    event_bridge.assert_holds(adopting)
    assert told(other.update(adopting)) == ("Unchanged", arn)
