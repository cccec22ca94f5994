"""What Lambda could not get done is answered, and never executed."""

import json
from typing import Any

import pytest

from handler.adapters.registry_items import connection_item
from handler.connections.record import Record, Stored
from handler.entrypoints import cloudformation as custom_resource
from handler.entrypoints import failed_invocations
from handler.requests.connection_name import derived_name
from tests.support.entry_point import (
    CANARY,
    DONE,
    STACK,
    UNANSWERED_QUEUE,
    handled_as,
    invoke,
    stack_event,
)
from tests.support.fake_aws import FakeAws, refusal
from tests.support.fakes import START
from tests.support.function_output import FunctionOutput
from tests.support.response_url_server import ResponseUrlServer

pytestmark = pytest.mark.usefixtures("environment")


QUEUE_URL = "https://queue/123456789012/unanswered"
EVERY_ATTEMPT = "every attempt ended before an answer was sent; see the function's log"


def unanswered(request: Any, receives: int = 1) -> dict[str, Any]:
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
    monkeypatch: pytest.MonkeyPatch,
    response_url: ResponseUrlServer,
    fake_aws: FakeAws,
    output: FunctionOutput,
) -> None:
    """Though its body holds a good request; the alarm counts it."""
    asked = handled_as(monkeypatch, custom_resource, DONE)
    event = stack_event(response_url, "Update", PhysicalResourceId="old")
    assert invoke(unanswered(event)) == {"batchItemFailures": []}
    assert [each["Status"] for each in response_url.answers] == ["FAILED"]
    assert asked == []
    assert [operation for operation, _ in fake_aws.calls] == ["get_item"]
    (line,) = [
        each for each in output.lines if each.get("message", "").startswith("request answered")
    ]
    assert (line["level"], line["RequestId"]) == ("ERROR", "request-1")
    (failed,) = [each for each in output.metrics if "ConnectionFailed" in each["metrics"]]
    assert failed["dimensions"]["ErrorCode"] == "Unanswered"


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
    told = {name: each["StringValue"] for name, each in buried["MessageAttributes"].items()}
    assert (told["RequestId"], told["Queue"]) == ("request-1", "UnansweredQueue")
    assert told["Reason"] == "CloudFormation did not take the answer: HTTP 403"
    assert "X-Amz-Date" not in str(buried)
    assert CANARY not in str(buried)


def test_the_pause_between_tries_grows(response_url: ResponseUrlServer, fake_aws: FakeAws) -> None:
    """Tries close together would all meet the same disturbance."""
    event = stack_event(response_url)
    response_url.react(*[403] * 9)
    for receives in (1, 2, 3):
        invoke(unanswered(event, receives))
    calls = fake_aws.of("change_message_visibility_batch")
    entries = [each["Entries"][0] for each in calls]
    hidden = [each["VisibilityTimeout"] for each in entries]
    assert hidden == sorted(set(hidden))
    assert len(hidden) == 3
    assert {each["QueueUrl"] for each in calls} == {QUEUE_URL}
    assert {each["ReceiptHandle"] for each in entries} == {"handle"}


