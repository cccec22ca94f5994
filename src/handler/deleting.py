"""Delete: what is the requester's own, and nothing else; what stays behind is a tombstone."""

from dataclasses import replace

from handler.errors import NotFoundError
from handler.leasing import leased
from handler.lifecycle import Connection
from handler.looking import refuse_leased
from handler.outcome import Completion, Outcome
from handler.ownership import (
    Record,
    following,
    instant,
    is_same,
    remembered,
    remembered_deletions,
    tombstone,
)
from handler.ports import Ports
from handler.request import Request
from handler.stabilizing import awaited


def delete(ports: Ports, request: Request) -> Completion:
    """
    Delete the requester's connection, or release it where it was adopted.

    Raises:
        NotFoundError: nothing of that name is the requester's (CloudFormation gets success).
    """
    now = instant(ports.clock.now())
    records = {name: ports.registry.read(name) for name in _names(request)}
    for record in records.values():
        if record and record.owner == request.owner and not record.is_forgotten(now):
            return _delete_own(ports, request, record)
    name = _names(request)[-1]
    ports.registry.write(_with_deletion(ports, request, name, records[name]))
    if request.door.is_deleting_foreign_fine:
        return Completion(Outcome.DELETED, Connection(request.name), is_ignored=True)
    other = records[request.name]
    whose = "was not made here, or is gone"
    if other and not other.deleted_at:
        whose = f"belongs to {other.owner}"
    raise NotFoundError(f"connection {request.name} {whose}")


def _names(request: Request) -> list[str]:
    return list(dict.fromkeys(filter(None, (request.name, request.other_name))))


def _delete_own(ports: Ports, request: Request, record: Record) -> Completion:
    now = instant(ports.clock.now())
    gone = remembered(record)
    refuse_leased(ports, record)
    if record.supersedes(request.owner, request.request_time, now):
        return Completion(Outcome.SUPERSEDED, gone)
    connection = ports.connections.describe(record.name) if not record.deleted_at else None
    if connection is None or not is_same(record, connection):
        ports.registry.write(_tombstone(ports, request, record))
        return Completion(Outcome.DELETED, gone)
    if record.is_adopted:
        ports.registry.write(_tombstone(ports, request, record))
        return Completion(Outcome.RELEASED, connection)
    return Completion(Outcome.DELETED, _deleted(ports, request, record) or gone)


def _deleted(ports: Ports, request: Request, record: Record) -> Connection | None:
    newest = max(record.request_time, request.request_time)
    unwanted = replace(record, request_time=newest, is_unwanted=True)
    with leased(ports, unwanted, record) as held:
        ports.connections.delete(record.name)
        left = awaited(ports, request, record, lambda _: False, "was not gone")
        ports.registry.write(_tombstone(ports, request, held))
    return left


def _with_deletion(ports: Ports, request: Request, name: str, before: Record | None) -> Record:
    """Note a Delete of what is not there: a Create sent before it must not work any more."""
    now = instant(ports.clock.now())
    known = before.deletions if before else {}
    asked_at = max(request.request_time, known.get(request.owner, request.request_time))
    if before is None or before.is_forgotten(now):
        # Nobody's: whoever deletes what never was is told so each time.
        before = following(before, Record(name, "", now, now, deleted_at=now), now)
    # Also while its owner is at it, who will look again: a stack that owns nothing must not wait.
    return replace(before, deletions={**remembered_deletions(before, now), request.owner: asked_at})


def _tombstone(ports: Ports, request: Request, record: Record) -> Record:
    newest = max(record.request_time, request.request_time)
    return tombstone(replace(record, request_time=newest), instant(ports.clock.now()))
