"""What EventBridge writes into the managed secret, under its own names."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.stand_in.parameters import BLOCKS

STORED_NAMES = {
    "Username": "username",
    "Password": "password",
    "ApiKeyName": "api_key_name",
    "ApiKeyValue": "api_key_value",
    "ClientID": "client_id",
    "ClientSecret": "client_secret",
    "AuthorizationEndpoint": "authorization_endpoint",
    "HttpMethod": "http_method",
    "OAuthHttpParameters": "oauth_http_parameters",
    "InvocationHttpParameters": "invocation_http_parameters",
    "HeaderParameters": "header_parameters",
    "QueryStringParameters": "query_string_parameters",
    "BodyParameters": "body_parameters",
    "Key": "key",
    "Value": "value",
    "IsValueSecret": "is_value_secret",
}


def secret_text(auth_parameters: Mapping[str, Any]) -> str:
    """Write what EventBridge keeps in the managed secret."""
    return json.dumps(dict(_stored(auth_parameters)), separators=(",", ":"))


def _stored(auth_parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in auth_parameters.items():
        if name in BLOCKS.values() or name == "ClientParameters":
            yield from _stored(value)
        elif name in STORED_NAMES:
            yield STORED_NAMES[name], _stored_value(value)


def _stored_value(value: Any) -> Any:
    match value:
        case {}:
            return dict(_stored(value))
        case list():
            return [_stored_value(item) for item in value]
    return value
