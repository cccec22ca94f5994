"""
Create, update and adopt: from a checked request to a settled connection that is exactly what was
asked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from handler.clock import instant
from handler.connections.ownership import Record
from handler.connections.state import Connection
from handler.errors import (
    AlreadyExistsError,
    ProvisionerError,
    ResourceConflictError,
)
from handler.operations.lease import hold_claim
from handler.operations.outcome import Completion, Outcome
from handler.operations.ports import Ports
from handler.operations.resolution import Resolved, resolve
from handler.operations.writing import (
    complete,
    describe_write,
    is_current,
    record_write,
    sources_to_link,
    update_connection,
    write_connection,
    write_links,
)
from handler.requests.request import Request
from handler.settings import GRACE


def create(ports: Ports, request: Request, record: Record | None) -> Completion:
    """Create the connection under a claim, so that after a crash the registry knows whose it is."""
    wanted = _record(ports, request, record)
    if request.is_maintenance:  # it comes back with a name only
        wanted = replace(wanted, properties=request.properties_as_written)
    may_be_ours = record is not None and _may_have_created(record, request.owner)
    with hold_claim(ports, wanted, record) as claim:
        desired, answer = _created(ports, request, may_be_ours)
        with _naming_created(request.name):
            write = describe_write(ports, request, claim, answer)
            known = replace(claim, connection_arn=answer.arn)
            made = record_write(ports, request, known, desired, write)
    with _naming_created(request.name):
        return complete(ports, request, made, desired)


def update(ports: Ports, request: Request, record: Record, connection: Connection) -> Completion:
    """Bring an own connection to the full desired state; no write where it is there already."""
    # Also where an earlier delivery made it, and it settled, and its answer was lost.
    is_young = record.claimed_at >= request.request_time - GRACE
    making = (Outcome.CREATED, Outcome.ADOPTED)
    is_unfinished = (
        record.unsettled.outcome in making if record.unsettled else not record.properties
    )
    is_made_by_this = is_young or is_unfinished
    with _naming_created(request.name if is_made_by_this else ""):
        record = write_links(ports, request, record)
        desired = resolve(ports, request)
        if not is_current(record, request, desired, connection):
            record = write_connection(ports, request, record, connection, desired)
            return complete(ports, request, record, desired)
        return complete(ports, request, record, desired, connection)


def adopt(
    ports: Ports, request: Request, record: Record | None, connection: Connection
) -> Completion:
    """Register a connection that is nobody's, then update it; a Delete will release it only."""
    adoption = replace(
        _record(ports, request, record), connection_arn=connection.arn, is_adopted=True
    )
    with hold_claim(ports, adoption, record) as held:
        desired = resolve(ports, request)
        adopted = update_connection(ports, request, held, connection, desired)
    with _naming_created(request.name):
        return complete(ports, request, adopted, desired)


def _record(ports: Ports, request: Request, before: Record | None) -> Record:
    is_own = before is not None and before.owner == request.owner
    replaced = {request.previous_name, *(before.replaces if before and is_own else ())}
    return Record(
        name=request.name,
        owner=request.owner,
        claimed_at=instant(ports.clock.now()),
        request_time=request.request_time,
        secret_versions=sources_to_link(request),
        replaces=tuple(sorted(replaced - {""})),
    )


@contextmanager
def _naming_created(name: str) -> Iterator[None]:
    # A failure after the creation must tell the name, or nobody could delete what was made.
    try:
        yield
    except ProvisionerError as error:
        error.created_name = error.created_name or name
        raise


def _may_have_created(before: Record, owner: str) -> bool:
    # A delivery before this one, or the connection whose deletion is not over everywhere.
    is_unfinished = not before.connection_arn or bool(before.lease_holder)
    return before.owner == owner and is_unfinished


def _created(
    ports: Ports,
    request: Request,
    may_be_ours: bool,  # noqa: FBT001
) -> tuple[Resolved, Connection]:
    try:
        desired = resolve(ports, request)
        return desired, ports.connections.create(desired.properties)
    except AlreadyExistsError as error:
        if not error.has_unknown_end and not may_be_ours:
            reason = f"a connection {request.name} was made by somebody else at the same time"
            raise AlreadyExistsError(reason) from None
        # Ours, if an earlier try arrived and only its answer was lost: the next look tells.
        raise ResourceConflictError(f"{request.name} appeared while it was being created") from None
    except ProvisionerError as error:
        if error.is_transient or error.has_unknown_end:
            # It may have been made; a Delete of what was not is ignored.
            error.created_name = request.name
        raise
