"""What a rule of the template makes of an event, as EventBridge's input transformer does it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.unit.resolved_template import properties

EVENTS = Path(__file__).parents[1] / "events"
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
