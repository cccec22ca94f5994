"""What tests ask EventBridge for: one connection of each kind."""

from typing import Any

BASIC: dict[str, Any] = {
    "Name": "crm",
    "AuthorizationType": "BASIC",
    "AuthParameters": {"BasicAuthParameters": {"Username": "user", "Password": "pass"}},
}
API_KEY: dict[str, Any] = {
    "Name": "crm",
    "AuthorizationType": "API_KEY",
    "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "key", "ApiKeyValue": "value"}},
}
OAUTH: dict[str, Any] = {
    "Name": "crm",
    "AuthorizationType": "OAUTH_CLIENT_CREDENTIALS",
    "AuthParameters": {
        "OAuthParameters": {
            "ClientParameters": {"ClientID": "id", "ClientSecret": "secret"},
            "AuthorizationEndpoint": "https://example.com/oauth",
            "HttpMethod": "POST",
        }
    },
}
HEADERS: list[dict[str, Any]] = [
    {"Key": "x-public", "Value": "visible"},
    {"Key": "x-private", "Value": "hidden", "IsValueSecret": True},
]
WITH_HEADERS: dict[str, Any] = {
    **BASIC,
    "AuthParameters": {
        **BASIC["AuthParameters"],
        "InvocationHttpParameters": {"HeaderParameters": HEADERS},
    },
}
PRIVATE_ARN = (
    "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-0123456789abcdef0"
)
PRIVATE: Any = {"ResourceParameters": {"ResourceConfigurationArn": PRIVATE_ARN}}
PUBLIC: Any = {"ResourceParameters": {"ResourceConfigurationArn": ""}}
