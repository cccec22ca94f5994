"""What a rule of the template makes of an event, as EventBridge's input transformer does it."""

import json
from collections.abc import Mapping
from typing import Any

from tests.unit.resolved_template import properties

# As AWS documents and sends them; account 123456789012 owns secret and parameter.
SECRET_LABEL_UPDATED: dict[str, Any] = {
    "version": "0",
    "id": "2f6a1d0c-7b7e-4a53-9f0a-0f1e2d3c4b5a",
    "detail-type": "Secret Label Updated",
    "source": "aws.secretsmanager",
    "account": "123456789012",
    "time": "2026-11-22T14:05:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:secretsmanager:us-east-1:123456789012:secret:connections/orders-Ab12Cd"],
    "detail": {
        "name": "connections/orders",
        "labelUpdated": "AWSCURRENT",
        "versionId": "a1b2c3d4-5678-90ab-cdef-000000000002",
    },
}
PARAMETER_STORE_CHANGE: dict[str, Any] = {
    "version": "0",
    "id": "6a7e4feb-b491-4cf7-a9f1-bf3703497718",
    "detail-type": "Parameter Store Change",
    "source": "aws.ssm",
    "account": "123456789012",
    "time": "2026-11-22T14:05:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:ssm:us-east-1:123456789012:parameter/connections/orders/password"],
    "detail": {
        "operation": "Update",
        "name": "/connections/orders/password",
        "type": "SecureString",
        "description": "of the orders API",
    },
}


def message(rule: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Give the request that a rule sends for an event."""
    body: str = transformer(rule)["InputTemplate"]
    for name, path in transformer(rule)["InputPathsMap"].items():
        value: Any = event
        for member in path.removeprefix("$.").split("."):
            value = value[member]
        body = body.replace(f"<{name}>", json.dumps(value))
    request: dict[str, Any] = json.loads(body)
    return request


def transformer(rule: str) -> dict[str, Any]:
    """Give a rule's input transformer."""
    (target,) = properties(rule)["Targets"]
    found: dict[str, Any] = target["InputTransformer"]
    return found
