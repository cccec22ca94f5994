"""
Producers that are no principals: the queues and pipes of ``examples/``, deployed.

MiniStack carries no message through a pipe from a queue, so a test does what the pipe would, as
the pipe's role.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

from tests.support import policy_evaluation, role_session
from tests.support.event_source import EventSource
from tests.support.example_stack import EXAMPLES, ExampleStack, example_stack
from tests.support.function import Function
from tools.local.local_stack import LocalStack

EVENT = {"Source": "example.platform", "DetailType": "Connection Requested"}


@pytest.fixture(scope="module", params=["sns", "bus", "pipe"])
def producer(
    request: pytest.FixtureRequest, stack: LocalStack
) -> Iterator[tuple[str, ExampleStack]]:
    """Deploy each example in turn."""
    kind = str(request.param)
    with example_stack(stack, f"producer-{kind}.yaml", f"example-{kind}") as example:
        yield kind, example


def produce(
    kind: str,
    example: ExampleStack,
    client_of: Callable[[str], Any],
    basic: dict[str, Any],
    arn: str,
) -> None:
    """Do what a producer does."""
    request = json.dumps({"RequestType": "Create", "ResourceProperties": basic})
    match kind:
        case "sns":
            client_of("sns").publish(TopicArn=example.output("TopicArn"), Message=request)
        case "bus":
            client_of("events").put_events(Entries=[{**EVENT, "Detail": request}])
        case _:
            own = json.dumps({"connection": basic["Name"], "secret_arn": arn})
            client_of("sqs").send_message(QueueUrl=example.output("QueueUrl"), MessageBody=own)


def pipe_once(kind: str, example: ExampleStack) -> None:
    """Carry one message as the pipe's role: by its template, from source to target."""
    stack = example.stack
    template = yaml_parse((EXAMPLES / f"producer-{kind}.yaml").read_text(encoding="utf-8"))
    pipe = template["Resources"]["Pipe"]["Properties"]["TargetParameters"]["InputTemplate"]
    with sqs_of_pipe(example) as sqs:
        queue = example.resource("Queue")
        (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
        record = {"messageId": message["MessageId"], "body": json.loads(message["Body"])}
        sqs.send_message(
            QueueUrl=stack.outputs["RequestQueueUrl"], MessageBody=rendered(pipe, record)
        )
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


@contextmanager
def sqs_of_pipe(example: ExampleStack) -> Iterator[Any]:
    """Give SQS as the pipe sees it, whose role only the service itself may otherwise assume."""
    arn = example.output("PipeRoleArn")
    anybody = role_session.document(role_session.ANYBODY)
    example.stack.iam.update_assume_role_policy(
        RoleName=arn.rpartition("/")[2], PolicyDocument=anybody
    )
    session = role_session.assume_role(example.stack.ministack, arn)
    with closing(role_session.client("sqs", session)) as sqs:
        yield sqs


def rendered(template: str, record: dict[str, Any]) -> str:
    """Put a record's members into a pipe's template: texts as they are, objects as JSON."""

    def value(match: re.Match[str]) -> str:
        found: Any = record
        for step in match[1].split("."):
            found = found[step]
        return found if isinstance(found, str) else json.dumps(found)

    return re.sub(r"<\$\.([\w.]+)>", value, template)


def test_a_request_becomes_a_connection(
    producer: tuple[str, ExampleStack],
    client_of: Callable[[str], Any],
    store_secret: Callable[[str, object], str],
    event_source: EventSource,
    function: Function,
    basic: dict[str, Any],
    stack: LocalStack,
) -> None:
    """Topic or rule, queue, role and template fit together."""
    secret = {"username": "ada-lovelace", "password": f"pass-{basic['Name']}"}
    arn = store_secret("connections/producers", secret)
    produce(*producer, client_of, basic, arn)
    pipe_once(*producer)
    event = event_source.arrived(1)
    assert event_source.settle(event, function(event)) == []
    assert event_source.dead_letters() == []
    found = stack.events.describe_connection(Name=basic["Name"])
    assert found["ConnectionState"] == "AUTHORIZED"


def test_the_pipes_role_reaches_no_other_queue(producer: tuple[str, ExampleStack]) -> None:
    """It receives from its own and sends to the request queue."""
    _, example = producer
    with sqs_of_pipe(example) as sqs:
        with pytest.raises(ClientError, match="AccessDenied"):
            sqs.send_message(QueueUrl=example.resource("Queue"), MessageBody="{}")
        with pytest.raises(ClientError, match="AccessDenied"):
            sqs.receive_message(QueueUrl=example.stack.outputs["RequestQueueUrl"])


def test_only_the_examples_own_source_may_send(producer: tuple[str, ExampleStack]) -> None:
    """
    The queue's policy names the service and the topic or rule.

    The emulator's services deliver without asking the policy, so its evaluator is asked here.
    """
    kind, example = producer
    url = example.resource("Queue")
    attributes = example.stack.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    policy = attributes["Attributes"]["Policy"]
    if kind == "pipe":  # its producers are principals, with policies of their own
        assert {each["Effect"] for each in json.loads(policy)["Statement"]} == {"Deny"}
        return
    own = example.output({"sns": "TopicArn", "bus": "RuleArn"}[kind])
    service = {"sns": "sns", "bus": "events"}[kind]
    for source, is_allowed in ((own, True), (f"{own}-other", False)):
        decision = policy_evaluation.decision(
            policy,
            attributes["Attributes"]["QueueArn"],
            f"{service}.amazonaws.com",
            sourcearn=source,
        )
        assert (decision == "Allow") is is_allowed
