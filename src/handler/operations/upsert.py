"""
Create, update and adopt: from a checked request to a connection that is exactly as asked.

A connection is created here; every update of one is in ``connection_write``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from handler import errors
from handler.clock import instant
from handler.connections.ownership import Standing, already_exists, own_record, superseded
from handler.connections.record import Record
from handler.connections.state import Connection, is_usable
from handler.operations import connection_write, delete, lease, wait
from handler.operations.completion import Completion, Outcome
from handler.operations.current_state import CurrentState, read_current_state
from handler.operations.ports import Ports
from handler.operations.resolution import DesiredState, resolve
from handler.requests.entry_point import RequestType
from handler.requests.options import OnExisting
from handler.requests.request import Request
from handler.settings import REQUEST_CLOCK_SKEW


def upsert(ports: Ports, request: Request) -> Completion:
    """Create, update or adopt the connection; after Terraform's rename delete the old one, too."""
    completion = _upsert(ports, _with_registered_name(ports, request))
    # The old one stays until the new one works; the next request tries again to delete it.
    if is_usable(completion.connection.state, is_private=request.is_private):
        record = delete.delete_replaced(ports, request)
        if record and record.replaces:
            ports.registry.write(replace(record, replaces=()))
    return completion


def _upsert(ports: Ports, request: Request) -> Completion:
    if request.request_type is RequestType.CREATE and not ports.connections.describe(request.name):
        # Most names are new, so claim it without reading before. If it is taken, the write fails.
        try:
            return create(ports, request, None)
        except errors.ResourceConflictError as error:
            if error.created_name:
                raise
    known = ports.registry.read(request.name)
    lease.refuse_if_leased(ports, known)
    if known and known.supersedes(request.owner, request.request_time):
        raise superseded(request.name)
    match read_current_state(ports, request.name, request.owner, known):
        case CurrentState(Standing.FREE, record, _):
            return create(ports, request, record)
        case CurrentState(Standing.OWN, Record() as record, Connection() as connection):
            return update(ports, request, record, connection)
        case CurrentState(Standing.UNOWNED, record, Connection() as connection) if (
            request.on_existing is OnExisting.ADOPT
        ):
            return adopt(ports, request, record, connection)
        case found:
            if known and known.owner == request.owner and not known.replaces:
                # Its connection is gone; requests that are older stay superseded.
                deletion = known.deletion(known.request_time, instant(ports.clock.now()))
                ports.registry.remove(known, deletion)
            raise already_exists(request.name, found.standing, found.record)


def _with_registered_name(ports: Ports, request: Request) -> Request:
    # When a stack rolls back to a resource without Name, its PhysicalResourceId is the name that it
    # leaves; it means the name derived for the resource, which is registered.
    name = request.fallback_name
    record = ports.registry.read(name) if name not in ("", request.name) else None
    if record is None or record.owner != request.owner:
        return request
    return replace(request, name=name, properties={**request.properties, "Name": name})


def create(ports: Ports, request: Request, record: Record | None) -> Completion:
    """Create the connection under a claim, so that the registry knows its owner after a crash."""
    claim = _claim(ports, request, record)
    if request.is_maintenance:  # its retry knows the name only
        claim = replace(claim, properties=request.properties_as_written)
    with lease.hold_claim(ports, claim, record) as held:
        desired, answer = _create_connection(ports, request, record)
        with _naming_created(request.name):
            known = replace(held, connection_arn=answer.arn)
            made = connection_write.register_and_describe(
                ports, request, known, desired, connection_write.WriteAnswer(answer)
            )
    with _naming_created(request.name):
        return wait.finish_unless_settled(ports, request, made, desired)


def update(ports: Ports, request: Request, record: Record, connection: Connection) -> Completion:
    """Bring an owned connection to the desired state; write nothing if it is there already."""
    # A claim as young as the request is its own: an earlier delivery created the connection.
    is_young = record.claimed_at >= request.request_time - REQUEST_CLOCK_SKEW
    making = (Outcome.CREATED, Outcome.ADOPTED)
    pending = record.pending_write
    is_unfinished = pending.outcome in making if pending else not record.properties
    with _naming_created(request.name if is_young or is_unfinished else ""):
        record = connection_write.write_links(ports, request, record)
        desired = resolve(ports, request)
        if connection_write.is_current(record, request, desired, connection):
            # Nothing to write, unless it shows what was not asked for.
            return wait.finish_write(ports, request, record, desired, connection)
        written = connection_write.lease_and_update(ports, request, record, connection, desired)
        return wait.finish_unless_settled(ports, request, written, desired)


def adopt(
    ports: Ports, request: Request, record: Record | None, connection: Connection
) -> Completion:
    """Register a connection that nobody owns, then update it; a Delete will only release it."""
    claim = _claim(ports, request, record)
    adoption = replace(claim, connection_arn=connection.arn, is_adopted=True)
    with lease.hold_claim(ports, adoption, record) as held:
        with lease.nothing_written():
            desired = resolve(ports, request)
        adopted = connection_write.update_under_lease(ports, request, held, connection, desired)
    with _naming_created(request.name):
        return wait.finish_unless_settled(ports, request, adopted, desired)


def _claim(ports: Ports, request: Request, before: Record | None) -> Record:
    own = own_record(before, request.owner)
    replaced = {request.previous_name, *(own.replaces if own else ())}
    return Record(
        name=request.name,
        owner=request.owner,
        claimed_at=instant(ports.clock.now()),
        request_time=request.request_time,
        secret_versions=connection_write.unapplied_versions(request),
        replaces=tuple(sorted(replaced - {""})),
    )


@contextmanager
def _naming_created(name: str) -> Iterator[None]:
    # A failure after the creation must carry the name, so that the connection can be deleted.
    try:
        yield
    except errors.ProvisionerError as error:
        error.created_name = error.created_name or name
        error.has_unknown_end = False  # EventBridge has answered; the registry may not have
        raise


def _create_connection(
    ports: Ports, request: Request, before: Record | None
) -> tuple[DesiredState, Connection]:
    try:
        with lease.nothing_written():
            desired = resolve(ports, request)
        return desired, ports.connections.create(desired.properties)
    except errors.AlreadyExistsError as error:
        raise _refused_creation(error, request, before) from None
    except errors.ProvisionerError as error:
        # An earlier claim may still own what its try created, so it must not end with this one. But
        # where a connection is made again, the claim stays, also after a failed fetch: it tells
        # others that this is under way.
        is_made_again = before is not None and bool(before.connection_arn)
        error.has_made_nothing = not error.has_unknown_end and not is_made_again
        if error.is_transient or error.has_unknown_end:
            # It may have been created; if it was not, a stack's Delete of it is ignored.
            error.created_name = request.name
        raise


def _refused_creation(
    error: errors.AlreadyExistsError, request: Request, before: Record | None
) -> errors.ProvisionerError:
    own = own_record(before, request.owner)
    # An earlier delivery created it, or a deletion is not visible everywhere yet.
    may_be_ours = own is not None and (not own.connection_arn or bool(own.lease_holder))
    if not error.has_unknown_end and not may_be_ours:
        reason = f"a connection {request.name} was made by somebody else at the same time"
        return errors.AlreadyExistsError(reason)
    # It is ours if an earlier try arrived and only its answer was lost: a retry finds out.
    conflict = errors.ResourceConflictError(f"{request.name} appeared while it was being created")
    conflict.has_made_nothing = not error.has_unknown_end
    return conflict
