"""What is there now: who owns a name, by the registry and EventBridge together."""

from dataclasses import dataclass

from handler.clock import instant
from handler.connections.ownership import Standing, standing
from handler.connections.record import Record
from handler.connections.state import Connection, ConnectionState
from handler.errors import ResourceConflictError
from handler.operations.lease import refuse_if_leased
from handler.operations.ports import Ports
from handler.operations.wait import describe_consistently


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
