"""Looking until something is so, as CloudFormation and queues work in their own time."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from tools.local.local_stack import LocalStack

Found = TypeVar("Found")
TIMEOUT_SECONDS = 120


def until(look: Callable[[], Found | None]) -> Found:
    """Look again and again until there is something to give; AssertionError where never."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.2)
    return found


def connection(stack: LocalStack, name: str) -> Any:
    """Describe a connection, None where there is none."""
    try:
        return stack.events.describe_connection(Name=name)
    except stack.events.exceptions.ResourceNotFoundException:
        return None


def message(stack: LocalStack, queue_url: str) -> Any:
    """Take a message, None where there is none."""
    received = stack.sqs.receive_message(
        QueueUrl=queue_url, MessageAttributeNames=["All"], WaitTimeSeconds=1
    )
    return next(iter(received.get("Messages", [])), None)


def letter(stack: LocalStack, request_id: str) -> Any:
    """Look for the dead letter of a request, None where there is none; others come back later."""
    received = stack.sqs.receive_message(
        QueueUrl=stack.outputs["DeadLetterQueueUrl"],
        MessageAttributeNames=["All"],
        MaxNumberOfMessages=10,
        WaitTimeSeconds=1,
    )
    own = {"StringValue": request_id, "DataType": "String"}
    letters = received.get("Messages", [])
    return next(
        (each for each in letters if each.get("MessageAttributes", {}).get("RequestId") == own),
        None,
    )
