"""A clock that moves when the test says so."""

from dataclasses import dataclass


@dataclass(slots=True)
class Seconds:
    """Seconds since the epoch; a Pace's clock."""

    now: float = 1_800_000_000.25

    def __call__(self) -> float:
        """Tell the time."""
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
