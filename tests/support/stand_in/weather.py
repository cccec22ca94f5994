"""Faults that come by themselves: by chance, or because too much is asked at once."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.support.stand_in.errors import AwsError
from tests.support.stand_in.faults import (
    ANY,
    Answer,
    CarryOut,
    Effect,
    Fault,
    answer_lost,
    not_arrived,
    refused,
)

ALWAYS = 1_000_000
THROTTLING = "ThrottlingException"
ANSWER_LOST = "answer lost"
KINDS: dict[str, Effect] = {
    THROTTLING: refused(AwsError(THROTTLING)),
    "InternalFailure": refused(AwsError("InternalFailure")),
    "call lost": not_arrived,
    ANSWER_LOST: answer_lost,
}


@dataclass(slots=True)
class Chance(Fault):
    """A fault that strikes a share of all calls."""

    share: float = 0.0
    random: Random = field(default_factory=Random)

    def strikes(self, operation: str, name: str) -> bool:
        """Tell whether this call is one of those."""
        return Fault.strikes(self, operation, name) and self.random.random() < self.share


@dataclass(slots=True)
class Throttle(Fault):
    """A fault that strikes what passes a rate, of all calls about connections together."""

    calls_a_second: int = 0
    clock: Callable[[], float] = time.monotonic
    _let_through: deque[float] = field(default_factory=deque)

    def strikes(self, operation: str, name: str) -> bool:
        """Tell whether this call is one too many."""
        if not operation.endswith("Connection") or not Fault.strikes(self, operation, name):
            return False
        now = self.clock()
        while self._let_through and self._let_through[0] <= now - 1:
            self._let_through.popleft()
        if len(self._let_through) >= self.calls_a_second:
            return True
        self._let_through.append(now)
        return False


def chances(share: float, seed: int) -> list[Fault]:
    """Give a fault of each kind, which together strike a share of all calls."""
    random = Random(seed)
    return [
        Chance(kind, ANY, effect, ALWAYS, share=share / len(KINDS), random=random)
        for kind, effect in KINDS.items()
    ]


def throttle(calls_a_second: int) -> Fault:
    """Give the refusal of more calls than a rate allows."""
    effect = KINDS[THROTTLING]
    return Throttle(THROTTLING, ANY, effect, ALWAYS, calls_a_second=calls_a_second)


def slow(seconds: float) -> Fault:
    """Give calls that take a while, all of them, and are carried out."""

    def carry_out_slowly(carry_out: CarryOut) -> Answer:
        answered_at = time.monotonic() + seconds
        answer = carry_out()
        time.sleep(max(0.0, answered_at - time.monotonic()))
        return answer

    return Fault("slow", ANY, carry_out_slowly, ALWAYS)
