"""What is there now: what EventBridge shows, and who owns a name by it and the registry."""

from collections.abc import Callable
from dataclasses import dataclass

from handler.clock import growing_pauses, instant
from handler.connections.ownership import Standing, is_visible, standing
from handler.connections.record import Record
from handler.connections.state import Connection, ConnectionState
from handler.errors import ResourceConflictError
from handler.operations.lease import refuse_if_leased
from handler.operations.ports import Ports
from handler.settings import DESCRIBE_PAUSES, LONGEST_DELETION_SECONDS


@dataclass(frozen=True, slots=True)
class CurrentState:
    """A requester's standing for a name, from the registry and EventBridge together."""

    standing: Standing
    record: Record | None
    connection: Connection | None


def read_current_state(ports: Ports, name: str, owner: str, record: Record | None) -> CurrentState:
    """Wait for a deletion, then decide who owns a name; ResourceConflictError while it changes."""
    refuse_if_leased(ports, record)
    connection = describe_consistently(
        ports, name, record, lambda seen: not (seen and seen.state == ConnectionState.DELETING)
    )
    if connection and connection.state == ConnectionState.DELETING:
        raise ResourceConflictError(f"a connection {name} is still being deleted")
    stands = standing(record, connection, owner)
    if stands is Standing.UNOWNED and connection:
        _refuse_passing(ports, record, connection)
    return CurrentState(stands, record, connection)


def _refuse_passing(ports: Ports, record: Record | None, connection: Connection) -> None:
    name, now = connection.name, instant(ports.clock.now())
    if ports.registry.read(name) != record:
        raise ResourceConflictError(f"{name} was made while this request was reading it")
    if any(each.may_still_show(connection, now) for each in ports.registry.read_deletions(name)):
        raise ResourceConflictError(f"{name} is still shown after its deletion")


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
