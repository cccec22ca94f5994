"""Choose the entry point by the alias invoked and the event's shape, refuse everything else."""

import gc

# What the init phase makes stays. To look for garbage in it meanwhile is a tenth of its CPU time.
gc.disable()

from collections.abc import Sequence
from typing import Any

from handler.composition import Context, warm
from handler.environment import environment
from handler.errors import InvalidRequestError, ProvisionerError
from handler.observability import count_cold_start, logger
from handler.requests.entry_point import DIRECT, REQUESTS_ALIAS
from handler.requests.envelope import MEMBERS, TERRAFORM_MEMBER
from handler.requests.wrong_envelope import wrong_envelope

CLOUDFORMATION_MEMBERS = ("ResponseURL", "StackId", "LogicalResourceId")
BARE_MEMBERS = ("Name", "AuthorizationType", "AuthParameters")
# IAM decides who may invoke which; without a qualifier, the function is its administrators'.
STACKS, REQUESTS = "stacks", "requests"
ACCEPTED = {
    "": "a CloudFormation request, a batch of its queues, or a request with RequestType and"
    " ResourceProperties",
    STACKS: "a CloudFormation request; others are for the alias requests",
    REQUESTS: "a request with RequestType and ResourceProperties; stacks invoke the alias stacks",
}

warm(environment())
gc.freeze()  # what is there now is never looked at again
gc.enable()


def lambda_handler(event: Any, context: Context) -> Any:
    """
    Take an event of CloudFormation, of a queue, or of a direct invocation.

    Raises:
        ProvisionerError: raising is the only way to report the failure.
    """
    count_cold_start()
    alias = _alias(context.invoked_function_arn)
    # Each entry point imports its own libraries, so that a cold start loads only what it needs.
    match event:
        case {"Records": [_, *_] as records} if alias == "" and any(map(_is_message, records)):
            return _handle_batch(event, records, context)
        case dict() if any(name in event for name in CLOUDFORMATION_MEMBERS):
            if alias in ("", STACKS):
                from handler.entrypoints.cloudformation import handle_custom_resource  # noqa: PLC0415

                return handle_custom_resource(event, context)
        case dict() if any(name in event for name in (*MEMBERS, *BARE_MEMBERS, TERRAFORM_MEMBER)):
            if alias in ("", REQUESTS):
                from handler.entrypoints.direct import handle_direct_invocation  # noqa: PLC0415

                entry_point = REQUESTS_ALIAS if alias else DIRECT
                return handle_direct_invocation(event, context, entry_point)
    raise _logged(InvalidRequestError(_reason(event, alias)))


def _alias(invoked_function_arn: str) -> str:
    qualifier = ":".join(invoked_function_arn.split(":")[7:])
    return "" if qualifier == "$LATEST" else qualifier


def _handle_batch(event: Any, records: Sequence[object], context: Context) -> Any:
    from handler.entrypoints.source_queue import QueueName, source_queue  # noqa: PLC0415

    try:
        queue = source_queue(records, context.invoked_function_arn)
    except ProvisionerError as error:
        raise _logged(error) from None
    if queue.name is QueueName.UNANSWERED:
        from handler.entrypoints.failed_invocations import handle_failed_invocations  # noqa: PLC0415

        return handle_failed_invocations(event, context, queue)
    from handler.entrypoints.sqs_batch import handle_batch  # noqa: PLC0415

    return handle_batch(event, context, queue)


def _is_message(record: object) -> bool:
    return isinstance(record, dict) and record.get("eventSource") == "aws:sqs"


def _reason(event: Any, alias: str) -> str:
    if alias not in ACCEPTED:
        return "invoke the function itself, or its alias stacks or requests"
    found = wrong_envelope(event) if alias in ("", REQUESTS) else None
    return str(found or f"this event is not what is accepted here: {ACCEPTED[alias]}")


def _logged(error: ProvisionerError) -> ProvisionerError:
    logger.error("event refused", error_code=error.code, reason=error.reason)
    return error
