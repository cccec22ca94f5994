"""Asks the measured function, each time for another connection."""

import json
from itertools import count
from typing import Any

from tools import recorded_event
from tools.bench.measuring import Bench
from tools.deployment import ROOT
from tools.runtime import Runtime

EVENTS = ROOT / "events"
RESPONSE_PATH = "/bench"
_numbers = count(1)


class Asking:
    """Makes events out of those of ``events/``, with secrets that the stack holds."""

    def __init__(self, bench: Bench) -> None:
        """Store the secrets."""
        url = bench.destination.url + RESPONSE_PATH
        self._direct, self._sqs, self._cloudformation = (
            recorded_event.load(EVENTS / f"{name}.json", bench.stack, url)
            for name in ("direct-create-basic", "sqs-single", "cloudformation-create-basic")
        )

    def direct(self) -> Any:
        """Give a direct invocation's Create."""
        return _renamed(self._direct)

    def sqs(self) -> Any:
        """Give a batch of one Create."""
        (record,) = self._sqs["Records"]
        body = json.dumps(_renamed(json.loads(record["body"])))
        return {"Records": [{**record, "body": body}]}

    def cloudformation(self) -> Any:
        """Give a custom resource's Create."""
        return _renamed(self._cloudformation)


def succeed(function: Runtime, event: Any) -> None:
    """
    Invoke a function.

    Raises:
        RuntimeError: it failed, and what is measured would be something else.
    """
    answer: Any = function.invoke(event)
    if answer and (answer.get("errorType") or answer.get("batchItemFailures")):
        raise RuntimeError(f"a request failed: {answer}")


def _renamed(request: dict[str, Any]) -> dict[str, Any]:
    properties = {**request["ResourceProperties"], "Name": f"bench-{next(_numbers)}"}
    return {**request, "ResourceProperties": properties}
