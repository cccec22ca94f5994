"""Delete: what is the requester's own, and nothing else; that it was deleted is remembered."""

from collections.abc import Mapping
from dataclasses import replace

from handler.clock import instant
from handler.connections.ownership import Deletion, Record, is_same, last_known
from handler.connections.state import Connection
from handler.errors import NotFoundError, SupersededError
from handler.operations.lease import hold_lease
from handler.operations.observation import describe_latest, refuse_if_leased
from handler.operations.outcome import Completion, Outcome
from handler.operations.ports import Ports
from handler.operations.wait import await_connection
from handler.requests.request import Request
from handler.settings import DELETION_LIFETIME


def delete(ports: Ports, request: Request) -> Completion:
    """
    Delete the requester's connection, or release it where it was adopted.

    Raises:
        NotFoundError: nothing of that name is the requester's (CloudFormation gets success).
        SupersededError: a newer request was applied (CloudFormation gets success).
    """
    if not request.name:
        return _ignored(request, NotFoundError("no connection can have this name"))
    records = {name: ports.registry.read(name) for name in _names(request)}
    for record in records.values():
        if record and record.owner == request.owner:
            return _delete_own(ports, request, record)
    return _delete_nothing(ports, request, records)


def _names(request: Request) -> list[str]:
    return list(dict.fromkeys(filter(None, (request.name, request.fallback_name))))


def _delete_own(ports: Ports, request: Request, record: Record) -> Completion:
    gone = last_known(record)
    refuse_if_leased(ports, record)
    if record.supersedes(request.owner, request.request_time):
        return _ignored(request, SupersededError(f"{record.name} was asked for by a newer request"))
    connection = describe_latest(ports, record.name, record)
    if connection is None or not is_same(record, connection):
        _remove(ports, request, record)
        return Completion(Outcome.DELETED, gone)
    if record.is_adopted:
        _remove(ports, request, record)
        return Completion(Outcome.RELEASED, connection)
    return Completion(Outcome.DELETED, _delete_connection(ports, request, record) or gone)


def _delete_connection(ports: Ports, request: Request, record: Record) -> Connection | None:
    newest = max(record.request_time, request.request_time)
    unwanted = replace(record, request_time=newest, is_unwanted=True)
    with hold_lease(ports, unwanted, record) as held:
        ports.connections.delete(record.name)
        left = await_connection(ports, request, record, lambda _: False, "was not gone")
        _remove(ports, request, held)
    return left


def _remove(ports: Ports, request: Request, record: Record) -> None:
    now = instant(ports.clock.now())
    ports.registry.remove(record, record.deletion(request.request_time, now))


def _delete_nothing(
    ports: Ports, request: Request, records: Mapping[str, Record | None]
) -> Completion:
    """Remember a Delete of what is not there: a Create sent before it must not work any more."""
    name = _names(request)[-1]
    known = ports.registry.read_deletion(name, request.owner)
    newest = max(request.request_time, known.request_time if known else request.request_time)
    deleted_arn = known.connection_arn if known else ""
    expires_at = instant(ports.clock.now()) + DELETION_LIFETIME
    # Also while its owner is at it, who will look again: a stack that owns nothing must not wait.
    ports.registry.write_deletion(Deletion(name, request.owner, newest, expires_at, deleted_arn))
    if deleted_arn:
        return Completion(Outcome.DELETED, Connection(name, deleted_arn))
    other = records[request.name]
    whose = f"belongs to {other.owner}" if other else "was not made here, or is gone"
    return _ignored(request, NotFoundError(f"connection {request.name} {whose}"))


def _ignored(request: Request, error: NotFoundError | SupersededError) -> Completion:
    if not request.entry_point.may_delete_nothing:
        raise error
    return Completion(Outcome.DELETED, Connection(request.name), is_ignored=True)
