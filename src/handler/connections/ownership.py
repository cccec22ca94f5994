"""Decide who owns a connection, by what the registry says and what EventBridge shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from handler.connections.state import Connection, Write
from handler.settings import DELETION_LIFETIME, GRACE, LONGEST_LAG


@dataclass(frozen=True, slots=True)
class Seen:
    """The registry's item as last read or written; the next write is conditional on it."""

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
    """An owner deleted a name, or found nothing of its own there: no older request is applied."""

    name: str
    owner: str
    request_time: datetime
    expires_at: datetime
    connection_arn: str = ""  # of what was deleted, "" where nothing was

    def refuses(self, request_time: datetime) -> bool:
        """Tell whether a request is no newer; of one second, which stacks count in, Delete wins."""
        return request_time <= self.request_time

    def may_still_show(self, connection: Connection, now: datetime) -> bool:
        """Tell whether a connection is the deleted one, which Describe may show for a while."""
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
    # By source; "" where nothing was applied yet. The rotations of all that are named are followed.
    secret_versions: Mapping[str, str] = field(default_factory=dict)
    refreshed_at: datetime | None = None  # when a rotation was last followed
    is_adopted: bool = False
    pending_write: Write | None = None  # our last one, until its connection was seen settled
    last_modified_time: datetime | None = None  # EventBridge's, when our last write had settled
    lease_holder: str = ""  # who is writing to EventBridge right now
    leased_until: datetime | None = None
    claimed_until: datetime | None = None  # when the last lease ended: nobody wrote after it
    is_deletion_pending: bool = False  # DeleteConnection was called, its end not seen
    maintenance_failure: MaintenanceFailure | None = None
    replaces: tuple[str, ...] = ()  # names that its owner gives up once this one works
    seen: Seen = Seen()

    @property
    def registered_connection(self) -> Connection:
        """Give what is known of the connection where EventBridge shows it no more."""
        return Connection(self.name, self.connection_arn)

    def is_leased_to_other(self, holder: str, now: datetime) -> bool:
        """Tell whether somebody else is writing."""
        is_running = self.leased_until is not None and now < self.leased_until
        return is_running and self.lease_holder != holder

    def supersedes(self, owner: str, request_time: datetime) -> bool:
        """Tell whether a newer request of the same owner was applied already."""
        return self.owner == owner and request_time < self.request_time

    def is_modified(self, connection: Connection) -> bool:
        """Tell whether somebody else wrote to it, as far as our own write's time is known."""
        is_known = self.last_modified_time is not None and not self.pending_write
        return is_known and self.last_modified_time != connection.last_modified_time

    def deletion(self, request_time: datetime, now: datetime, connection_arn: str = "") -> Deletion:
        """Give what is kept when the record is removed, with the ARN of what was deleted."""
        newest = max(self.request_time, request_time)
        return Deletion(self.name, self.owner, newest, now + DELETION_LIFETIME, connection_arn)


class Standing(StrEnum):
    """How a requester stands to a name."""

    FREE = "free"  # nothing exists, nobody else is registered: it may be created
    OWN = "own"
    UNOWNED = "unowned"  # it exists, and nobody is registered for it
    FOREIGN = "foreign"  # somebody else is registered


def standing(record: Record | None, connection: Connection | None, owner: str) -> Standing:
    """Decide how an owner stands to a name on which nobody else holds the lease."""
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


def is_visible(record: Record, connection: Connection | None, now: datetime) -> bool:
    """Tell whether Describe shows our last write, or has had the time to show it."""
    own = connection if connection and is_same(record, connection) else None
    if record.pending_write:
        return record.pending_write.is_visible_in(own, now)
    # The lease's holder may have created it without receiving the answer.
    written_at = record.seen.written_at if record.lease_holder else None
    return own is not None or written_at is None or now - written_at >= LONGEST_LAG
