"""How a connection differs from what its owner asked for."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from handler.connections.full_update import by_key, leftovers
from handler.connections.ownership import is_same
from handler.connections.record import Record
from handler.connections.state import Connection, ConnectionState

SHOWN = ("Description", "AuthParameters")
# Describe omits some parameters' IsValueSecret. A public parameter that somebody made secret shows
# no value, which differs; a secret one made public is found by LastModifiedTime alone.
NOT_SHOWN = frozenset({"Password", "ApiKeyValue", "ClientSecret", "IsValueSecret"})


class Finding(StrEnum):
    """What a Reconcile can find."""

    GONE = "Gone"
    RECREATED = "Recreated"  # by somebody else, under the same name
    CHANGED = "Changed"
    DEAUTHORIZED = "Deauthorized"
    FAILED_CONNECTIVITY = "FailedConnectivity"
    SECRET_VERSION_BEHIND = "SecretVersionBehind"  # noqa: S105  # nosec B105 # a finding's name


FINDING_OF_STATE = {
    ConnectionState.DEAUTHORIZED: Finding.DEAUTHORIZED,
    ConnectionState.FAILED_CONNECTIVITY: Finding.FAILED_CONNECTIVITY,
}


def absence(record: Record, connection: Connection | None) -> Finding | None:
    """Tell whether the connection itself is missing."""
    if connection is None:
        return Finding.GONE
    return None if is_same(record, connection) else Finding.RECREATED


def drift(
    record: Record, connection: Connection, desired: Mapping[str, Any], versions: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield what is wrong with an existing connection."""
    if connection.state in FINDING_OF_STATE:
        yield FINDING_OF_STATE[ConnectionState(connection.state)]
    if is_behind(record, versions):
        yield Finding.SECRET_VERSION_BEHIND
    if record.is_modified(connection) or _is_different(desired, connection):
        yield Finding.CHANGED


def is_behind(record: Record, versions: Mapping[str, str]) -> bool:
    """Tell whether the applied versions of the secrets are not the current ones."""
    return any(record.secret_versions.get(source) != each for source, each in versions.items())


def _is_different(desired: Mapping[str, Any], connection: Connection) -> bool:
    shown = {name: desired[name] for name in SHOWN if name in desired}
    return (
        any(leftovers(desired, connection.properties))
        or connection.authorization_type != desired.get("AuthorizationType")
        or _differs(shown, connection.properties)
    )


def _differs(desired: object, observed: object) -> bool:
    match desired:
        case Mapping():
            seen = observed if isinstance(observed, Mapping) else {}
            is_plain = desired.get("IsValueSecret") is False
            hidden = NOT_SHOWN if is_plain else NOT_SHOWN | {"Value"}
            return any(_differs(desired[name], seen.get(name)) for name in desired.keys() - hidden)
        case list():
            seen = by_key(observed)
            return any(_differs(each, seen.get(key)) for key, each in by_key(desired).items())
        case _:
            return desired != observed and not (desired == "" and observed is None)
