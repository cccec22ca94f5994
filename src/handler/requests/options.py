"""Our own members of a Create or an Update, besides AWS's: adoption, waits, revision."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from handler.requests.entry_point import EntryPoint, senders
from handler.requests.violation import Violation
from handler.settings import (
    LONGEST_GIVEN_SECONDS,
    LONGEST_REVISION,
    SERVICE_TIMEOUT_MARGIN_SECONDS,
)


class OnExisting(StrEnum):
    """What to do if an unregistered connection of that name exists."""

    FAIL = "Fail"
    ADOPT = "Adopt"


def violations(own: Mapping[str, Any], entry_point: EntryPoint) -> Iterator[Violation]:
    """Yield what is wrong with our own members."""
    if own.get("OnExisting", "Fail") not in list(OnExisting):
        yield Violation("OnExisting", f"must be one of {', '.join(OnExisting)}")
    elif own.get("OnExisting") == OnExisting.ADOPT and not entry_point.takes_adoptions:
        takers = senders(lambda each: each.takes_adoptions)
        yield Violation("OnExisting", f"Adopt is for {takers} only")
    wait = _seconds(own.get("WaitTimeoutSeconds", 0))
    if wait is None or wait > entry_point.longest_wait_seconds:
        problem = f"must be a whole number from 0 to {entry_point.longest_wait_seconds}"
        yield Violation("WaitTimeoutSeconds", problem)
    revision = own.get("Revision", "")
    if not isinstance(revision, str) or len(revision) > LONGEST_REVISION:
        yield Violation("Revision", f"must be a string of at most {LONGEST_REVISION} characters")


def wait_seconds(
    own: Mapping[str, Any], entry_point: EntryPoint, *, is_private: bool = False
) -> float:
    """Give how long to wait for a settled state, bounded by ServiceTimeout."""
    wait = _seconds(own.get("WaitTimeoutSeconds"))
    bound = _seconds(own.get("ServiceTimeout"))
    default = entry_point.private_wait_seconds if is_private else entry_point.default_wait_seconds
    wanted = default if wait is None else min(wait, entry_point.longest_wait_seconds)
    if bound is None:
        return wanted
    return min(wanted, max(bound - SERVICE_TIMEOUT_MARGIN_SECONDS, bound / 2))


def _seconds(value: object) -> int | None:
    # CloudFormation sends "30", a message 30; True is no number here.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 4:  # noqa: PLR2004
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= LONGEST_GIVEN_SECONDS else None
