"""
AWS's moods make no secret seen: every entry point in a container, under the faults of every call.

EventBridge's connections are the stand-in's; everything else is the emulator's, behind the proxy.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.test_faults import World, session_stand_in, world
from tests.support.canary import CANARY, referring
from tests.support.cold_container import NOISY, run
from tests.support.event_source import EventSource
from tests.support.faulty_proxy import answered
from tests.support.response_url_server import ResponseUrlServer
from tests.support.stack_requests import CustomResource
from tools.local.local_stack import LocalStack

__all__ = ["session_stand_in", "world"]

TOKEN = "canary-of-a-task-token"
SIGNATURE = "f16bffb9992e0d24f5b16c562b15b46f29f7cab238e08768aefd8380a4bc4bdd"
FAULTS_OF_CANARIES = [
    ("GetItem", "ThrottlingException", 2),
    ("TransactWriteItems", "AccessDeniedException", 18),
    ("TransactWriteItems", "answer lost", 1),
    ("PutItem", "AccessDeniedException", 18),
    ("PutItem", "answer lost", 1),
    ("GetSecretValue", "answer lost", 2),
    ("CreateConnection", "ConcurrentModificationException", 2),
    ("CreateConnection", "AccessDeniedException", 18),
    ("CreateConnection", "LimitExceededException", 4),
    ("CreateConnection", "ValidationException", 4),
    ("CreateConnection", "503", 2),
    ("CreateConnection", "answer lost", 1),
    ("CreateConnection", "call lost", 1),
    ("CreateConnection", "hangs", 1),
    ("DescribeConnection", "InternalException", 2),
    ("PutEvents", "AccessDeniedException", 18),
    ("SendMessage", "AccessDeniedException", 18),
]


@pytest.fixture
def canary_properties(store_secret: Callable[[str, object], str], name: str) -> dict[str, Any]:
    """Give properties that refer to the canary, whole and inside a longer text."""
    secret = f"connections/{name}"
    return referring(name, secret, store_secret(secret, {"canary": CANARY}))


def everywhere(world: World, stack: LocalStack, source: EventSource) -> str:
    """Give what was told to anybody but EventBridge and the waiting task, and what was kept."""
    calls: list[Any] = [*world.proxy.calls, *world.stand_in.calls]
    told = [
        call.parameters
        for call in calls
        if call.operation not in ("CreateConnection", "UpdateConnection")
        and not call.operation.startswith("SendTask")
    ]
    items = stack.dynamodb.scan(TableName=stack.outputs["RegistryTableName"])["Items"]
    return json.dumps([told, items, source.dead_letters()], default=str)


@pytest.mark.parametrize(("operation", "kind", "times"), FAULTS_OF_CANARIES)
def test_no_fault_makes_a_secret_seen(
    operation: str,
    kind: str,
    times: int,
    world: World,
    stack: LocalStack,
    event_source: EventSource,
    canary_properties: dict[str, Any],
    response_url: ResponseUrlServer,
) -> None:
    """Each entry point in a container, every logger at DEBUG, tracebacks printed as by Lambda."""
    for answer in ("SendTaskSuccess", "SendTaskFailure"):
        world.proxy.spoil(answer, answered(200, {}))
    world.spoil(operation, kind, times)
    name = canary_properties["Name"]
    direct, message, returning = (
        {
            "RequestType": "Create",
            "TaskToken": TOKEN,
            "ResourceProperties": canary_properties | {"Name": f"{name}-{number}"},
        }
        for number in (1, 2, 3)
    )
    custom_resource = CustomResource(response_url.origin).request("Create", canary_properties)
    batch = event_source.batch(message, returning, age_seconds=1801)
    attributes = batch["Records"][1]["attributes"]
    attributes["ApproximateFirstReceiveTimestamp"] = attributes["SentTimestamp"]
    container = run([direct, custom_resource, batch], world.function.arn, NOISY)
    told = [container.output, json.dumps(container.invocations)]
    told += [put.body.decode() for put in response_url.puts]
    told.append(everywhere(world, stack, event_source))
    assert '"level":"' in container.output
    for canary in (CANARY, TOKEN, SIGNATURE, "CANARY-of-aws"):
        assert [text for text in told if canary in text] == []
    assert len(response_url.puts) == 1


def test_what_waits_in_the_queue_holds_no_secret(
    world: World,
    stack: LocalStack,
    event_source: EventSource,
    canary_properties: dict[str, Any],
) -> None:
    """A message that comes back is the one that was sent: nothing is added, nothing resolved."""
    world.spoil("CreateConnection", "ThrottlingException", 1000)
    body = {"RequestType": "Create", "ResourceProperties": canary_properties}
    batch = event_source.batch(body)
    failures = world.function(batch, 2)["batchItemFailures"]
    assert len(failures) == 1
    stack.sqs.change_message_visibility(
        QueueUrl=stack.outputs["RequestQueueUrl"],
        ReceiptHandle=batch["Records"][0]["receiptHandle"],
        VisibilityTimeout=0,
    )
    (record,) = event_source.arrived(1)["Records"]
    assert record["body"] == json.dumps(body)
    assert record["messageAttributes"] == {}
