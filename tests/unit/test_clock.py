"""Time as one invocation sees it."""

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from handler.clock import Clock, growing_pauses, instant, iso
from handler.settings import SHORTEST_PAUSE_SECONDS
from tests.support.fakes import FakeTime


def slept(pauses: list[float], seconds_left: float, until_remaining: float) -> list[float]:
    """Walk through pauses as long as the clock gives them."""
    left = seconds_left
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal left
        left -= seconds
        slept.append(seconds)

    for _ in Clock(lambda: 0.0, sleep, lambda: left).pauses(iter(pauses), until_remaining):
        pass
    return slept


@pytest.mark.parametrize(
    ("seconds_left", "until_remaining", "expected"),
    [
        (100, 0, [1, 2, 4]),
        (100, 98, [1, 1]),
        (100, 97, [1, 2]),
        (100, 100, []),
        (100, 200, []),
        (2.5, 0, [1, 1.5]),
        (2.5, -50, [1, 1.5]),
        (SHORTEST_PAUSE_SECONDS, 0, [SHORTEST_PAUSE_SECONDS]),
        (SHORTEST_PAUSE_SECONDS / 2, 0, []),
        (0, 0, []),
        (-1, 0, []),
    ],
)
def test_pauses_end_with_the_time(
    seconds_left: float, until_remaining: float, expected: list[float]
) -> None:
    """The last one is cut to what is left; a bound below zero is none."""
    assert slept([1.0, 2.0, 4.0], seconds_left, until_remaining) == pytest.approx(expected)


def test_a_pause_is_slept_before_it_is_told() -> None:
    """Whoever takes one finds the time gone."""
    fake_time = FakeTime()
    pauses = fake_time.clock.pauses(iter([3.0]), 0)
    assert fake_time.slept == []
    assert next(pauses) == 3.0
    assert fake_time.slept == [3.0]


def test_growing_pauses_grow_up_to_the_longest() -> None:
    """And never end."""
    pauses = growing_pauses(1.0, 2.0, 5.0)
    assert list(itertools.islice(pauses, 6)) == [1.0, 2.0, 4.0, 5.0, 5.0, 5.0]


@pytest.fixture
def far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be where the clocks on the walls show another time."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_from_utc")
def test_times_are_told_in_utc_wherever_the_function_runs() -> None:
    """And wherever somebody else wrote them down."""
    assert instant(1767225600) == datetime(2026, 1, 1, tzinfo=UTC)
    elsewhere = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert iso(elsewhere) == iso(instant(1767225600)) == "2026-01-01T00:00:00Z"
    assert iso(None) == ""
