"""
A connection as EventBridge shows it: its states, and whether a write of ours shows yet.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-states.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from handler.settings import LONGEST_LAG


class ConnectionState(StrEnum):
    """EventBridge's own states."""

    CREATING = "CREATING"
    UPDATING = "UPDATING"
    DELETING = "DELETING"
    AUTHORIZED = "AUTHORIZED"
    DEAUTHORIZED = "DEAUTHORIZED"
    AUTHORIZING = "AUTHORIZING"
    DEAUTHORIZING = "DEAUTHORIZING"
    ACTIVE = "ACTIVE"
    FAILED_CONNECTIVITY = "FAILED_CONNECTIVITY"


BAD = (ConnectionState.DEAUTHORIZED, ConnectionState.FAILED_CONNECTIVITY)


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection as DescribeConnection shows it, secrets left out."""

    name: str
    arn: str = ""
    state: str = ""
    state_reason: str = ""
    authorization_type: str = ""
    secret_arn: str = ""
    creation_time: datetime | None = None
    last_modified_time: datetime | None = None
    last_authorized_time: datetime | None = None
    properties: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def state_and_reason(self) -> str:
        """Give the state, with EventBridge's reason where it gives one."""
        return f"{self.state}: {self.state_reason}".removesuffix(": ")


@dataclass(frozen=True, slots=True)
class Write:
    """Our last write to EventBridge, kept until the connection is seen settled."""

    outcome: str  # what its requester is told once it settles
    written_at: datetime
    state: str  # from the write's own answer
    state_before: str = ""  # "": nothing was there
    modified_before: datetime | None = None

    def is_visible_in(self, connection: Connection | None, now: datetime) -> bool:
        """
        Tell whether Describe shows this write, or has had the time to show it.

        The answer's own LastModifiedTime may be older than the write, so it proves nothing.
        """
        if now - self.written_at >= LONGEST_LAG:
            return True
        if connection is None:
            return False
        before = self.modified_before
        is_modified = before is None or before != connection.last_modified_time
        is_stale = connection.state == self.state_before != self.state
        return is_modified and not is_stale


def is_usable(state: str, *, is_private: bool) -> bool:
    """Tell whether a connection works; a private one is AUTHORIZED on its way to ACTIVE."""
    return state == ConnectionState.ACTIVE or (
        state == ConnectionState.AUTHORIZED and not is_private
    )


def is_moving(state: str, *, is_private: bool) -> bool:
    """Tell whether the state may still change by itself."""
    return state not in BAD and not is_usable(state, is_private=is_private)
