"""What a measurement is given, and what it gives."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tools.bench.floor import Floor
from tools.local.destination import Destination
from tools.local.local_stack import LocalStack
from tools.local.runtime import Artifact

MOST_LONG_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Effort:
    """How often things are done."""

    rounds: int
    requests: int

    @property
    def long_rounds(self) -> int:
        """Say how often to do what takes a while."""
        return min(self.rounds, MOST_LONG_ROUNDS)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where measurements take place; everything in it is there before the first one begins."""

    stack: LocalStack
    destination: Destination
    artifact: Artifact
    floor: Floor
    environment: Mapping[str, str]
    effort: Effort


@dataclass(frozen=True, slots=True)
class Row:
    """A figure: what was measured, what it is held against, and what their ratio must not pass."""

    what: str
    ours: str
    against: str
    figure: float
    limit: float | None = None  # None: written down only

    @property
    def is_reached(self) -> bool:
        """Tell whether the figure is what it shall be."""
        return self.limit is None or self.figure <= self.limit


@dataclass(frozen=True, slots=True)
class Measured:
    """
    The rows of a measurement, and what else its section of the page tells.

    ``rounds``: whose median each figure is; ``remarks``: Markdown.
    """

    rows: Sequence[Row]
    rounds: int
    remarks: str = ""


Measurement = Callable[[Bench], Measured]


def ratio(what: str, ours: float, floor: float, unit: str, limit: float | None = None) -> Row:
    """Make the row of a figure that is a ratio."""
    return Row(what, f"{ours:.4g} {unit}", f"{floor:.4g} {unit}", ours / floor, limit)


def median(values: Sequence[float]) -> float:
    """Give the middle one: a round in which the machine did something else counts for one."""
    return statistics.median(values)
