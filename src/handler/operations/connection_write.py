"""Write an owned connection under the lease, register that, and look once whether it works."""

from contextlib import suppress
from dataclasses import dataclass, field, replace

from handler import errors
from handler.clock import instant
from handler.connections.drift import is_behind
from handler.connections.full_update import leftovers, update_of
from handler.connections.ownership import is_visible
from handler.connections.record import Record
from handler.connections.state import BAD, Connection, ConnectionState, Write, is_usable
from handler.operations import current_state, lease
from handler.operations.completion import Outcome, outcome_after_write
from handler.operations.ports import Ports
from handler.operations.resolution import DesiredState
from handler.requests.entry_point import MAINTENANCE_QUEUE
from handler.requests.properties import sources
from handler.requests.request import Request
from handler.settings import LONGEST_LAG


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """What EventBridge answered to a write, and what it showed before."""

    connection: Connection
    before: Connection = field(default_factory=lambda: Connection(""))  # nothing was there
    is_modified: bool = False  # by somebody else, before the write


@dataclass(frozen=True, slots=True)
class Written:
    """A write to EventBridge, registered; with the connection, if it had settled by then."""

    record: Record
    outcome: Outcome
    connection: Connection | None


def unapplied_versions(request: Request) -> dict[str, str]:
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
    versions = {**unapplied_versions(request), **applied}
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


def lease_and_update(
    ports: Ports, request: Request, record: Record, connection: Connection, desired: DesiredState
) -> Written:
    """Write an owned connection under the lease; ``record`` was read before ``desired``."""
    newest = max(record.request_time, request.request_time)
    known = replace(record, connection_arn=connection.arn, request_time=newest)
    with lease.hold_lease(ports, known, record) as held:
        return update_under_lease(ports, request, held, connection, desired)


def update_under_lease(
    ports: Ports, request: Request, record: Record, connection: Connection, desired: DesiredState
) -> Written:
    """Update to the full desired state, under a lease that the caller holds."""
    try:
        answered = ports.connections.update(update_of(desired.properties, connection.properties))
    except errors.NotFoundError:
        # The connection is missing, or something that it refers to.
        until_it_shows = LONGEST_LAG.total_seconds()
        if current_state.watch(ports, request.name, lambda seen: seen is None, until_it_shows):
            raise
        raise errors.ResourceConflictError(f"{request.name} was deleted meanwhile") from None
    answer = WriteAnswer(answered, connection, record.is_modified(connection))
    return register_and_describe(ports, request, record, desired, answer)


def register_and_describe(
    ports: Ports, request: Request, record: Record, desired: DesiredState, answer: WriteAnswer
) -> Written:
    """Register what was written, and whether it works already; give the lease back."""
    now, outcome = instant(ports.clock.now()), outcome_after_write(request, record)
    before = answer.before
    write = Write(outcome, now, answer.connection.state, before.state, before.last_modified_time)
    is_refreshed = request.is_maintenance and is_behind(record, desired.versions)
    known = replace(
        lease.without_lease(record),
        properties=request.properties_as_written,
        secret_versions=desired.versions,
        is_deletion_pending=False,
        refreshed_at=write.written_at if is_refreshed else record.refreshed_at,
        pending_write=write,  # until it has settled, only this write counts
    )
    connection = _settled_at_once(ports, request, known, desired, answer)
    written = ports.registry.write(known.settled(connection) if connection else known)
    return Written(written, outcome, connection)


def _settled_at_once(
    ports: Ports, request: Request, record: Record, desired: DesiredState, answer: WriteAnswer
) -> Connection | None:
    # EventBridge answers for API_KEY and BASIC once it has authorized them: one look is enough, and
    # one write to the registry.
    if not is_usable(answer.connection.state, is_private=request.is_private):
        return None
    shown = _shown_by_answer(request, record, answer)
    if shown is None:
        with suppress(errors.ProvisionerError):  # it is registered as pending, and waited for
            shown = ports.connections.describe(request.name)
    if (
        shown is None
        or not is_visible(record, shown, instant(ports.clock.now()))
        or not is_usable(shown.state, is_private=request.is_private)
        or any(leftovers(desired.properties, shown.properties))
    ):
        return None
    return shown


def _shown_by_answer(request: Request, record: Record, answer: WriteAnswer) -> Connection | None:
    # The maintenance queue's requests rarely change more than credentials, and nobody needs the
    # times in their results: the write's answer is enough, unless somebody else changed or replaced
    # the connection.
    before, answered = answer.before, answer.connection
    is_as_left = before.state == answered.state and not answer.is_modified
    is_same_still = answered.arn == record.connection_arn
    if request.entry_point is not MAINTENANCE_QUEUE or not (is_as_left and is_same_still):
        return None
    return replace(
        before,
        state_reason="",
        last_modified_time=None,  # the answer's own may be older than the write
        last_authorized_time=answered.last_authorized_time,
    )
