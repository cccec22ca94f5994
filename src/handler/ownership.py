"""
Whose is a connection? Decided on plain data: what the registry says, and what EventBridge shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from handler.lifecycle import Connection

GRACE = timedelta(seconds=5)  # between our clock, which dates the claim, and EventBridge's
CLAIM_LIFETIME = timedelta(seconds=900)  # no invocation outlives it


@dataclass(frozen=True, slots=True)
class Record:
    """
    What the registry knows about one name.

    One without ARN is a claim: its owner was about to create the connection when it was written.
    """

    name: str
    owner: str
    claimed_at: datetime
    connection_arn: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)  # as written: references, no values
    secret_versions: Mapping[str, str] = field(default_factory=dict)
    is_adopted: bool = False
    unsettled_outcome: str = (
        ""  # what became of the last write, while its connection had not settled
    )
    last_modified_time: datetime | None = (
        None  # EventBridge's, when we last saw the connection settled
    )
    revision: int = 0  # of the registry's item; every write is conditional on it


class Standing(StrEnum):
    """How a requester stands to a name."""

    FREE = "free"  # nothing exists, nobody else is registered: it may be created
    OWN = "own"
    UNOWNED = "unowned"  # it exists, and nobody is registered for it
    FOREIGN = "foreign"  # somebody else is registered
    CONTESTED = "contested"  # somebody else is creating it right now


def standing(
    record: Record | None, connection: Connection | None, owner: str, now: datetime
) -> Standing:
    """Decide how an owner stands to a name."""
    if record is None:
        return Standing.UNOWNED if connection else Standing.FREE
    if record.owner != owner:
        return _standing_to_other(record, connection, now)
    if connection is None:
        return Standing.FREE
    return Standing.OWN if is_same(record, connection) else Standing.UNOWNED


def is_same(record: Record, connection: Connection) -> bool:
    """Tell whether a connection is the one that a record speaks of, not a namesake."""
    if record.connection_arn:
        return record.connection_arn == connection.arn
    created = connection.creation_time
    return created is not None and created >= record.claimed_at - GRACE


def _standing_to_other(record: Record, connection: Connection | None, now: datetime) -> Standing:
    if record.connection_arn or (connection and is_same(record, connection)):
        return Standing.FOREIGN
    if now - record.claimed_at < CLAIM_LIFETIME:
        return Standing.CONTESTED
    return Standing.UNOWNED if connection else Standing.FREE


def instant(seconds: float) -> datetime:
    """Turn seconds since the epoch into UTC."""
    return datetime.fromtimestamp(seconds, UTC)
