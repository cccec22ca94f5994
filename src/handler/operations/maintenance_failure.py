"""Which failures of a Refresh or a Reconcile concern operators; the registry keeps the last one."""

from contextlib import suppress
from dataclasses import replace

from handler.clock import instant
from handler.connections.record import MaintenanceFailure, Record
from handler.errors import NotStabilizedError, ProvisionerError
from handler.operations.lease import is_leased_to_other
from handler.operations.ports import Ports
from handler.requests.entry_point import MAINTENANCE_QUEUE
from handler.requests.unchecked_request import UncheckedRequest
from handler.settings import LONGEST_KEPT_REASON


def concerns_operators(
    unchecked: UncheckedRequest, error: ProvisionerError, *, is_final: bool
) -> bool:
    """Tell whether maintenance is given up, or left a connection broken."""
    is_moving = isinstance(error, NotStabilizedError) and error.is_moving
    # A new credential that was written and does not work is reported at every try.
    is_broken = isinstance(error, NotStabilizedError) and not is_moving
    is_given_up = is_final and (unchecked.entry_point.waits_again or not is_moving)
    return unchecked.request_type in MAINTENANCE_QUEUE.request_types and (is_given_up or is_broken)


def write_failure(ports: Ports, name: str, error: ProvisionerError, owner: str = "") -> str | None:
    """
    Keep why a Refresh or a Reconcile of a connection failed; ``owner`` "" means anybody's.

    Returns:
        The connection's owner; "" if the registry did not tell it; None if nobody is registered for
        the name, or another than ``owner``.
    """
    now = instant(ports.clock.now())
    known_owner = ""
    with suppress(ProvisionerError):  # the failure itself is reported anyway
        record = ports.registry.read(name)
        if record is None or owner not in ("", record.owner):
            return None
        known_owner = record.owner
        # A write now would make the lease's holder fail and begin again.
        if not is_leased_to_other(record, ports.holder, now):
            reason = error.reason[:LONGEST_KEPT_REASON]
            failure = MaintenanceFailure(error.code, reason, now)
            ports.registry.write(replace(record, maintenance_failure=failure))
    return known_owner


def clear_failure(ports: Ports, record: Record) -> None:
    """Drop the last failure after everything was found in order."""
    if record.maintenance_failure:
        ports.registry.write(replace(record, maintenance_failure=None))
