"""Choose the entry point by the event's shape, refuse everything else."""

from typing import Any

from handler.composition import Context, warm
from handler.errors import InvalidRequestError
from handler.observability import count_cold_start, logger
from handler.requests.envelope import MEMBERS
from handler.requests.foreign_event import foreign
from handler.settings import environment

CLOUDFORMATION_MEMBERS = ("ResponseURL", "StackId", "LogicalResourceId")
BARE_MEMBERS = ("Name", "AuthorizationType", "AuthParameters")
UNKNOWN = (
    "this event is neither a CloudFormation request, nor a batch of the request queue,"
    " nor a request with RequestType and ResourceProperties"
)

warm(environment())


def lambda_handler(event: Any, context: Context) -> Any:
    """
    Take an event of CloudFormation, of the request queue, or of a direct invocation.

    Raises:
        ProvisionerError: raising is the only way to report the failure.
    """
    count_cold_start()
    # Each entry point imports its own libraries, so that a cold start loads only what it needs.
    match event:
        case {"Records": [*records]} if records and all(map(_is_unanswered, records)):
            from handler.entrypoints.failed_invocations import handle_failed_invocations  # noqa: PLC0415

            return handle_failed_invocations(event, context)
        case {"Records": [*records]} if all(map(_is_message, records)):
            from handler.entrypoints.sqs_batch import handle_batch  # noqa: PLC0415

            return handle_batch(event, context)
        case dict() if any(name in event for name in CLOUDFORMATION_MEMBERS):
            from handler.entrypoints.cloudformation import handle_custom_resource  # noqa: PLC0415

            return handle_custom_resource(event, context)
        case dict() if any(name in event for name in (*MEMBERS, *BARE_MEMBERS)):
            from handler.entrypoints.direct import handle_direct_invocation  # noqa: PLC0415

            return handle_direct_invocation(event, context)
    error = InvalidRequestError(str(foreign(event) or UNKNOWN))
    logger.error("event refused", error_code=error.code, reason=error.reason)
    raise error


def _is_unanswered(record: object) -> bool:
    queue_arn = environment().get("UNANSWERED_QUEUE_ARN")
    return (
        bool(queue_arn) and isinstance(record, dict) and record.get("eventSourceARN") == queue_arn
    )


def _is_message(record: object) -> bool:
    return isinstance(record, dict) and record.get("eventSource") == "aws:sqs"
