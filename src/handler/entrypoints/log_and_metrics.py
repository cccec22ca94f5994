"""The log line of each request, and every metric but ColdStart."""

from collections.abc import Mapping

from handler.connections.state import is_usable
from handler.errors import ProvisionerError, SupersededError
from handler.observability import emit, logger
from handler.operations.completion import Completion, Outcome
from handler.requests.properties import is_private
from handler.requests.unchecked_request import UncheckedRequest
from handler.requests.violation import joined
from handler.settings import MOST_LOGGED_MEMBERS

METRICS = {
    Outcome.CREATED: "ConnectionCreated",
    Outcome.UPDATED: "ConnectionUpdated",
    Outcome.UNCHANGED: "ConnectionUnchanged",
    Outcome.ADOPTED: "ConnectionAdopted",
    Outcome.DELETED: "ConnectionDeleted",
    Outcome.RELEASED: "ConnectionReleased",
    Outcome.DESCRIBED: "ConnectionDescribed",
    Outcome.VALIDATED: "ConnectionValidated",
    Outcome.REFRESHED: "ConnectionRefreshed",
}
SETTLING = (Outcome.CREATED, Outcome.UPDATED, Outcome.ADOPTED, Outcome.REFRESHED)


def observe_failure(
    unchecked: UncheckedRequest,
    error: ProvisionerError,
    milliseconds: float,
    *,
    is_final: bool = True,
) -> None:
    """Log and count a failure."""
    outcome = {"error_code": error.code, "reason": error.reason}
    keys = _request_keys(unchecked, milliseconds) | outcome
    if not is_final:
        logger.warning("request comes back", extra=keys)
        return
    if isinstance(error, SupersededError):
        logger.info("request superseded", extra=keys)
        emit({"RequestType": unchecked.known_request_type}, ["ConnectionSuperseded"], {})
        return
    logger.error("request failed", extra=keys)
    emit({"ErrorCode": error.code}, ["ConnectionFailed"], {})


def observe_success(
    unchecked: UncheckedRequest, completion: Completion, milliseconds: float
) -> None:
    """Log and count a success."""
    keys = _request_keys(unchecked, milliseconds) | _completion_keys(completion)
    # The runbook looks for errors and warnings.
    has_drift = bool(completion.details.get("Drift"))
    log = logger.warning if has_drift else logger.info
    log("request succeeded", extra=keys)
    counted = "DeleteIgnored" if completion.is_ignored else METRICS[completion.outcome]
    reaches_vpc = is_private(unchecked.properties)
    is_usable_now = is_usable(completion.connection.state, is_private=reaches_vpc)
    is_settled = is_usable_now and completion.outcome in SETTLING
    durations = {"TimeToSettled": milliseconds} if is_settled else {}
    emit({"RequestType": unchecked.known_request_type}, [counted], durations)
    if has_drift:
        emit({}, ["DriftFound"], {})
    if completion.outcome in (Outcome.ADOPTED, Outcome.RELEASED):
        emit({}, ["OwnershipChanged"], {})


def observe_message_age(seconds: float) -> None:
    """Note how long ago a message was sent, at each receive."""
    emit({}, [], {"MessageAge": seconds * 1000})


def count_returned_message() -> None:
    """Count a message that comes back."""
    emit({}, ["MessageReturned"], {})


def count_unanswered_request() -> None:
    """Count a stack's request that was answered FAILED for a function that was killed."""
    emit({"ErrorCode": "Unanswered"}, ["ConnectionFailed"], {})


def count_unexpected_error() -> None:
    """Count a defect of this function, for the alarm."""
    emit({}, ["UnexpectedError"], {})


def count_maintenance_failure() -> None:
    """Count a Refresh or a Reconcile that operators have to look at, for the alarm."""
    emit({}, ["RefreshFailed"], {})


def _request_keys(unchecked: UncheckedRequest, milliseconds: float) -> dict[str, object]:
    properties = unchecked.properties if isinstance(unchecked.properties, Mapping) else {}
    return {
        "entry_point": unchecked.entry_point.name,
        "request_type": unchecked.known_request_type,
        "correlation_id": unchecked.request_id,
        "owner": unchecked.owner,
        "connection_name": unchecked.name,
        "duration_ms": round(milliseconds),
        "members": sorted({joined("", name) for name in properties})[:MOST_LOGGED_MEMBERS],
    }


def _completion_keys(completion: Completion) -> dict[str, object]:
    return {
        "outcome": completion.outcome,
        "connection_state": completion.connection.state,
        "connection_arn": completion.connection.arn,
        "is_ignored": completion.is_ignored,
        "drift": completion.details.get("Drift", ()),
    }
