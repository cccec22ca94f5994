"""
How a connection differs from what its owner asked for, and the update that makes it the same.

Source: recorded: UpdateConnection keeps what is left out, unless the AuthorizationType changes.
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateConnection.html
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from enum import StrEnum
from typing import Any

from handler.connections.ownership import is_same
from handler.connections.record import Record
from handler.connections.state import Connection, ConnectionState

SHOWN = ("Description", "AuthParameters")
# Describe omits some parameters' IsValueSecret; a public one that became secret shows no value.
NOT_SHOWN = ("Password", "ApiKeyValue", "ClientSecret", "IsValueSecret")
PUBLIC = {"ResourceParameters": {"ResourceConfigurationArn": ""}}
LISTS = ("HeaderParameters", "QueryStringParameters", "BodyParameters")
# The value that removes each removable member, outer members first.
REMOVALS: dict[str, Any] = {
    "Description": "",
    "KmsKeyIdentifier": "",
    "InvocationConnectivityParameters": PUBLIC,
    "AuthParameters.InvocationHttpParameters": {},
    "AuthParameters.ConnectivityParameters": PUBLIC,
    "AuthParameters.OAuthParameters.OAuthHttpParameters": {},
    **{f"AuthParameters.InvocationHttpParameters.{name}": [] for name in LISTS},
    **{f"AuthParameters.OAuthParameters.OAuthHttpParameters.{name}": [] for name in LISTS},
}


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
    record: Record,
    connection: Connection,
    desired: Mapping[str, Any],
    versions: Mapping[str, str],
) -> Iterator[Finding]:
    """Yield what is wrong with an existing connection."""
    if connection.state in FINDING_OF_STATE:
        yield FINDING_OF_STATE[ConnectionState(connection.state)]
    if is_behind(record, versions):
        yield Finding.SECRET_VERSION_BEHIND
    if record.is_modified(connection) or any(_differences(desired, connection)):
        yield Finding.CHANGED


def is_behind(record: Record, versions: Mapping[str, str]) -> bool:
    """Tell whether the applied versions of the secrets are not the current ones."""
    return any(record.secret_versions.get(source) != each for source, each in versions.items())


def update_of(desired: Mapping[str, Any], observed: Mapping[str, Any]) -> dict[str, Any]:
    """Give the desired properties, plus an explicit "none" for each undesired one that exists."""
    update = deepcopy(dict(desired))
    for path, none in REMOVALS.items():
        *parents, name = path.split(".")
        parent = _at(update, parents)
        if parent is not None and name not in parent and _at(observed, [*parents, name]):
            parent[name] = deepcopy(none)
    return update


def leftovers(desired: Mapping[str, Any], observed: Mapping[str, Any]) -> Iterator[str]:
    """Yield the path of everything that a connection shows but that was not asked for."""
    for path in REMOVALS:
        wanted, present = (_at(each, path.split(".")) for each in (desired, observed))
        if (not wanted and not _is_none(present)) or (
            isinstance(wanted, list) and _by_key(present).keys() - _by_key(wanted).keys()
        ):
            yield path


def _at(document: Any, path: list[str]) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document


def _is_none(present: Any) -> bool:
    # An object with only empty members means the same as no object.
    return not present or (isinstance(present, Mapping) and all(map(_is_none, present.values())))


def _differences(desired: Mapping[str, Any], connection: Connection) -> Iterator[str]:
    yield from leftovers(desired, connection.properties)
    if connection.authorization_type != desired.get("AuthorizationType"):
        yield "AuthorizationType"
    shown = {name: desired[name] for name in SHOWN if name in desired}
    yield from _different(shown, connection.properties, "")


def _different(desired: object, observed: object, path: str) -> Iterator[str]:
    match desired:
        case Mapping():
            seen = observed if isinstance(observed, Mapping) else {}
            is_plain = desired.get("IsValueSecret") is False
            hidden = NOT_SHOWN if is_plain else (*NOT_SHOWN, "Value")
            for name in desired.keys() - set(hidden):
                yield from _different(desired[name], seen.get(name), f"{path}.{name}".lstrip("."))
        case list():
            yield from _different(_by_key(desired), _by_key(observed), path)
        case _ if desired != observed and not (desired == "" and observed is None):
            yield path


def _by_key(parameters: object) -> dict[str, Any]:
    listed = parameters if isinstance(parameters, list) else []
    return {str(each.get("Key")): each for each in listed if isinstance(each, Mapping)}
