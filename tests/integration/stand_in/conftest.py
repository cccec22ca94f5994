"""A stand-in of EventBridge for these tests, and boto3's clients in front of it."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from handler.adapters.aws_client import Caller
from handler.adapters.eventbridge import EventBridgeConnections
from handler.clock import Clock
from tests.support.fakes import FakeTime
from tests.support.lag import NONE
from tests.support.stand_in import Pace, StandIn, running_stand_in
from tests.support.stand_in.clients import client_at
from tests.support.stand_in.seconds import Seconds

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient


@pytest.fixture(autouse=True)
def _no_secret_leaves() -> None:
    """Need no deployed application, unlike the other integration tests."""


@pytest.fixture(scope="session")
def server() -> Iterator[StandIn]:
    """Run one stand-in for all tests."""
    with running_stand_in(lag=NONE) as running:
        yield running


@pytest.fixture(scope="session")
def events(server: StandIn) -> Iterator["EventBridgeClient"]:
    """Give EventBridge's client."""
    client: EventBridgeClient = client_at(server.url, "events")
    yield client
    client.close()


@pytest.fixture(scope="session")
def secretsmanager(server: StandIn) -> Iterator["SecretsManagerClient"]:
    """Give Secrets Manager's client."""
    client: SecretsManagerClient = client_at(server.url, "secretsmanager")
    yield client
    client.close()


@pytest.fixture
def seconds() -> Seconds:
    """Give the clock."""
    return Seconds()


@pytest.fixture(autouse=True)
def stand_in(server: StandIn, seconds: Seconds) -> Iterator[StandIn]:
    """Give the stand-in, empty; what passes takes two seconds."""
    server.reset()
    server.pace = Pace(settle_seconds=2, clock=seconds)
    yield server
    server.reset()


@pytest.fixture(scope="session")
def adapter(server: StandIn) -> Iterator[EventBridgeConnections]:
    """Give the real adapter, in front of the stand-in."""
    client = client_at(server.url, "events")
    yield EventBridgeConnections(
        Caller("events", client, Clock(time.time, time.sleep, lambda: 60.0))
    )
    client.close()


@pytest.fixture
def fake_time() -> FakeTime:
    """Give the time of both."""
    return FakeTime()
