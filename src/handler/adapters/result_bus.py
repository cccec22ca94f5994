"""Adapter: results on the event bus and to Step Functions."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from handler.adapters.aws_client import Caller
from handler.errors import NotFoundError, ServiceInternalError

SOURCE = "eventbridge.connection-provisioner"
DETAIL_TYPES = {"SUCCESS": "Connection Request Succeeded", "FAILED": "Connection Request Failed"}
LONGEST_CAUSE = 32_768


@dataclass(frozen=True, slots=True)
class Results:
    """Publishes the results of requests whose sender does not wait."""

    events: Caller
    make_step_functions: Callable[[], Caller]  # few requests have a task token
    bus_name: str
    installation: str  # the stack that publishes: others on the same bus are told apart by it

    def publish(self, result: Mapping[str, Any]) -> None:
        """
        Put a result on the bus.

        Raises:
            ServiceInternalError: not accepted; HTTP 200 with a failed entry is a failure, too.
        """
        if not self.bus_name:
            return
        entry = {
            "Source": SOURCE,
            "DetailType": DETAIL_TYPES[result["Status"]],
            "Detail": json.dumps({**result, "Installation": self.installation}),
            "EventBusName": self.bus_name,
        }
        answer = self.events("put_events", f"event bus {self.bus_name}", Entries=[entry])
        if answer.get("FailedEntryCount"):
            code = answer["Entries"][0].get("ErrorCode", "")
            raise ServiceInternalError(f"the result could not be published: {code}")

    def finish_task(self, task_token: str, result: Mapping[str, Any]) -> None:
        """Report to a waiting Step Functions task; ignore one that no longer waits."""
        if not task_token:
            return
        try:
            if result["Status"] == "SUCCESS":
                self._send("send_task_success", task_token, output=json.dumps(result))
            else:
                cause = result["Reason"][:LONGEST_CAUSE]
                error = result["ErrorCode"].removesuffix("Error") + "Error"
                self._send("send_task_failure", task_token, error=error, cause=cause)
        except NotFoundError:
            return

    def _send(self, operation: str, task_token: str, **parameters: str) -> None:
        self.make_step_functions()(
            operation, "the waiting task", taskToken=task_token, **parameters
        )
