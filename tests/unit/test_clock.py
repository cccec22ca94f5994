"""Time as one invocation sees it."""

import itertools

import pytest

from handler.clock import growing
from tests.support.fakes import FakeTime


def slept(pauses: list[float], seconds_left: float, until_remaining: float) -> list[float]:
    """Walk through pauses as long as the clock gives them."""
    time = FakeTime()
    time.deadline = time.seconds + seconds_left
    for _ in time.clock.pauses(iter(pauses), until_remaining):
        pass
    return time.slept


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
    time = FakeTime()
    pauses = time.clock.pauses(iter([3.0]))
    assert time.slept == []
    assert next(pauses) == 3.0
    assert time.slept == [3.0]


def test_growing_pauses_grow_up_to_the_longest() -> None:
    """And never end."""
    assert list(itertools.islice(growing(1.0, 2.0, 5.0), 6)) == [1.0, 2.0, 4.0, 5.0, 5.0, 5.0]
