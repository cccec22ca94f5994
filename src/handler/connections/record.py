"""What the registry knows about a name: its owner, its connection and lease, or its deletion."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from handler.connections.state import Connection, Write
from handler.settings import DELETION_LIFETIME, EVENTBRIDGE_CLOCK_SKEW, LONGEST_LAG

NEVER = datetime.min.replace(tzinfo=UTC)  # before any creation, whatever the clocks say


@dataclass(frozen=True, slots=True)
class Stored:
    """The registry's item as last read or written; the next write is conditional on it."""

    revision: int = 0
    sources: frozenset[str] = frozenset()  # that are linked to this name
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MaintenanceFailure:
    """Why a Refresh or a Reconcile of a connection failed last."""

    code: str
    reason: str
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class Deletion:
    """An owner's Delete of a name, even if it found nothing: older requests are refused."""

    name: str
    owner: str
    request_time: datetime
    expires_at: datetime
    connection_arn: str = ""  # of the deleted connection, "" if there was none

    def refuses(self, request_time: datetime) -> bool:
        """Tell whether a request is not newer; stacks count in seconds, so Delete wins a tie."""
        return request_time <= self.request_time

    def may_still_show(self, connection: Connection, now: datetime) -> bool:
        """Tell whether a connection is the deleted one, which Describe may show for a while."""
        deleted_at = self.expires_at - DELETION_LIFETIME
        return connection.arn == self.connection_arn and now - deleted_at < LONGEST_LAG


@dataclass(frozen=True, slots=True)
class Record:
    """
    What the registry knows about one name.

    A record without ARN is a claim, written just before its owner creates the connection.
    """

    name: str
    owner: str
    claimed_at: datetime
    request_time: datetime  # of the newest request that was applied
    connection_arn: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)  # as written: references, no values
    # By source; "" until a version is applied. Rotations are followed in either case.
    secret_versions: Mapping[str, str] = field(default_factory=dict)
    refreshed_at: datetime | None = None  # when a rotation was last applied
    is_adopted: bool = False
    pending_write: Write | None = None  # our last write, until the connection has settled
    # Of the last write that settled, and read only while none is pending: the write, kept until
    # Describe's LastModifiedTime of it is known; that time.
    answered_write: Write | None = None
    last_modified_time: datetime | None = None
    lease_holder: str = ""  # who is writing to EventBridge right now
    leased_until: datetime | None = None
    claimed_until: datetime | None = None  # end of the last lease; a later creation is not ours
    is_deletion_pending: bool = False  # a Delete began, and its end was not seen
    maintenance_failure: MaintenanceFailure | None = None
    replaces: tuple[str, ...] = ()  # names that its owner gives up once this one works
    stored: Stored = Stored()

    @property
    def registered_connection(self) -> Connection:
        """Give the connection's name and ARN, for when EventBridge no longer shows it."""
        return Connection(self.name, self.connection_arn)

    def over(self) -> "Record":
        """Give the claim as one that came to nothing: no connection is its creation."""
        return replace(self, connection_arn="", is_adopted=False, claimed_until=NEVER)

    def supersedes(self, owner: str, request_time: datetime) -> bool:
        """Tell whether a newer request of the same owner was applied already."""
        return self.owner == owner and request_time < self.request_time

    def is_modified(self, connection: Connection) -> bool:
        """Tell whether somebody else changed it; False while our own write's time is unknown."""
        modified = connection.last_modified_time
        if self.pending_write:
            return False
        if write := self.answered_write:
            return modified is None or modified > write.written_at + EVENTBRIDGE_CLOCK_SKEW
        return self.last_modified_time not in (None, modified)

    def settled(self, connection: Connection) -> "Record":
        """
        Note that the connection works.

        If its LastModifiedTime is not known yet, keep our write, so that the time which Describe
        shows later is not taken for somebody else's change.
        """
        write = self.pending_write or self.answered_write
        return replace(
            self,
            pending_write=None,
            answered_write=None if connection.last_modified_time else write,
            last_modified_time=connection.last_modified_time,
            maintenance_failure=None,
        )

    def deletion(self, request_time: datetime, now: datetime, connection_arn: str = "") -> Deletion:
        """Give what is kept when the record is removed, with the ARN of what was deleted."""
        newest = max(self.request_time, request_time)
        return Deletion(self.name, self.owner, newest, now + DELETION_LIFETIME, connection_arn)
