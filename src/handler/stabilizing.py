"""Success means usable: wait until a connection has settled, and until nothing unwanted is left."""

from dataclasses import replace

from handler.convergence import leftovers, update_of
from handler.errors import NotStabilizedError, ResourceConflictError
from handler.lifecycle import BAD, Connection, ConnectionState, Write, is_moving
from handler.looking import observe
from handler.ownership import Record, instant, is_same
from handler.ports import Ports
from handler.request import Request
from handler.resolution import Resolved

DEAUTHORIZE_SECONDS = 30.0  # recorded: one or two


def settled(ports: Ports, request: Request, record: Record) -> Connection:
    """
    Wait until the connection is usable; with no time to wait, take it as it is.

    Raises:
        ResourceConflictError: it was deleted meanwhile, and perhaps made anew by somebody else.
        NotStabilizedError: it failed, or still moves; that is transient where requests come back.
    """
    name, seconds = request.name, request.wait_timeout_seconds
    connection = observe(ports, name, record)
    if connection:
        connection = ports.watch(
            name,
            lambda seen: not (seen and is_moving(seen.state, request.properties)),
            seconds,
            connection,
        )
    if connection is None or not is_same(record, connection):
        raise ResourceConflictError(f"{name} was deleted meanwhile")
    if connection.state in BAD:
        reason = connection.state_reason or "EventBridge gives no reason"
        # Who rotates a secret at its vendor may need minutes until it is accepted everywhere.
        is_passing = request.is_maintenance and request.door.waits_again
        raise NotStabilizedError(f"{name} is {connection.state}: {reason}", is_transient=is_passing)
    if seconds > 0 and is_moving(connection.state, request.properties):
        reached = f"{connection.state}: {connection.state_reason}".removesuffix(": ")
        raise NotStabilizedError(
            f"{name} did not settle within {seconds:g} s; it is {reached}",
            is_transient=request.door.waits_again,
            is_moving=True,
        )
    return connection


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
    before = seen or Connection(request.name)
    answer = ports.connections.update(update_of(desired.properties, before.properties))
    now = instant(ports.clock.now())
    write = Write("", now, answer.state, before.state, before.last_modified_time)
    connection = settled(ports, request, replace(record, unsettled=write))
    left = _left(desired, connection)
    if left:
        raise _keeps(request, left)
    return connection


def _left(desired: Resolved, connection: Connection | None) -> list[str]:
    return list(leftovers(desired.properties, connection.properties)) if connection else []


def _keeps(request: Request, paths: list[str]) -> NotStabilizedError:
    left = ", ".join(paths)
    return NotStabilizedError(f"EventBridge keeps what {request.name} no longer asks for: {left}")
