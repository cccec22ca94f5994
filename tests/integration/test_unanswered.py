"""
What Lambda hands over because the function was killed: answered FAILED, and never carried out.

The records are those of an OnFailure destination, delivered by the UnansweredQueue.
"""

import json
import os
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from handler.entrypoints import cloudformation_response as answer
from handler.errors import InvalidRequestError, ServiceInternalError
from tests.support.event_source import EventSource
from tests.support.faulty_proxy import FaultyProxy, aws_error
from tests.support.function import Function
from tests.support.function_output import FunctionOutput
from tests.support.response_url_server import HANG_UP, Reaction, ResponseUrlServer
from tests.support.stack_requests import CustomResource
from tools.local.local_stack import LocalStack
from tools.local.ministack import REGION
from tools.operating.redrive import redrive

REASON = "every attempt ended before an answer was sent; see the function's log"
CANARY = "CANARY-of-a-literal"


@pytest.fixture
def resource(response_url: ResponseUrlServer) -> CustomResource:
    """Give a resource of a stack of its own."""
    return CustomResource(response_url.origin)


@pytest.fixture(autouse=True)
def _empty_queues(event_source: EventSource) -> None:
    """Begin with no dead letter."""


def told_by_lambda(payload: object) -> str:
    """Give the body that Lambda sends to an OnFailure destination."""
    return json.dumps(
        {
            "version": "1.0",
            "timestamp": "2026-11-22T14:05:00.000Z",
            "requestContext": {
                "requestId": str(uuid4()),
                "functionArn": "arn:aws:lambda:us-east-1:012345678912:function:p:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": payload,
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
            "responsePayload": {"errorMessage": "Task timed out after 900.00 seconds"},
        }
    )


def record(body: str, receives: int = 1, **members: Any) -> dict[str, Any]:
    """Give a record of the UnansweredQueue."""
    return {
        "messageId": str(uuid4()),
        "receiptHandle": "handle",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": "1795356300000"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": os.environ["UNANSWERED_QUEUE_ARN"],
        "awsRegion": REGION,
        **members,
    }


def hand_over(
    function: Function, *payloads: object, receives: int = 1, seconds: float = 30
) -> list[str]:
    """Hand payloads over as Lambda does; give the indices of those that come back."""
    records = [record(told_by_lambda(payload), receives) for payload in payloads]
    response: Mapping[str, Any] = function({"Records": records}, seconds)
    ids = [each["messageId"] for each in records]
    return [str(ids.index(each["itemIdentifier"])) for each in response["batchItemFailures"]]


@pytest.mark.parametrize(
    ("request_type", "physical_resource_id", "asked_name", "expected"),
    [
        ("Create", "", "{name}", "{name}"),
        ("Update", "{name}", "{name}", "{name}"),
        ("Update", "{name}", "{name}-v2", "{name}-v2"),
        ("Delete", "{name}", "{name}", "{name}"),
        ("Delete", "shop-Connection-MADEUP", "{name}", "shop-Connection-MADEUP"),
    ],
)
def test_a_request_that_was_killed_is_answered_failed_and_not_carried_out(
    request_type: str,
    physical_resource_id: str,
    asked_name: str,
    expected: str,
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    name: str,
    response_url: ResponseUrlServer,
    proxy: FaultyProxy,
) -> None:
    """Under the id by which the following Delete finds whatever may have been made."""
    properties = basic | {"Name": asked_name.format(name=name)}
    given = physical_resource_id.format(name=name)
    event = resource.request(request_type, properties, given)
    assert hand_over(function, event) == []
    (answer,) = response_url.answers
    assert (answer["Status"], answer["Reason"]) == ("FAILED", REASON)
    assert answer["PhysicalResourceId"] == expected.format(name=name)
    for member in ("StackId", "RequestId", "LogicalResourceId"):
        assert answer[member] == event[member]
    assert proxy.operations() == ["GetItem"]


def test_a_request_without_name_gets_its_derived_one(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    response_url: ResponseUrlServer,
) -> None:
    """The same that Create gave it, so that its Delete finds it."""
    del basic["Name"]
    event = resource.request("Create", basic)
    function(event)
    hand_over(function, event)
    created, unanswered = response_url.answers
    assert created["PhysicalResourceId"] == unanswered["PhysicalResourceId"]


def test_what_was_made_before_the_kill_is_found_by_the_delete_that_follows(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    stack: LocalStack,
    name: str,
    response_url: ResponseUrlServer,
) -> None:
    """Killed behind CreateConnection: CloudFormation rolls back with the answered id."""
    event = resource.request("Create", basic)
    response_url.react(403)
    with pytest.raises(Exception, match="did not take the answer"):
        function(event)
    hand_over(function, event)
    answered_id = response_url.answers[-1]["PhysicalResourceId"]
    function(resource.request("Delete", basic, answered_id))
    assert response_url.answers[-1]["Status"] == "SUCCESS"
    names = [each["Name"] for each in stack.events.list_connections()["Connections"]]
    assert name not in names


def test_it_is_logged_and_counted(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    output: FunctionOutput,
) -> None:
    """Somebody must look why the function was killed; neither URL nor properties are told."""
    event = resource.request("Create", basic | {"Description": CANARY})
    output.clear()
    hand_over(function, event)
    (line,) = [each for each in output.lines if "answered FAILED" in each["message"]]
    assert (line["RequestId"], line["StackId"]) == (event["RequestId"], event["StackId"])
    counted = [each["metrics"] for each in output.metrics if "ConnectionFailed" in each["metrics"]]
    assert len(counted) == 1
    assert CANARY not in output.text
    assert "ResponseURL" not in output.text


@pytest.mark.parametrize(
    "payload",
    [
        None,
        "text",
        [],
        {},
        {"RequestType": "Create", "ResourceProperties": {"Name": CANARY}, "TaskToken": CANARY},
        {"Records": [{"eventSource": "aws:sqs", "body": CANARY}]},
        {"source": "aws.s3", "detail": {"key": CANARY}},
    ],
    ids=["null", "text", "list", "empty", "direct", "batch", "foreign"],
)
def test_what_is_no_cloudformation_request_is_kept_without_its_content(
    payload: object,
    function: Function,
    event_source: EventSource,
    proxy: FaultyProxy,
    response_url: ResponseUrlServer,
) -> None:
    """An asynchronous direct invocation, or anything: nobody waits, and nothing is executed."""
    assert hand_over(function, payload) == []
    assert proxy.operations() == ["SendMessage"]
    assert response_url.puts == []
    (letter,) = event_source.dead_letters()
    assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "Unanswered"
    assert "CANARY" not in json.dumps(letter)


@pytest.mark.parametrize(
    "body", ["", "no JSON", "[]", "null", "{}", '{"requestPayload": 5}', "[" * 5000, "9" * 5000]
)
def test_a_record_that_lambda_never_wrote_is_kept_without_its_content(
    body: str, function: Function, event_source: EventSource
) -> None:
    """It does not come back for ever, and harms no other."""
    assert function({"Records": [record(body)]})["batchItemFailures"] == []
    (letter,) = event_source.dead_letters()
    assert json.loads(letter["Body"]) == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"ResponseURL": "https://attacker.example.com/key"},
        {"ResponseURL": "https://bucket.s3.us-east-1.amazonaws.com/key"},
        {
            "ResponseURL": "https://cloudformation-custom-resource-response-useast1"
            ".s3.amazonaws.com@attacker.example.com/key"
        },
        {"ResponseURL": 5},
        {"StackId": None},
        {"RequestType": "Upsert"},
        {"CrHelperPoll": "true"},
    ],
    ids=str,
)
def test_a_forged_record_makes_no_request_and_is_kept(
    changed: dict[str, Any],
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    event_source: EventSource,
    response_url: ResponseUrlServer,
) -> None:
    """No other host than CloudFormation's is ever told anything; the URL is not kept either."""
    event = resource.request("Create", basic | {"Description": CANARY}, **changed)
    assert hand_over(function, event) == []
    assert response_url.puts == []
    (letter,) = event_source.dead_letters()
    assert set(json.loads(letter["Body"])) <= {
        "RequestType",
        "RequestId",
        "StackId",
        "LogicalResourceId",
        "PhysicalResourceId",
    }
    assert "https://" not in json.dumps(letter)
    assert CANARY not in json.dumps(letter)


