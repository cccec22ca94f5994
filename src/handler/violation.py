"""What is wrong with a request: paths and what to do, told all at once, no value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from handler.errors import InvalidRequestError, ProvisionerError

MEMBER = re.compile(r"[A-Za-z]{1,40}")  # anything else may be a credential
LONGEST_REASON = 20_000


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong: where, and what to do."""

    path: str
    problem: str

    def __str__(self) -> str:
        """Join path and problem as requesters read them."""
        return f"{self.path}: {self.problem}" if self.path else self.problem


def refuse(
    violations: Sequence[Violation], error: type[ProvisionerError] = InvalidRequestError
) -> None:
    """
    Raise one error that tells every violation, if there is any.

    Raises:
        ProvisionerError: of the class given.
    """
    if violations:
        raise error(_told(list(dict.fromkeys(map(str, violations)))))


def _told(sentences: list[str]) -> str:
    # A reason that no event could carry would never reach its sender.
    lengths = accumulate(len(sentence) for sentence in sentences)
    shown = max(1, sum(length <= LONGEST_REASON for length in lengths))
    more = [f"and {len(sentences) - shown} more"] if len(sentences) > shown else []
    return "; ".join([*sentences[:shown], *more])


def joined(path: str, name: object) -> str:
    """Append a member's name to a path; a name that is not 1 to 40 letters is not repeated."""
    is_plain = isinstance(name, str) and MEMBER.fullmatch(name)
    shown = str(name) if is_plain else "(a member whose name is not 1 to 40 letters)"
    return f"{path}.{shown}" if path else shown
