"""
What the use cases need from the world outside; adapters fit these, and so do the tests' fakes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from handler.clock import Clock
from handler.lifecycle import Connection, pauses
from handler.ownership import Record
from handler.properties import Rules
from handler.request import Request
from handler.source import Secret, SecretValue, Source


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
        """Read a source; SecretNotUsableError where there is no text to be had."""


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

    def users(self, secret: Secret) -> list[str]:
        """Give the names of all connections made from a secret."""

    def page(self, token: str) -> tuple[list[Record], str]:
        """Give some of what is registered, and the token of what follows, "" at the end."""


class Requests(Protocol):
    """The request queue, seen from its other end."""

    def send(self, documents: Sequence[Mapping[str, Any]], request_time: datetime) -> None:
        """Send requests to this function itself, as old as what they are sent for."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside, for one invocation."""

    connections: Connections
    secrets: Secrets
    registry: Registry
    requests: Requests
    clock: Clock
    rules: Rules
    holder: str  # of leases: this invocation and no other
    is_repairing: bool = False  # what a Reconcile finds, beside a secret's version

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

    def hand_on(self, request: Request, about: Sequence[Mapping[str, Any]]) -> None:
        """Send a request of the same kind and id for each of these properties."""
        kind = {"RequestType": request.request_type, "RequestId": request.request_id}
        documents = [{**kind, "ResourceProperties": each} for each in about]
        self.requests.send(documents, request.request_time)
