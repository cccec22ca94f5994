"""What all entry points share: check a request, carry it out, and tell what became of it."""

import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from handler.composition import Invocation
from handler.entrypoints.log_and_metrics import (
    count_maintenance_failure,
    count_unexpected_error,
    observe_failure,
    observe_success,
)
from handler.entrypoints.result import failure, success
from handler.errors import ProvisionerError, ServiceInternalError
from handler.operations.completion import Completion
from handler.operations.maintenance_failure import concerns_operators, write_failure
from handler.operations.use_cases import carry_out
from handler.requests.request import check
from handler.requests.unchecked_request import UncheckedRequest


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
    is_final: bool = True  # False: the entry point sees the same request again
    owner: str = ""  # of the connection that maintenance is about, where it is known

    @property
    def result(self) -> dict[str, str]:
        """Give the result as every entry point but CloudFormation's returns it."""
        return failure(self.unchecked, self.error, self.owner)


def execute(
    unchecked: UncheckedRequest,
    invocation: Invocation,
    comes_back: Callable[[ProvisionerError], bool] = lambda _: False,
) -> Succeeded | Failed:
    """
    Carry out a request, turn every error into Failed, and leave a log line and metrics.

    ``carry_out`` calls the use case of the request type (Create and Update: ``upsert.upsert``) and
    repeats it after a conflict.
    ``comes_back`` tells whether an error is not final, because the entry point will see the same
    request again.
    """
    started = time.monotonic()
    executed: Succeeded | Failed
    is_checked = False
    try:
        request = check(unchecked, invocation.rules)
        is_checked = True
        executed = Succeeded(unchecked, carry_out(invocation.ports, request))
    except Exception as raised:  # noqa: BLE001 (a bug is answered, too, without its message)
        error = as_provisioner_error(raised)
        executed = Failed(unchecked, error, is_final=not comes_back(error))
    milliseconds = (time.monotonic() - started) * 1000
    match executed:
        case Succeeded(_, completion):
            observe_success(unchecked, completion, milliseconds)
        case Failed(_, error, is_final):
            observe_failure(unchecked, error, milliseconds, is_final=is_final)
            if is_checked and concerns_operators(unchecked, error, is_final=is_final):
                executed = _report_maintenance_failure(executed, invocation)
    return executed


def _report_maintenance_failure(failed: Failed, invocation: Invocation) -> Failed:
    # Store it in the registry, count it for the alarm, and fill in the connection's owner.
    unchecked, owner = failed.unchecked, ""
    if unchecked.name:  # otherwise it is about a secret, and no connection's item can keep it
        required = unchecked.owner if unchecked.entry_point.is_limited_to_owner else ""
        with suppress(Exception):  # the failure itself is reported anyway
            found = write_failure(invocation.ports, unchecked.name, failed.error, required)
            if found is None:
                return failed
            owner = found
    count_maintenance_failure()
    return replace(failed, owner=owner)


def as_provisioner_error(error: BaseException) -> ProvisionerError:
    """Give our own error as it is; count any other one, and show only its type and place."""
    if isinstance(error, ProvisionerError):
        return error
    count_unexpected_error()
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    return ServiceInternalError(f"unexpected {type(error).__name__} at {place}")
