"""What the use cases need from outside; adapters fit these, and so do the tests' fakes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from handler.clock import Clock
from handler.connections.record import Deletion, Record
from handler.connections.state import Connection
from handler.references.secret_value import SecretValue
from handler.references.source import Secret, Source
from handler.requests.properties import Rules


class Connections(Protocol):
    """EventBridge's connections."""

    def describe(self, name: str) -> Connection | None:
        """Show a connection, None where there is none."""

    def create(self, properties: Mapping[str, Any]) -> Connection:
        """Create a connection, and give what AWS answered."""

    def update(self, properties: Mapping[str, Any]) -> Connection:
        """Change a connection, as UpdateConnection does: what is left out stays."""

    def delete(self, name: str) -> None:
        """Begin to delete a connection; a missing one is no error."""

    def deauthorize(self, name: str) -> None:
        """Begin to remove everything that authorizes a connection."""


class Secrets(Protocol):
    """Secrets Manager and Parameter Store."""

    def fetch(self, source: Source) -> SecretValue:
        """Read a source; SecretNotUsableError if it is missing or holds no text."""


class Registry(Protocol):
    """Who owns which name; ResourceConflictError if a written record changed since it was read."""

    def read(self, name: str) -> Record | None:
        """Read what is known about a name, strongly consistent."""

    def read_deletion(self, name: str, owner: str) -> Deletion | None:
        """Read whether an owner deleted a name within a day, strongly consistent."""

    def read_deletions(self, name: str) -> list[Deletion]:
        """Read every owner's deletion of a name, strongly consistent."""

    def claim(self, record: Record) -> Record:
        """Write a claim before creating; SupersededError if its owner deleted the name since."""

    def write(self, record: Record) -> Record:
        """Write a record and its links, and give its new revision."""

    def remove(self, record: Record, deletion: Deletion | None = None) -> None:
        """Forget a name, and remember that its owner deleted it."""

    def write_deletion(self, deletion: Deletion) -> None:
        """Remember a Delete of nothing; ResourceConflictError if the owner has a record now."""

    def users(self, secret: Secret) -> list[str]:
        """Give the names of all connections that use a secret."""

    def page(self, token: str) -> tuple[list[Record], str]:
        """Give one page of records, and the token of the next page, "" at the end."""


@dataclass(slots=True)
class Progress:
    """A request's wait so far, for an entry point whose invocation may end before the wait."""

    wait_until: datetime | None = None
    seen: Connection | None = None  # the requester's own, as last seen

    def has_time_left(self, now: datetime) -> bool:
        """Tell whether a wait has begun and is not over."""
        return self.wait_until is not None and self.wait_until - now > timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside, for one invocation."""

    connections: Connections
    secrets: Secrets
    registry: Registry
    # Sends requests to the maintenance queue, with the RequestTime of the original request.
    send: Callable[[Sequence[Mapping[str, Any]], datetime], None]
    clock: Clock
    rules: Rules
    holder: str  # of leases: identifies this invocation
    is_repairing: bool = False  # whether Reconcile repairs more than a secret's version
    progress: Progress = field(default_factory=Progress)
