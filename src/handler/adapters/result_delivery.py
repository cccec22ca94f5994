"""Adapter: results on the event bus and to Step Functions."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handler.adapters.aws_client import Caller
from handler.errors import NotFoundError, ProvisionerError, ServiceInternalError

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

    def publish(self, results: Sequence[Mapping[str, Any]]) -> list[ProvisionerError | None]:
        """
        Put up to ten results on the bus in one call; give for each why it was not accepted.

        HTTP 200 with a failed entry is that entry's failure.
        """
        if not self.bus_name or not results:
            return [None for _ in results]
        entries = [self._entry(result) for result in results]
        answer = self.events("put_events", f"event bus {self.bus_name}", Entries=entries)
        if not answer.get("FailedEntryCount"):
            return [None for _ in results]
        codes = [each.get("ErrorCode", "") for each in answer["Entries"]]
        problem = "the result could not be published"
        return [ServiceInternalError(f"{problem}: {code}") if code else None for code in codes]

    def _entry(self, result: Mapping[str, Any]) -> dict[str, str]:
        return {
            "Source": SOURCE,
            "DetailType": DETAIL_TYPES[result["Status"]],
            "Detail": json.dumps({**result, "Installation": self.installation}),
            "EventBusName": self.bus_name,
        }

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
