"""
The update to the full desired state: what is not desired any more is removed explicitly.

Source: answers of AWS that others recorded (UpdateConnection keeps what is left out, unless the
    AuthorizationType changes), and
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateConnection.html
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

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
MEMBERS_OF = {path: path.split(".") for path in REMOVALS}


def update_of(desired: Mapping[str, Any], observed: Mapping[str, Any]) -> dict[str, Any]:
    """Give the desired properties, plus an explicit "none" for each undesired one that exists."""
    update = deepcopy(dict(desired))
    for path, none in REMOVALS.items():
        *parents, name = MEMBERS_OF[path]
        parent = _at(update, parents)
        if parent is not None and name not in parent and _at(observed, [*parents, name]):
            parent[name] = deepcopy(none)
    return update


def leftovers(desired: Mapping[str, Any], observed: Mapping[str, Any]) -> Iterator[str]:
    """Yield the path of everything that a connection shows but that was not asked for."""
    for path, names in MEMBERS_OF.items():
        wanted, present = _at(desired, names), _at(observed, names)
        if (not wanted and not _is_none(present)) or (
            isinstance(wanted, list) and by_key(present).keys() - by_key(wanted).keys()
        ):
            yield path


def _at(document: Any, path: list[str]) -> Any:
    # What is parsed from JSON is a dict; to ask for a Mapping takes ten times as long.
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _is_none(present: Any) -> bool:
    # An object with only empty members means the same as no object.
    return not present or (isinstance(present, dict) and all(map(_is_none, present.values())))


def by_key(parameters: object) -> dict[str, Any]:
    """Give parameters by their key, none where this is no list of them."""
    listed = parameters if isinstance(parameters, list) else []
    return {str(each.get("Key")): each for each in listed if isinstance(each, dict)}
