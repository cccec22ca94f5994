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
)
from handler.lifecycle import BAD, Connection, is_usable
from handler.outcome import Completion, Outcome
from handler.ownership import Record, instant
from handler.ports import Ports
from handler.request import Request
from handler.resolution import Resolved, resolve
from handler.stabilizing import settled, without_leftovers


def create(ports: Ports, request: Request, record: Record | None) -> Completion:
    """Create the connection under a claim, so that after a crash the registry knows whose it is."""
    claim = ports.registry.write(_record(ports, request, record, Outcome.CREATED))
    desired, connection_arn = _created(ports, request, claim)
    with _naming_created(request.name):
        made = replace(claim, connection_arn=connection_arn)
        return _completed(ports, request, _noted(ports, request, made, desired), desired)


def update(ports: Ports, request: Request, record: Record, connection: Connection) -> Completion:
    """Bring an own connection to the full desired state; no write where it is there already."""
    desired = resolve(ports, request)
    is_made_by_this = record.unsettled_outcome == Outcome.CREATED
    with _naming_created(request.name if is_made_by_this else ""):
        if not _is_current(record, request, desired, connection):
            record = _rewritten(
                ports, request, replace(record, connection_arn=connection.arn), connection, desired
            )
        return _completed(ports, request, record, desired)


def adopt(
    ports: Ports, request: Request, record: Record | None, connection: Connection
) -> Completion:
    """Register a connection that is nobody's, then update it; a Delete will release it only."""
    desired = resolve(ports, request)
    adopted = _record(ports, request, record, Outcome.ADOPTED)
    adopted = replace(adopted, connection_arn=connection.arn, is_adopted=True)
    adopted = ports.registry.write(adopted)
    adopted = _rewritten(ports, request, adopted, connection, desired)
    return _completed(ports, request, adopted, desired)


def _record(ports: Ports, request: Request, record: Record | None, outcome: Outcome) -> Record:
    return Record(
        name=request.name,
        owner=request.owner,
        claimed_at=instant(ports.clock.now()),
        unsettled_outcome=outcome,
        revision=record.revision if record else 0,
    )


@contextmanager
def _naming_created(name: str) -> Iterator[None]:
    # A failure after the creation must tell the name, or CloudFormation could not delete what was
    # made.
    try:
        yield
    except ProvisionerError as error:
        error.created_name = name
        raise


def _created(ports: Ports, request: Request, claim: Record) -> tuple[Resolved, str]:
    try:
        desired = resolve(ports, request)
        return desired, ports.connections.create(desired.properties)
    except AlreadyExistsError:
        # Ours, if an earlier try arrived and only its answer was lost: the next look tells.
        raise ResourceConflictError(f"{request.name} appeared while it was being created") from None
    except ProvisionerError as error:
        if not error.is_transient:
            ports.registry.remove(claim)
        raise


def _is_current(
    record: Record, request: Request, desired: Resolved, connection: Connection
) -> bool:
    return (
        record.properties == request.written
        and record.secret_versions == desired.versions
        and record.connection_arn == connection.arn
        and connection.state not in BAD
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
            record,
            properties=request.written,
            secret_versions=desired.versions,
            unsettled_outcome=outcome or Outcome.UPDATED,
            last_modified_time=None,
        )
    )


def _completed(ports: Ports, request: Request, record: Record, desired: Resolved) -> Completion:
    connection = settled(ports, request)
    if any(leftovers(desired.properties, connection.properties)):
        connection = without_leftovers(ports, request, desired)
    if is_usable(connection.state, request.properties):
        seen = connection.last_modified_time
        final = replace(record, unsettled_outcome="", last_modified_time=seen)
        if final != record:
            ports.registry.write(final)
    return Completion(Outcome(record.unsettled_outcome or Outcome.UNCHANGED), connection)
