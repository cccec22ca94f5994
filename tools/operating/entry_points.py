"""The three ways to ask for a connection, each as a user of the deployed application goes it."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.local.local_stack import LocalStack
from tools.operating.application import Application

TIMEOUT_SECONDS = 120
POLL_SECONDS = 0.2


class RequestFailedError(RuntimeError):
    """A request was answered FAILED, or not at all."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What a requester is told of a connection."""

    name: str
    arn: str
    state: str


def deploy(
    stack: LocalStack, name: str, template: Path, parameters: Mapping[str, str]
) -> Mapping[str, str]:
    """Create a CloudFormation stack, wait until it is complete and return its outputs."""
    stack.cloudformation.create_stack(
        StackName=name,
        TemplateBody=template.read_text(),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    )
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while (status := _status(stack, name)).endswith("_IN_PROGRESS"):
        if time.monotonic() > deadline:
            raise RequestFailedError(f"stack {name} is still {status}")
        time.sleep(POLL_SECONDS)
    if status != "CREATE_COMPLETE":
        raise RequestFailedError(f"stack {name} is {status}: {_reasons(stack, name)}")
    return stack.outputs_of(name)


def send(stack: LocalStack, request: Mapping[str, Any]) -> None:
    """Put a request on the request queue."""
    stack.sqs.send_message(
        QueueUrl=stack.outputs["RequestQueueUrl"], MessageBody=json.dumps(dict(request))
    )


def await_result(stack: LocalStack, request_id: str) -> dict[str, Any]:
    """Wait for the next result of a queued request and take it from the result queue."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not stack.results.get(request_id):
        if time.monotonic() > deadline:
            raise RequestFailedError(f"no result for request {request_id}")
        for result in _take_results(stack):
            stack.results.setdefault(result["RequestId"], []).append(result)
    return stack.results[request_id].pop(0)


def invoke(provisioner: Application, event: Mapping[str, Any]) -> dict[str, Any]:
    """Send a request through the alias for programs, and return its result."""
    return _invoke(provisioner, "RequestsFunctionArn", event)


def administer(provisioner: Application, event: Mapping[str, Any]) -> dict[str, Any]:
    """Invoke the function itself, as only its administrators may, and return its result."""
    return _invoke(provisioner, "FunctionArn", event)


def _invoke(provisioner: Application, output: str, event: Mapping[str, Any]) -> dict[str, Any]:
    answer = provisioner.lambda_.invoke(
        FunctionName=provisioner.outputs[output],
        Payload=json.dumps(dict(event)),
    )
    result: dict[str, Any] = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise RequestFailedError(f"{result.get('errorType')}: {result.get('errorMessage')}")
    return result


def forget_results(stack: LocalStack) -> None:
    """Empty the result queue of what nobody will read."""
    stack.sqs.purge_queue(QueueUrl=stack.outputs["ResultQueueUrl"])


def connection(result: Mapping[str, Any]) -> Connection:
    """Read from a result what was made of the request."""
    if result.get("Status") == "FAILED":
        raise RequestFailedError(f"{result.get('ErrorCode')}: {result.get('Reason')}")
    return Connection(result["Name"], result["ConnectionArn"], result["ConnectionState"])


def _take_results(stack: LocalStack) -> list[dict[str, Any]]:
    queue_url = stack.outputs["ResultQueueUrl"]
    received = stack.sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
    )
    messages = received.get("Messages", [])
    for message in messages:
        stack.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"])["detail"] for message in messages]


def _status(stack: LocalStack, name: str) -> str:
    return stack.cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]


def _reasons(stack: LocalStack, name: str) -> str:
    events = stack.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    return "; ".join(
        f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
    )
