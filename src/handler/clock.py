"""Time as one invocation sees it, injected so that tests need not wait."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from handler.settings import LAST_ROUND_SECONDS, LAST_ROUND_SHARE, SHORTEST_PAUSE_SECONDS


class Clock(NamedTuple):
    """
    Tell the time, sleep, and know how much working time is left.

    ``now``: seconds since the epoch.
    ``remaining``: seconds until work must stop, so that an answer still gets out.
    ``jitter``: shortens a pause at random, so that throttled callers do not retry all at once.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]
    remaining: Callable[[], float]
    jitter: Callable[[float], float] = float

    def spare_seconds(self) -> float:
        """Tell how much of the remaining time pauses must leave unused."""
        return min(LAST_ROUND_SECONDS, self.remaining() * LAST_ROUND_SHARE)

    def pauses(self, pauses: Iterator[float], until_remaining: float) -> Iterator[float]:
        """Sleep one pause per step while more than ``until_remaining`` seconds remain."""
        for pause in pauses:
            left = self.remaining() - max(until_remaining, 0.0)
            if left < SHORTEST_PAUSE_SECONDS:
                return
            self.sleep(min(self.jitter(pause), left))
            yield pause


def growing_pauses(first_seconds: float, factor: float, longest_seconds: float) -> Iterator[float]:
    """Yield pauses without end, each longer than the one before, up to the longest."""
    pause = first_seconds
    while True:
        yield pause
        pause = min(pause * factor, longest_seconds)


def instant(seconds: float) -> datetime:
    """Turn seconds since the epoch into UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def iso(time: datetime | None) -> str:
    """Write a time as ISO 8601 in UTC, "" for None."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z") if time else ""
