"""
Writing an own connection: under the lease, to the full desired state, until it has settled.
"""

from dataclasses import replace

from handler.clock import instant
from handler.connections.convergence import leftovers, update_of
from handler.connections.drift import is_behind
from handler.connections.ownership import Record
from handler.connections.state import BAD, Connection, ConnectionState, Write, is_moving, is_usable
from handler.errors import (
    NotFoundError,
    NotStabilizedError,
    ResourceConflictError,
)
from handler.operations.lease import hold_lease, without_lease
from handler.operations.observation import refuse_if_changed
from handler.operations.outcome import Completion, final_outcome, outcome_after_write
from handler.operations.ports import Ports
from handler.operations.resolution import Resolved
from handler.operations.wait import await_settled, remove_leftovers
from handler.requests.properties import sources
from handler.requests.request import Request
from handler.settings import LONGEST_LAG

NOTHING = Connection("")  # what is there before a creation


def sources_to_link(request: Request) -> dict[str, str]:
    """Give every source of a request, without a version: what is linked before it is fetched."""
    found = sources(request.properties)
    return {str(reading): "" for source in found for reading in source.candidates}


def write_links(ports: Ports, request: Request, record: Record) -> Record:
    """Link what the record does not name yet, before it is fetched: no rotation goes unheard."""
    named = [set(map(str, source.candidates)) for source in sources(request.properties)]
    replaced = tuple(sorted({*record.replaces, request.previous_name} - {""}))
    is_linked = all(each & set(record.secret_versions) for each in named)
    if is_linked and replaced == record.replaces:
        return record
    # What an earlier request named and never applied goes, or the item would grow without end.
    applied = {source: each for source, each in record.secret_versions.items() if each}
    versions = {**sources_to_link(request), **applied}
    return ports.registry.write(replace(record, secret_versions=versions, replaces=replaced))


def write_connection(
    ports: Ports, request: Request, record: Record, connection: Connection, desired: Resolved
) -> Record:
    """Write an own connection under the lease; the record is as before ``desired`` was fetched."""
    newest = max(record.request_time, request.request_time)
    known = replace(record, connection_arn=connection.arn, request_time=newest)
    with hold_lease(ports, known, record) as held:
        return update_connection(ports, request, held, connection, desired)


def is_current(record: Record, request: Request, desired: Resolved, connection: Connection) -> bool:
    """Tell whether there is nothing to write."""
    return (
        record.properties == request.properties_as_written
        and not is_behind(record, desired.versions)
        and record.connection_arn == connection.arn
        and connection.state not in (*BAD, ConnectionState.DEAUTHORIZING)
        and not record.is_unwanted
        and not record.lease_holder  # never given back: whoever held it may have written
        and (
            record.unsettled is not None  # the time was not known yet when it was written
            or record.last_modified_time == connection.last_modified_time
        )
    )


def update_connection(
    ports: Ports, request: Request, record: Record, connection: Connection, desired: Resolved
) -> Record:
    """Update to the full desired state, under a lease that the caller holds."""
    try:
        answer = ports.connections.update(update_of(desired.properties, connection.properties))
    except NotFoundError:
        # Of the connection, or of something that it refers to.
        if ports.watch(request.name, lambda seen: seen is None, LONGEST_LAG.total_seconds()):
            raise
        raise ResourceConflictError(f"{request.name} was deleted meanwhile") from None
    write = describe_write(ports, request, record, answer, connection)
    return record_write(ports, request, record, desired, write)


def describe_write(
    ports: Ports,
    request: Request,
    record: Record,
    answer: Connection,
    before: Connection = NOTHING,
) -> Write:
    """Give what will show that a connection is as written, and what to tell about it then."""
    outcome = outcome_after_write(request, record)
    now = instant(ports.clock.now())
    return Write(outcome, now, answer.state, before.state, before.last_modified_time)


def record_write(
    ports: Ports, request: Request, record: Record, desired: Resolved, write: Write
) -> Record:
    """Note what was written, and give the lease back."""
    is_refreshed = request.is_maintenance and is_behind(record, desired.versions)
    return ports.registry.write(
        replace(
            without_lease(record),
            properties=request.properties_as_written,
            secret_versions=desired.versions,
            is_unwanted=False,
            refreshed_at=write.written_at if is_refreshed else record.refreshed_at,
            unsettled=write,
            last_modified_time=None,
        )
    )


def complete(
    ports: Ports,
    request: Request,
    record: Record,
    desired: Resolved,
    seen: Connection | None = None,
) -> Completion:
    """
    Wait until the connection is usable and shows nothing that was not asked for.

    ``seen`` is what it showed, where nothing was written since.
    """
    if seen and is_usable(seen.state, is_private=request.is_private):
        connection = seen
    else:
        connection = _settled(ports, request, record)
    if not is_moving(connection.state, is_private=request.is_private) and any(
        leftovers(desired.properties, connection.properties)
    ):
        with hold_lease(ports, record) as held:
            connection = remove_leftovers(ports, request, held, desired)
            record = ports.registry.write(without_lease(held))
    newest = max(record.request_time, request.request_time)
    final = replace(without_lease(record), request_time=newest)  # a crashed one may still have it
    if is_usable(connection.state, is_private=request.is_private):
        final = replace(
            final,
            unsettled=None,
            last_modified_time=connection.last_modified_time,
            maintenance_failure=None,
        )
    if final != record:
        ports.registry.write(final)
    return Completion(final_outcome(request, record), connection)


def _settled(ports: Ports, request: Request, record: Record) -> Connection:
    try:
        return await_settled(ports, request, record)
    except NotStabilizedError:
        refuse_if_changed(ports, record)  # overtaken: that failure is another request's
        raise
