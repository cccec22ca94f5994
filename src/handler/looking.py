"""What is known of a name before anything is done about it."""

from dataclasses import dataclass

from handler.errors import ResourceConflictError
from handler.lifecycle import Connection, ConnectionState
from handler.ownership import Record, Standing, forgotten, instant, standing
from handler.ports import Ports

DELETE_SECONDS = 30.0  # recorded: one to four


@dataclass(frozen=True, slots=True)
class Situation:
    """Registry and EventBridge, seen together."""

    standing: Standing
    record: Record | None
    connection: Connection | None


def look(ports: Ports, name: str, owner: str, record: Record | None) -> Situation:
    """
    Look at a connection beside its record, as soon as nobody else is writing to it.

    Raises:
        ResourceConflictError: somebody is, or was between the two looks.
    """
    refuse_leased(ports, record)
    connection = ports.watch(
        name,
        lambda seen: not (seen and seen.state == ConnectionState.DELETING),
        DELETE_SECONDS,
    )
    if connection and connection.state == ConnectionState.DELETING:
        raise ResourceConflictError(f"a connection {name} is still being deleted")
    stands = standing(record, connection, owner)
    if stands is Standing.UNOWNED and ports.registry.read(name) != record:
        raise ResourceConflictError(f"{name} was made between two looks")
    return Situation(stands, record, connection)


def refuse_leased(ports: Ports, record: Record | None) -> None:
    """
    Keep off a name that somebody else is writing to.

    Raises:
        ResourceConflictError: it will be free again.
    """
    if record and record.is_leased_to_other(ports.holder, instant(ports.clock.now())):
        raise ResourceConflictError(f"{record.name} is being changed by {record.owner}")


def refuse_changed(ports: Ports, record: Record) -> None:
    """
    Look again before a connection is called missing: it may have been deleted in good order.

    Raises:
        ResourceConflictError: the record is another one by now.
    """
    if ports.registry.read(record.name) != record:
        raise ResourceConflictError(f"{record.name} was changed between two looks")


def forget(ports: Ports, record: Record) -> None:
    """Drop a record, but for what other owners deleted under its name."""
    left = forgotten(record, instant(ports.clock.now()))
    if left:
        ports.registry.write(left)
    else:
        ports.registry.remove(record)
