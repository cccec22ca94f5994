"""What the demo asks for: the stacks of ``examples/``, a queue message, a direct request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.demo.credentials import StoredSecret
from tools.local.deployment import ROOT

FOLDER = ROOT / "examples"
API_KEY_NAME = "X-Api-Key"


@dataclass(frozen=True, slots=True)
class Example:
    """A template of ``examples/`` and what its stack needs."""

    template: Path
    authorization_type: str
    stored: StoredSecret
    own_parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the name of stack and connection."""
        return f"demo-stack-{self.template.stem}"

    @property
    def parameters(self) -> Mapping[str, str]:
        """Return the parameters of the stack."""
        own = {"ConnectionName": self.name, "SecretArn": self.stored.arn}
        return {**own, **self.own_parameters}


def examples(stored: Mapping[str, StoredSecret], token_url: str) -> list[Example]:
    """List the examples that run locally."""
    return [
        Example(FOLDER / "basic.yaml", "BASIC", stored["BASIC"]),
        Example(FOLDER / "api-key.yaml", "API_KEY", stored["API_KEY"]),
        Example(
            FOLDER / "oauth.yaml",
            "OAUTH_CLIENT_CREDENTIALS",
            stored["OAUTH_CLIENT_CREDENTIALS"],
            {"AuthorizationEndpoint": token_url},
        ),
    ]


def queue_request(stored: StoredSecret) -> dict[str, Any]:
    """Ask for an API key, in CloudFormation's spelling of a reference."""
    reference = f"{{{{resolve:secretsmanager:{stored.secret.name}:SecretString:api_key}}}}"
    parameters = {"ApiKeyName": API_KEY_NAME, "ApiKeyValue": reference}
    return {
        "RequestType": "Create",
        "RequestId": "demo-queue-request",
        "ResourceProperties": {
            "Name": "demo-queue-api-key",
            "AuthorizationType": "API_KEY",
            "AuthParameters": {"ApiKeyAuthParameters": parameters},
        },
    }


def direct_request(stored: StoredSecret) -> dict[str, Any]:
    """Ask for a user with a password, in ECS's spelling of a reference."""
    parameters = {
        "Username": {"ValueFrom": f"{stored.arn}:username::"},
        "Password": {"ValueFrom": f"{stored.arn}:password::"},
    }
    return {
        "RequestType": "Create",
        "ResourceProperties": {
            "Name": "demo-direct-basic",
            "AuthorizationType": "BASIC",
            "AuthParameters": {"BasicAuthParameters": parameters},
        },
    }
