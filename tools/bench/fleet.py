"""Many connections at once, on the deployed application: what is sent, and when all is done."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tools.demo.example import API_KEY_NAME
from tools.local.local_stack import LocalStack

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeNameType

ENTRIES_OF_A_BATCH = 10
TIMEOUT_SECONDS = 300
POLL_SECONDS = 0.1
REQUESTS = "RequestQueueUrl"  # as the stack's outputs name them
MAINTENANCE = "MaintenanceQueueUrl"
DEAD_LETTERS = "DeadLetterQueueUrl"
STATES_OF_MESSAGES: "tuple[QueueAttributeNameType, ...]" = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def create_request(name: str, secret_name: str) -> dict[str, Any]:
    """Ask for a connection whose API key is a secret."""
    reference = f"{{{{resolve:secretsmanager:{secret_name}}}}}"
    parameters = {"ApiKeyName": API_KEY_NAME, "ApiKeyValue": reference}
    properties = {
        "Name": name,
        "AuthorizationType": "API_KEY",
        "AuthParameters": {"ApiKeyAuthParameters": parameters},
    }
    return {"RequestType": "Create", "ResourceProperties": properties}


def send(stack: LocalStack, requests: Sequence[Mapping[str, Any]]) -> None:
    """Put requests on the request queue, as many at a time as SQS takes."""
    for start in range(0, len(requests), ENTRIES_OF_A_BATCH):
        entries = enumerate(requests[start : start + ENTRIES_OF_A_BATCH])
        stack.sqs.send_message_batch(
            QueueUrl=stack.outputs[REQUESTS],
            Entries=[
                {"Id": str(index), "MessageBody": json.dumps(dict(each))} for index, each in entries
            ],
        )


def await_empty_queue(stack: LocalStack, queue: str = REQUESTS) -> None:
    """
    Wait until a queue has no message any more, visible or not.

    Raises:
        TimeoutError: it still has some.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while left := messages(stack, queue):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{left} messages are still in {queue}")
        time.sleep(POLL_SECONDS)


def messages(stack: LocalStack, queue: str) -> int:
    """Count the messages of a queue, in flight or not."""
    answer = stack.sqs.get_queue_attributes(
        QueueUrl=stack.outputs[queue], AttributeNames=STATES_OF_MESSAGES
    )
    return sum(map(int, answer["Attributes"].values()))


@contextmanager
def function_calling(stack: LocalStack, endpoint_url: str) -> Iterator[None]:
    """Let the deployed function find AWS somewhere else for as long as the block lasts."""
    # The emulator ends the processes of a function that is changed, whatever they are doing.
    await_empty_queue(stack)
    await_empty_queue(stack, MAINTENANCE)
    function_name = stack.outputs["FunctionArn"]
    configuration = stack.lambda_.get_function_configuration(FunctionName=function_name)
    before = configuration["Environment"]["Variables"]
    changed = {**before, "AWS_ENDPOINT_URL": endpoint_url}
    stack.lambda_.update_function_configuration(
        FunctionName=function_name, Environment={"Variables": changed}
    )
    try:
        yield
    finally:
        stack.lambda_.update_function_configuration(
            FunctionName=function_name, Environment={"Variables": before}
        )
