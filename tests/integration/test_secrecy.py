"""
A canary in a secret is seen by EventBridge and by nobody else, whatever happens at whatever level.

In all other integration tests a fixture looks for the secrets they fetched.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.cold_container import Container, run
from tests.support.event_source import EventSource
from tests.support.faulty_proxy import Fault, FaultyProxy, answer_lost, answered, aws_error
from tests.support.function import Function
from tests.support.response_url_server import ResponseUrlServer
from tests.support.stack_requests import CustomResource
from tools.local.local_stack import LocalStack

DEBUG = {
    "POWERTOOLS_LOG_LEVEL": "DEBUG",
    "AWS_LAMBDA_LOG_LEVEL": "DEBUG",
    "READ_TIMEOUT_SECONDS": "1",
}
SIGNATURE = "f16bffb9992e0d24f5b16c562b15b46f29f7cab238e08768aefd8380a4bc4bdd"
TOKEN = "canary-of-a-task-token"
CANARY = f"canary-{uuid4().hex}"
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
    arn = store_secret(secret, {"canary": CANARY})
    reference = f"{{{{resolve:secretsmanager:{secret}:SecretString:canary}}}}"
    return {
        "Name": name,
        "AuthorizationType": "API_KEY",
        "AuthParameters": {
            "ApiKeyAuthParameters": {
                "ApiKeyName": "X-Api-Key",
                "ApiKeyValue": {"ValueFrom": f"{arn}:canary::"},
            },
            "InvocationHttpParameters": {
                "HeaderParameters": [{"Key": "X-Token", "Value": f"Bearer {reference}"}]
            },
        },
    }


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
    batch = event_source.batch(
        request | {"ResourceProperties": properties | {"Name": f"{properties['Name']}-3"}},
        age_seconds=1801,
    )
    container = run([request, stack_request, batch], function.arn, DEBUG)
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
    container = run(events, function.arn, DEBUG)
    assert container.invocations[0]["error_type"] == "InvalidRequestError"
    assert response_url.answers[0]["Status"] == "FAILED"
    text = everywhere.text(container)
    assert CANARY not in text
    assert TOKEN not in text
