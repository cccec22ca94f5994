"""
What all doors share: check a request, carry it out, and leave one log line and one metrics document
of it.
"""

import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from handler.composition import Invocation
from handler.connections.state import is_usable
from handler.errors import (
    NotStabilizedError,
    ProvisionerError,
    ServiceInternalError,
    SupersededError,
)
from handler.observability import emit, logger
from handler.operations.outcome import Completion, Outcome, failure, success
from handler.operations.refresh import write_failure
from handler.operations.use_cases import carry_out
from handler.requests.properties import is_private
from handler.requests.request import check
from handler.requests.unchecked_request import RequestType, UncheckedRequest
from handler.requests.violation import joined

MOST_MEMBERS = 20  # of a log line
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


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A request carried out."""

    unchecked: UncheckedRequest
    completion: Completion

    @property
    def result(self) -> dict[str, Any]:
        """Give the result as doors other than CloudFormation's return it."""
        return success(self.unchecked, self.completion)


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that ended without success."""

    unchecked: UncheckedRequest
    error: ProvisionerError

    @property
    def result(self) -> dict[str, str]:
        """Give the result as doors other than CloudFormation's return it."""
        return failure(self.unchecked, self.error)


def handle(
    unchecked: UncheckedRequest,
    invocation: Invocation,
    comes_back: Callable[[ProvisionerError], bool] = lambda _: False,
) -> Succeeded | Failed:
    """
    Carry out what was asked, whatever happens; the rest is the door's way of answering.

    ``comes_back`` tells of an error whether the door will see the same request again, so that
    it is no failure yet.
    """
    started = time.monotonic()
    handled: Succeeded | Failed
    try:
        request = check(unchecked, invocation.rules)
        handled = Succeeded(unchecked, carry_out(invocation.ports, request))
    except Exception as error:  # noqa: BLE001 (a bug is answered, and told without the message)
        handled = Failed(unchecked, unexpected(error))
    milliseconds = (time.monotonic() - started) * 1000
    match handled:
        case Succeeded():
            _observe_success(handled, milliseconds)
        case Failed():
            is_final = not comes_back(handled.error)
            observe_failure(handled, milliseconds, is_final=is_final)
            _observe_maintenance(handled, invocation, is_final=is_final)
    return handled


def unexpected(error: BaseException) -> ProvisionerError:
    """Give our own error as it is, and of any other its kind and place alone."""
    if isinstance(error, ProvisionerError):
        return error
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    return ServiceInternalError(f"unexpected {type(error).__name__} at {place}")


def observe_failure(failed: Failed, milliseconds: float, *, is_final: bool) -> None:
    """Log and count a failure."""
    error = failed.error
    outcome = {"error_code": error.code, "reason": error.reason}
    keys = _asked_keys(failed.unchecked, milliseconds) | outcome
    if not is_final:
        logger.warning("request comes back", extra=keys)
        return
    if isinstance(error, SupersededError):
        logger.info("request superseded", extra=keys)
        emit({"RequestType": failed.unchecked.known_request_type}, ["ConnectionSuperseded"], {})
        return
    logger.error("request failed", extra=keys)
    emit({"ErrorCode": error.code}, ["ConnectionFailed"], {})


def _observe_maintenance(failed: Failed, invocation: Invocation, *, is_final: bool) -> None:
    if failed.unchecked.request_type not in (RequestType.REFRESH, RequestType.RECONCILE):
        return
    # Where the new credential was written and does not work, nobody should wait for the last try;
    # what still moves is on its way.
    error = failed.error
    is_broken = isinstance(error, NotStabilizedError) and not error.is_moving
    if is_final or is_broken:
        emit({}, ["RefreshFailed"], {})
        with suppress(ProvisionerError):  # without ports, the environment is at fault
            write_failure(invocation.ports, failed.unchecked.name, error)


def _observe_success(succeeded: Succeeded, milliseconds: float) -> None:
    unchecked, completion = succeeded.unchecked, succeeded.completion
    keys = _asked_keys(unchecked, milliseconds) | _completion_keys(completion)
    logger.info("request succeeded", extra=keys)
    counted = "DeleteIgnored" if completion.is_ignored else METRICS[completion.outcome]
    reaches_vpc = is_private(unchecked.properties)
    is_usable_now = is_usable(completion.connection.state, is_private=reaches_vpc)
    is_settled = is_usable_now and completion.outcome in SETTLING
    durations = {"TimeToSettled": milliseconds} if is_settled else {}
    emit({"RequestType": unchecked.known_request_type}, [counted], durations)
    if completion.details.get("Drift"):
        emit({}, ["DriftFound"], {})


def _asked_keys(unchecked: UncheckedRequest, milliseconds: float) -> dict[str, object]:
    properties = unchecked.properties if isinstance(unchecked.properties, Mapping) else {}
    return {
        "entry_point": unchecked.entry_point.name,
        "request_type": unchecked.known_request_type,
        "correlation_id": unchecked.request_id,
        "owner": unchecked.owner,
        "connection_name": unchecked.name,
        "duration_ms": round(milliseconds),
        "members": sorted({joined("", name) for name in properties})[:MOST_MEMBERS],
    }


def _completion_keys(completion: Completion) -> dict[str, object]:
    return {
        "outcome": completion.outcome,
        "connection_state": completion.connection.state,
        "connection_arn": completion.connection.arn,
        "is_ignored": completion.is_ignored,
        "drift": completion.details.get("Drift", ()),
    }
