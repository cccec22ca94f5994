"""What a rule of the template makes of an event, as EventBridge's input transformer does it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.resolved_template import properties
from tests.support.role_session import sqs_of_function
from tools.local.local_stack import LocalStack

EVENTS = Path(__file__).parents[2] / "events"
SECRET_LABEL_UPDATED: dict[str, Any] = json.loads(
    (EVENTS / "eventbridge-secret-label-updated.json").read_text()
)
CONNECTION_DEAUTHORIZED: dict[str, Any] = json.loads(
    (EVENTS / "eventbridge-connection-deauthorized.json").read_text()
)
PARAMETER_STORE_CHANGE: dict[str, Any] = json.loads(
    (EVENTS / "eventbridge-parameter-store-change.json").read_text()
)


def message(rule: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Give the request that a rule sends for an event."""
    transforms = transformer(rule)
    values = {name: _at(event, path) for name, path in transforms["InputPathsMap"].items()}
    body = re.sub(
        r"<(\w+)>", lambda found: json.dumps(values[found[1]]), transforms["InputTemplate"]
    )
    request: dict[str, Any] = json.loads(body)
    return request


def send(stack: LocalStack, request: Mapping[str, Any]) -> None:
    """Put on the maintenance queue what a rule would; beside the rules, the function may."""
    with sqs_of_function(stack) as sqs:
        sqs.send_message(
            QueueUrl=stack.outputs["MaintenanceQueueUrl"], MessageBody=json.dumps(dict(request))
        )


def _at(event: Any, path: str) -> Any:
    for name in path.removeprefix("$.").split("."):
        event = event[name]
    return event


def transformer(rule: str) -> dict[str, Any]:
    """Give a rule's input transformer."""
    (target,) = properties(rule)["Targets"]
    found: dict[str, Any] = target["InputTransformer"]
    return found
