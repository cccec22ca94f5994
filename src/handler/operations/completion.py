"""The completion of a request: its outcome, and the connection as last seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from handler.connections.record import Record
from handler.connections.state import Connection
from handler.requests.request import Request


class Outcome(StrEnum):
    """What became of a request that succeeded."""

    CREATED = "Created"
    UPDATED = "Updated"
    UNCHANGED = "Unchanged"
    ADOPTED = "Adopted"
    DELETED = "Deleted"
    RELEASED = "Released"
    DESCRIBED = "Described"
    VALIDATED = "Validated"
    REFRESHED = "Refreshed"


@dataclass(frozen=True, slots=True)
class Completion:
    """A request carried out: the outcome, and the connection as last seen."""

    outcome: Outcome
    connection: Connection
    owner: str = ""  # of the connection, where it is not the requester
    is_ignored: bool = False  # a Delete of what is not the requester's
    is_silent: bool = False  # nobody waits for this result
    details: Mapping[str, Any] = field(default_factory=dict)  # members of this result only


def outcome_after_write(request: Request, before: Record) -> Outcome:
    """Give the outcome to report once the written connection has settled."""
    # A later Refresh or Reconcile knows this write by its outcome and waits until it has settled,
    # whatever wait the owner chose.
    if request.is_maintenance:
        return Outcome.REFRESHED
    if not before.properties:
        return Outcome.ADOPTED if before.is_adopted else Outcome.CREATED
    pending = before.pending_write
    if pending is None or before.properties != request.properties_as_written:
        return Outcome.UPDATED
    return Outcome.UPDATED if pending.outcome == Outcome.REFRESHED else Outcome(pending.outcome)


def final_outcome(request: Request, record: Record) -> Outcome:
    """Give the outcome to report for a connection that has settled."""
    outcome = record.pending_write.outcome if record.pending_write else Outcome.UNCHANGED
    is_anothers = outcome == Outcome.REFRESHED and not request.is_maintenance
    return Outcome.UNCHANGED if is_anothers else Outcome(outcome)
