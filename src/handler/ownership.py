"""
Whose is a connection? Decided on plain data: what the registry says, and what EventBridge shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from handler.lifecycle import Connection

GRACE = timedelta(seconds=5)  # between our clock, which dates the claim, and EventBridge's


TOMBSTONE_LIFETIME = timedelta(hours=24)  # nobody delivers a request later than that


@dataclass(frozen=True, slots=True)
class Seen:
    """
    The registry's item as it was last read or written, on which the next write is conditional.
    """

    revision: int = 0
    sources: frozenset[str] = frozenset()  # whose links to this name exist
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """
    What the registry knows about one name.

    One without ARN is a claim: its owner was about to create the connection when it was written.
    One with ``deleted_at`` is a tombstone: it owns nothing, and refuses requests from before it.
    """

    name: str
    owner: str
    claimed_at: datetime
    request_time: datetime  # of the newest request that was applied, or that deleted
    connection_arn: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)  # as written: references, no values
    # By source; "" where nothing was applied yet. While it is named here, its rotation is heard.
    secret_versions: Mapping[str, str] = field(default_factory=dict)
    refreshed_at: datetime | None = None  # when a rotation was last followed
    is_adopted: bool = False
    unsettled_outcome: str = (
        ""  # what became of the last write, while its connection had not settled
    )
    last_modified_time: datetime | None = (
        None  # EventBridge's, when we last saw the connection settled
    )
    lease_holder: str = ""  # who is writing to EventBridge right now
    leased_until: datetime | None = None
    claimed_until: datetime | None = None  # when the last lease ended: nobody wrote after it
    is_unwanted: bool = False  # its Delete was sent, and not seen to end
    deleted_at: datetime | None = None
    # What other owners deleted under this name not long ago, and when they asked for it.
    deletions: Mapping[str, datetime] = field(default_factory=dict)
    seen: Seen = Seen()

    def is_leased_to_other(self, holder: str, now: datetime) -> bool:
        """Tell whether somebody else is writing."""
        is_running = self.leased_until is not None and now < self.leased_until
        return is_running and self.lease_holder != holder

    def is_forgotten(self, now: datetime) -> bool:
        """Tell whether this is a tombstone that has had its time."""
        return self.deleted_at is not None and now - self.deleted_at >= TOMBSTONE_LIFETIME

    def supersedes(self, owner: str, request_time: datetime, now: datetime) -> bool:
        """Tell whether a newer request of the same owner was applied already."""
        is_older = self.owner == owner and request_time < self.request_time
        deletion = self.deletions.get(owner, request_time)
        is_deleted = request_time < deletion and now - deletion < TOMBSTONE_LIFETIME
        return is_deleted or (is_older and not self.is_forgotten(now))


class Standing(StrEnum):
    """How a requester stands to a name."""

    FREE = "free"  # nothing exists, nobody else is registered: it may be created
    OWN = "own"
    UNOWNED = "unowned"  # it exists, and nobody is registered for it
    FOREIGN = "foreign"  # somebody else is registered


def standing(record: Record | None, connection: Connection | None, owner: str) -> Standing:
    """Decide how an owner stands to a name that nobody else is writing to."""
    if record is None or record.deleted_at:
        return Standing.UNOWNED if connection else Standing.FREE
    is_its = connection is not None and is_same(record, connection)
    if record.owner != owner and (record.connection_arn or is_its):
        return Standing.FOREIGN
    if connection is None:
        return Standing.FREE
    return Standing.OWN if is_its else Standing.UNOWNED


def is_same(record: Record, connection: Connection) -> bool:
    """Tell whether a connection is the one that a record speaks of, not a namesake."""
    if record.connection_arn:
        return record.connection_arn == connection.arn
    created, until = connection.creation_time, record.claimed_until
    if created is None or (until and created > until + GRACE):
        return False
    return created >= record.claimed_at - GRACE


def following(before: Record | None, record: Record, now: datetime) -> Record:
    """Let a record take the place of another, whose deletions it goes on remembering."""
    if before is None:
        return record
    known = remembered_deletions(before, now)
    if before.owner and before.deleted_at and now - before.request_time < TOMBSTONE_LIFETIME:
        known[before.owner] = before.request_time
    known.pop(record.owner, None)
    return replace(record, seen=before.seen, deletions=known)


def tombstone(record: Record, now: datetime) -> Record:
    """Give what is kept of a record whose connection is deleted."""
    return Record(
        name=record.name,
        owner=record.owner,
        claimed_at=record.claimed_at,
        request_time=record.request_time,
        deleted_at=now,
        deletions=record.deletions,
        seen=record.seen,
    )


def forgotten(record: Record, now: datetime) -> Record | None:
    """Give what is still to be remembered of a record that is dropped: what others deleted."""
    known = remembered_deletions(record, now)
    if not known:
        return None
    nobodys = Record(record.name, "", record.claimed_at, record.claimed_at)
    return replace(nobodys, deleted_at=now, deletions=known, seen=record.seen)


def remembered_deletions(record: Record, now: datetime) -> dict[str, datetime]:
    """Give the other owners' deletions that still count."""
    return {
        owner: time for owner, time in record.deletions.items() if now - time < TOMBSTONE_LIFETIME
    }


def remembered(record: Record) -> Connection:
    """Give what is known of a connection that is gone."""
    return Connection(record.name, record.connection_arn)


def instant(seconds: float) -> datetime:
    """Turn seconds since the epoch into UTC."""
    return datetime.fromtimestamp(seconds, UTC)
