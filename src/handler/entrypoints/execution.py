"""
What all entry points share: check a request, carry it out, and leave one log line and one metrics
document of it.
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
from handler.requests.unchecked_request import QUEUE, RequestType, UncheckedRequest
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
MAINTENANCE = (RequestType.REFRESH, RequestType.RECONCILE)
SETTLING = (Outcome.CREATED, Outcome.UPDATED, Outcome.ADOPTED, Outcome.REFRESHED)


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A request carried out."""

    unchecked: UncheckedRequest
    completion: Completion

    @property
    def result(self) -> dict[str, Any]:
        """Give the result as every entry point but CloudFormation's returns it."""
        return success(self.unchecked, self.completion)


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that ended without success."""

    unchecked: UncheckedRequest
    error: ProvisionerError
    is_final: bool = True  # else the entry point sees the same request again

    @property
    def result(self) -> dict[str, str]:
        """Give the result as every entry point but CloudFormation's returns it."""
        return failure(self.unchecked, self.error)


def execute(
    unchecked: UncheckedRequest,
    invocation: Invocation,
    comes_back: Callable[[ProvisionerError], bool] = lambda _: False,
) -> Succeeded | Failed:
    """
    Carry out what was asked, whatever happens, and leave a log line and metrics of it.

    ``comes_back`` tells of an error whether the entry point will see the same request again, so
    that it is no failure yet.
    """
    started = time.monotonic()
    executed: Succeeded | Failed
    is_checked = False
    try:
        request = check(unchecked, invocation.rules)
        is_checked = True
        executed = Succeeded(unchecked, carry_out(invocation.ports, request))
    except Exception as raised:  # noqa: BLE001 (a bug is answered, and told without the message)
        error = unexpected(raised)
        executed = Failed(unchecked, error, is_final=not comes_back(error))
    milliseconds = (time.monotonic() - started) * 1000
    match executed:
        case Succeeded():
            _observe_success(executed, milliseconds)
        case Failed():
            observe_failure(executed, milliseconds)
            if is_checked and unchecked.request_type in MAINTENANCE:
                _observe_maintenance(executed, invocation)
    return executed


def unexpected(error: BaseException) -> ProvisionerError:
    """Give our own error as it is, and of any other its kind and place alone."""
    if isinstance(error, ProvisionerError):
        return error
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    return ServiceInternalError(f"unexpected {type(error).__name__} at {place}")


def observe_failure(failed: Failed, milliseconds: float) -> None:
    """Log and count a failure."""
    error = failed.error
    outcome = {"error_code": error.code, "reason": error.reason}
    keys = _request_keys(failed.unchecked, milliseconds) | outcome
    if not failed.is_final:
        logger.warning("request comes back", extra=keys)
        return
    if isinstance(error, SupersededError):
        logger.info("request superseded", extra=keys)
        emit({"RequestType": failed.unchecked.known_request_type}, ["ConnectionSuperseded"], {})
        return
    logger.error("request failed", extra=keys)
    emit({"ErrorCode": error.code}, ["ConnectionFailed"], {})


def _observe_maintenance(failed: Failed, invocation: Invocation) -> None:
    error, name = failed.error, failed.unchecked.name
    is_moving = isinstance(error, NotStabilizedError) and error.is_moving
    # Where the new credential was written and does not work, nobody should wait for the last try.
    is_broken = isinstance(error, NotStabilizedError) and not is_moving
    is_given_up = failed.is_final and (failed.unchecked.entry_point is QUEUE or not is_moving)
    if not is_given_up and not is_broken:
        return
    with suppress(Exception):  # the failure itself is told in any case
        if invocation.ports.registry.read(name) is None:
            return  # somebody named what is not registered
        write_failure(invocation.ports, name, error)
    emit({}, ["RefreshFailed"], {})


def _observe_success(succeeded: Succeeded, milliseconds: float) -> None:
    unchecked, completion = succeeded.unchecked, succeeded.completion
    keys = _request_keys(unchecked, milliseconds) | _completion_keys(completion)
    logger.info("request succeeded", extra=keys)
    counted = "DeleteIgnored" if completion.is_ignored else METRICS[completion.outcome]
    reaches_vpc = is_private(unchecked.properties)
    is_usable_now = is_usable(completion.connection.state, is_private=reaches_vpc)
    is_settled = is_usable_now and completion.outcome in SETTLING
    durations = {"TimeToSettled": milliseconds} if is_settled else {}
    emit({"RequestType": unchecked.known_request_type}, [counted], durations)
    if completion.details.get("Drift"):
        emit({}, ["DriftFound"], {})


def _request_keys(unchecked: UncheckedRequest, milliseconds: float) -> dict[str, object]:
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
