"""Compare a connection with its record, and wait until it is usable: only that is success."""

from collections.abc import Callable
from datetime import datetime, timedelta

from handler.clock import growing_pauses, instant
from handler.connections.ownership import is_same, is_visible
from handler.connections.record import Record
from handler.connections.state import BAD, Connection, is_moving
from handler.errors import NotStabilizedError, ResourceConflictError
from handler.operations.lease import refuse_if_changed
from handler.operations.ports import Ports
from handler.requests.entry_point import RequestType
from handler.requests.request import Request
from handler.settings import (
    DESCRIBE_PAUSES,
    LEAST_WAIT,
    LONGEST_DELETION_SECONDS,
    LONGEST_STACK_WAIT_SECONDS,
)

LONGEST_STACK_WAIT = timedelta(seconds=LONGEST_STACK_WAIT_SECONDS)


def watch(
    ports: Ports,
    name: str,
    is_done: Callable[[Connection | None], bool],
    seconds: float,
    first: Connection | None = None,
) -> Connection | None:
    """
    Describe a connection until ``is_done`` accepts it, or until the seconds are over.

    ``first``: what it showed just now.
    """
    until_remaining = max(ports.clock.remaining() - seconds, ports.clock.spare_seconds())
    waiting = ports.clock.pauses(growing_pauses(*DESCRIBE_PAUSES), until_remaining)
    seen = first or ports.connections.describe(name)
    while not is_done(seen) and next(waiting, None) is not None:
        seen = ports.connections.describe(name)
    return seen


def describe_consistently(
    ports: Ports,
    name: str,
    record: Record | None,
    is_done: Callable[[Connection | None], bool] = lambda _: True,
) -> Connection | None:
    """Describe a connection until ``is_done``; raise if it does not show our last write by then."""

    def shows_write(seen: Connection | None) -> bool:
        return record is None or is_visible(record, seen, instant(ports.clock.now()))

    connection = watch(
        ports, name, lambda seen: shows_write(seen) and is_done(seen), LONGEST_DELETION_SECONDS
    )
    if not shows_write(connection):
        raise ResourceConflictError(f"EventBridge does not show the last change to {name} yet")
    return connection


def await_settled(ports: Ports, request: Request, record: Record) -> Connection:
    """Wait until the connection is usable; with no time to wait, take it as it is."""
    name = request.name

    def is_settled(seen: Connection) -> bool:
        return not is_moving(seen.state, is_private=request.is_private)

    try:
        connection = await_connection(ports, request, record, is_settled, "did not settle")
    except NotStabilizedError:
        refuse_if_changed(ports, record)  # if it was, the failure is another request's
        raise
    if connection is None:  # and perhaps made again by somebody else
        raise ResourceConflictError(f"{name} was deleted meanwhile")
    if connection.state in BAD:
        refuse_if_changed(ports, record)
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
