"""
What to send so that a connection becomes exactly what was asked, though UpdateConnection merges.

Source: recorded: what is left out stays, within one AuthorizationType; a change of type drops it.
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateConnection.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

PUBLIC = {"ResourceParameters": {"ResourceConfigurationArn": ""}}
LISTS = ("HeaderParameters", "QueryStringParameters", "BodyParameters")
# What says "none" for each member that can be removed, outer ones first.
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


def update_of(desired: Mapping[str, Any], observed: Mapping[str, Any]) -> dict[str, Any]:
    """
    Give the desired properties, and beside them an explicit "none" for what is there and shall not
    be.
    """
    update: dict[str, Any] = _copied(desired)
    for path, none in REMOVALS.items():
        *parents, name = path.split(".")
        parent = _at(update, parents)
        if parent is not None and name not in parent and _at(observed, [*parents, name]):
            parent[name] = _copied(none)
    return update


def leftovers(desired: Mapping[str, Any], observed: Mapping[str, Any]) -> Iterator[str]:
    """Yield the path of everything that a connection still shows and that was not asked for."""
    for path in REMOVALS:
        parents = path.split(".")
        wanted, present = _at(desired, parents), _at(observed, parents)
        if (present and not _is_none(present) and not wanted) or (
            isinstance(wanted, list)
            and isinstance(present, list)
            and _keys(present) - _keys(wanted)
        ):
            yield path


def _at(document: Any, path: list[str]) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document


def _is_none(present: Any) -> bool:
    # An object whose members are all empty says the same as no object.
    return isinstance(present, Mapping) and all(
        _is_none(item) or not item for item in present.values()
    )


def _keys(parameters: list[Mapping[str, Any]]) -> set[str]:
    return {str(parameter.get("Key")) for parameter in parameters}


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copied(item) for name, item in value.items()}
    return list(value) if isinstance(value, list) else value
