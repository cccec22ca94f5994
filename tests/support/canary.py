"""A credential of this run alone, and a request that refers to it."""

from typing import Any
from uuid import uuid4

CANARY = f"canary-{uuid4().hex}"


def referring(name: str, secret: str, arn: str) -> dict[str, Any]:
    """Give properties with every kind of reference to a secret's key ``canary``."""
    reference = f"{{{{resolve:secretsmanager:{secret}:SecretString:canary}}}}"
    return {
        "Name": name,
        "AuthorizationType": "API_KEY",
        "AuthParameters": {
            "ApiKeyAuthParameters": {
                "ApiKeyName": "X-Api-Key",
                "ApiKeyValue": {"ValueFrom": f"{arn}:canary::"},
            },
            "InvocationHttpParameters": {
                "HeaderParameters": [{"Key": "X-Token", "Value": f"Bearer {reference}"}]
            },
        },
    }
