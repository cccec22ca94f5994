"""Reads that lag behind writes, as EventBridge's may."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Lag:
    """
    How many seconds after a write Describe and List show it.

    ``state_seconds``: the state and its reason.
    ``existence_seconds``: that a connection is there, or is gone.
    ``modified_seconds``: LastModifiedTime.
    """

    state_seconds: float = 0.0
    existence_seconds: float = 0.0
    modified_seconds: float = 0.0

    @classmethod
    def of_all(cls, seconds: float) -> "Lag":
        """Let everything lag alike."""
        return cls(seconds, seconds, seconds)


NONE = Lag()


@dataclass(slots=True)
class Past(Generic[Value]):
    """What was there before each change, oldest first, and when it ended."""

    ended: list[tuple[float, Value]] = field(default_factory=list)

    def note(self, now: float, before: Value) -> None:
        """Keep what a change is about to replace."""
        self.ended.append((now, before))

    def forget(self) -> None:
        """Let everything have been as it is for a long time."""
        self.ended.clear()

    def at(self, moment: float, present: Value) -> Value:
        """Give what was there at a moment."""
        return next((before for end, before in self.ended if end > moment), present)
