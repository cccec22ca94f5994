"""Who owns a connection, by registry and EventBridge; and the errors of those who must not act."""

from datetime import datetime
from enum import StrEnum

from handler.connections.record import Record
from handler.connections.state import Connection
from handler.errors import AlreadyExistsError, NotFoundError, SupersededError
from handler.settings import EVENTBRIDGE_CLOCK_SKEW, LONGEST_LAG


class Standing(StrEnum):
    """A requester's relation to a name."""

    FREE = "free"  # nothing exists, nobody else is registered: it may be created
    OWN = "own"
    UNOWNED = "unowned"  # it exists, and nobody is registered for it
    FOREIGN = "foreign"  # somebody else is registered


def standing(record: Record | None, connection: Connection | None, owner: str) -> Standing:
    """Decide an owner's standing for a name that nobody else has leased."""
    if record is None:
        return Standing.UNOWNED if connection else Standing.FREE
    is_its = connection is not None and is_same(record, connection)
    if record.owner != owner and (record.connection_arn or is_its):
        return Standing.FOREIGN
    if connection is None:
        return Standing.FREE
    return Standing.OWN if is_its else Standing.UNOWNED


def own_record(record: Record | None, owner: str) -> Record | None:
    """Give a record if it is the owner's."""
    return record if record and record.owner == owner else None


def already_exists(name: str, stands: Standing, record: Record | None) -> AlreadyExistsError:
    """Give the error of a request for a name that somebody else has."""
    problem = f"a connection {name} exists that was not made here; OnExisting: Adopt takes it over"
    if record and stands is Standing.FOREIGN:
        cure = "its owner can delete it, an administrator can Release it"
        problem = f"{name} belongs to {record.owner}; {cure}"
    return AlreadyExistsError(problem)


def superseded(name: str, *, is_deleted: bool = False) -> SupersededError:
    """Give the error of a request that is older than its owner's last one for a name."""
    newest = f"{name} was deleted by a newer request"
    return SupersededError(newest if is_deleted else f"a newer request for {name} was carried out")


def not_own(name: str, record: Record | None) -> NotFoundError:
    """Give the error of a request about a connection that is not its owner's."""
    problem = f"belongs to {record.owner}" if record else "was not made here, or is gone"
    return NotFoundError(f"connection {name} {problem}")


def is_same(record: Record, connection: Connection) -> bool:
    """Tell whether a connection is the recorded one, not another of the same name."""
    if record.connection_arn:
        return record.connection_arn == connection.arn
    created, until = connection.creation_time, record.claimed_until
    if created is None or (until and created > until + EVENTBRIDGE_CLOCK_SKEW):
        return False
    return created >= record.claimed_at - EVENTBRIDGE_CLOCK_SKEW


def is_visible(record: Record, connection: Connection | None, now: datetime) -> bool:
    """Tell whether Describe shows our last write, or has had the time to show it."""
    own = connection if connection and is_same(record, connection) else None
    if write := record.pending_write or record.answered_write:
        return write.is_visible_in(own, now)
    # The lease's holder may have created it without receiving the answer.
    written_at = record.stored.written_at if record.lease_holder else None
    return own is not None or written_at is None or now - written_at >= LONGEST_LAG
