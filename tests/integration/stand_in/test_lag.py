"""Reads lag behind writes, each part by itself: in the stand-in and in the fake."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from handler.adapters.eventbridge import EventBridgeConnections
from handler.errors import AlreadyExistsError
from handler.operations.ports import Connections
from tests.support.fakes import FakeConnections, FakeTime
from tests.support.stand_in import Lag, Pace, StandIn
from tests.support.stand_in.clients import refusal, state, times
from tests.support.stand_in.documents import BASIC, OAUTH
from tests.support.stand_in.seconds import Seconds

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

Lagging = Callable[[Lag], Connections]


@pytest.fixture(params=["fake", "stand-in"])
def lagging(
    request: pytest.FixtureRequest,
    adapter: EventBridgeConnections,
    stand_in: StandIn,
    fake_time: FakeTime,
) -> Lagging:
    """Give what makes the fake or the adapter lag; in both nothing lasts."""

    def make(lag: Lag) -> Connections:
        stand_in.pace = Pace(settle_seconds=0, clock=lambda: fake_time.seconds)
        stand_in.lag = lag
        fake = FakeConnections(fake_time, lag=lag)
        return adapter if request.param == "stand-in" else fake

    return make


def test_a_created_connection_is_shown_late(lagging: Lagging, fake_time: FakeTime) -> None:
    """Not found until then, though its name is taken."""
    connections = lagging(Lag(existence_seconds=2))
    arn = connections.create(BASIC).arn
    fake_time.sleep(1.75)
    assert connections.describe("crm") is None
    with pytest.raises(AlreadyExistsError):
        connections.create(BASIC)
    connections.update({**BASIC, "Description": "changed unseen"})
    fake_time.sleep(0.25)
    seen = connections.describe("crm")
    assert seen
    assert (seen.arn, seen.properties["Description"]) == (arn, "changed unseen")


def test_a_deleted_connection_is_shown_longer(lagging: Lagging, fake_time: FakeTime) -> None:
    """DELETING; its name is free meanwhile, and the next of that name is another."""
    connections = lagging(Lag(existence_seconds=2))
    arn = connections.create(BASIC).arn
    fake_time.sleep(60)
    connections.delete("crm")
    shown = [connections.describe("crm")]
    fake_time.sleep(1.75)
    shown += [connections.describe("crm")]
    assert [(each.arn, each.state) for each in shown if each] == [(arn, "DELETING")] * 2
    again = connections.create(BASIC).arn
    assert again != arn
    fake_time.sleep(0.25)
    assert connections.describe("crm") is None
    fake_time.sleep(1.75)
    seen = connections.describe("crm")
    assert seen
    assert (seen.arn, seen.state) == (again, "AUTHORIZED")


def test_a_state_is_shown_late(lagging: Lagging, fake_time: FakeTime) -> None:
    """The old one until then, beside the new LastModifiedTime."""
    connections = lagging(Lag(state_seconds=2))
    connections.create(BASIC)
    fake_time.sleep(60)
    connections.describe("crm")
    connections.deauthorize("crm")
    fake_time.sleep(1.75)
    seen = connections.describe("crm")
    assert seen
    assert seen.state == "AUTHORIZED"
    fake_time.sleep(0.25)
    connections.describe("crm")
    seen = connections.describe("crm")
    assert seen
    assert seen.state == "DEAUTHORIZED"


def test_a_last_modified_time_is_shown_late(lagging: Lagging, fake_time: FakeTime) -> None:
    """The old one until then, beside the new content."""
    connections = lagging(Lag(modified_seconds=2))
    connections.create(BASIC)
    fake_time.sleep(60)
    before = connections.describe("crm")
    connections.update({**BASIC, "Description": "new"})
    fake_time.sleep(1.75)
    stale = connections.describe("crm")
    fake_time.sleep(0.25)
    after = connections.describe("crm")
    assert before
    assert stale
    assert after
    assert stale.last_modified_time == before.last_modified_time
    assert stale.last_modified_time != after.last_modified_time
    assert stale.properties["Description"] == after.properties["Description"] == "new"


def test_every_change_is_shown_at_its_time(
    events: "EventBridgeClient", stand_in: StandIn, seconds: Seconds
) -> None:
    """Two states within one lag both show, one after the other."""
    stand_in.pace = Pace(settle_seconds=1, clock=seconds)
    stand_in.lag = Lag(state_seconds=5)
    events.create_connection(**OAUTH)
    seconds.pass_by(60)
    events.update_connection(**OAUTH)
    seconds.pass_by(1)
    stand_in.settle_as("erp", "DEAUTHORIZED")
    shown = [state(events)]
    for _ in range(5):
        seconds.pass_by(1)
        shown.append(state(events))
    assert shown == [*["AUTHORIZED"] * 4, "AUTHORIZING", "AUTHORIZED"]


def test_a_write_answers_what_is_so(
    events: "EventBridgeClient", stand_in: StandIn, seconds: Seconds
) -> None:
    """Only reads lag: each answer gives the state that follows, the tests see what is there."""
    stand_in.lag = Lag.of_all(60)
    created = events.create_connection(**OAUTH)
    assert created["ConnectionState"] == "AUTHORIZING"
    seconds.pass_by(2)
    assert stand_in.connections["crm"].state == "AUTHORIZED"
    assert events.update_connection(**OAUTH)["ConnectionState"] == "AUTHORIZING"
    seconds.pass_by(2)
    answer = events.delete_connection(Name="crm")
    assert answer["ConnectionState"] == "DELETING"
    assert times(answer)["LastModifiedTime"] == int(seconds.now) - 2
    seconds.pass_by(2)
    assert stand_in.connections == {}
    assert refusal(events.delete_connection, Name="crm")[0] == "ResourceNotFoundException"


def test_a_list_lags_as_a_look_does(
    events: "EventBridgeClient", stand_in: StandIn, seconds: Seconds
) -> None:
    """Which connections, their states and their times."""
    stand_in.lag = Lag.of_all(10)
    events.create_connection(**BASIC)
    assert events.list_connections()["Connections"] == []
    seconds.pass_by(10)
    (before,) = events.list_connections()["Connections"]
    events.update_connection(**OAUTH)
    assert events.list_connections(ConnectionState="AUTHORIZING")["Connections"] == []
    (stale,) = events.list_connections(ConnectionState="AUTHORIZED")["Connections"]
    assert times(stale)["LastModifiedTime"] == times(before)["LastModifiedTime"]
    events.delete_connection(Name="crm")
    seconds.pass_by(11)
    (late,) = events.list_connections()["Connections"]
    assert late["ConnectionState"] == "DELETING"
    seconds.pass_by(1)
    assert events.list_connections()["Connections"] == []


def test_what_is_done_by_hand_is_shown_at_once(
    events: "EventBridgeClient", stand_in: StandIn
) -> None:
    """It was done a while ago."""
    stand_in.lag = Lag.of_all(60)
    stand_in.create_by_hand("crm")
    created = events.describe_connection(Name="crm")
    stand_in.tamper("crm", Description="changed by hand")
    changed = events.describe_connection(Name="crm")
    assert changed["LastModifiedTime"] > created["LastModifiedTime"]
    stand_in.settle_as("crm", "DEAUTHORIZED", "401")
    assert state(events) == "DEAUTHORIZED"
    stand_in.delete_by_hand("crm")
    assert refusal(events.describe_connection, Name="crm")[0] == "ResourceNotFoundException"
