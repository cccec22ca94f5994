"""What is known of a name before anything is done about it."""

from collections.abc import Callable
from dataclasses import dataclass

from handler.clock import instant
from handler.connections.ownership import Record, Standing, is_shown, standing
from handler.connections.state import Connection, ConnectionState
from handler.errors import ResourceConflictError
from handler.operations.ports import Ports
from handler.settings import LONGEST_DELETION_SECONDS


@dataclass(frozen=True, slots=True)
class Observation:
    """Registry and EventBridge, seen together."""

    standing: Standing
    record: Record | None
    connection: Connection | None


def observe(ports: Ports, name: str, owner: str, record: Record | None) -> Observation:
    """
    Look at a connection beside its record, as soon as nobody else is writing to it.

    Raises:
        ResourceConflictError: somebody is, or was between the two looks.
    """
    refuse_if_leased(ports, record)
    connection = describe_latest(
        ports, name, record, lambda seen: not (seen and seen.state == ConnectionState.DELETING)
    )
    if connection and connection.state == ConnectionState.DELETING:
        raise ResourceConflictError(f"a connection {name} is still being deleted")
    stands = standing(record, connection, owner)
    if stands is Standing.UNOWNED and connection:
        _refuse_passing(ports, record, connection)
    return Observation(stands, record, connection)


def describe_latest(
    ports: Ports,
    name: str,
    record: Record | None,
    is_done: Callable[[Connection | None], bool] = lambda _: True,
) -> Connection | None:
    """
    Describe a connection, as soon as it is as awaited and shows our last write.

    Raises:
        ResourceConflictError: it does not show it in the time that is left.
    """

    def is_as_written(seen: Connection | None) -> bool:
        return record is None or is_shown(record, seen, instant(ports.clock.now()))

    connection = ports.watch(
        name, lambda seen: is_as_written(seen) and is_done(seen), LONGEST_DELETION_SECONDS
    )
    if not is_as_written(connection):
        raise ResourceConflictError(f"EventBridge does not show yet what was done to {name}")
    return connection


def _refuse_passing(ports: Ports, record: Record | None, connection: Connection) -> None:
    if ports.registry.read(connection.name) != record:
        raise ResourceConflictError(f"{connection.name} was made between two looks")
    now = instant(ports.clock.now())
    deletions = ports.registry.read_deletions(connection.name)
    if any(each.may_still_show(connection, now) for each in deletions):
        raise ResourceConflictError(f"{connection.name} is still shown after its deletion")


def refuse_if_leased(ports: Ports, record: Record | None) -> None:
    """
    Keep off a name that somebody else is writing to.

    Raises:
        ResourceConflictError: it will be free again.
    """
    if record and record.is_leased_to_other(ports.holder, instant(ports.clock.now())):
        raise ResourceConflictError(f"{record.name} is being changed by {record.owner}")


def refuse_if_changed(ports: Ports, record: Record) -> None:
    """
    Look again before a connection is called missing: it may have been deleted in good order.

    Raises:
        ResourceConflictError: the record is another one by now.
    """
    if ports.registry.read(record.name) != record:
        raise ResourceConflictError(f"{record.name} was changed between two looks")
