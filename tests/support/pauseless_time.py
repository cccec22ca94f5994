"""Real time, but for the function's own pauses, which are over at once."""

import time
from dataclasses import dataclass


@dataclass(slots=True)
class PauselessTime:
    """The function's time, and the clock of who shall see its pauses pass."""

    skipped_seconds: float = 0.0

    def time(self) -> float:
        """Tell the seconds since the epoch."""
        return time.time() + self.skipped_seconds

    def monotonic(self) -> float:
        """Tell seconds that only differ."""
        return time.monotonic() + self.skipped_seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.skipped_seconds += seconds
