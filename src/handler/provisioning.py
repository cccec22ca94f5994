"""The use cases: what each request does to connections, secrets and the registry."""

from dataclasses import dataclass

from handler.applying import adopt, create, update
from handler.asked import RequestType
from handler.errors import (
    AlreadyExistsError,
    NotFoundError,
    NotStabilizedError,
    ProvisionerError,
    ResourceConflictError,
)
from handler.lifecycle import Connection, ConnectionState
from handler.outcome import Completion, Outcome
from handler.ownership import Record, Standing, instant, is_same, standing
from handler.ports import Ports
from handler.request import OnExisting, Request
from handler.resolution import resolve

PAUSES_BETWEEN_ATTEMPTS = (0.2, 0.5, 1.0, 2.0, 4.0)
DELETE_SECONDS = 30.0  # recorded: one to four


def carry_out(ports: Ports, request: Request) -> Completion:
    """
    Do what a request asks, and begin again where somebody else was faster.

    Raises:
        ProvisionerError: whatever ended it; created_name tells a connection made by this request.
    """
    for pause in PAUSES_BETWEEN_ATTEMPTS:
        try:
            return _use_case(ports, request)
        except ResourceConflictError:
            if ports.clock.remaining() <= pause:
                raise
            ports.clock.sleep(pause)
    return _use_case(ports, request)


def _use_case(ports: Ports, request: Request) -> Completion:
    match request.request_type:
        case RequestType.CREATE | RequestType.UPDATE:
            return _upsert(ports, request)
        case RequestType.DELETE:
            return _delete(ports, request)
        case RequestType.DESCRIBE:
            return _describe(ports, request)
        case RequestType.VALIDATE:
            return _validate(ports, request)
        case RequestType.RELEASE:
            return _release(ports, request)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a name before anything is done."""

    standing: Standing
    record: Record | None
    connection: Connection | None


def _look(ports: Ports, request: Request) -> Situation:
    record = ports.registry.read(request.name)
    connection = ports.watch(
        request.name,
        lambda seen: not (seen and seen.state == ConnectionState.DELETING),
        DELETE_SECONDS,
    )
    now = instant(ports.clock.now())
    return Situation(standing(record, connection, request.owner, now), record, connection)


def _upsert(ports: Ports, request: Request) -> Completion:
    match _look(ports, request):
        case Situation(Standing.FREE, record, _):
            return create(ports, request, record)
        case Situation(Standing.OWN, Record() as record, Connection() as connection):
            return update(ports, request, record, connection)
        case Situation(Standing.UNOWNED, record, Connection() as connection) if _adopts(request):
            return adopt(ports, request, record, connection)
        case Situation(Standing.UNOWNED, Record() as record, _) as seen:
            if record.owner == request.owner:
                ports.registry.remove(record)  # the connection it speaks of is gone
            raise _taken(request, seen)
        case seen:
            raise _taken(request, seen)


def _validate(ports: Ports, request: Request) -> Completion:
    seen = _look(ports, request)
    is_adoptable = seen.standing is Standing.UNOWNED and _adopts(request)
    if seen.standing not in (Standing.FREE, Standing.OWN) and not is_adoptable:
        raise _taken(request, seen)
    resolve(ports, request)
    return Completion(Outcome.VALIDATED, seen.connection or Connection(request.name))


def _adopts(request: Request) -> bool:
    return request.on_existing is OnExisting.ADOPT


def _taken(request: Request, seen: Situation) -> ProvisionerError:
    owner = seen.record.owner if seen.record else ""
    match seen.standing:
        case Standing.FOREIGN:
            return AlreadyExistsError(f"{request.name} belongs to {owner}")
        case Standing.CONTESTED:
            return ResourceConflictError(f"{request.name} is being created by {owner}")
        case _:
            return AlreadyExistsError(
                f"a connection {request.name} exists that was not made here;"
                " OnExisting: Adopt takes it over"
            )


def _describe(ports: Ports, request: Request) -> Completion:
    connection = ports.connections.describe(request.name)
    if connection is None:
        raise NotFoundError(f"there is no connection {request.name}")
    return Completion(Outcome.DESCRIBED, connection)


def _release(ports: Ports, request: Request) -> Completion:
    record = ports.registry.read(request.name)
    if record is None:
        raise NotFoundError(f"nobody is registered for {request.name}")
    ports.registry.remove(record)
    return Completion(Outcome.RELEASED, ports.connections.describe(request.name) or _gone(record))


def _delete(ports: Ports, request: Request) -> Completion:
    for name in filter(None, dict.fromkeys((request.name, request.other_name))):
        record = ports.registry.read(name)
        if record and record.owner == request.owner:
            return _delete_own(ports, request, record)
    if request.door.is_deleting_foreign_fine:
        return Completion(Outcome.DELETED, Connection(request.name), is_ignored=True)
    record = ports.registry.read(request.name)
    whose = f"belongs to {record.owner}" if record else "was not made here, or is gone"
    raise NotFoundError(f"connection {request.name} {whose}")


def _delete_own(ports: Ports, request: Request, record: Record) -> Completion:
    connection = ports.connections.describe(record.name)
    if connection and is_same(record, connection):
        if record.is_adopted:
            ports.registry.remove(record)
            return Completion(Outcome.RELEASED, connection)
        connection = _deleted(ports, request, record)
    ports.registry.remove(record)
    return Completion(Outcome.DELETED, connection or _gone(record))


def _deleted(ports: Ports, request: Request, record: Record) -> Connection | None:
    ports.connections.delete(record.name)
    seconds = request.wait_timeout_seconds
    seen = ports.watch(record.name, lambda seen: not (seen and is_same(record, seen)), seconds)
    if seen is None or not is_same(record, seen):
        return None
    if seconds > 0:
        reason = f"{record.name} is still {seen.state} after {seconds:g} s"
        raise NotStabilizedError(reason, is_transient=request.door.waits_again)
    return seen


def _gone(record: Record) -> Connection:
    return Connection(record.name, record.connection_arn)
