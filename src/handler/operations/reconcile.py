"""Reconcile: find what events missed, and what was changed outside this provisioner."""

from collections.abc import Iterable
from dataclasses import replace

from handler.clock import instant
from handler.connections.drift import Finding, absence, drift
from handler.connections.ownership import is_same
from handler.connections.record import Record
from handler.connections.state import BAD, Connection, is_usable
from handler.errors import AlreadyExistsError, NotFoundError
from handler.operations import (
    connection_write,
    current_state,
    lease,
    refresh,
    resolution,
    upsert,
    wait,
)
from handler.operations.completion import Completion, Outcome
from handler.operations.maintenance_failure import clear_failure
from handler.operations.ports import Ports
from handler.requests.request import Request


def reconcile(ports: Ports, request: Request) -> Completion:
    """
    Compare one connection, or every registered one, with what its owner asked for.

    A changed secret version is always written, other drift is repaired only where switched on;
    a connection that somebody else made under the same name is never touched.
    """
    if not request.name:
        return _reconcile_each(ports, request)
    record = ports.registry.read(request.name)
    if record is None and not request.entry_point.waits_again:
        raise NotFoundError(f"nobody is registered for {request.name}")
    if record is None:  # released since the message was sent
        return _report(Outcome.UNCHANGED, Connection(request.name))
    return replace(_reconcile_record(ports, request, record), owner=record.owner)


def _reconcile_record(ports: Ports, request: Request, record: Record) -> Completion:
    if not record.properties:  # not made yet
        return _report(Outcome.UNCHANGED, record.registered_connection)
    connection = current_state.read_current_state(
        ports, record.name, record.owner, record
    ).connection
    if record.is_deletion_pending:
        return _finish_deletion(ports, record, connection)
    missing = absence(record, connection)
    if missing or connection is None:
        lease.refuse_if_changed(ports, record)
        return _recreate_or_report(ports, request, record, missing or Finding.GONE)
    return _compare(ports, request, record, connection)


def _recreate_or_report(
    ports: Ports, request: Request, record: Record, missing: Finding
) -> Completion:
    # A connection that somebody else made under the name is never written over.
    if missing is Finding.GONE and _repairs(ports, request):
        wanted = refresh.owners_request(request, record, ports.rules)
        try:
            made = upsert.create(ports, wanted, record)
            return _report(Outcome.CREATED, made.connection, [missing])
        except AlreadyExistsError:
            missing = Finding.RECREATED
    return _report(Outcome.UNCHANGED, record.registered_connection, [missing])


def _finish_deletion(ports: Ports, record: Record, connection: Connection | None) -> Completion:
    # Its Delete ended unseen or still runs; either way the owner no longer wants it.
    if connection is None or not is_same(record, connection):
        now = instant(ports.clock.now())
        deletion = record.deletion(record.request_time, now, record.connection_arn)
        ports.registry.remove(record, deletion)
    return _report(Outcome.UNCHANGED, connection or record.registered_connection)


def _compare(ports: Ports, request: Request, record: Record, connection: Connection) -> Completion:
    wanted = refresh.owners_request(request, record, ports.rules)
    desired = resolution.resolve(ports, wanted)
    found = list(drift(record, connection, desired.properties, desired.versions))
    is_behind = Finding.SECRET_VERSION_BEHIND in found
    # What a lease's holder may have written does not always show: credentials never do.
    is_unsure = bool(record.lease_holder)
    if is_behind or is_unsure or (found and _repairs(ports, request)):
        written = connection_write.lease_and_update(ports, wanted, record, connection, desired)
        done = wait.finish_unless_settled(ports, wanted, written, desired)
    elif not refresh.is_refresh_pending(record) or connection.state in BAD:
        if not found and not record.pending_write:
            clear_failure(ports, record)
        elif not found and is_usable(connection.state, is_private=wanted.is_private):
            # The request that wrote it did not wait: note LastModifiedTime now, or a manual change
            # stays unnoticed.
            wait.finish_write(ports, wanted, record, desired, connection)
        return _report(Outcome.UNCHANGED, connection, found)
    else:
        done = wait.finish_write(ports, wanted, record, desired)
    outcome = Outcome.REFRESHED if is_behind else Outcome.UPDATED
    return _report(outcome, done.connection, found)


def _repairs(ports: Ports, request: Request) -> bool:
    mode = request.selection.reconcile_mode
    return mode == "Repair" if mode else ports.is_repairing


def _report(outcome: Outcome, connection: Connection, found: Iterable[Finding] = ()) -> Completion:
    findings = [str(each) for each in found]
    is_silent = not findings and outcome is Outcome.UNCHANGED
    details = {"Drift": findings} if findings else {}
    return Completion(outcome, connection, is_silent=is_silent, details=details)


def _reconcile_each(ports: Ports, request: Request) -> Completion:
    # Read all pages in this invocation: Lambda would stop a chain of messages, each sent by the
    # one before, as a recursive loop.
    mode = request.selection.reconcile_mode
    chosen = {"ReconcileMode": mode} if mode else {}
    token, count = "", 0
    while True:
        records, token = ports.registry.page(token)
        refresh.fan_out(ports, request, [{"Name": record.name} | chosen for record in records])
        count += len(records)
        if not token:
            details = {"ConnectionCount": count}
            return Completion(Outcome.UNCHANGED, Connection(""), is_silent=True, details=details)
