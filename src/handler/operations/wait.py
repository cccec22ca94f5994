"""Wait until a written connection is usable and shows nothing unasked: only that is success."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from handler.clock import instant
from handler.connections.full_update import leftovers
from handler.connections.ownership import is_same
from handler.connections.record import Record
from handler.connections.state import BAD, Connection, ConnectionState, is_moving, is_usable
from handler.errors import NotStabilizedError, ResourceConflictError
from handler.operations import lease
from handler.operations.completion import Completion, final_outcome
from handler.operations.connection_write import Written, update_under_lease
from handler.operations.current_state import describe_consistently, watch
from handler.operations.ports import Ports
from handler.operations.resolution import DesiredState
from handler.requests.entry_point import RequestType
from handler.requests.request import Request
from handler.settings import (
    LEAST_WAIT,
    LONGEST_DEAUTHORIZATION_SECONDS,
    LONGEST_STACK_WAIT_SECONDS,
)

LONGEST_STACK_WAIT = timedelta(seconds=LONGEST_STACK_WAIT_SECONDS)


def finish_unless_settled(
    ports: Ports, request: Request, written: Written, desired: DesiredState
) -> Completion:
    """Give the completion of a write, after waiting for the connection unless it had settled."""
    if written.connection:
        return Completion(written.outcome, written.connection)
    return finish_write(ports, request, written.record, desired)


def finish_write(
    ports: Ports,
    request: Request,
    record: Record,
    desired: DesiredState,
    seen: Connection | None = None,
) -> Completion:
    """
    Wait until the connection is usable, remove what it shows unasked, and register that.

    ``seen``: what it showed, if nothing was written since.
    """
    if seen and is_usable(seen.state, is_private=request.is_private):
        connection = seen
    else:
        connection = await_settled(ports, request, record)
    outcome = final_outcome(request, record)
    if not is_moving(connection.state, is_private=request.is_private) and any(
        leftovers(desired.properties, connection.properties)
    ):
        written = _remove_leftovers(ports, request, record, desired)
        record, outcome = written.record, written.outcome
        connection = written.connection or await_settled(ports, request, record)
        _refuse_leftovers(desired, connection)
    final = replace(record, request_time=max(record.request_time, request.request_time))
    if is_usable(connection.state, is_private=request.is_private):
        final = final.settled(connection)
    if final != record:
        ports.registry.write(final)
    return Completion(outcome, connection)


def _remove_leftovers(
    ports: Ports, request: Request, record: Record, desired: DesiredState
) -> Written:
    # DeauthorizeConnection removes what an update does not; then everything is written again.
    name = request.name
    with lease.hold_lease(ports, record) as held:
        with lease.nothing_written():
            seen = ports.connections.describe(name)
            if seen is None or not is_same(record, seen):
                raise ResourceConflictError(f"{name} was deleted meanwhile")
            # Deauthorizing removes AuthParameters alone. If anything else is left, refuse before it
            # stops deliveries for nothing.
            _refuse_leftovers(desired, seen, excused="AuthParameters.")
        ports.connections.deauthorize(name)
        seen = watch(
            ports,
            name,
            lambda seen: not seen or seen.state == ConnectionState.DEAUTHORIZED,
            LONGEST_DEAUTHORIZATION_SECONDS,
        )
        return update_under_lease(ports, request, held, seen or Connection(name), desired)


def _refuse_leftovers(
    desired: DesiredState, connection: Connection, excused: str | tuple[()] = ()
) -> None:
    paths = leftovers(desired.properties, connection.properties)
    if left := [path for path in paths if not path.startswith(excused)]:
        problem = f"EventBridge keeps what {connection.name} no longer asks for: {', '.join(left)}"
        raise NotStabilizedError(problem)


def await_settled(ports: Ports, request: Request, record: Record) -> Connection:
    """Wait until the connection is usable; with no time to wait, take it as it is."""
    name = request.name

    def is_settled(seen: Connection) -> bool:
        return not is_moving(seen.state, is_private=request.is_private)

    try:
        connection = await_connection(ports, request, record, is_settled, "did not settle")
    except NotStabilizedError:
        lease.refuse_if_changed(ports, record)  # if it was, the failure is another request's
        raise
    if connection is None:  # and perhaps made again by somebody else
        raise ResourceConflictError(f"{name} was deleted meanwhile")
    if connection.state in BAD:
        lease.refuse_if_changed(ports, record)
        reason = connection.state_reason or "EventBridge gives no reason"
        # A vendor may need minutes until it accepts a rotated credential everywhere.
        is_passing = request.is_maintenance and request.entry_point.waits_again
        raise NotStabilizedError(f"{name} is {connection.state}: {reason}", is_transient=is_passing)
    return connection


def await_connection(
    ports: Ports,
    request: Request,
    record: Record,
    is_done: Callable[[Connection], bool],
    problem: str,
) -> Connection | None:
    """
    Wait for a record's connection; None if it is missing or not the recorded one.

    Raises:
        NotStabilizedError: the time was over; transient where the wait can go on.
    """
    progress, now = ports.progress, instant(ports.clock.now())
    began_at, progress.wait_until = _wait_window(request, record, now)

    def is_over(seen: Connection | None) -> bool:
        if seen is None or not is_same(record, seen):
            return True
        progress.seen = seen
        return is_done(seen)

    first = describe_consistently(ports, record.name, record)
    seconds = (progress.wait_until - now).total_seconds()
    seen = first if is_over(first) else watch(ports, record.name, is_over, seconds, first)
    if seen is None or not is_same(record, seen):
        return None
    if request.wait_timeout_seconds > 0 and not is_done(seen):
        now = instant(ports.clock.now())
        waited = f"within {(now - began_at).total_seconds():.0f} s"
        raise NotStabilizedError(
            f"{record.name} {problem} {waited}; it is {seen.state_and_reason}",
            is_transient=request.entry_point.waits_again or progress.has_time_left(now),
            is_moving=True,
            is_private=request.is_private,
        )
    return seen


def _wait_window(request: Request, record: Record, now: datetime) -> tuple[datetime, datetime]:
    wait = timedelta(seconds=request.wait_timeout_seconds)
    if not request.entry_point.is_answered_once:
        return now, now + wait
    # A stack's request may begin again: Lambda delivers it up to three times, and a fault may be
    # retried. All of that is one wait, which begins with the first write.
    written_at = record.pending_write.written_at if record.pending_write else record.claimed_at
    if request.request_type is RequestType.DELETE:
        written_at = now  # each delivery deletes, perhaps after it waited for a lease
    began_at = max(written_at, request.request_time)
    end = min(began_at + wait, request.request_time + LONGEST_STACK_WAIT)
    return began_at, max(end, (request.started_at or now) + min(wait, LEAST_WAIT))
