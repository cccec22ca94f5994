"""How tests plan faults, and learn which of them happened."""

from collections import Counter
from dataclasses import dataclass, field

from tests.support.stand_in.errors import AwsError
from tests.support.stand_in.faults import (
    LONGEST_HANG_SECONDS,
    Effect,
    Fault,
    Faults,
    answer_lost,
    not_arrived,
    refused,
)


@dataclass(slots=True, kw_only=True)
class Planning:
    """
    Faults of the next calls: of an operation, or ``*``; of one connection, or any.

    Each is used up by the calls it strikes; the first planned comes first.
    """

    _faults: Faults = field(default_factory=Faults, repr=False)

    @property
    def happened(self) -> Counter[tuple[str, str]]:
        """
        Return how often which fault struck: ``{("CreateConnection", "answer lost"): 1}``.

        The kinds: an error's code, ``HTTP 503``, ``hanging``, ``late``, ``answer lost``,
        ``call lost``.
        """
        return Counter(self._faults.happened)

    def fail(
        self,
        operation: str,
        code: str,
        times: int = 1,
        *,
        status: int | None = None,
        message: str = "",
        name: str | None = None,
    ) -> None:
        """Refuse the next calls with an error; without a code, as a proxy would, with a status."""
        kind = code or f"HTTP {status}"
        self._plan(kind, operation, refused(AwsError(code, message, status)), times, name)

    def hang(
        self,
        operation: str,
        times: int = 1,
        *,
        seconds: float = LONGEST_HANG_SECONDS,
        name: str | None = None,
    ) -> None:
        """Leave the next calls undone and unanswered, until the seconds are over or a reset."""
        self._plan("hanging", operation, self._faults.hang(seconds), times, name)

    def slow(
        self, operation: str, seconds: float, times: int = 1, *, name: str | None = None
    ) -> None:
        """Answer the next calls late."""
        self._plan("late", operation, self._faults.late(seconds), times, name)

    def lose_answer(self, operation: str, times: int = 1, *, name: str | None = None) -> None:
        """Carry out the next calls and close the connection in place of an answer."""
        self._plan("answer lost", operation, answer_lost, times, name)

    def lose_call(self, operation: str, times: int = 1, *, name: str | None = None) -> None:
        """Close the connection before the next calls are carried out."""
        self._plan("call lost", operation, not_arrived, times, name)

    def plan(self, *faults: Fault) -> None:
        """Let faults come that choose by themselves what they strike."""
        for fault in faults:
            self._faults.plan(fault)

    def clear_up(self) -> None:
        """Let no more faults come; what happened stays told."""
        self._faults.planned.clear()

    def _plan(
        self, kind: str, operation: str, effect: Effect, times: int, name: str | None
    ) -> None:
        self._faults.plan(Fault(kind, operation, effect, times, name))
