"""Where nobody recorded what AWS does, the stand-in does what its switches say."""

from collections.abc import Callable
from itertools import combinations as pairs_of
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.stand_in import StandIn, Unrecorded, combinations, pairwise
from tests.support.stand_in.clients import refusal, state
from tests.support.stand_in.documents import API_KEY, BASIC, OAUTH, PRIVATE, PUBLIC, WITH_HEADERS
from tests.support.stand_in.seconds import Seconds

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


def updated_with(events: "EventBridgeClient", invocation: dict[str, Any]) -> Any:
    """Update a connection that has two headers, and give what is there afterwards."""
    events.create_connection(**WITH_HEADERS)
    parameters = {**BASIC["AuthParameters"], "InvocationHttpParameters": invocation}
    events.update_connection(**{**BASIC, "AuthParameters": parameters})
    shown: Any = events.describe_connection(Name="crm")["AuthParameters"]
    return shown["InvocationHttpParameters"]


@pytest.mark.parametrize("empty", [{}, {"HeaderParameters": []}], ids=str)
def test_what_is_empty_clears_or_keeps(
    events: "EventBridgeClient", stand_in: StandIn, empty: dict[str, Any]
) -> None:
    """``{}`` and ``[]`` in an Update."""
    assert updated_with(events, empty) == empty
    stand_in.reset()
    stand_in.unrecorded = Unrecorded(empty="keeps")
    assert len(updated_with(events, empty)["HeaderParameters"]) == 2


@pytest.mark.parametrize(
    ("lists", "keys"),
    [("replace", ["x-new", "x-public"]), ("merge", ["x-public", "x-private", "x-new"])],
)
def test_a_list_replaces_or_is_merged(
    events: "EventBridgeClient", stand_in: StandIn, lists: Any, keys: list[str]
) -> None:
    """By key; what is sent counts where both have it."""
    stand_in.unrecorded = Unrecorded(lists=lists)
    sent = [{"Key": "x-new", "Value": "1"}, {"Key": "x-public", "Value": "2"}]
    headers = updated_with(events, {"HeaderParameters": sent})["HeaderParameters"]
    assert [header["Key"] for header in headers] == keys
    assert {"Key": "x-public", "Value": "2", "IsValueSecret": False} in headers


@pytest.mark.parametrize("position", ["clears", "keeps"])
def test_an_empty_description_clears_or_keeps(
    events: "EventBridgeClient", stand_in: StandIn, position: Any
) -> None:
    """``Description: ""`` is accepted either way."""
    stand_in.unrecorded = Unrecorded(empty_description=position)
    events.create_connection(**BASIC, Description="the CRM")
    events.update_connection(Name="crm", Description="")
    assert ("Description" in events.describe_connection(Name="crm")) is (position == "keeps")


def test_a_name_may_be_taken_or_free_while_it_is_deleting(
    events: "EventBridgeClient", stand_in: StandIn, seconds: Seconds
) -> None:
    """Where it is free, the old connection's end does not touch the new one."""
    first = events.create_connection(**BASIC)["ConnectionArn"]
    old = stand_in.connections["crm"]
    secret = old.secret
    events.delete_connection(Name="crm")
    assert refusal(events.create_connection, **BASIC)[0] == "ResourceAlreadyExistsException"
    stand_in.unrecorded = Unrecorded(create_while_deleting="accepted")
    second = events.create_connection(**BASIC)["ConnectionArn"]
    seconds.pass_by(10)
    assert old.state == "GONE"
    assert events.describe_connection(Name="crm")["ConnectionArn"] == second != first
    assert secret
    assert secret.is_gone


@pytest.mark.parametrize("operation", ["create", "update"])
def test_parameters_of_another_type_are_refused_or_ignored(
    events: "EventBridgeClient", stand_in: StandIn, operation: str
) -> None:
    """Both blocks beside each other."""
    both = {**BASIC, "AuthParameters": {**BASIC["AuthParameters"], **API_KEY["AuthParameters"]}}
    if operation == "update":
        events.create_connection(**BASIC)
    call: Callable[..., Any] = getattr(events, f"{operation}_connection")
    assert refusal(call, **both)[0] == "ValidationException"
    stand_in.unrecorded = Unrecorded(type_mismatch="ignored")
    call(**both)
    shown = events.describe_connection(Name="crm")["AuthParameters"]
    assert set(shown) == {"BasicAuthParameters"}