def test_a_delete_without_an_id_gets_one_all_the_same(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    response_url: ResponseUrlServer,
) -> None:
    """CloudFormation takes no answer without PhysicalResourceId."""
    hand_over(function, resource.request("Delete", basic))
    (answer,) = response_url.answers
    assert answer["PhysicalResourceId"] != ""


@pytest.mark.parametrize("reaction", [500, 503, 429, HANG_UP], ids=str)
def test_what_may_pass_at_the_response_url_is_tried_again(
    reaction: Reaction | int,
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    response_url: ResponseUrlServer,
) -> None:
    """In the same invocation already."""
    response_url.react(reaction)
    assert hand_over(function, resource.request("Create", basic)) == []
    assert len(response_url.puts) == 2


@pytest.mark.parametrize("status", [403, 500])
def test_an_answer_that_is_not_taken_comes_back_and_is_kept_in_the_end(
    status: int,
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    event_source: EventSource,
    response_url: ResponseUrlServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Four times the record returns; then it is a dead letter without ResponseURL."""
    monkeypatch.setattr(answer, "MOST_RESPONSE_ATTEMPTS", 2)
    event = resource.request("Create", basic | {"Description": CANARY})
    response_url.react(*[status] * 100)
    for receives in (1, 4):
        assert hand_over(function, event, receives=receives) == ["0"]
        assert event_source.dead_letters() == []
    assert hand_over(function, event, receives=5) == []
    (letter,) = event_source.dead_letters()
    kept = json.loads(letter["Body"])
    members = ("RequestType", "RequestId", "StackId", "LogicalResourceId")
    assert kept == {member: event[member] for member in members}
    attributes = {key: each["StringValue"] for key, each in letter["MessageAttributes"].items()}
    assert attributes["ErrorCode"] == "Unanswered"
    assert f"did not take the answer: HTTP {status}" in attributes["Reason"]
    assert CANARY not in json.dumps(letter)


def test_a_record_that_comes_back_does_so_while_the_url_still_works(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    proxy: FaultyProxy,
    response_url: ResponseUrlServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The queue's own hour and a half would let the ResponseURL's two hours pass in two tries."""
    monkeypatch.setattr(answer, "MOST_RESPONSE_ATTEMPTS", 2)
    response_url.react(*[500] * 100)
    assert hand_over(function, resource.request("Create", basic)) == ["0"]
    entries = [
        entry["VisibilityTimeout"]
        for each in proxy.parameters_of("ChangeMessageVisibilityBatch")
        for entry in each["Entries"]
    ]
    assert entries
    assert entries[-1] <= 900


def test_one_record_that_fails_harms_no_other(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    response_url: ResponseUrlServer,
) -> None:
    """Each stack gets its own answer; only the one that was not taken comes back."""
    response_url.react(200, 403, 200)
    events = [resource.request("Create", basic) for _ in range(3)]
    assert hand_over(function, events[0], events[1], {}, events[2]) == ["1"]
    answered = [answer["RequestId"] for answer in response_url.answers]
    assert answered == [event["RequestId"] for event in events]


def test_a_dead_letter_queue_that_refuses_keeps_the_record(
    function: Function, proxy: FaultyProxy
) -> None:
    """Nothing is lost between the queues."""
    proxy.spoil("SendMessage", aws_error("ValidationException"))
    assert hand_over(function, {"no": "request"}) == ["0"]


@pytest.mark.parametrize("how", ["other queue", "no setting", "mixed"])
def test_a_record_is_known_by_its_queue_alone(
    how: str,
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    stack: LocalStack,
    response_url: ResponseUrlServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever looks like Lambda's record makes no stack FAILED."""
    event = resource.request("Create", basic | {"Description": CANARY})
    records = [record(told_by_lambda(event))]
    match how:
        case "other queue":
            records[0]["eventSourceARN"] = stack.outputs["RequestQueueArn"]
        case "no setting":
            monkeypatch.setenv("UNANSWERED_QUEUE_ARN", "")
        case _:
            arn = stack.outputs["RequestQueueArn"]
            records.append(record(json.dumps({}), eventSourceARN=arn))
    if how == "other queue":  # there it is a bad request
        function({"Records": records})
    else:
        with pytest.raises((InvalidRequestError, ServiceInternalError)):
            function({"Records": records})
    assert response_url.puts == []


def test_a_message_that_looks_like_a_record_leaves_an_empty_dead_letter(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    event_source: EventSource,
    response_url: ResponseUrlServer,
) -> None:
    """Whatever it carried is nobody's business."""
    event = resource.request("Create", basic | {"Description": CANARY})
    function(event_source.batch(told_by_lambda(event)))
    (letter,) = event_source.dead_letters()
    assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "InvalidRequest"
    assert set(json.loads(letter["Body"])) == {"RequestId"}
    assert CANARY not in json.dumps(letter)


def test_a_redrive_leaves_what_was_unanswered(
    function: Function, stack: LocalStack, event_source: EventSource
) -> None:
    """It is no request any more: sent back, it would only fail and be buried anew."""
    hand_over(function, {"RequestType": "Create", "StackId": "a"})
    sent, kept = redrive(stack)
    assert (sent.total(), kept.total()) == (0, 1)
