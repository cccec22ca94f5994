"""
Whole lives of connections under faults: random requests, orders, duplicates, crashes, lost answers,
two stacks and a queue that compete for names, and people with a console.

One invariant, whatever happens: once everybody has stopped asking and every request has had its
final answer, the connections are what their owners last asked for, and nothing else exists.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.operations.ports import Connections
from tests.support.fakes import World, make_world
from tests.support.lag import NONE, Lag
from tests.support.lives import (
    LEGACY,
    REQUESTS,
    Content,
    Play,
    Player,
    Step,
    assert_as_asked,
    content_of,
    expected,
    password_of,
    plays,
    properties_of,
)

STATES = {
    "well": (),
    "slow": ("AUTHORIZING",) * 12 + ("AUTHORIZED",),
    "bad": ("AUTHORIZING", "DEAUTHORIZED"),
}
LAGS = [NONE, *map(Lag.of_all, (0.5, 2)), Lag(existence_seconds=2), Lag(state_seconds=2)]


@dataclass
class FakeStage:
    """The in-memory account."""

    world: World = field(default_factory=make_world)

    @property
    def connections(self) -> Connections:
        """Give the port."""
        return self.world.connections

    def shown(self) -> dict[str, tuple[str, Content]]:
        stored = self.world.connections.stored
        for name in [name for name, item in stored.items() if item["states"] == ["GONE"]]:
            del stored[name]
        return {name: (item["arn"], _content(item["properties"])) for name, item in stored.items()}

    def password(self, name: str) -> str:
        return password_of(self.world.connections.stored[name]["properties"]["AuthParameters"])

    def prepare(self, mood: str, name: str) -> None:
        self.world.connections.states_after_write = STATES[mood]

    def make(self, name: str) -> None:
        self.world.connections.make_by_hand(name, properties_of(name, 2))

    def delete(self, name: str) -> None:
        self.world.connections.stored.pop(name, None)

    def change(self, name: str) -> None:
        item = self.world.connections.stored[name]
        item["modified"] += timedelta(minutes=1)
        item["properties"]["Description"] = "changed by hand"


def _content(properties: dict[str, dict[str, object]]) -> Content:
    return content_of(str(properties["AuthorizationType"]), properties["AuthParameters"])


def test_connections_are_what_was_last_asked_for() -> None:
    """Each in a play of its own; and every fault, step and outcome happened in one of them."""
    happened: Counter[str] = Counter()

    # The same plays each time. To look for others, take derandomize out and raise the number.
    @settings(
        max_examples=1000,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(play=plays, clears_on_empty=st.booleans(), lag=st.sampled_from(LAGS))
    def perform(play: Play, clears_on_empty: bool, lag: Lag) -> None:
        stage = FakeStage()
        stage.world.connections.clears_on_empty = clears_on_empty
        stage.world.connections.lag = lag
        player = Player(stage, play, happened)
        player.perform()
        assert_as_asked(player)

    perform()
    assert expected() <= set(happened)


def step(kind: str, variant: int, actor: str = REQUESTS, name: str = "alpha") -> Step:
    """Make a step about alpha."""
    return Step(actor, kind, name, variant)


SHORT_PLAYS = {
    "create": [step("Create", 2)],
    "another secret": [step("Create", 2), step("Update", 5)],
    "another type": [step("Create", 2), step("Update", 4)],
    "a stack's": [step("create", 2, "shop"), step("update", 5, "shop")],
    "adopted": [Step(REQUESTS, "Create", LEGACY, 5, adopts=True)],
    "rotated": [step("Create", 2), Step("keeper", "rotation", LEGACY), step("Update", 5)],
    "deleted": [step("Create", 2), step("Delete", 2), step("Create", 5)],
}


@pytest.mark.parametrize("fault", ["none", "killed after", "answer lost", "throttled"])
@pytest.mark.parametrize("interruption", ["rotation", "heard rotation"])
@pytest.mark.parametrize("steps", SHORT_PLAYS.values(), ids=SHORT_PLAYS)
def test_a_rotation_at_any_call_is_followed(
    steps: list[Step], interruption: str, fault: str
) -> None:
    """Before and after each call of EventBridge, the registry and the secrets, with each fault."""
    happened: Counter[str] = Counter()
    for call, distance in product(range(30), (0, 1, 3)):
        play = Play(steps, {call + distance: fault}, {call: interruption}, [])
        player = Player(FakeStage(), play, happened)
        player.perform()
        assert_as_asked(player)
    assert happened[f"{interruption} at the same time"]
    assert happened[fault]