def test_parameters_of_another_type_alone_have_no_effect(
    events: "EventBridgeClient", stand_in: StandIn
) -> None:
    """As AWS's page on editing says, where they are not refused."""
    events.create_connection(**BASIC)
    change = {**API_KEY, "AuthorizationType": "BASIC"}
    assert refusal(events.update_connection, **change)[0] == "ValidationException"
    stand_in.unrecorded = Unrecorded(type_mismatch="ignored")
    events.update_connection(**change)
    shown = events.describe_connection(Name="crm")["AuthParameters"]
    assert shown == {"BasicAuthParameters": {"Username": "user"}}


@pytest.mark.parametrize(
    ("position", "code"),
    [
        ("refused", "ConcurrentModificationException"),
        ("not found", "ResourceNotFoundException"),
    ],
)
def test_a_second_delete_or_an_update_may_be_refused_while_deleting(
    events: "EventBridgeClient", stand_in: StandIn, position: Any, code: str
) -> None:
    """In either way."""
    stand_in.unrecorded = Unrecorded(delete_while_deleting=position, update_while_deleting=position)
    events.create_connection(**BASIC)
    events.delete_connection(Name="crm")
    assert refusal(events.delete_connection, Name="crm")[0] == code
    assert refusal(events.update_connection, **BASIC)[0] == code


def test_a_second_delete_may_succeed(events: "EventBridgeClient", seconds: Seconds) -> None:
    """And does not prolong the first."""
    events.create_connection(**BASIC)
    events.delete_connection(Name="crm")
    seconds.pass_by(1.5)
    assert events.delete_connection(Name="crm")["ConnectionState"] == "DELETING"
    seconds.pass_by(0.5)
    assert refusal(events.describe_connection, Name="crm")[0] == "ResourceNotFoundException"


def test_an_update_may_be_accepted_while_deauthorizing(
    events: "EventBridgeClient", stand_in: StandIn
) -> None:
    """Recorded once; its credentials count."""
    stand_in.unrecorded = Unrecorded(update_while_deauthorizing="accepted")
    events.create_connection(**BASIC)
    secret = stand_in.connections["crm"].secret
    events.deauthorize_connection(Name="crm")
    assert events.update_connection(**BASIC)["ConnectionState"] == "AUTHORIZED"
    assert secret
    assert secret.is_gone
    assert events.describe_connection(Name="crm")["SecretArn"] != secret.arn


@pytest.mark.parametrize("last", ["AUTHORIZED", "ACTIVE"])
def test_a_private_token_endpoint_of_a_public_api_settles_in_either_state(
    events: "EventBridgeClient", stand_in: StandIn, seconds: Seconds, last: Any
) -> None:
    """AWS's table says AUTHORIZED; the text below it may be read as ACTIVE."""
    stand_in.unrecorded = Unrecorded(private_token_endpoint=last)
    parameters = {**OAUTH["AuthParameters"], "ConnectivityParameters": PRIVATE}
    events.create_connection(**{**OAUTH, "AuthParameters": parameters})
    shown: Any = events.describe_connection(Name="crm")["AuthParameters"]
    assert "ResourceAssociationArn" in shown["ConnectivityParameters"]["ResourceParameters"]
    seconds.pass_by(10)
    assert state(events) == last
    parameters["ConnectivityParameters"] = PUBLIC
    events.update_connection(**{**OAUTH, "AuthParameters": parameters})
    assert "ConnectivityParameters" not in events.describe_connection(Name="crm")["AuthParameters"]


def test_few_combinations_hold_every_pair() -> None:
    """The default among them; and every combination of a few switches can be had."""
    chosen = pairwise()
    pairs = {pair for one in combinations(*Unrecorded.__slots__) for pair in _pairs(one)}
    assert {pair for one in chosen for pair in _pairs(one)} == pairs
    assert chosen[0] == Unrecorded()
    assert len(chosen) < 15
    assert len(set(combinations("empty", "lists", "empty_description"))) == 8
    assert {str(one) for one in combinations("empty")} == {"default", "empty=keeps"}


def _pairs(unrecorded: Unrecorded) -> set[Any]:
    positions = [(name, getattr(unrecorded, name)) for name in Unrecorded.__slots__]
    return set(pairs_of(positions, 2))
