"""Success means usable: wait until a connection has settled, and until nothing unwanted is left."""

from collections.abc import Callable
from datetime import datetime, timedelta

from handler.asked import LONGEST_WAIT_SECONDS
from handler.convergence import leftovers, update_of
from handler.errors import NotStabilizedError, ResourceConflictError
from handler.lifecycle import BAD, Connection, ConnectionState, is_moving
from handler.ownership import Record, instant, is_same
from handler.ports import Ports
from handler.request import Request
from handler.resolution import Resolved

DEAUTHORIZE_SECONDS = 30.0  # recorded: one or two
LONGEST_WAIT = timedelta(seconds=LONGEST_WAIT_SECONDS)
LEAST_WAIT = timedelta(seconds=60)  # of a delivery that comes late: enough to see what became of it


def settled(ports: Ports, request: Request, record: Record) -> Connection:
    """
    Wait until the connection is usable; with no time to wait, take it as it is.

    Raises:
        ResourceConflictError: it was deleted meanwhile, and perhaps made anew by somebody else.
        NotStabilizedError: it failed, or still moves; that is transient where requests come back.
    """
    name = request.name
    connection = awaited(
        ports, request, record, lambda seen: not is_moving(seen.state, request.properties)
    )
    if connection is None or not is_same(record, connection):
        raise ResourceConflictError(f"{name} was deleted meanwhile")
    if connection.state in BAD:
        reason = connection.state_reason or "EventBridge gives no reason"
        # Who rotates a secret at its vendor may need minutes until it is accepted everywhere.
        is_passing = request.is_maintenance and request.door.waits_again
        raise NotStabilizedError(f"{name} is {connection.state}: {reason}", is_transient=is_passing)
    if request.wait_timeout_seconds > 0 and is_moving(connection.state, request.properties):
        raise out_of_time(ports, request, connection, f"{name} did not settle")
    return connection


def awaited(
    ports: Ports, request: Request, record: Record, is_done: Callable[[Connection], bool]
) -> Connection | None:
    """Wait for a record's connection, until it is as awaited or none that the record speaks of."""
    progress, now = ports.progress, instant(ports.clock.now())
    progress.began_at, progress.wait_until = _wait(request, record, now)

    def is_over(seen: Connection | None) -> bool:
        if seen is None or not is_same(record, seen):
            return True
        progress.seen = seen
        return is_done(seen)

    return ports.watch(record.name, is_over, (progress.wait_until - now).total_seconds())


def _wait(request: Request, record: Record, now: datetime) -> tuple[datetime, datetime]:
    wait = timedelta(seconds=request.wait_timeout_seconds)
    if not request.door.is_last_chance:
        return now, now + wait
    # Lambda delivers a stack's request up to three times, and it begins again after each fault:
    # the wait is one all the same.
    began_at = max(record.seen.written_at or record.claimed_at, request.request_time)
    end = min(began_at + wait, request.request_time + LONGEST_WAIT)
    return began_at, max(end, (request.started_at or now) + min(wait, LEAST_WAIT))


def out_of_time(
    ports: Ports, request: Request, seen: Connection, problem: str
) -> NotStabilizedError:
    """Make the error for a wait that ended too early, transient where it can go on."""
    progress, now = ports.progress, instant(ports.clock.now())
    waited = now - (progress.began_at or now)
    return NotStabilizedError(
        f"{problem} within {waited.total_seconds():.0f} s; it is {seen.state_and_reason}",
        is_transient=request.door.waits_again or progress.has_time_left(now),
    )


def without_leftovers(
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
        DEAUTHORIZE_SECONDS,
    )
    ports.connections.update(update_of(desired.properties, seen.properties if seen else {}))
    connection = settled(ports, request, record)
    left = _left(desired, connection)
    if left:
        raise _keeps(request, left)
    return connection


def _left(desired: Resolved, connection: Connection | None) -> list[str]:
    return list(leftovers(desired.properties, connection.properties)) if connection else []


def _keeps(request: Request, paths: list[str]) -> NotStabilizedError:
    left = ", ".join(paths)
    return NotStabilizedError(f"EventBridge keeps what {request.name} no longer asks for: {left}")
