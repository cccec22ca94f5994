"""
What all doors share: check a request, carry it out, and leave one log line and one metrics document
of it.
"""

import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass

from handler.asked import Asked
from handler.errors import ProvisionerError, ServiceInternalError
from handler.invocation import Invocation
from handler.observability import emit, logger
from handler.outcome import Completion, Outcome, failure, success
from handler.provisioning import carry_out
from handler.request import check
from handler.validation import joined

SETTLING = (Outcome.CREATED, Outcome.UPDATED, Outcome.ADOPTED)


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A request carried out."""

    asked: Asked
    completion: Completion

    @property
    def result(self) -> dict[str, str]:
        """Give the result as doors other than CloudFormation's return it."""
        return success(self.asked, self.completion)


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that ended without success."""

    asked: Asked
    error: ProvisionerError

    @property
    def result(self) -> dict[str, str]:
        """Give the result as doors other than CloudFormation's return it."""
        return failure(self.asked, self.error)


def handle(asked: Asked, invocation: Invocation) -> Succeeded | Failed:
    """Carry out what was asked, whatever happens; the rest is the door's way of answering."""
    started = time.monotonic()
    handled: Succeeded | Failed
    try:
        request = check(asked, invocation.rules)
        handled = Succeeded(asked, carry_out(invocation.ports, request))
    except ProvisionerError as error:
        handled = Failed(asked, error)
    except Exception as error:  # noqa: BLE001 (a bug is answered, and told without the message)
        handled = Failed(asked, _unexpected(error))
    _observe(handled, (time.monotonic() - started) * 1000)
    return handled


def _unexpected(error: Exception) -> ServiceInternalError:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    return ServiceInternalError(f"unexpected {type(error).__name__} at {place}")


def _observe(handled: Succeeded | Failed, milliseconds: float) -> None:
    keys = _asked_keys(handled.asked) | {"duration_ms": round(milliseconds)}
    match handled:
        case Failed(asked, error):
            extra = keys | {"error_code": error.code, "reason": error.reason}
            logger.error("request failed", extra=extra)
            emit({"ErrorCode": error.code}, ["ConnectionFailed"], {})
        case Succeeded(asked, completion):
            logger.info("request succeeded", extra=keys | _completion_keys(completion))
            _emit_success(asked, completion, milliseconds)


def _emit_success(asked: Asked, completion: Completion, milliseconds: float) -> None:
    counts = [f"Connection{completion.outcome}"]
    if completion.is_ignored:
        counts = ["DeleteIgnored"]
    durations = {"TimeToSettled": milliseconds} if completion.outcome in SETTLING else {}
    emit({"RequestType": asked.known_request_type}, counts, durations)


def _asked_keys(asked: Asked) -> dict[str, object]:
    properties = asked.properties if isinstance(asked.properties, Mapping) else {}
    return {
        "door": asked.door.name,
        "request_type": asked.known_request_type,
        "correlation_id": asked.request_id,
        "owner": asked.owner,
        "connection_name": asked.name,
        "members": sorted(joined("", name) for name in properties),
    }


def _completion_keys(completion: Completion) -> dict[str, object]:
    return {
        "outcome": completion.outcome,
        "connection_state": completion.connection.state,
        "connection_arn": completion.connection.arn,
        "is_ignored": completion.is_ignored,
    }
