"""Every call that arrived, and how many of them were under way at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

WRITES = (
    "CreateConnection",
    "UpdateConnection",
    "DeauthorizeConnection",
    "DeleteConnection",
)
UNDER_WAY = "under way"


@dataclass(slots=True)
class Call:
    """
    One call: what was asked, and what came of it.

    ``outcome``: ``200``, AWS's error code, ``no answer``, or ``under way``.
    ``parameters``: as they arrived, credentials included.
    """

    operation: str
    name: str
    parameters: dict[str, Any] = field(repr=False)
    outcome: str = UNDER_WAY


@dataclass(slots=True)
class Calls:
    """The calls so far; safe for threads."""

    made: list[Call] = field(default_factory=list)
    highest_concurrency: int = 0
    highest_writes_at_once: Counter[str] = field(default_factory=Counter)
    _under_way: Counter[str] = field(default_factory=Counter)  # writes by name, all calls under ""
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def note(self, call: Call) -> Iterator[None]:
        """Keep a call in mind while it is under way, and after it."""
        under_way = self._begin(call)
        try:
            yield
        finally:
            with self._lock:
                under_way.subtract(_counted(call))

    def count(self, operation: str, name: str | None = None) -> int:
        """Count the calls of an operation, of one connection where a name is given."""
        return sum(
            call.operation == operation and name in (None, call.name) for call in list(self.made)
        )

    def clear(self) -> None:
        """Forget all calls, those still under way among them: another test let them hang."""
        with self._lock:
            self.made.clear()
            self._under_way = Counter()
            self.highest_concurrency = 0
            self.highest_writes_at_once.clear()

    def _begin(self, call: Call) -> Counter[str]:
        with self._lock:
            self.made.append(call)
            self._under_way.update(_counted(call))
            self.highest_concurrency = max(self.highest_concurrency, self._under_way[""])
            if call.operation in WRITES:
                self.highest_writes_at_once[call.name] = max(
                    self.highest_writes_at_once[call.name], self._under_way[call.name]
                )
            return self._under_way


def _counted(call: Call) -> list[str]:
    return ["", call.name] if call.operation in WRITES else [""]
