"""The use cases: what each request does to connections, secrets and the registry."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from handler.clock import growing, instant
from handler.connections.ownership import Record, Standing, last_known
from handler.connections.state import Connection
from handler.errors import (
    AlreadyExistsError,
    NotFoundError,
    ProvisionerError,
    ResourceConflictError,
    SupersededError,
    TransientError,
)
from handler.operations.delete import delete
from handler.operations.listing import listing
from handler.operations.observation import Observation, observe, refuse_if_leased
from handler.operations.outcome import Completion, Outcome
from handler.operations.ports import Ports
from handler.operations.reconcile import reconcile
from handler.operations.refresh import refresh
from handler.operations.rename import delete_renamed, upsert_renamed
from handler.operations.resolution import resolve
from handler.operations.upsert import adopt, create, update
from handler.requests.options import OnExisting
from handler.requests.request import Request
from handler.requests.unchecked_request import RequestType
from handler.settings import LEAST_PATIENCE_SECONDS, LONGEST_ROUND_PAUSE_SECONDS


def carry_out(ports: Ports, unchecked: Request) -> Completion:
    """
    Do what a request asks; begin again where somebody else is at it, a stack's request after
    anything that may pass.

    Raises:
        ProvisionerError: whatever ended it; created_name tells a connection made by this request.
    """
    request = replace(unchecked, started_at=instant(ports.clock.now()))
    patience_seconds = max(request.wait_timeout_seconds, LEAST_PATIENCE_SECONDS)
    until_remaining = ports.clock.remaining() - patience_seconds
    passing: type[TransientError] = ResourceConflictError
    if request.entry_point.is_last_chance:
        # Its own earlier delivery may have been killed, and holds the lease for that one's time.
        until_remaining, passing = ports.clock.spare_seconds(), TransientError
    waiting = ports.clock.pauses(growing(0.2, 1.5, LONGEST_ROUND_PAUSE_SECONDS), until_remaining)
    created_name = ""
    while True:
        try:
            return USE_CASES[request.request_type](ports, request)
        except ProvisionerError as error:
            created_name = error.created_name = error.created_name or created_name
            if isinstance(error, passing) and next(waiting, None) is not None:
                continue
            if isinstance(error, ResourceConflictError) and _is_overtaken(ports, request):
                raise _superseded(request, created_name) from None
            raise


def _upsert(ports: Ports, unchecked: Request) -> Completion:
    request = _as_first_named(ports, unchecked)
    known = ports.registry.read(request.name)
    refuse_if_leased(ports, known)
    if known and known.supersedes(request.owner, request.request_time):
        raise _superseded(request)
    match observe(ports, request.name, request.owner, known):
        case Observation(Standing.FREE, record, _):
            return create(ports, request, record)
        case Observation(Standing.OWN, Record() as record, Connection() as connection):
            return update(ports, request, record, connection)
        case Observation(Standing.UNOWNED, record, Connection() as connection) if _adopts(request):
            return adopt(ports, request, record, connection)
        case Observation(Standing.UNOWNED, Record() as record, _) as seen:
            if record.owner == request.owner:
                # Its connection is gone; requests that are older stay superseded.
                deletion = record.deletion(record.request_time, instant(ports.clock.now()))
                ports.registry.remove(record, replace(deletion, connection_arn=""))
            raise _taken(request, seen)
        case seen:
            raise _taken(request, seen)


def _is_overtaken(ports: Ports, request: Request) -> bool:
    if request.request_type not in (RequestType.CREATE, RequestType.UPDATE):
        return False
    with suppress(ProvisionerError):
        if record := ports.registry.read(request.name):
            # While a newer request is at it, it may still come to nothing.
            is_leased = record.is_leased_to_other(ports.holder, instant(ports.clock.now()))
            return not is_leased and record.supersedes(request.owner, request.request_time)
        deletion = ports.registry.read_deletion(request.name, request.owner)
        return deletion is not None and deletion.refuses(request.request_time)
    return False


def _superseded(request: Request, created_name: str = "") -> SupersededError:
    error = SupersededError(f"a newer request was already applied to {request.name}")
    error.created_name = created_name
    return error


def _upsert_renamed(ports: Ports, request: Request) -> Completion:
    return upsert_renamed(ports, request, _upsert, delete)


def _delete_renamed(ports: Ports, request: Request) -> Completion:
    return delete_renamed(ports, request, delete)


def _as_first_named(ports: Ports, request: Request) -> Request:
    # A roll-back to a resource without Name comes with the newer id, and means the older one.
    name = request.fallback_name if request.fallback_name != request.name else ""
    first = ports.registry.read(name) if name else None
    if first is None or first.owner != request.owner:
        return request
    return replace(request, name=name, properties={**request.properties, "Name": name})


def _validate(ports: Ports, request: Request) -> Completion:
    seen = observe(ports, request.name, request.owner, ports.registry.read(request.name))
    is_adoptable = seen.standing is Standing.UNOWNED and _adopts(request)
    if seen.standing not in (Standing.FREE, Standing.OWN) and not is_adoptable:
        raise _taken(request, seen)
    resolve(ports, request)
    return Completion(Outcome.VALIDATED, seen.connection or Connection(request.name))


def _adopts(request: Request) -> bool:
    return request.on_existing is OnExisting.ADOPT


def _taken(request: Request, seen: Observation) -> AlreadyExistsError:
    if seen.record and seen.standing is Standing.FOREIGN:
        return AlreadyExistsError(
            f"{request.name} belongs to {seen.record.owner};"
            " its owner can delete it, a direct request can Release it"
        )
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
    refuse_if_leased(ports, record)
    try:
        ports.registry.remove(record)
    except ResourceConflictError:
        if ports.registry.read(request.name):  # else it was our own try whose answer was lost
            raise
    return Completion(
        Outcome.RELEASED, ports.connections.describe(request.name) or last_known(record)
    )


USE_CASES: dict[RequestType, Callable[[Ports, Request], Completion]] = {
    RequestType.CREATE: _upsert_renamed,
    RequestType.UPDATE: _upsert_renamed,
    RequestType.DELETE: _delete_renamed,
    RequestType.DESCRIBE: _describe,
    RequestType.VALIDATE: _validate,
    RequestType.RELEASE: _release,
    RequestType.REFRESH: refresh,
    RequestType.RECONCILE: reconcile,
    RequestType.LIST: listing,
}
