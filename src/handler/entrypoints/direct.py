"""Entry point: a direct invocation, whose caller waits for the result or the error."""

from collections.abc import Mapping
from typing import Any

from handler.composition import Context, Invocation
from handler.entrypoints.execution import Failed, Succeeded, execute
from handler.errors import ProvisionerError
from handler.observability import logger
from handler.requests.entry_point import EntryPoint
from handler.requests.envelope import within_limits
from handler.requests.unchecked_request import read_document


def handle_direct_invocation(
    event: Mapping[str, Any], context: Context, entry_point: EntryPoint
) -> dict[str, Any]:
    """
    Carry out a request and give its result.

    Raises:
        ProvisionerError: its class says what went wrong; Step Functions can match it.
    """
    invocation = Invocation(context)
    document = within_limits(event)
    unchecked = read_document(document, entry_point, context.aws_request_id, invocation.arrival)
    executed = execute(unchecked, invocation)
    try:
        if executed.unchecked.task_token:
            invocation.results.finish_task(executed.unchecked.task_token, executed.result)
    except ProvisionerError as error:
        logger.error("task not told", extra={"reason": error.reason})
        if isinstance(executed, Succeeded):
            raise
    if isinstance(executed, Failed):
        raise executed.error from None
    return executed.result
