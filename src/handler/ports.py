"""
What the use cases need from the world outside; adapters fit these, and so do the tests' fakes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from handler.clock import Clock
from handler.lifecycle import Connection, pauses
from handler.ownership import Record
from handler.reference import SecretValue, Source
from handler.validation import Shape


class Connections(Protocol):
    """EventBridge's connections."""

    def describe(self, name: str) -> Connection | None:
        """Show a connection, None where there is none."""

    def create(self, properties: Mapping[str, Any]) -> str:
        """Create a connection and give its ARN."""

    def update(self, properties: Mapping[str, Any]) -> None:
        """Change a connection, as UpdateConnection does: what is left out stays."""

    def delete(self, name: str) -> None:
        """Begin to delete a connection; none there is fine."""

    def deauthorize(self, name: str) -> None:
        """Begin to remove everything that authorizes a connection."""


class Secrets(Protocol):
    """Secrets Manager and Parameter Store."""

    def fetch(self, source: Source) -> SecretValue:
        """
        Read a source, once an invocation; SecretNotUsableError where there is no text to be had.
        """


class Registry(Protocol):
    """Who owns which name; every write is conditional on the revision that was read."""

    def read(self, name: str) -> Record | None:
        """Read what is known about a name, strongly consistent."""

    def write(self, record: Record) -> Record:
        """
        Write, and give the record's new revision; ResourceConflictError where somebody was faster.
        """

    def remove(self, record: Record) -> None:
        """Forget a name, under the same condition."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside, for one invocation."""

    connections: Connections
    secrets: Secrets
    registry: Registry
    clock: Clock
    shape: Shape
    holder: str  # of leases: this invocation and no other

    def watch(
        self, name: str, is_done: Callable[[Connection | None], bool], seconds: float
    ) -> Connection | None:
        """
        Describe a connection, at growing intervals, until it is as awaited or the seconds are over.
        """
        waiting = self.clock.pauses(pauses(), self.clock.remaining() - seconds)
        seen = self.connections.describe(name)
        while not is_done(seen) and next(waiting, None) is not None:
            seen = self.connections.describe(name)
        return seen
