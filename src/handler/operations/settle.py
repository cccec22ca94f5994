"""Wait until a written connection works and shows nothing that was not asked for."""

from dataclasses import replace

from handler import errors
from handler.connections.full_update import leftovers
from handler.connections.ownership import is_same
from handler.connections.record import Record
from handler.connections.state import Connection, ConnectionState, is_moving, is_usable
from handler.operations import lease, wait
from handler.operations.completion import Completion, final_outcome
from handler.operations.connection_write import Written, update_under_lease
from handler.operations.ports import Ports
from handler.operations.resolution import DesiredState
from handler.requests.request import Request
from handler.settings import LONGEST_DEAUTHORIZATION_SECONDS


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
        connection = wait.await_settled(ports, request, record)
    outcome = final_outcome(request, record)
    if not is_moving(connection.state, is_private=request.is_private) and any(
        leftovers(desired.properties, connection.properties)
    ):
        written = _remove_leftovers(ports, request, record, desired)
        record, outcome = written.record, written.outcome
        connection = written.connection or wait.await_settled(ports, request, record)
        _refuse_leftovers(desired, connection)
    newest = max(record.request_time, request.request_time)
    # A crashed invocation may still hold the lease.
    final = replace(lease.without_lease(record), request_time=newest)
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
        seen = ports.connections.describe(name)
        if seen is None or not is_same(record, seen):
            raise errors.ResourceConflictError(f"{name} was deleted meanwhile")
        # Deauthorizing removes AuthParameters alone. If anything else is left, refuse before it
        # stops deliveries for nothing.
        _refuse_leftovers(desired, seen, excused="AuthParameters.")
        ports.connections.deauthorize(name)
        seen = wait.watch(
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
        raise errors.NotStabilizedError(problem)
