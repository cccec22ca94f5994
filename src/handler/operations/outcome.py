"""The outcome of a request, and the result that entry points make of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from handler.clock import iso
from handler.connections.record import Record
from handler.connections.state import Connection
from handler.errors import ProvisionerError
from handler.requests.request import Request
from handler.requests.unchecked_request import UncheckedRequest


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
    is_ignored: bool = False  # a Delete of what is not the requester's
    is_silent: bool = False  # nobody waits for this result
    details: Mapping[str, Any] = field(default_factory=dict)  # members of this result only


def outcome_after_write(request: Request, before: Record) -> Outcome:
    """Give the outcome to report once the written connection has settled."""
    # A Refresh or Reconcile is retried until the connection settles, whatever wait the owner chose.
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


def attributes(completion: Completion) -> dict[str, str]:
    """Give every attribute that Fn::GetAtt can read, "" if AWS gives no value."""
    connection = completion.connection
    # IAM matches connections without the UUID at the end of their ARN.
    stem = connection.arn.partition("/")[0]
    return {
        "Name": connection.name,
        "ConnectionArn": connection.arn,
        "Arn": connection.arn,
        "ArnForPolicy": f"{stem}/{connection.name}" if stem else "",
        "ConnectionState": connection.state,
        "StateReason": connection.state_reason,
        "SecretArn": connection.secret_arn,
        "AuthorizationType": connection.authorization_type,
        "CreationTime": iso(connection.creation_time),
        "LastModifiedTime": iso(connection.last_modified_time),
        "LastAuthorizedTime": iso(connection.last_authorized_time),
        "Outcome": completion.outcome,
    }


def success(unchecked: UncheckedRequest, completion: Completion) -> dict[str, Any]:
    """Give the result of a request that succeeded, outside CloudFormation."""
    given = {name: value for name, value in attributes(completion).items() if value}
    return _identity(unchecked) | {"Status": "SUCCESS"} | given | dict(completion.details)


def failure(unchecked: UncheckedRequest, error: ProvisionerError) -> dict[str, str]:
    """Give the result of a request that failed."""
    named = {"Name": unchecked.name} if unchecked.name else {}
    problem = {"ErrorCode": error.code, "Reason": error.reason}
    return _identity(unchecked) | {"Status": "FAILED"} | named | problem


def _identity(unchecked: UncheckedRequest) -> dict[str, str]:
    return {"RequestId": unchecked.request_id, "RequestType": unchecked.known_request_type}
