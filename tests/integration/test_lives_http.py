"""
Whole lives of connections against the stand-in over HTTP: AWS's states, refusals, whole seconds,
and everything that nobody recorded, in one position or the other.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.adapters.aws_client import Caller
from handler.adapters.eventbridge import EventBridgeConnections
from handler.operations.ports import Connections
from tests.support.fakes import START, World, make_world
from tests.support.lag import Lag
from tests.support.lives import (
    NAMES,
    Content,
    Play,
    Player,
    assert_as_asked,
    content_of,
    expected,
    password_of,
    plays,
)
from tests.support.stand_in import Pace, StandIn, Unrecorded, pairwise, running_stand_in
from tests.support.stand_in.clients import client_at

LONG_SECONDS = 1e9
LAGS = [*map(Lag.of_all, (0, 0.5, 2))]
PACES = {"well": 2, "slow": 40, "bad": 2}


@dataclass
class HttpStage:
    """The stand-in, its time the tests' own, through the function's own adapter."""

    stand_in: StandIn
    connections: Connections
    world: World = field(default_factory=make_world)

    def shown(self) -> dict[str, tuple[str, Content]]:
        return {
            name: (each.arn, content_of(each.authorization_type, each.auth_parameters))
            for name, each in self.stand_in.connections.items()
            if each.state != "DELETING"
        }

    def password(self, name: str) -> str:
        return password_of(self.stand_in.connections[name].auth_parameters)

    def prepare(self, mood: str, name: str) -> None:
        time = self.world.time
        self.stand_in.pace = Pace(settle_seconds=PACES[mood], clock=lambda: time.seconds)
        for each in NAMES:
            self.stand_in.settle_well(each)
        if mood == "bad":
            self.stand_in.settle_as(name, "DEAUTHORIZED", "invalid_client")

    def make(self, name: str) -> None:
        if name not in self.stand_in.connections:
            self.stand_in.create_by_hand(name)

    def delete(self, name: str) -> None:
        if name in self.stand_in.connections:
            self.stand_in.delete_by_hand(name)

    def change(self, name: str) -> None:
        self.stand_in.tamper(name, Description="changed by hand")


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    """Run one stand-in for all plays."""
    with running_stand_in() as running:
        yield running


def test_connections_are_what_was_last_asked_for(stand_in: StandIn) -> None:
    """Each play with switches of its own, however late writes show; all that can happen did."""
    happened: Counter[str] = Counter()
    positions: Counter[Unrecorded] = Counter()
    lags: Counter[Lag] = Counter()
    client = client_at(stand_in.url, "events")

    @settings(
        max_examples=500,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(play=plays, unrecorded=st.sampled_from(pairwise()), lag=st.sampled_from(LAGS))
    def perform(play: Play, unrecorded: Unrecorded, lag: Lag) -> None:
        world = make_world()
        world.time.deadline = START.timestamp() + LONG_SECONDS
        stand_in.reset()
        stand_in.unrecorded = unrecorded
        stand_in.lag = lag
        positions[unrecorded] += 1
        lags[lag] += 1
        adapter = EventBridgeConnections(Caller("events", client, world.time.clock))
        stage = HttpStage(stand_in, adapter, world)
        stage.prepare("well", "")
        player = Player(stage, play, happened)
        player.perform()
        world.time.sleep(1000)
        assert_as_asked(player)

    perform()
    client.close()
    assert expected() <= set(happened)
    assert (set(positions), set(lags)) == (set(pairwise()), set(LAGS))
