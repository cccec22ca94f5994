"""
A canary in a secret is seen by EventBridge and by nobody else, whatever happens at whatever level.

In all other integration tests a fixture looks for the secrets they fetched.
"""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.bad_requests import BAD_REQUESTS, BASIC
from tests.support.bad_requests import CANARY as MALFORMED_CANARY
from tests.support.canary import CANARY, referring
from tests.support.cold_container import NOISIEST, NOISY, Container, run
from tests.support.deliveries import as_failed_invocation, message, stack_event
from tests.support.event_source import EventSource
from tests.support.faulty_proxy import Fault, FaultyProxy, answer_lost, answered, aws_error
from tests.support.function import Function
from tests.support.malformed import FOREIGN, SENT, TEXTS, TOO_MUCH
from tests.support.response_url_server import ResponseUrlServer
from tests.support.stack_requests import CustomResource
from tools.local.local_stack import LocalStack

SIGNATURE = "f16bffb9992e0d24f5b16c562b15b46f29f7cab238e08768aefd8380a4bc4bdd"
TOKEN = "canary-of-a-task-token"
ECHO = aws_error("ValidationException", f"Value '{CANARY}' at 'authParameters' is not valid")


class Everywhere:
    """All places where a canary could turn up."""

    def __init__(
        self,
        stack: LocalStack,
        event_source: EventSource,
        proxy: FaultyProxy,
        response_url: ResponseUrlServer,
    ) -> None:
        """Remember where to look."""
        self._stack, self._source = stack, event_source
        self._proxy, self._response_url = proxy, response_url

    def text(self, container: Container) -> str:
        """Give everything, but for what Secrets Manager told and EventBridge was sent."""
        others = [
            call.parameters
            for call in self._proxy.calls
            if call.operation not in ("CreateConnection", "UpdateConnection")
            and not call.operation.startswith("SendTask")
        ]
        table = self._stack.outputs["RegistryTableName"]
        return json.dumps(
            [
                container.output,
                container.invocations,
                others,
                [put.body.decode() for put in self._response_url.puts],
                self._source.dead_letters(),
                self._stack.dynamodb.scan(TableName=table)["Items"],
            ],
            default=str,
        )


@pytest.fixture
def everywhere(
    stack: LocalStack,
    event_source: EventSource,
    proxy: FaultyProxy,
    response_url: ResponseUrlServer,
) -> Everywhere:
    """Give all places to look at."""
    return Everywhere(stack, event_source, proxy, response_url)


@pytest.fixture
def properties(store_secret: Callable[[str, object], str], name: str) -> dict[str, Any]:
    """Give properties with every kind of reference to the canary."""
    secret = f"connections/{name}"
    return referring(name, secret, store_secret(secret, {"canary": CANARY}))


FAULTS: dict[str, tuple[str, Fault, int]] = {
    "none": ("NoSuchOperation", ECHO, 0),
    "echo": ("CreateConnection", ECHO, 3),
    "500": ("CreateConnection", answered(500, {"message": CANARY}), 1),
    "lost": ("CreateConnection", answer_lost, 1),
    "registry": ("PutItem", aws_error("ValidationException", CANARY), 3),
    "results": ("PutEvents", aws_error("InternalException", CANARY, status=500), 1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_canary_is_seen_nowhere_even_while_debugging(
    fault: str,
    function: Function,
    proxy: FaultyProxy,
    event_source: EventSource,
    everywhere: Everywhere,
    properties: dict[str, Any],
    response_url: ResponseUrlServer,
) -> None:
    """Through each entry point of a container, each logger at DEBUG, with one call going wrong."""
    proxy.spoil("SendTaskSuccess", answered(200, {}))
    proxy.spoil("SendTaskFailure", answered(200, {}))
    proxy.spoil(*FAULTS[fault])
    stack_request = CustomResource(response_url.origin).request("Create", properties)
    request = {
        "RequestType": "Create",
        "TaskToken": TOKEN,
        "ResourceProperties": properties | {"Name": f"{properties['Name']}-2"},
    }
    last = event_source.batch(
        request | {"ResourceProperties": properties | {"Name": f"{properties['Name']}-3"}},
        age_seconds=1801,
    )
    container = run([request, stack_request, last], function.arn, NOISY)
    text = everywhere.text(container)
    assert '"level":"' in container.output
    assert CANARY not in text
    assert TOKEN not in text
    assert SIGNATURE not in text
    assert len(response_url.puts) == 1
    if fault == "none":
        created = json.dumps(proxy.parameters_of("CreateConnection"))
        assert created.count(CANARY) == 6


def test_a_literal_credential_is_seen_nowhere(
    function: Function,
    event_source: EventSource,
    everywhere: Everywhere,
    properties: dict[str, Any],
    response_url: ResponseUrlServer,
    proxy: FaultyProxy,
) -> None:
    """It is refused, and neither answer nor dead letter repeats it."""
    proxy.spoil("SendTaskFailure", answered(200, {}))
    literal = json.loads(json.dumps(properties))
    literal["AuthParameters"]["ApiKeyAuthParameters"]["ApiKeyValue"] = CANARY
    request = {"RequestType": "Create", "TaskToken": TOKEN, "ResourceProperties": literal}
    stack_request = CustomResource(response_url.origin).request("Create", literal)
    events = [request, stack_request, event_source.batch(request)]
    container = run(events, function.arn, NOISY)
    assert container.invocations[0]["error_type"] == "InvalidRequestError"
    assert response_url.answers[0]["Status"] == "FAILED"
    text = everywhere.text(container)
    assert CANARY not in text
    assert TOKEN not in text


def one_of_each_kind() -> list[object]:
    """Give one malformed request of each kind, and what is no request."""
    by_kind = {bad.kind: bad.request for bad in reversed(BAD_REQUESTS)}
    return [*by_kind.values(), *SENT, *FOREIGN, *TOO_MUCH]


def batch(bodies: list[Any], arn: str) -> dict[str, Any]:
    """Make one batch of a queue."""
    return {"Records": [message(each, number, arn) for number, each in enumerate(bodies)]}


def test_no_malformed_request_is_seen_whatever_the_environment_says(
    function: Function,
    stack: LocalStack,
    everywhere: Everywhere,
    response_url: ResponseUrlServer,
    proxy: FaultyProxy,
) -> None:
    """At any entry point, in a container whose variables were set before anything was imported."""
    proxy.spoil("SendTaskFailure", answered(200, {}))
    documents, origin = one_of_each_kind(), response_url.origin
    messages = [*documents, *TEXTS]
    failed = [as_failed_invocation(each) for each in [*documents, stack_event(BASIC, origin)]]
    batches = [
        batch(messages, stack.outputs["RequestQueueArn"]),
        batch(messages, stack.outputs["MaintenanceQueueArn"]),
        batch(failed, os.environ["UNANSWERED_QUEUE_ARN"]),
    ]
    sent = [
        *(("", each) for each in [*documents, *batches]),
        *((":requests", each) for each in documents),
        *((":stacks", stack_event(each, origin)) for each in documents),
    ]
    qualifiers, events = zip(*sent, strict=True)
    container = run([*events], function.arn, NOISIEST, qualifiers)
    assert '"level":"' in container.output
    assert len(response_url.puts) > len(documents)
    told = [entry for each in proxy.parameters_of("PutEvents") for entry in each["Entries"]]
    assert len(told) == 2 * len(messages)
    assert proxy.operations().count("SendMessage") >= 2 * len(messages)
    assert MALFORMED_CANARY not in everywhere.text(container)
