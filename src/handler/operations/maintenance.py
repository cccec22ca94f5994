"""What Refresh and Reconcile share: repeating an owner's request, and the last failure."""

from contextlib import suppress
from dataclasses import replace

from handler.clock import instant
from handler.connections.ownership import MaintenanceFailure, Record
from handler.errors import ProvisionerError
from handler.operations.outcome import Outcome
from handler.operations.ports import Ports
from handler.requests.properties import Rules, prepared, property_violations
from handler.requests.request import Request
from handler.requests.violation import refuse

LONGEST_KEPT_REASON = 1024


def owners_request(request: Request, record: Record, rules: Rules) -> Request:
    """Give the owner's request, to be repeated with its own time, if the rules still allow it."""
    properties = prepared(record.properties, rules)
    refuse(list(property_violations(properties, rules)))
    return replace(
        request,
        owner=record.owner,
        name=record.name,
        request_time=record.request_time,
        properties=properties,
    )


def is_refresh_pending(record: Record) -> bool:
    """Tell whether a Refresh or a Reconcile wrote it, and nobody saw it settled since."""
    return record.pending_write is not None and record.pending_write.outcome == Outcome.REFRESHED


def write_failure(ports: Ports, name: str, error: ProvisionerError) -> None:
    """Keep why a Refresh or a Reconcile failed, so that operators see it in the inventory."""
    now = instant(ports.clock.now())
    with suppress(ProvisionerError):  # the failure itself is told in any case
        record = ports.registry.read(name)
        # The lease's holder would find its record changed, and have to begin again.
        if record and not record.is_leased_to_other(ports.holder, now):
            reason = error.reason[:LONGEST_KEPT_REASON]
            failure = MaintenanceFailure(error.code, reason, now)
            ports.registry.write(replace(record, maintenance_failure=failure))


def clear_failure(ports: Ports, record: Record) -> None:
    """Drop the last failure, where everything was found well."""
    if record.maintenance_failure:
        ports.registry.write(replace(record, maintenance_failure=None))
