"""
Plays Lambda where many invocations run side by side: an environment for each, a process that is
forked from one whose init phase is over. ``tools.bench.environments`` starts it.

Its input is the events, and the function's ARN; it ends with the last of them.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Iterable
from typing import Any

from handler.app import lambda_handler

SECONDS = 900.0  # of an invocation, as the template has it


class Context:
    """Lambda's context of one invocation."""

    memory_limit_in_mb = 512

    def __init__(self, function_arn: str, aws_request_id: str) -> None:
        """Start the clock."""
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.invoked_function_arn = function_arn
        self.aws_request_id = aws_request_id
        self._deadline = time.monotonic() + SECONDS

    def get_remaining_time_in_millis(self) -> int:
        """Tell the milliseconds that are left."""
        return int((self._deadline - time.monotonic()) * 1000)


def forked(event: Any, context: Context) -> int:
    """Invoke the function in a process of its own; return that one's id."""
    process_id = os.fork()
    if process_id:
        return process_id
    try:
        lambda_handler(event, context)
    except BaseException:  # noqa: BLE001 - as the runtime does, whatever it is
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def all_ended_well(process_ids: Iterable[int]) -> bool:
    """Wait for all processes, and tell whether each returned without an error."""
    codes = [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in process_ids]
    return not any(codes)


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    children = [
        forked(event, Context(asked["function_arn"], f"invocation-{number}"))
        for number, event in enumerate(asked["events"])
    ]
    sys.exit(0 if all_ended_well(children) else 1)
