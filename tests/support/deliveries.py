"""How documents come to each entry point: as events of an alias, or as a batch of a queue."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.support.bad_requests import CANARY
from tests.support.entry_point import STACK, UNANSWERED_QUEUE
from tests.support.malformed import wrong_everywhere
from tests.support.stack_requests import Signer

QUEUES = "arn:aws:sqs:us-east-1:123456789012"
LAST_BUT_ONE = 24  # receives; the message is buried unread
LAST = 5  # receives of a failed invocation

Delivery = tuple[str, Any]  # the qualifier invoked, and the event
Entrance = Callable[[Sequence[Any], str], Iterator[Delivery]]


def stack_event(document: Any, origin: str, request_type: str = "Create") -> dict[str, Any]:
    """Make CloudFormation's event of a document's properties."""
    is_object = isinstance(document, dict)
    properties = document.get("ResourceProperties", document) if is_object else document
    return {
        "RequestType": request_type,
        "RequestId": "request-1",
        "ResponseURL": f"{Signer().sign(origin)}&X-Amz-Security-Token={CANARY}",
        "StackId": STACK,
        "LogicalResourceId": "Connection",
        "ResourceType": "Custom::EventBridgeConnection",
        "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:provisioner:stacks",
        **({} if request_type == "Create" else {"PhysicalResourceId": "bad-request"}),
        "ResourceProperties": properties,
        "OldResourceProperties": {"Password": CANARY},
    }


def message(document: Any, number: int, arn: str, receives: int = 1) -> dict[str, Any]:
    """Make a queue's record; a text is the body as it is."""
    body = document if isinstance(document, str) else json.dumps(document)
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"handle-{number}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": "1764349200000",
            "ApproximateFirstReceiveTimestamp": "1764349200000",
            "SenderId": "AROAEXAMPLE:producer",
        },
        "messageAttributes": {
            CANARY: {"dataType": "String", "stringValue": CANARY},
            "RequestTime": {"dataType": "Binary", "binaryValue": CANARY},
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": "us-east-1",
    }


def at_alias(qualifier: str) -> Entrance:
    """Invoke an alias with each document."""

    def deliver(documents: Sequence[Any], _: str) -> Iterator[Delivery]:
        return ((qualifier, each) for each in documents)

    return deliver


def of_stack(qualifier: str, *request_types: str) -> Entrance:
    """Invoke an alias with each document's properties as a custom resource's."""

    def deliver(documents: Sequence[Any], origin: str) -> Iterator[Delivery]:
        for request_type in request_types:
            for each in documents:
                yield qualifier, stack_event(each, origin, request_type)

    return deliver


def wrong_stack_events(origin: str) -> list[Any]:
    """Make CloudFormation's event wrong at each place of its own."""
    event = stack_event({"Name": "bad-request"}, origin, "Update")
    return [{**event, "CrHelperData": CANARY}, *wrong_everywhere(event)]


def of_queue(name: str, receives: int = 1) -> Entrance:
    """Deliver all documents in one batch."""

    def deliver(documents: Sequence[Any], _: str) -> Iterator[Delivery]:
        arn = f"{QUEUES}:{name}"
        records = [message(each, number, arn, receives) for number, each in enumerate(documents)]
        yield "", {"Records": records}

    return deliver


def as_failed_invocation(payload: Any) -> dict[str, Any]:
    """Make what Lambda sends to an on-failure destination: all of it, and the function's error."""
    return {
        "version": "1.0",
        "requestContext": {"requestId": "r", "condition": "RetriesExhausted"},
        "requestPayload": payload,
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": CANARY, "stackTrace": [CANARY]},
    }


def of_failed_invocations(receives: int) -> Entrance:
    """Deliver what Lambda hands over of each document, and each document in place of that."""

    def deliver(documents: Sequence[Any], origin: str) -> Iterator[Delivery]:
        events = [stack_event(each, origin) for each in documents[::10]]
        payloads = [*documents, *events, *wrong_stack_events(origin)]
        bodies = [*map(as_failed_invocation, payloads), *documents[::10]]
        records = [
            message(each, number, UNANSWERED_QUEUE, receives) for number, each in enumerate(bodies)
        ]
        yield "", {"Records": records}

    return deliver
