"""Random credentials, one of each kind that a connection takes, and the secrets that hold them."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from tools.local.local_stack import LocalStack

PREFIX = "connections/demo/"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret: its name, and its JSON keys and values."""

    name: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A secret that is in Secrets Manager now."""

    secret: Secret
    arn: str


def basic() -> Secret:
    """Invent a user with a password."""
    return Secret(PREFIX + "basic", {"username": _random("user"), "password": _random("password")})


def api_key() -> Secret:
    """Invent an API key."""
    return Secret(PREFIX + "api-key", {"api_key": _random("key")})


def oauth() -> Secret:
    """Invent a client with its secret."""
    values = {"client_id": _random("client"), "client_secret": _random("secret")}
    return Secret(PREFIX + "oauth", values)


def store_all(stack: LocalStack) -> dict[str, StoredSecret]:
    """Invent and store a secret for each authorization type."""
    return {
        "BASIC": store(stack, basic()),
        "API_KEY": store(stack, api_key()),
        "OAUTH_CLIENT_CREDENTIALS": store(stack, oauth()),
    }


def store(stack: LocalStack, secret: Secret) -> StoredSecret:
    """Put a secret into Secrets Manager."""
    created = stack.secretsmanager.create_secret(
        Name=secret.name, SecretString=json.dumps(dict(secret.values))
    )
    return StoredSecret(secret, created["ARN"])


def rotate(stack: LocalStack, stored: StoredSecret) -> StoredSecret:
    """Put other random values into a secret, as its owner or a rotation function does."""
    values = {key: _random(key) for key in stored.secret.values}
    stack.secretsmanager.put_secret_value(SecretId=stored.arn, SecretString=json.dumps(values))
    return StoredSecret(Secret(stored.secret.name, values), stored.arn)


def _random(kind: str) -> str:
    return f"{kind}-{secrets.token_urlsafe(12)}"
