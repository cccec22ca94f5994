"""Judges the connections of the stand-in: what was last asked for, no orphan, nothing foreign."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.stand_in import StandIn, StoredConnection

REFERENCE = re.compile(r"\{\{resolve:secretsmanager:connections/crm:SecretString:(\w+)\}\}")
PATIENCE_SECONDS = 120


@dataclass(slots=True)
class EventBridge:
    """What the account's connections are, and what they should be."""

    stand_in: StandIn
    secret: Mapping[str, str]
    _foreign: dict[str, tuple[str, float]] = field(default_factory=dict)

    def create_foreign(self, name: str) -> StoredConnection:
        """Create a connection that must stay as it is."""
        made = self.stand_in.create_by_hand(name)
        self._foreign[name] = (made.arn, made.last_modified_time)
        return made

    def wait_for(self, operation: str, times: int = 1) -> None:
        """Wait until an operation was called so often."""
        wait_until(lambda: self.stand_in.count(operation) >= times)

    def assert_holds(self, *wanted: Mapping[str, Any]) -> None:
        """Check that the connections are what was asked, beside the foreign ones untouched."""
        present = self.stand_in.connections
        for name, known in self._foreign.items():
            assert (present[name].arn, present[name].last_modified_time) == known
        assert set(present) == {*self._foreign, *(each["Name"] for each in wanted)}
        for each in wanted:
            self._assert_is(present[each["Name"]], each)
        if not self._has_hung():  # what hangs is under way for longer than its caller waits
            assert set(self.stand_in.highest_writes_at_once.values()) <= {1}

    def _has_hung(self) -> bool:
        return any(kind in ("hanging", "late") for _, kind in self.stand_in.happened)

    def _assert_is(self, connection: StoredConnection, wanted: Mapping[str, Any]) -> None:
        assert connection.state in ("AUTHORIZED", "ACTIVE")
        assert connection.authorization_type == wanted["AuthorizationType"]
        assert connection.description == wanted.get("Description", "")
        assert without_empty(connection.auth_parameters) == self._resolved(wanted["AuthParameters"])

    def _resolved(self, value: Any) -> Any:
        match value:
            case str():
                return REFERENCE.sub(lambda found: self.secret[found[1]], value)
            case Mapping():
                return {name: self._resolved(item) for name, item in value.items()}
            case list():
                return [self._resolved(item) for item in value]
            case _:
                return value


def without_empty(document: Any) -> Any:
    """Leave out the objects and lists with nothing in them, which say no more than none."""
    if not isinstance(document, Mapping):
        return document
    kept = {name: without_empty(value) for name, value in document.items()}
    return {name: value for name, value in kept.items() if value not in ({}, [])}


def wait_until(has_come: Callable[[], bool]) -> None:
    """Wait until something has come true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not has_come():
        assert time.monotonic() < deadline
        time.sleep(0.01)
