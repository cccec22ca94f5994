"""
What Secrets Manager answers about the secrets that EventBridge manages.

Recorded: they can be read and described, not written; once marked for deletion not even read.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.stand_in.account import Account
from tests.support.stand_in.connection import ManagedSecret
from tests.support.stand_in.errors import AwsError

MARKED = "You can't perform this operation on the secret because it was marked for deletion."


def is_about_one(operation: str, body: bytes) -> bool:
    """Tell whether a call is about a managed secret."""
    return operation in OPERATIONS and b"events!connection/" in body


def call(account: Account, operation: str, body: bytes) -> dict[str, Any]:
    """
    Carry out one operation of Secrets Manager.

    Raises:
        AwsError: where AWS refuses.
    """
    with account.lock:
        account.pass_time()
        secret = _find(account.secrets, json.loads(body)["SecretId"])
        return OPERATIONS[operation](secret)


def _find(secrets: Mapping[str, ManagedSecret], secret_id: str) -> ManagedSecret:
    for secret in secrets.values():
        if secret_id in (secret.name, secret.arn) and not secret.is_gone:
            return secret
    raise AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")


def _get_value(secret: ManagedSecret) -> dict[str, Any]:
    if secret.is_marked_for_deletion:
        raise AwsError("InvalidRequestException", MARKED)
    return {
        **_name(secret),
        "VersionId": secret.versions[-1][0],
        "SecretString": secret.text,
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": secret.created,
    }


def _describe(secret: ManagedSecret) -> dict[str, Any]:
    stages = zip(reversed(secret.versions), ("AWSCURRENT", "AWSPREVIOUS"), strict=False)
    return {
        **_name(secret),
        "OwningService": "events",
        "Tags": [{"Key": "aws:secretsmanager:owningService", "Value": "events"}],
        "VersionIdsToStages": {version_id: [stage] for (version_id, _), stage in stages},
        "CreatedDate": secret.created,
    }


def _refuse(_: ManagedSecret) -> dict[str, Any]:
    raise AwsError("InvalidRequestException", "Operation is not allowed on secret owned by events")


def _name(secret: ManagedSecret) -> dict[str, Any]:
    return {"ARN": secret.arn, "Name": secret.name}


OPERATIONS: dict[str, Callable[[ManagedSecret], dict[str, Any]]] = {
    "GetSecretValue": _get_value,
    "DescribeSecret": _describe,
    "PutSecretValue": _refuse,
    "UpdateSecret": _refuse,
    "RotateSecret": _refuse,
}
