"""What a measurement is given, and what it gives."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tools.bench.floor import Floor
from tools.local.destination import Destination
from tools.local.local_stack import LocalStack
from tools.local.runtime import Artifact

MOST_LONG_ROUNDS = 3
ALL_REQUESTS = 1000


@dataclass(frozen=True, slots=True)
class Effort:
    """How often things are done."""

    rounds: int
    requests: int

    @property
    def long_rounds(self) -> int:
        """Say how often to do what takes a while."""
        return min(self.rounds, MOST_LONG_ROUNDS)

    @property
    def share(self) -> float:
        """Say which share of a whole measurement this is."""
        return self.requests / ALL_REQUESTS


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
    """A figure: what was measured, what it is held against, and the bound of their ratio."""

    what: str
    ours: str
    against: str
    figure: float
    at_most: float | None = None  # neither: written down only
    at_least: float | None = None

    @property
    def is_reached(self) -> bool:
        """Tell whether the figure is what it shall be."""
        is_small = self.at_most is None or self.figure <= self.at_most
        return is_small and (self.at_least is None or self.figure >= self.at_least)

    @property
    def bound(self) -> str:
        """Write down what the figure shall be."""
        match self.at_most, self.at_least:
            case None, None:
                return "-"
            case None, bound:
                return f"≥ {bound:g}"
            case bound, _:
                return f"≤ {bound:g}"


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


def ratio(what: str, ours: float, floor: float, unit: str, at_most: float | None = None) -> Row:
    """Make the row of a figure that is a ratio."""
    return Row(what, f"{ours:.4g} {unit}", f"{floor:.4g} {unit}", ours / floor, at_most)


def times_less(
    what: str, ours: float, theirs: float, unit: str, at_least: float | None = None
) -> Row:
    """Make the row of a figure that tells how many times less ours is."""
    ratio = theirs / ours
    return Row(what, f"{ours:.4g} {unit}", f"{theirs:.4g} {unit}", ratio, at_least=at_least)


def median(values: Sequence[float]) -> float:
    """Give the middle one: a round in which the machine did something else counts for one."""
    return statistics.median(values)
