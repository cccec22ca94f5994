"""
Whose is a connection? Decided on plain data: what the registry says, and what EventBridge shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from handler.connections.state import Connection, Write
from handler.settings import DELETION_LIFETIME, GRACE, LONGEST_LAG


@dataclass(frozen=True, slots=True)
class Seen:
    """
    The registry's item as it was last read or written, on which the next write is conditional.
    """

    revision: int = 0
    sources: frozenset[str] = frozenset()  # whose links to this name exist
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MaintenanceFailure:
    """Why a Refresh or a Reconcile of a connection failed last."""

    code: str
    reason: str
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class Deletion:
    """That an owner deleted a name, or found nothing of its own there: no older request works."""

    name: str
    owner: str
    request_time: datetime
    expires_at: datetime
    connection_arn: str = ""  # of what was deleted, "" where nothing was

    def refuses(self, request_time: datetime) -> bool:
        """
        Tell whether a request came too late.

        A stack's times are whole seconds: of the same second, the Delete counts.
        """
        return request_time <= self.request_time

    def may_still_show(self, connection: Connection, now: datetime) -> bool:
        """Tell whether a connection is the deleted one, which Describe shows a little longer."""
        deleted_at = self.expires_at - DELETION_LIFETIME
        return connection.arn == self.connection_arn and now - deleted_at < LONGEST_LAG


@dataclass(frozen=True, slots=True)
class Record:
    """
    What the registry knows about one name.

    One without ARN is a claim: its owner was about to create the connection when it was written.
    """

    name: str
    owner: str
    claimed_at: datetime
    request_time: datetime  # of the newest request that was applied
    connection_arn: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)  # as written: references, no values
    # By source; "" where nothing was applied yet. While it is named here, its rotation is heard.
    secret_versions: Mapping[str, str] = field(default_factory=dict)
    refreshed_at: datetime | None = None  # when a rotation was last followed
    is_adopted: bool = False
    unsettled: Write | None = None  # our last write, until its connection was seen settled
    last_modified_time: datetime | None = None  # EventBridge's, when it was seen settled
    lease_holder: str = ""  # who is writing to EventBridge right now
    leased_until: datetime | None = None
    claimed_until: datetime | None = None  # when the last lease ended: nobody wrote after it
    is_unwanted: bool = False  # its Delete was sent, and not seen to end
    maintenance_failure: MaintenanceFailure | None = None
    replaces: tuple[str, ...] = ()  # the names that its owner gives up for this one, once it works
    seen: Seen = Seen()

    def is_leased_to_other(self, holder: str, now: datetime) -> bool:
        """Tell whether somebody else is writing."""
        is_running = self.leased_until is not None and now < self.leased_until
        return is_running and self.lease_holder != holder

    def supersedes(self, owner: str, request_time: datetime) -> bool:
        """Tell whether a newer request of the same owner was applied already."""
        return self.owner == owner and request_time < self.request_time

    def deletion(self, request_time: datetime, now: datetime) -> Deletion:
        """Give what is kept when the connection is deleted."""
        newest = max(self.request_time, request_time)
        expires_at = now + DELETION_LIFETIME
        return Deletion(self.name, self.owner, newest, expires_at, self.connection_arn)


class Standing(StrEnum):
    """How a requester stands to a name."""

    FREE = "free"  # nothing exists, nobody else is registered: it may be created
    OWN = "own"
    UNOWNED = "unowned"  # it exists, and nobody is registered for it
    FOREIGN = "foreign"  # somebody else is registered


def standing(record: Record | None, connection: Connection | None, owner: str) -> Standing:
    """Decide how an owner stands to a name that nobody else is writing to."""
    if record is None:
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


def is_shown(record: Record, connection: Connection | None, now: datetime) -> bool:
    """Tell whether what Describe shows is as new as our last write, or must be believed by now."""
    seen = connection if connection and is_same(record, connection) else None
    if record.unsettled:
        return record.unsettled.is_shown_by(seen, now)
    # Who held the lease may have created it, and was never told.
    written_at = record.seen.written_at if record.lease_holder else None
    return seen is not None or written_at is None or now - written_at >= LONGEST_LAG


def last_known(record: Record) -> Connection:
    """Give what is known of a connection that is gone."""
    return Connection(record.name, record.connection_arn)
