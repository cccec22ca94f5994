"""Write an owned connection under the lease, to the desired state, and wait for the result."""

from dataclasses import replace

from handler import errors
from handler.clock import instant
from handler.connections.drift import is_behind
from handler.connections.full_update import leftovers, update_of
from handler.connections.ownership import is_same
from handler.connections.record import Record
from handler.connections.state import BAD, Connection, ConnectionState, Write, is_moving, is_usable
from handler.operations import lease, wait
from handler.operations.desired_state import DesiredState
from handler.operations.outcome import Completion, final_outcome, outcome_after_write
from handler.operations.ports import Ports
from handler.requests.properties import sources
from handler.requests.request import Request
from handler.settings import LONGEST_DEAUTHORIZATION_SECONDS, LONGEST_LAG

NOTHING = Connection("")  # what is there before a creation


def sources_to_link(request: Request) -> dict[str, str]:
    """Give every source of a request with an empty version, to link it before it is fetched."""
    found = sources(request.properties)
    return {str(reading): "" for source in found for reading in source.candidates}


def write_links(ports: Ports, request: Request, record: Record) -> Record:
    """Link new sources before they are fetched, so that no rotation is missed."""
    named = [set(map(str, source.candidates)) for source in sources(request.properties)]
    replaced = tuple(sorted({*record.replaces, request.previous_name} - {""}))
    is_linked = all(each & set(record.secret_versions) for each in named)
    if is_linked and replaced == record.replaces:
        return record
    # Drop sources that were named but never applied, or the item grows without bound.
    applied = {source: each for source, each in record.secret_versions.items() if each}
    versions = {**sources_to_link(request), **applied}
    return ports.registry.write(replace(record, secret_versions=versions, replaces=replaced))


def is_current(
    record: Record, request: Request, desired: DesiredState, connection: Connection
) -> bool:
    """Tell whether there is nothing to write."""
    return (
        record.properties == request.properties_as_written
        and not is_behind(record, desired.versions)
        and record.connection_arn == connection.arn
        and connection.state not in (*BAD, ConnectionState.DEAUTHORIZING)
        and not record.is_deletion_pending
        and not record.lease_holder  # never given back: whoever held it may have written
        and not record.is_modified(connection)
    )


def write_connection(
    ports: Ports, request: Request, record: Record, connection: Connection, desired: DesiredState
) -> Record:
    """Write an owned connection under the lease; ``record`` was read before ``desired``."""
    newest = max(record.request_time, request.request_time)
    known = replace(record, connection_arn=connection.arn, request_time=newest)
    with lease.hold_lease(ports, known, record) as held:
        return update_connection(ports, request, held, connection, desired)


def update_connection(
    ports: Ports, request: Request, record: Record, connection: Connection, desired: DesiredState
) -> Record:
    """Update to the full desired state, under a lease that the caller holds."""
    try:
        answer = ports.connections.update(update_of(desired.properties, connection.properties))
    except errors.NotFoundError:
        # The connection is missing, or something that it refers to.
        if wait.watch(ports, request.name, lambda seen: seen is None, LONGEST_LAG.total_seconds()):
            raise
        raise errors.ResourceConflictError(f"{request.name} was deleted meanwhile") from None
    write = new_write(ports, request, record, answer, connection)
    return register_write(ports, request, record, desired, write)


def new_write(
    ports: Ports,
    request: Request,
    record: Record,
    answer: Connection,
    before: Connection = NOTHING,
) -> Write:
    """Give what EventBridge answered to a write, and what to tell the requester once it settles."""
    now, outcome = instant(ports.clock.now()), outcome_after_write(request, record)
    return Write(outcome, now, answer.state, before.state, before.last_modified_time)


def register_write(
    ports: Ports, request: Request, record: Record, desired: DesiredState, write: Write
) -> Record:
    """Register what was written to EventBridge, and give the lease back."""
    is_refreshed = request.is_selection and is_behind(record, desired.versions)
    return ports.registry.write(
        replace(
            lease.without_lease(record),
            properties=request.properties_as_written,
            secret_versions=desired.versions,
            is_deletion_pending=False,
            refreshed_at=write.written_at if is_refreshed else record.refreshed_at,
            pending_write=write,
            last_modified_time=None,
        )
    )


def settle_and_register(
    ports: Ports,
    request: Request,
    record: Record,
    desired: DesiredState,
    seen: Connection | None = None,
) -> Completion:
    """
    Wait until the connection is usable and shows nothing that was not asked for; register that.

    ``seen``: what it showed, if nothing was written since.
    """
    if seen and is_usable(seen.state, is_private=request.is_private):
        connection = seen
    else:
        connection = wait.await_settled(ports, request, record)
    if not is_moving(connection.state, is_private=request.is_private) and any(
        leftovers(desired.properties, connection.properties)
    ):
        record, connection = _remove_leftovers(ports, request, record, desired)
    newest = max(record.request_time, request.request_time)
    # A crashed invocation may still hold the lease.
    final = replace(lease.without_lease(record), request_time=newest)
    if is_usable(connection.state, is_private=request.is_private):
        final = replace(
            final,
            pending_write=None,
            last_modified_time=connection.last_modified_time,
            maintenance_failure=None,
        )
    if final != record:
        ports.registry.write(final)
    return Completion(final_outcome(request, record), connection)


def _remove_leftovers(
    ports: Ports, request: Request, record: Record, desired: DesiredState
) -> tuple[Record, Connection]:
    # DeauthorizeConnection removes what an update does not; then everything is written again.
    name = request.name
    with lease.hold_lease(ports, record) as held:
        seen = ports.connections.describe(name)
        if seen is None or not is_same(record, seen):
            raise errors.ResourceConflictError(f"{name} was deleted meanwhile")
        # Deauthorizing would stop deliveries, and remove nothing else.
        _refuse_leftovers(desired, seen, excused="AuthParameters.")
        ports.connections.deauthorize(name)
        seen = wait.watch(
            ports,
            name,
            lambda seen: not seen or seen.state == ConnectionState.DEAUTHORIZED,
            LONGEST_DEAUTHORIZATION_SECONDS,
        )
        record = update_connection(ports, request, held, seen or Connection(name), desired)
    connection = wait.await_settled(ports, request, record)
    _refuse_leftovers(desired, connection)
    return record, connection


def _refuse_leftovers(
    desired: DesiredState, connection: Connection, excused: str | tuple[()] = ()
) -> None:
    paths = leftovers(desired.properties, connection.properties)
    if left := [path for path in paths if not path.startswith(excused)]:
        problem = f"EventBridge keeps what {connection.name} no longer asks for: {', '.join(left)}"
        raise errors.NotStabilizedError(problem)
