"""
The states that a connection takes after each kind of write.

Recorded: public BASIC and API_KEY are AUTHORIZED at once, OAuth is AUTHORIZING first, Deauthorize
and Delete take a while. From AWS's page alone: the states of private connections.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-states.html
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.support.stand_in.connection import StoredConnection
from tests.support.stand_in.pace import GONE, Phase
from tests.support.stand_in.unrecorded import Unrecorded

DEAUTHORIZED_REASON = (
    "The authorization parameters were removed from this connection by a DeauthorizeConnection "
    "operation."
)
PASSING = ("CREATING", "UPDATING", "AUTHORIZING")


@dataclass(slots=True)
class Ending:
    """Where a test wants a connection to settle, for so many writes."""

    state: str
    reason: str
    times: int


def after_write(
    connection: StoredConnection, first: str, unrecorded: Unrecorded, ending: Ending | None
) -> list[Phase]:
    """
    Give the phases after Create or Update.

    Args:
        connection: with its new parameters.
        first: CREATING or UPDATING, for a private one.
        unrecorded: where a private token endpoint leads.
        ending: in place of success, None for success.
    """
    states = list(_states(connection, first, unrecorded))
    if ending is None:
        return [_phase(connection, state) for state in states]
    passing = [Phase(state) for state in states[:1] if state in PASSING and state != ending.state]
    return [*passing, _phase(connection, ending.state, ending.reason)]


def after_deauthorize(connection: StoredConnection) -> list[Phase]:
    """Give the phases after Deauthorize; the managed secret goes with the first one."""
    return [
        Phase("DEAUTHORIZING", DEAUTHORIZED_REASON, lambda _: connection.drop_secret()),
        Phase("DEAUTHORIZED", DEAUTHORIZED_REASON, lambda _: connection.bury_secret()),
    ]


def after_delete(connection: StoredConnection, forget: Callable[[float], None]) -> list[Phase]:
    """Give the phases after Delete, the reason of the state before it kept."""

    def go(now: float) -> None:
        connection.bury_secret()
        forget(now)

    reason = connection.state_reason
    return [Phase("DELETING", reason, lambda _: connection.drop_secret()), Phase(GONE, on_entry=go)]


def _states(connection: StoredConnection, first: str, unrecorded: Unrecorded) -> Iterator[str]:
    is_oauth = connection.authorization_type == "OAUTH_CLIENT_CREDENTIALS"
    if is_oauth:
        yield "AUTHORIZING"
        yield "AUTHORIZED"
    elif connection.is_private:
        yield first
    else:
        yield "AUTHORIZED"
    if connection.is_private or (
        connection.has_private_token_endpoint and unrecorded.private_token_endpoint == "ACTIVE"
    ):
        yield "ACTIVE"


def _phase(connection: StoredConnection, state: str, reason: str = "") -> Phase:
    def authorize(now: float) -> None:
        connection.last_authorized_time = max(now, connection.last_authorized_time)

    is_oauth = connection.authorization_type == "OAUTH_CLIENT_CREDENTIALS"
    return Phase(state, reason, authorize if is_oauth and state == "AUTHORIZED" else None)
