"""Faults that a test plans: what becomes of the next calls of an operation."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

from tests.support.stand_in.errors import AwsError

LONGEST_HANG_SECONDS = 60.0
ANY = "*"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call is answered with."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    outcome: str = "200"


# What a fault makes of a call: it may carry it out first; None closes the connection unanswered.
CarryOut = Callable[[], Answer]
Effect = Callable[[CarryOut], Answer | None]


@dataclass(slots=True)
class Fault:
    """An effect on the next calls of an operation, of one connection or of any."""

    kind: str
    operation: str
    effect: Effect
    times: int
    name: str | None = None

    def strikes(self, operation: str, name: str) -> bool:
        """Tell whether this call is one of those."""
        return self.times > 0 and self.operation in (ANY, operation) and self.name in (None, name)


@dataclass(slots=True)
class Faults:
    """The planned faults, first planned first used, and how often which has happened."""

    planned: list[Fault] = field(default_factory=list)
    happened: Counter[tuple[str, str]] = field(default_factory=Counter)
    _released: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def plan(self, fault: Fault) -> None:
        """Add a fault to those that are to come."""
        with self._lock:
            self.planned.append(fault)

    def spoil(self, operation: str, name: str, carry_out: CarryOut) -> Answer | None:
        """Carry out a call, or make of it what is planned."""
        fault = self._next(operation, name)
        return fault.effect(carry_out) if fault else carry_out()

    def hang(self, seconds: float) -> Effect:
        """Make an effect: no answer, nothing done, until the test resets."""

        def wait(_: CarryOut) -> None:
            self._released.wait(seconds)

        return wait

    def late(self, seconds: float) -> Effect:
        """Make an effect: the deed at once, its answer late, or when the test resets."""

        def wait(carry_out: CarryOut) -> Answer:
            answer = carry_out()
            self._released.wait(seconds)
            return answer

        return wait

    def clear(self) -> None:
        """Forget what is planned and what happened, and let go what hangs."""
        with self._lock:
            self.planned.clear()
            self.happened.clear()
            self._released.set()
            self._released = Event()

    def _next(self, operation: str, name: str) -> Fault | None:
        with self._lock:
            for fault in self.planned:
                if fault.strikes(operation, name):
                    fault.times -= 1
                    self.happened[operation, fault.kind] += 1
                    return fault
        return None


def refused(error: AwsError) -> Effect:
    """Make an effect: AWS's error in place of the deed."""
    return lambda _: error_answer(error)


def answer_lost(carry_out: CarryOut) -> None:
    """Do the deed and close the connection in place of an answer."""
    carry_out()


def not_arrived(_: CarryOut) -> None:
    """Close the connection with nothing done."""


def json_answer(document: Mapping[str, Any]) -> Answer:
    """Make a good answer."""
    return Answer(200, json.dumps(document).encode())


def error_answer(error: AwsError) -> Answer:
    """Make the answer that tells an error, as JSON 1.1 does; without a code: as a proxy does."""
    if not error.code:
        return Answer(error.status, b"<html>out of order</html>", outcome=str(error.status))
    document = {"__type": error.code, "message": error.message}
    return Answer(error.status, json.dumps(document).encode(), outcome=error.code)
