"""Asks the measured function, each time for another connection."""

import json
from itertools import count
from typing import Any

from tools.bench.measuring import Bench
from tools.local import recorded_event
from tools.local.deployment import ROOT
from tools.local.local_stack import LocalStack
from tools.local.runtime import Runtime

EVENTS = ROOT / "events"
RESPONSE_PATH = "/bench"
RECORDED = (
    "direct-create-basic",
    "sqs-single",
    "cloudformation-create-basic",
    "cloudformation-create-oauth",
)
_numbers = count(1)
_known: dict[str, list[dict[str, Any]]] = {}


class Asking:
    """Makes events out of those of ``events/``, with secrets that the stack holds."""

    def __init__(self, bench: Bench) -> None:
        """Store the secrets, unless they are there."""
        self._direct, self._sqs, self._cloudformation, self._oauth = _events(
            bench.stack, bench.destination.url + RESPONSE_PATH
        )

    def direct(self) -> Any:
        """Give a direct invocation's Create."""
        return _renamed(self._direct)

    def message(self) -> Any:
        """Give a message's Create, with a secret, as a direct invocation takes it as well."""
        (record,) = self._sqs["Records"]
        return _renamed(json.loads(record["body"]))

    def sqs(self, messages: int = 1) -> Any:
        """Give a batch of Creates."""
        (record,) = self._sqs["Records"]
        bodies = [json.dumps(self.message()) for _ in range(messages)]
        records = [{**record, "body": body, "messageId": str(at)} for at, body in enumerate(bodies)]
        return {"Records": records}

    def cloudformation(self) -> Any:
        """Give a custom resource's Create."""
        return _renamed(self._cloudformation)

    def cloudformation_oauth(self) -> Any:
        """Give a custom resource's Create of a connection that takes a while to settle."""
        return _renamed(self._oauth)


# Once: to store a secret again is to rotate it, and the deployed function would follow with
# everything that was made from it, while something else is measured.
def _events(stack: LocalStack, url: str) -> list[dict[str, Any]]:
    place = f"{stack.endpoint_url} {url}"
    if place not in _known:
        _known[place] = [
            recorded_event.load(EVENTS / f"{name}.json", stack, url) for name in RECORDED
        ]
    return _known[place]


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
    properties = {**request["ResourceProperties"], "Name": f"bench-{next(_numbers):06}"}
    return {**request, "ResourceProperties": properties}
