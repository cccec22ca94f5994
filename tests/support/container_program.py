"""
Plays Lambda's runtime in a process of its own; ``tests.support.cold_container`` starts it.

Every logger's every record that gets to the root is printed, whatever its level.
"""

import json
import logging
import sys
import time
import traceback
from pathlib import Path
from typing import Any


class Context:
    """Lambda's context, where nothing of the tests is imported."""

    function_name = "eventbridge-connection-provisioner"
    memory_limit_in_mb = 512

    def __init__(self, function_arn: str, aws_request_id: str) -> None:
        """Start the clock."""
        self.invoked_function_arn = function_arn
        self.aws_request_id = aws_request_id
        self.deadline = time.monotonic() + 300

    def get_remaining_time_in_millis(self) -> int:
        """Tell the milliseconds that are left."""
        return int((self.deadline - time.monotonic()) * 1000)


def invoke(event: Any, context: Context) -> dict[str, Any]:
    """Invoke the function and tell what it returned or raised, as Lambda's runtime prints it."""
    from handler.app import lambda_handler  # noqa: PLC0415 (this import is what is looked at)

    try:
        return {"result": lambda_handler(event, context)}
    except Exception as error:  # noqa: BLE001 (the runtime catches everything)
        traceback.print_exc()
        return {"error_type": type(error).__name__, "error_message": str(error)}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    invocations = [
        invoke(event, Context(arn, f"invocation-{number}"))
        for number, (event, arn) in enumerate(
            zip(asked["events"], asked["function_arns"], strict=True)
        )
    ]
    told = {"invocations": invocations, "modules": sorted(sys.modules)}
    Path(sys.argv[1]).write_text(json.dumps(told))
