"""In what a connection is no longer as its owner asked for it."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from handler.connections.convergence import leftovers
from handler.connections.ownership import Record, is_same
from handler.connections.state import Connection, ConnectionState

SHOWN = ("Description", "AuthParameters")
# The flag is not told of every parameter; where it was changed, the value is shown or hidden.
NOT_SHOWN = ("Password", "ApiKeyValue", "ClientSecret", "IsValueSecret")


class Finding(StrEnum):
    """What a Reconcile can find."""

    GONE = "Gone"
    RECREATED = "Recreated"  # a namesake of somebody else's
    CHANGED = "Changed"
    DEAUTHORIZED = "Deauthorized"
    FAILED_CONNECTIVITY = "FailedConnectivity"
    SECRET_VERSION_BEHIND = "SecretVersionBehind"  # noqa: S105 (no secret)


BAD_STATES = {
    ConnectionState.DEAUTHORIZED: Finding.DEAUTHORIZED,
    ConnectionState.FAILED_CONNECTIVITY: Finding.FAILED_CONNECTIVITY,
}


def absence(record: Record, connection: Connection | None) -> Finding | None:
    """Tell whether the connection itself is missing."""
    if connection is None:
        return Finding.GONE
    return None if is_same(record, connection) else Finding.RECREATED


def drift(
    record: Record,
    connection: Connection,
    desired: Mapping[str, Any],
    versions: Mapping[str, str],
) -> Iterator[Finding]:
    """Yield what is wrong with a connection that is there."""
    if connection.state in BAD_STATES:
        yield BAD_STATES[ConnectionState(connection.state)]
    if is_behind(record, versions):
        yield Finding.SECRET_VERSION_BEHIND
    if _is_touched(record, connection) or any(_differences(desired, connection)):
        yield Finding.CHANGED


def is_behind(record: Record, versions: Mapping[str, str]) -> bool:
    """Tell whether other versions of the secrets were applied than are current."""
    return any(record.secret_versions.get(source) != each for source, each in versions.items())


def _differences(desired: Mapping[str, Any], connection: Connection) -> Iterator[str]:
    yield from leftovers(desired, connection.properties)
    if connection.authorization_type != desired.get("AuthorizationType"):
        yield "AuthorizationType"
    shown = {name: desired[name] for name in SHOWN if name in desired}
    yield from _different(shown, connection.properties, "")


def _is_touched(record: Record, connection: Connection) -> bool:
    # While a write of ours settles, the time is not noted yet.
    is_settled = record.last_modified_time is not None and not record.unsettled
    return is_settled and record.last_modified_time != connection.last_modified_time


def _different(desired: object, observed: object, path: str) -> Iterator[str]:
    match desired:
        case Mapping():
            seen = observed if isinstance(observed, Mapping) else {}
            for name, item in desired.items():
                if name not in NOT_SHOWN and not _is_hidden(desired, name):
                    yield from _different(item, seen.get(name), f"{path}.{name}".lstrip("."))
        case list():
            yield from _different(_by_key(desired), _by_key(observed), path)
        case _ if desired != observed and not (desired == "" and observed is None):
            yield path


def _is_hidden(parameter: Mapping[str, Any], name: str) -> bool:
    return name == "Value" and parameter.get("IsValueSecret") is not False


def _by_key(parameters: object) -> dict[str, Any]:
    listed = parameters if isinstance(parameters, list) else []
    return {str(each.get("Key")): each for each in listed if isinstance(each, Mapping)}
