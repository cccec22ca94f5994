"""
Entry point: invocations that failed in Lambda: process killed, out of memory, or out of time.

Nothing is carried out here: a stack that still waits is answered FAILED, with the name by which
its Delete finds the connection if it was created.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.composition import Context, Invocation
from handler.connections.ownership import is_same
from handler.entrypoints.cloudformation_event import refuse_unanswerable_event
from handler.entrypoints.cloudformation_response import (
    deliver,
    physical_id_of_unknown_end,
    response,
)
from handler.entrypoints.dead_letter import attributes
from handler.entrypoints.execution import as_provisioner_error
from handler.entrypoints.log_and_metrics import count_unanswered_request
from handler.entrypoints.source_queue import SourceQueue
from handler.entrypoints.sqs_batch import partial_response
from handler.entrypoints.sqs_message import receives
from handler.environment import connection_name_prefix, environment
from handler.errors import InvalidRequestError
from handler.observability import logger
from handler.requests.connection_name import NAME, well_formed_name
from handler.requests.entry_point import CLOUDFORMATION
from handler.requests.unchecked_request import UncheckedRequest, read_custom_resource
from handler.settings import FAILED_INVOCATION_DELAY_SECONDS, MOST_FAILED_INVOCATION_RECEIVES

# The event may be whatever the alias was invoked with. Only members of these forms are kept: any
# other text may be a credential.
KEPT = {
    "RequestType": re.compile("|".join(CLOUDFORMATION.request_types)),
    "RequestId": re.compile(r"[\w-]{1,256}", re.ASCII),
    "StackId": re.compile(r"arn:[\w-]+:cloudformation:[\w-]*:\d*:stack/[\w-]+/[\w-]+", re.ASCII),
    "LogicalResourceId": re.compile(r"[A-Za-z0-9]{1,255}"),
    "PhysicalResourceId": NAME,
}


def handle_failed_invocations(
    event: Mapping[str, Any], context: Context, queue: SourceQueue
) -> dict[str, Any]:
    """Answer a batch of failed invocations; return the ids of the records to retry."""
    invocation = Invocation(context)
    return partial_response(event, lambda record: _process(record, invocation, queue))


def _process(record: SQSRecord, invocation: Invocation, queue: SourceQueue) -> None:
    request = _request(record.body)
    keys = _keys(request)
    try:
        answer_failed_invocation(request, invocation)
    except Exception as raised:  # noqa: BLE001 (no record fails silently)
        error = as_provisioner_error(raised)
        logger.error("request not answered", extra=keys | {"reason": error.reason})
        is_early = receives(record) < MOST_FAILED_INVOCATION_RECEIVES
        if is_early and not isinstance(error, InvalidRequestError):
            delay = FAILED_INVOCATION_DELAY_SECONDS * receives(record)
            with suppress(Exception):  # if this fails, it comes back with the batch
                invocation.queues.change_visibility(queue.url, [record.receipt_handle], delay)
            raise error from None
        # Send neither the ResponseURL, which is a credential, nor properties, which may hold one.
        why = attributes(error, keys.get("RequestId", ""), queue.name)
        invocation.queues.send_letter(json.dumps(keys), why | {"ErrorCode": "Unanswered"})
    else:
        logger.error("request answered FAILED for its function", extra=keys)
        count_unanswered_request()


def _request(body: str) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
        request = document["requestPayload"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return {}
    return request if isinstance(request, Mapping) else {}


def _keys(request: Mapping[str, Any]) -> dict[str, str]:
    given = {name: request[name] for name in KEPT if isinstance(request.get(name), str)}
    return {name: text for name, text in given.items() if KEPT[name].fullmatch(text)}


def answer_failed_invocation(event: Mapping[str, Any], invocation: Invocation) -> None:
    """
    Answer FAILED to a request that was never answered, and do nothing else.

    Raises:
        InvalidRequestError: the event cannot be answered.
        NetworkFailureError: the answer was not acknowledged.
    """
    refuse_unanswerable_event(event, invocation.context)
    prefix = connection_name_prefix(environment())
    unchecked = read_custom_resource(event, prefix, invocation.arrival)
    reason = "every attempt ended before an answer was sent; see the function's log"
    told = reason + _state_found(invocation, unchecked)
    deliver(
        event["ResponseURL"],
        response(event, physical_id_of_unknown_end(unchecked), told),
        invocation,
    )


def _state_found(invocation: Invocation, unchecked: UncheckedRequest) -> str:
    """Tell the state of the requester's own connection, "" if it cannot be seen."""
    name = well_formed_name({"Name": physical_id_of_unknown_end(unchecked)})
    with suppress(Exception):  # the answer matters more
        record = invocation.ports.registry.read(name) if name else None
        is_its = record is not None and record.owner == unchecked.owner
        seen = invocation.ports.connections.describe(name) if is_its else None
        if record and seen and is_same(record, seen):
            return f"; {name} is {seen.state_and_reason}"
    return ""
