"""When a failed message comes back, and how long its failure may pass."""

from typing import Any

import pytest

from handler.entrypoints.message_retry import delay_seconds, patience_seconds
from handler.errors import NotStabilizedError, ProvisionerError, ThrottlingError
from handler.settings import MOST_RECEIVES, PRIVATE_PATIENCE_SECONDS
from tests.support.crm import BASIC, PRIVATE

GIVE_UP = 1800
IS_PRIVATE = {**BASIC, "InvocationConnectivityParameters": PRIVATE}
THROTTLED = ThrottlingError("later")
CONNECTING = NotStabilizedError("later", is_moving=True, is_private=True)


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
