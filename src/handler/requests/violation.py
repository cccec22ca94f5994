"""What is wrong with a request: every path and what to do about it, without values."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from types import NoneType
from typing import NamedTuple

from handler.errors import InvalidRequestError, ProvisionerError, numbered
from handler.references.malformed_reference import UNRESOLVED
from handler.references.reference import Text
from handler.settings import LONGEST_MEMBER, LONGEST_RESULT_REASON

KINDS = {str: "text", bool: "a boolean", list: "a list", dict: "an object", NoneType: "null"}
JSON_TEXT = re.compile(r"[\s\ufeff]*(\{(?!\{)|\[|\")")
MEMBER = re.compile(rf"[A-Za-z]{{1,{LONGEST_MEMBER}}}")


class Violation(NamedTuple):
    """One thing that is wrong: where, and what to do."""

    path: str
    problem: str

    def __str__(self) -> str:
        """Join path and problem as requesters read them."""
        return f"{self.path}: {self.problem}" if self.path else self.problem


def refuse(
    violations: Sequence[Violation], error: type[ProvisionerError] = InvalidRequestError
) -> None:
    """Raise one error that lists every violation, if there is any."""
    if violations:
        raise error(_told(list(dict.fromkeys(map(str, violations)))))


def joined(path: str, name: object) -> str:
    """Append a requester's member name to a path; hide one that may be a credential."""
    is_plain = isinstance(name, str) and MEMBER.fullmatch(name)
    return below(path, str(name) if is_plain else "(a member whose name is not shown)")


def below(path: str, name: str) -> str:
    """Append the name of a known member to a path."""
    return f"{path}.{name}" if path else name


def unknown_member(path: str, name: object, known: Iterable[str]) -> Violation:
    """Tell that a member is unknown, and which known one it resembles."""
    from difflib import get_close_matches  # noqa: PLC0415 - few requests need it

    as_known = {each.lower(): each for each in known}
    bare = re.sub(r"[\W_]", "", str(name)[:LONGEST_MEMBER]).lower()
    close = get_close_matches(bare, as_known, n=1)
    hint = f"; did you mean {as_known[close[0]]}?" if close else ""
    return Violation(joined(path, name), f"unknown member{hint}")


def misfit(path: str, wanted: str, value: object) -> Violation:
    """Report that a value has the wrong type, and which type it has."""
    if isinstance(value, Text) and isinstance(value.spelling, Mapping):
        return Violation(path, misplaced(value))
    given = value.spelling if isinstance(value, Text) else value
    kind = KINDS.get(type(given), "a number")
    if isinstance(given, str) and JSON_TEXT.match(given):
        kind = "JSON text"
    return Violation(path, f"must be {wanted}, not {kind}")


def misplaced(text: Text) -> str:
    """Explain the problem with a reference where none may stand."""
    return UNRESOLVED if text.problem == UNRESOLVED else "a reference is not allowed here"


def _told(sentences: list[str]) -> str:
    # A reason that is too long for an event would never reach the sender.
    shown = max(
        1, sum(length <= LONGEST_RESULT_REASON for length in accumulate(map(len, sentences)))
    )
    more = f" and {len(sentences) - shown} more" if len(sentences) > shown else ""
    return numbered(sentences[:shown]) + more
