"""Success means usable: wait until a connection has settled, and until nothing unwanted is left."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from handler.clock import instant
from handler.connections.convergence import leftovers, update_of
from handler.connections.ownership import Record, is_same
from handler.connections.state import BAD, Connection, ConnectionState, Write, is_moving
from handler.errors import NotStabilizedError, ResourceConflictError
from handler.operations.observation import describe_latest
from handler.operations.ports import Ports
from handler.operations.resolution import Resolved
from handler.requests.request import Request
from handler.settings import LEAST_WAIT, LONGEST_DEAUTHORIZATION_SECONDS, LONGEST_WAIT_SECONDS

IsDone = Callable[[Connection], bool]
LONGEST_WAIT = timedelta(seconds=LONGEST_WAIT_SECONDS)


def await_settled(ports: Ports, request: Request, record: Record) -> Connection:
    """
    Wait until the connection is usable; with no time to wait, take it as it is.

    Raises:
        ResourceConflictError: it was deleted meanwhile, and perhaps made anew by somebody else.
        NotStabilizedError: it failed, or still moves; that is transient where requests come back.
    """
    name = request.name

    def is_settled(seen: Connection) -> bool:
        return not is_moving(seen.state, is_private=request.is_private)

    connection = await_connection(ports, request, record, is_settled, "did not settle")
    if connection is None:
        raise ResourceConflictError(f"{name} was deleted meanwhile")
    if connection.state in BAD:
        reason = connection.state_reason or "EventBridge gives no reason"
        # Who rotates a secret at its vendor may need minutes until it is accepted everywhere.
        is_passing = request.is_maintenance and request.entry_point.waits_again
        raise NotStabilizedError(f"{name} is {connection.state}: {reason}", is_transient=is_passing)
    return connection


def await_connection(
    ports: Ports, request: Request, record: Record, is_done: IsDone, problem: str
) -> Connection | None:
    """
    Wait for a record's connection; None where there is none that the record speaks of.

    Raises:
        NotStabilizedError: the time was over; transient where the wait can go on.
    """
    progress, now = ports.progress, instant(ports.clock.now())
    began_at, until = _wait(request, record, now)
    progress.wait_until = until

    def is_over(seen: Connection | None) -> bool:
        if seen is None or not is_same(record, seen):
            return True
        progress.seen = seen
        return is_done(seen)

    first = describe_latest(ports, record.name, record)
    seconds = (until - now).total_seconds()
    seen = first if is_over(first) else ports.watch(record.name, is_over, seconds, first)
    if seen is None or not is_same(record, seen):
        return None
    if request.wait_timeout_seconds > 0 and not is_done(seen):
        now = instant(ports.clock.now())
        waited = f"within {(now - began_at).total_seconds():.0f} s"
        can_go_on = request.entry_point.waits_again or progress.has_time_left(now)
        reason = f"{record.name} {problem} {waited}; it is {seen.state_and_reason}"
        raise NotStabilizedError(
            reason, is_transient=can_go_on, is_moving=True, is_private=request.is_private
        )
    return seen


def _wait(request: Request, record: Record, now: datetime) -> tuple[datetime, datetime]:
    wait = timedelta(seconds=request.wait_timeout_seconds)
    if not request.entry_point.is_last_chance:
        return now, now + wait
    # Lambda delivers a stack's request up to three times, and it begins again after each fault:
    # the wait is one all the same.
    written_at = record.unsettled.written_at if record.unsettled else record.claimed_at
    began_at = max(written_at, request.request_time)
    end = min(began_at + wait, request.request_time + LONGEST_WAIT)
    return began_at, max(end, (request.started_at or now) + min(wait, LEAST_WAIT))


def remove_leftovers(
    ports: Ports, request: Request, record: Record, desired: Resolved
) -> Connection:
    """Remove by DeauthorizeConnection what an update left, and write again."""
    seen = ports.connections.describe(request.name)
    if seen is None or not is_same(record, seen):
        raise ResourceConflictError(f"{request.name} was deleted meanwhile")
    stuck = [path for path in _left(desired, seen) if not path.startswith("AuthParameters.")]
    if stuck:  # Deauthorizing would stop deliveries, and remove none of these.
        raise _keeps(request, stuck)
    ports.connections.deauthorize(request.name)
    seen = ports.watch(
        request.name,
        lambda seen: not seen or seen.state == ConnectionState.DEAUTHORIZED,
        LONGEST_DEAUTHORIZATION_SECONDS,
    )
    before = seen or Connection(request.name)
    answer = ports.connections.update(update_of(desired.properties, before.properties))
    now = instant(ports.clock.now())
    write = Write("", now, answer.state, before.state, before.last_modified_time)
    connection = await_settled(ports, request, replace(record, unsettled=write))
    left = _left(desired, connection)
    if left:
        raise _keeps(request, left)
    return connection


def _left(desired: Resolved, connection: Connection | None) -> list[str]:
    return list(leftovers(desired.properties, connection.properties)) if connection else []


def _keeps(request: Request, paths: list[str]) -> NotStabilizedError:
    left = ", ".join(paths)
    return NotStabilizedError(f"EventBridge keeps what {request.name} no longer asks for: {left}")
