"""When a failed message comes back, and how long its failure may pass."""

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.entrypoints.message_retry import delay_seconds, patience_seconds
from handler.errors import NotStabilizedError, ProvisionerError, ThrottlingError
from handler.settings import MOST_RECEIVES, PRIVATE_PATIENCE_SECONDS
from tests.support.crm import BASIC, PRIVATE

GIVE_UP = 1800
LONGEST = 900  # delay
ODD = {"InvocationConnectivityParameters": "odd"}
IS_PRIVATE = {**BASIC, "InvocationConnectivityParameters": PRIVATE}
THROTTLED = ThrottlingError("later")
CONNECTING = NotStabilizedError("later", is_moving=True, is_private=True)


def receives(properties: object, seed: int, limit: int) -> Iterator[float]:
    """Yield the age of a message at each receive, the last one being that at which it is final."""
    uniform = random.Random(seed).uniform
    age, count = 0.0, 1
    while age < patience_seconds(THROTTLED, properties, limit):
        yield age
        age += delay_seconds(count, uniform)
        count += 1
    yield age


@given(st.integers(), st.integers(60, 3600))
def test_a_transient_failure_is_never_final_too_early_nor_much_too_late(
    seed: int, limit: int
) -> None:
    """Whatever the delays come to: 8 % of them once gave up five minutes early."""
    last = list(receives(BASIC, seed, limit))[-1]
    assert limit <= last < limit + LONGEST


@given(st.integers())
def test_a_private_connection_that_still_moves_is_waited_for_an_hour(seed: int) -> None:
    """After the first few receives looked at every five minutes, and no more often."""
    ages = list(receives(IS_PRIVATE, seed, 1800))
    assert PRIVATE_PATIENCE_SECONDS <= ages[-1] < PRIVATE_PATIENCE_SECONDS + LONGEST
    pauses = [later - earlier for earlier, later in pairwise(ages)]
    assert all(300 <= pause <= LONGEST for pause in pauses[6:])
    assert len(ages) <= 18


def test_a_delay_doubles_up_to_ten_minutes() -> None:
    """Times a jitter between a half and one and a half."""
    delays = [delay_seconds(receives, lambda *_: 1.0) for receives in range(1, MOST_RECEIVES + 1)]
    assert delays[:7] == [10, 20, 40, 80, 160, 320, 600]
    assert set(delays[7:]) == {600}
    assert delay_seconds(1, lambda low, high: (low, high) == (0.5, 1.5)) == 10
    assert delay_seconds(99, lambda low, _: low) == 300


@pytest.mark.parametrize(
    ("error", "properties", "seconds"),
    [
        (THROTTLED, BASIC, GIVE_UP),
        (THROTTLED, None, GIVE_UP),
        (THROTTLED, [], GIVE_UP),
        (THROTTLED, {"Name": "crm"}, GIVE_UP),
        (THROTTLED, ODD, GIVE_UP),
        (THROTTLED, IS_PRIVATE, PRIVATE_PATIENCE_SECONDS),
        (THROTTLED, {**IS_PRIVATE, "WaitTimeoutSeconds": 0}, GIVE_UP),
        (THROTTLED, {**IS_PRIVATE, "WaitTimeoutSeconds": "0"}, GIVE_UP),
        (
            ThrottlingError("later"),
            {**IS_PRIVATE, "WaitTimeoutSeconds": 1},
            PRIVATE_PATIENCE_SECONDS,
        ),
        (CONNECTING, None, PRIVATE_PATIENCE_SECONDS),
        (NotStabilizedError("later", is_moving=True), BASIC, GIVE_UP),
    ],
)
def test_a_private_connection_is_waited_for_as_long_as_it_may_need(
    error: ProvisionerError, properties: Any, seconds: int
) -> None:
    """Whatever the error, unless nobody waits for it."""
    assert patience_seconds(error, properties, GIVE_UP) == seconds


def test_an_installation_that_gives_up_later_gives_up_later_on_everything() -> None:
    """Never before the time that it sets."""
    later = 2 * PRIVATE_PATIENCE_SECONDS
    assert patience_seconds(CONNECTING, IS_PRIVATE, later) == later
