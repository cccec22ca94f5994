"""Ports whose operations fail for some time, as AWS's do: by the clock, not by a count."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from handler.errors import (
    NetworkFailureError,
    ProvisionerError,
    ResourceConflictError,
    ServiceInternalError,
    ThrottlingError,
)
from handler.operations.ports import Ports
from tests.support.fakes import FakeTime, World

# What becomes of a call: the error that the adapter makes of it, and whether it was carried out.
KINDS: dict[str, tuple[type[ProvisionerError], bool]] = {
    "throttled": (ThrottlingError, False),
    "5xx": (ServiceInternalError, False),
    "call lost": (NetworkFailureError, False),
    "answer lost": (NetworkFailureError, True),
    "conflict": (ResourceConflictError, False),
}
CALL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Storm:
    """A kind of fault on some operations, from one time to another."""

    kind: str
    operations: Collection[str]
    begins: float
    ends: float

    def strikes(self, operation: str, now: float) -> bool:
        """Tell whether a call meets it."""
        return operation in self.operations and self.begins <= now < self.ends


class Spoiled:
    """A port in a storm; each of its calls takes a moment."""

    def __init__(self, port: Any, time: FakeTime, storm: Storm) -> None:
        """Know the port and the time."""
        self._port, self._time, self._storm = port, time, storm

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        """Give an operation, or what the storm makes of it."""
        carry_out: Callable[..., Any] = getattr(self._port, operation)

        def call(*given: Any) -> Any:
            self._time.seconds += CALL_SECONDS
            if not self._storm.strikes(operation, self._time.seconds):
                return carry_out(*given)
            kind, is_carried_out = KINDS[self._storm.kind]
            if is_carried_out:
                carry_out(*given)
            error = kind(f"{operation} failed: {self._storm.kind}")
            error.has_unknown_end = kind in (NetworkFailureError, ServiceInternalError)
            raise error

        return call


def stormy(world: World, storm: Storm) -> Ports:
    """Give a world's ports in a storm."""
    ports, time = world.ports, world.time
    connections: Any = Spoiled(ports.connections, time, storm)
    secrets: Any = Spoiled(ports.secrets, time, storm)
    registry: Any = Spoiled(ports.registry, time, storm)
    return replace(ports, connections=connections, secrets=secrets, registry=registry)
