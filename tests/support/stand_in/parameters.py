"""Connections' parameters: what an Update makes of them and what Describe shows."""

from collections.abc import Mapping
from typing import Any

from tests.support.stand_in.unrecorded import Unrecorded

BLOCKS = {
    "BASIC": "BasicAuthParameters",
    "API_KEY": "ApiKeyAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
}
REQUIRED = {
    "BASIC": ("Username", "Password"),
    "API_KEY": ("ApiKeyName", "ApiKeyValue"),
    "OAUTH_CLIENT_CREDENTIALS": (
        "ClientParameters.ClientID",
        "ClientParameters.ClientSecret",
        "AuthorizationEndpoint",
        "HttpMethod",
    ),
}
CREDENTIALS = ("Password", "ApiKeyValue", "ClientSecret")
LISTS = ("HeaderParameters", "QueryStringParameters", "BodyParameters")
CONNECTIVITY = "ConnectivityParameters"


def merged(before: Any, change: Any, unrecorded: Unrecorded) -> Any:
    """Change what is there: what is left out stays."""
    if change in ({}, []):
        return change if unrecorded.empty == "clears" or not before else before
    if isinstance(change, list):
        return _merged_lists(before or [], change, unrecorded)
    if not isinstance(change, Mapping):
        return change
    result = dict(before or {})
    for name, value in change.items():
        result[name] = merged(result.get(name), value, unrecorded)
    return result


def normal(auth_parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in AWS's defaults, and leave out a token endpoint's empty resource configuration."""
    copy: dict[str, Any] = _with_defaults(auth_parameters)
    if not resource_configuration(copy.get(CONNECTIVITY)):
        copy.pop(CONNECTIVITY, None)
    return copy


def resource_configuration(connectivity: Mapping[str, Any] | None) -> str:
    """Give the ARN of the way into a VPC, empty where there is none."""
    arn = (connectivity or {}).get("ResourceParameters", {}).get("ResourceConfigurationArn", "")
    return str(arn)


def missing(authorization_type: str, auth_parameters: Mapping[str, Any]) -> list[str]:
    """Name the credentials that this type needs and that are not there."""
    block = auth_parameters.get(BLOCKS[authorization_type], {})
    return [path for path in REQUIRED[authorization_type] if not _at(block, path)]


def foreign_blocks(authorization_type: str, auth_parameters: Mapping[str, Any]) -> list[str]:
    """Name the parameters that belong to another type."""
    own = BLOCKS[authorization_type]
    return [block for block in BLOCKS.values() if block != own and block in auth_parameters]


def shown(auth_parameters: Mapping[str, Any], association_arn: str) -> dict[str, Any]:
    """Give what Describe shows: no credential, no secret value."""
    visible: dict[str, Any] = _visible(auth_parameters)
    if CONNECTIVITY in visible:
        visible[CONNECTIVITY] = associated(visible[CONNECTIVITY], association_arn)
    return visible


def associated(connectivity: Mapping[str, Any], association_arn: str) -> dict[str, Any]:
    """Add what EventBridge made of a resource configuration."""
    resource = {**connectivity["ResourceParameters"], "ResourceAssociationArn": association_arn}
    return {"ResourceParameters": resource}


def _merged_lists(
    before: list[dict[str, Any]], change: list[dict[str, Any]], unrecorded: Unrecorded
) -> list[dict[str, Any]]:
    if unrecorded.lists == "replace":
        return change
    by_key = {parameter.get("Key"): parameter for parameter in before}
    for parameter in change:
        key = parameter.get("Key")
        by_key[key] = {**by_key.get(key, {}), **parameter}
    return list(by_key.values())


def _with_defaults(value: Any) -> Any:
    match value:
        case {"Key": _}:
            return {"IsValueSecret": False, **value}
        case {}:
            return {name: _with_defaults(item) for name, item in value.items()}
        case list():
            return [_with_defaults(item) for item in value]
    return value


def _visible(value: Any) -> Any:
    match value:
        case {"Key": key, "IsValueSecret": True}:
            return {"Key": key, "IsValueSecret": True}
        case {}:
            return {name: _visible(item) for name, item in value.items() if name not in CREDENTIALS}
        case list():
            return [_visible(item) for item in value]
    return value


def _at(document: Any, path: str) -> Any:
    for name in path.split("."):
        document = document.get(name) if isinstance(document, Mapping) else None
    return document
