"""
Create, update and adopt: from a checked request to a settled connection that is exactly what was
asked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from handler.convergence import leftovers, update_of
from handler.errors import (
    AlreadyExistsError,
    NotFoundError,
    ProvisionerError,
    ResourceConflictError,
    TransientError,
)
from handler.leasing import claimed, leased, released
from handler.lifecycle import BAD, Connection, ConnectionState, is_moving, is_usable
from handler.outcome import Completion, Outcome
from handler.ownership import Record, instant
from handler.ports import Ports
from handler.request import Request
from handler.resolution import Resolved, resolve
from handler.stabilizing import settled, without_leftovers


def create(ports: Ports, request: Request, record: Record | None) -> Completion:
    """Create the connection under a claim, so that after a crash the registry knows whose it is."""
    with claimed(ports, _record(ports, request, Outcome.CREATED), record) as claim:
        desired, connection_arn = _created(ports, request)
        with _naming_created(request.name):
            made = _noted(ports, request, replace(claim, connection_arn=connection_arn), desired)
    with _naming_created(request.name):
        return _completed(ports, request, made, desired)


def update(ports: Ports, request: Request, record: Record, connection: Connection) -> Completion:
    """Bring an own connection to the full desired state; no write where it is there already."""
    is_made_by_this = record.unsettled_outcome in (Outcome.CREATED, Outcome.ADOPTED)
    with _naming_created(request.name if is_made_by_this else ""):
        desired = resolve(ports, request)
        if not _is_current(record, request, desired, connection):
            newest = max(record.request_time, request.request_time)
            known = replace(record, connection_arn=connection.arn, request_time=newest)
            with leased(ports, known) as held:
                record = _rewritten(ports, request, held, connection, desired)
        return _completed(ports, request, record, desired)


def adopt(
    ports: Ports, request: Request, record: Record | None, connection: Connection
) -> Completion:
    """Register a connection that is nobody's, then update it; a Delete will release it only."""
    desired = resolve(ports, request)
    adoption = replace(
        _record(ports, request, Outcome.ADOPTED), connection_arn=connection.arn, is_adopted=True
    )
    with claimed(ports, adoption, record) as held:
        adopted = _rewritten(ports, request, held, connection, desired)
    with _naming_created(request.name):
        return _completed(ports, request, adopted, desired)


def _record(ports: Ports, request: Request, outcome: Outcome) -> Record:
    return Record(
        name=request.name,
        owner=request.owner,
        claimed_at=instant(ports.clock.now()),
        request_time=request.request_time,
        unsettled_outcome=outcome,
    )


@contextmanager
def _naming_created(name: str) -> Iterator[None]:
    # A failure after the creation must tell the name, or nobody could delete what was made.
    try:
        yield
    except ProvisionerError as error:
        error.created_name = error.created_name or name
        raise


def _created(ports: Ports, request: Request) -> tuple[Resolved, str]:
    try:
        desired = resolve(ports, request)
        return desired, ports.connections.create(desired.properties)
    except TransientError as error:
        # It may have been made; a Delete of what was not is ignored.
        error.created_name = request.name
        raise
    except AlreadyExistsError:
        # Ours, if an earlier try arrived and only its answer was lost: the next look tells.
        raise ResourceConflictError(f"{request.name} appeared while it was being created") from None


def _is_current(
    record: Record, request: Request, desired: Resolved, connection: Connection
) -> bool:
    return (
        record.properties == request.written
        and record.secret_versions == desired.versions
        and record.connection_arn == connection.arn
        and connection.state not in (*BAD, ConnectionState.DEAUTHORIZING)
        and not record.lease_holder  # never given back: whoever held it may have written
        and (
            bool(record.unsettled_outcome)  # the time was not known yet when it was written
            or record.last_modified_time == connection.last_modified_time
        )
    )


def _rewritten(
    ports: Ports, request: Request, record: Record, connection: Connection, desired: Resolved
) -> Record:
    try:
        ports.connections.update(update_of(desired.properties, connection.properties))
    except NotFoundError:
        # Of the connection, or of something that it refers to.
        if ports.connections.describe(request.name):
            raise
        raise ResourceConflictError(f"{request.name} was deleted meanwhile") from None
    return _noted(ports, request, record, desired)


def _noted(ports: Ports, request: Request, record: Record, desired: Resolved) -> Record:
    is_same_request = record.properties in ({}, request.written)
    outcome = record.unsettled_outcome if is_same_request else ""
    return ports.registry.write(
        replace(
            released(record),
            properties=request.written,
            secret_versions=desired.versions,
            unsettled_outcome=outcome or Outcome.UPDATED,
            last_modified_time=None,
        )
    )


def _completed(ports: Ports, request: Request, record: Record, desired: Resolved) -> Completion:
    connection = settled(ports, request)
    if not is_moving(connection.state, request.properties) and any(
        leftovers(desired.properties, connection.properties)
    ):
        with leased(ports, record) as held:
            connection = without_leftovers(ports, request, desired)
            record = ports.registry.write(released(held))
    newest = max(record.request_time, request.request_time)
    final = replace(released(record), request_time=newest)  # a crashed one may still have it
    if is_usable(connection.state, request.properties):
        seen = connection.last_modified_time
        final = replace(final, unsettled_outcome="", last_modified_time=seen)
    if final != record:
        ports.registry.write(final)
    return Completion(Outcome(record.unsettled_outcome or Outcome.UNCHANGED), connection)
