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
        self._direct, self._sqs, self._cloudformation, self._oauth = (
            recorded_event.load(EVENTS / f"{name}.json", bench.stack, url)
            for name in (
                "direct-create-basic",
                "sqs-single",
                "cloudformation-create-basic",
                "cloudformation-create-oauth",
            )
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
