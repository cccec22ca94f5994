"""
Connection states: settled? usable? how long until the next look?

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-states.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from handler.clock import growing


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


def is_private(properties: Mapping[str, Any]) -> bool:
    """Tell whether these properties reach an API inside a VPC; a token endpoint is no API."""
    connectivity = properties.get("InvocationConnectivityParameters") or {}
    return bool(connectivity.get("ResourceParameters", {}).get("ResourceConfigurationArn"))


def is_usable(state: str, properties: Mapping[str, Any]) -> bool:
    """
    Tell whether a connection works; a private one passes through AUTHORIZED on its way to ACTIVE.
    """
    if state == ConnectionState.ACTIVE:
        return True
    return state == ConnectionState.AUTHORIZED and not is_private(properties)


def is_moving(state: str, properties: Mapping[str, Any]) -> bool:
    """Tell whether another look may find another state."""
    return state not in BAD and not is_usable(state, properties)


def pauses() -> Iterator[float]:
    """Yield the seconds to wait before each next look at a connection: short at first, growing."""
    # So slowly that OAuth, which takes seconds, is noticed within 0.3 s.
    return growing(0.2, 1.03, 5.0)
