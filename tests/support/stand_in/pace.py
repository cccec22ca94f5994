"""How a connection moves from state to state: by the clock, or by how often somebody looks."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock

from tests.support.lag import Past

GONE = "GONE"


@dataclass(frozen=True, slots=True)
class Pace:
    """
    How long each state that passes lasts: so many seconds, and so many looks.

    ``clock``: seconds since the epoch.
    ``deleting_seconds``: for DELETING alone; None: as all others.
    """

    settle_seconds: float = 0.02
    looks: int = 0
    clock: Callable[[], float] = time.time
    deleting_seconds: float | None = None

    def seconds(self, state: str) -> float:
        """Tell how long a state lasts at least."""
        if state == "DELETING" and self.deleting_seconds is not None:
            return self.deleting_seconds
        return self.settle_seconds


@dataclass(slots=True)
class Phase:
    """A state, while it lasts; the last of several lasts for ever."""

    state: str
    reason: str = ""
    on_entry: Callable[[float], None] | None = None
    entered: float = 0.0
    looks: int = 0

    def enter(self, now: float) -> None:
        """Begin, with what follows from it."""
        self.entered = now
        if self.on_entry:
            self.on_entry(now)

    def end(self, pace: Pace) -> float:
        """Tell when this phase ends by the clock."""
        return self.entered + pace.seconds(self.state)

    def has_ended(self, pace: Pace) -> bool:
        """Tell whether time and looks are over."""
        return pace.clock() >= self.end(pace) and self.looks >= pace.looks


@dataclass(slots=True)
class Course:
    """The phases that a connection has before it, the present one first; safe for threads."""

    pace: Pace
    phases: list[Phase] = field(default_factory=list)
    past: Past[Phase] = field(default_factory=Past)
    lock: RLock = field(default_factory=RLock, repr=False)

    def follow(self, phases: list[Phase]) -> None:
        """Begin new phases in place of the old ones."""
        now = self.pace.clock()
        if self.phases:
            self.past.note(now, self.phases[0])
        self.phases = phases
        self.phases[0].enter(now)

    def now(self) -> Phase:
        """Give the phase of this moment."""
        with self.lock:
            while len(self.phases) > 1 and self.phases[0].has_ended(self.pace):
                ended = self.phases.pop(0)
                self.past.note(ended.end(self.pace), ended)
                self.phases[0].enter(ended.end(self.pace))
            return self.phases[0]

    def at(self, moment: float) -> Phase:
        """Give the phase of an earlier moment."""
        return self.past.at(moment, self.now())

    def look(self) -> Phase:
        """Give the phase of this moment to somebody, and count the look."""
        phase = self.now()
        phase.looks += 1
        return phase

    def settle(self, state: str, reason: str) -> None:
        """Change where it all ends; where it has ended, at once and without a lag."""
        if len(self.phases) == 1:
            self.follow([Phase(state, reason)])
            self.past.forget()
        else:
            self.phases = [self.phases[0], Phase(state, reason)]
