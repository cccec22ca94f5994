"""The last failure of a Refresh or a Reconcile, which the registry keeps until one succeeds."""

from contextlib import suppress
from dataclasses import replace

from handler.clock import instant
from handler.connections.record import MaintenanceFailure, Record
from handler.errors import ProvisionerError
from handler.operations.lease import is_leased_to_other
from handler.operations.ports import Ports
from handler.settings import LONGEST_KEPT_REASON


def write_failure(ports: Ports, name: str, error: ProvisionerError, owner: str = "") -> str | None:
    """
    Keep why a Refresh or a Reconcile failed; give the connection's owner, "" if it is not known.

    Give None if the name is not registered, or belongs to another than ``owner``.
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