def test_a_bug_is_told_and_its_tries_are_counted(
    monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer, fake_aws: FakeAws
) -> None:
    """It passed by every bound once, without a word in the log."""

    def fail(*_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(failed_invocations, "answer_failed_invocation", fail)
    event = stack_event(response_url)
    assert invoke(unanswered(event)) == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert invoke(unanswered(event, receives=5)) == {"batchItemFailures": []}
    (letter,) = fake_aws.of("send_message")
    assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "Unanswered"
    assert "unexpected ValueError" in letter["MessageAttributes"]["Reason"]["StringValue"]
    assert CANARY not in str(letter)


def test_a_letter_names_no_id_that_is_no_name(
    response_url: ResponseUrlServer, fake_aws: FakeAws
) -> None:
    """A PhysicalResourceId is whatever the event says."""
    event = stack_event(response_url, "Delete", PhysicalResourceId=f"{CANARY} {CANARY}")
    response_url.react(403, 403)
    invoke(unanswered(event, receives=5))
    (letter,) = fake_aws.of("send_message")
    assert CANARY not in str(letter)
    assert event["RequestId"] in letter["MessageBody"]


@pytest.mark.parametrize("wrong", [f"{CANARY} x", [CANARY], {"Password": CANARY}])
@pytest.mark.parametrize("member", ["RequestType", "RequestId", "StackId", "LogicalResourceId"])
def test_only_what_has_its_form_is_kept(
    member: str,
    wrong: object,
    response_url: ResponseUrlServer,
    fake_aws: FakeAws,
    output: FunctionOutput,
) -> None:
    """Lambda hands over whatever the alias was invoked with: a RequestId was once any document."""
    event = stack_event(response_url) | {member: wrong, "ResponseURL": "https://elsewhere/"}
    invoke(unanswered(event))
    (letter,) = fake_aws.of("send_message")
    assert CANARY not in str(letter)
    assert CANARY not in output.text
    assert ("request-1" in letter["MessageBody"]) == (member != "RequestId")


def test_a_try_that_cannot_be_put_off_comes_back_all_the_same(
    response_url: ResponseUrlServer,
    fake_aws: FakeAws,
    output: FunctionOutput,
) -> None:
    """With the rest of its batch; the log says why it was not answered."""
    fake_aws.always["change_message_visibility_batch"] = refusal("AccessDeniedException")
    response_url.react(403)
    assert invoke(unanswered(stack_event(response_url))) == {
        "batchItemFailures": [{"itemIdentifier": "m"}]
    }
    (line,) = output.lines
    told = {name: line[name] for name in ("level", "message", "RequestId", "reason")}
    assert told == {
        "level": "ERROR",
        "message": "request not answered",
        "RequestId": "request-1",
        "reason": "CloudFormation did not take the answer: HTTP 403",
    }


@pytest.mark.parametrize("payload", [[{"RequestType": "Create"}], "Create", None])
def test_what_is_no_request_is_buried_without_an_id(payload: object, fake_aws: FakeAws) -> None:
    """The alias was invoked with something else, which nobody can answer."""
    assert invoke(unanswered(payload)) == {"batchItemFailures": []}
    (letter,) = fake_aws.of("send_message")
    assert letter["MessageBody"] == "{}"
    assert letter["MessageAttributes"]["RequestId"]["StringValue"] == "-"


@pytest.mark.parametrize("prefix", [None, "shop-"])
def test_the_id_of_a_connection_without_name_is_the_one_that_a_create_derives(
    prefix: str | None,
    response_url: ResponseUrlServer,
    fake_aws: FakeAws,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the installation's prefix, if it has one."""
    if prefix:
        monkeypatch.setenv("CONNECTION_NAME_PREFIX", prefix)
    invoke(unanswered(stack_event(response_url, ResourceProperties={})))
    (answer,) = response_url.answers
    name = derived_name(STACK, "Connection", prefix or "")
    assert answer["PhysicalResourceId"] == name
    assert fake_aws.of("get_item")[0]["Key"]["PK"] == {"S": f"CONNECTION#{name}"}


@pytest.mark.parametrize(
    ("logical_id", "arn", "told"),
    [
        ("Connection", "arn", "; crm is AUTHORIZED"),
        ("Connection", "arn/of/another", ""),
        ("Other", "arn", ""),
    ],
)
def test_the_state_of_its_own_connection_alone_is_told(
    logical_id: str, arn: str, told: str, response_url: ResponseUrlServer, fake_aws: FakeAws
) -> None:
    """Not of a namesake, and not of another's."""
    stored = Stored(1, written_at=START)
    owner = f"cloudformation/{STACK}/{logical_id}"
    record = Record("crm", owner, START, START, "arn", stored=stored)
    fake_aws.plan("get_item", {"Item": connection_item(record)})
    fake_aws.plan("describe_connection", {"ConnectionArn": arn, "ConnectionState": "AUTHORIZED"})
    invoke(unanswered(stack_event(response_url)))
    (answer,) = response_url.answers
    assert answer["Reason"] == EVERY_ATTEMPT + told


def test_where_no_name_is_known_nothing_is_looked_up(
    response_url: ResponseUrlServer, fake_aws: FakeAws
) -> None:
    """A Delete of an id that no connection can have."""
    invoke(unanswered(stack_event(response_url, "Delete", PhysicalResourceId="no name")))
    assert [each["Reason"] for each in response_url.answers] == [EVERY_ATTEMPT]
    assert fake_aws.calls == []
