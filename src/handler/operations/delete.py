"""Delete what the requester owns, or release a connection; each Delete is remembered."""

from collections.abc import Mapping
from dataclasses import replace

from handler import errors
from handler.clock import instant
from handler.connections.ownership import is_same, not_own, own_record, superseded
from handler.connections.record import Deletion, Record
from handler.connections.state import Connection
from handler.operations import current_state, lease, wait
from handler.operations.completion import Completion, Outcome
from handler.operations.ports import Ports
from handler.requests.request import Request
from handler.settings import DELETION_LIFETIME


def delete(ports: Ports, request: Request) -> Completion:
    """Delete the connections that this one replaced in Terraform's renames, then this one."""
    delete_replaced(ports, request)
    return _delete(ports, request)


def delete_replaced(ports: Ports, request: Request, above: tuple[str, ...] = ()) -> Record | None:
    """
    Delete the connections that this one replaced in Terraform's renames; give this one's record.

    CloudFormation sends a Delete of its own for the old connection, once the new one works.
    """
    if not request.entry_point.deletes_replaced or not request.name:
        return None
    record = own_record(ports.registry.read(request.name), request.owner)
    if record is None:
        return None
    for name in set(record.replaces) - {*above, request.name}:
        old = replace(request, name=name)
        # It may itself replace another one, if an earlier rename failed.
        delete_replaced(ports, old, (*above, request.name))
        _delete(ports, old)
    return record


def _delete(ports: Ports, request: Request) -> Completion:
    if not request.name or not request.owner:
        problem = "no connection can have this name or this owner"
        return _refuse_or_ignore(request, errors.NotFoundError(problem))
    names = dict.fromkeys(filter(None, (request.name, request.fallback_name)))
    records = {name: ports.registry.read(name) for name in names}
    for record in records.values():
        if record and record.owner == request.owner:
            return _delete_own(ports, request, record)
    return _remember_deletion(ports, request, records)


def _delete_own(ports: Ports, request: Request, record: Record) -> Completion:
    lease.refuse_if_leased(ports, record)
    if record.supersedes(request.owner, request.request_time):
        return _refuse_or_ignore(request, superseded(record.name))
    connection = current_state.describe_consistently(ports, record.name, record)
    if connection is None or not is_same(record, connection):
        _remove(ports, request, record, record.connection_arn)
        return Completion(Outcome.DELETED, record.registered_connection)
    if record.is_adopted:
        _remove(ports, request, record, deleted_arn="")
        return Completion(Outcome.RELEASED, connection)
    return _delete_connection(ports, request, replace(record, connection_arn=connection.arn))


def _delete_connection(ports: Ports, request: Request, record: Record) -> Completion:
    newest = max(record.request_time, request.request_time)
    deleting = replace(record, request_time=newest, is_deletion_pending=True)
    with lease.hold_lease(ports, deleting, record) as held:
        ports.connections.delete(record.name)
        # Its last write was seen already. If Describe finds nothing now, the deletion is done.
        seen = replace(record, pending_write=None, answered_write=None, lease_holder="")
        left = wait.await_connection(ports, request, seen, lambda _: False, "was not gone")
        _remove(ports, request, held, record.connection_arn)
    return Completion(Outcome.DELETED, left or record.registered_connection)


def _remove(ports: Ports, request: Request, record: Record, deleted_arn: str) -> None:
    now = instant(ports.clock.now())
    ports.registry.remove(record, record.deletion(request.request_time, now, deleted_arn))


def _remember_deletion(
    ports: Ports, request: Request, records: Mapping[str, Record | None]
) -> Completion:
    # There is nothing to delete, but a Create that was sent before must not work any more. Remember
    # it even while another owner holds the lease, so that a stack that owns nothing does not wait.
    name = list(records)[-1]
    known = ports.registry.read_deletion(name, request.owner)
    newest = max(request.request_time, known.request_time if known else request.request_time)
    deleted_arn = known.connection_arn if known else ""
    expires_at = instant(ports.clock.now()) + DELETION_LIFETIME
    ports.registry.write_deletion(Deletion(name, request.owner, newest, expires_at, deleted_arn))
    if deleted_arn:
        return Completion(Outcome.DELETED, Connection(name, deleted_arn))
    other = records[request.name]
    return _refuse_or_ignore(request, not_own(request.name, other))


def _refuse_or_ignore(request: Request, error: errors.ProvisionerError) -> Completion:
    if not request.entry_point.delete_always_succeeds:
        raise error
    return Completion(Outcome.DELETED, Connection(request.name), is_ignored=True)


def release(ports: Ports, request: Request) -> Completion:
    """Forget who owns a connection, whoever that is, and leave the connection unchanged."""
    record = ports.registry.read(request.name)
    if record is None:
        raise errors.NotFoundError(f"nobody is registered for {request.name}")
    lease.refuse_if_leased(ports, record)
    try:
        ports.registry.remove(record)
    except errors.ResourceConflictError:
        if ports.registry.read(request.name):  # if gone, our own try removed it
            raise
    connection = ports.connections.describe(request.name)
    return Completion(Outcome.RELEASED, connection or record.registered_connection)
