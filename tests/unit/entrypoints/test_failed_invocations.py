"""What Lambda could not get done is answered, and never executed."""

import json
from typing import Any

import pytest

from handler.entrypoints import cloudformation as custom_resource
from tests.support.entry_point import (
    CANARY,
    DONE,
    UNANSWERED_QUEUE,
    handled_as,
    invoke,
    stack_event,
)
from tests.support.fake_aws import FakeAws
from tests.support.response_url_server import ResponseUrlServer

pytestmark = pytest.mark.usefixtures("environment")


def unanswered(request: dict[str, Any], receives: int = 1) -> dict[str, Any]:
    """Make the batch with Lambda's record of a failed invocation."""
    return {
        "Records": [
            {
                "messageId": "m",
                "receiptHandle": "handle",
                "eventSource": "aws:sqs",
                "eventSourceARN": UNANSWERED_QUEUE,
                "body": json.dumps({"requestPayload": request}),
                "attributes": {"ApproximateReceiveCount": str(receives)},
            }
        ]
    }


def test_what_was_not_answered_is_answered_failed_and_never_executed(
    monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer, fake_aws: FakeAws
) -> None:
    """Though its body holds a good request."""
    asked = handled_as(monkeypatch, custom_resource, DONE)
    event = stack_event(response_url, "Update", PhysicalResourceId="old")
    assert invoke(unanswered(event)) == {"batchItemFailures": []}
    assert [each["Status"] for each in response_url.answers] == ["FAILED"]
    assert asked == []
    assert [operation for operation, _ in fake_aws.calls] == ["get_item"]


def test_what_cannot_be_answered_comes_back_and_is_buried_without_its_url(
    response_url: ResponseUrlServer, fake_aws: FakeAws
) -> None:
    """Neither the ResponseURL, which is a credential, nor properties lie in a dead letter."""
    event = stack_event(response_url, ResourceProperties={"Password": CANARY})
    response_url.react(403, 403)
    assert invoke(unanswered(event)) == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert fake_aws.of("send_message") == []
    assert invoke(unanswered(event, receives=5)) == {"batchItemFailures": []}
    (buried,) = fake_aws.of("send_message")
    assert "X-Amz-Date" not in str(buried)
    assert CANARY not in str(buried)
