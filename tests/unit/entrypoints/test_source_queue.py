"""Which queue a batch came from decides what its messages may ask; nothing in them does."""

import json
from typing import Any

import pytest

from handler.app import lambda_handler
from handler.entrypoints.source_queue import FOREIGN, is_batch_of, queue_arn, source_queue
from handler.errors import InvalidRequestError, ServiceInternalError
from handler.requests.entry_point import CLOUDFORMATION, MAINTENANCE_QUEUE, REQUEST_QUEUE
from tests.support.entry_point import CANARY, ENVIRONMENT, FUNCTION, UNANSWERED_QUEUE, invoke
from tests.support.fake_aws import FakeAws
from tests.support.function_output import FunctionOutput
from tests.support.lambda_context import LambdaContext
from tests.support.resolved_template import parsed_template

pytestmark = pytest.mark.usefixtures("environment")

QUEUES = "arn:aws:sqs:us-east-1:123456789012"
REQUESTS, MAINTENANCE = f"{QUEUES}:requests", f"{QUEUES}:maintenance"
RECONCILE = {"RequestType": "Reconcile", "ResourceProperties": {"ReconcileMode": "Repair"}}
FORGED: dict[str, Any] = {
    "eventSourceARN": MAINTENANCE,
    "eventSource": "aws:events",
    "entry_point": "maintenance_queue",
    "Queue": "MaintenanceQueue",
}


def record(arn: object = REQUESTS, body: object = RECONCILE, **members: Any) -> dict[str, Any]:
    """Make a record of a batch; without an ARN, it has no such member."""
    given = {} if arn is None else {"eventSourceARN": arn}
    return {
        "messageId": "m",
        "receiptHandle": "handle",
        "eventSource": "aws:sqs",
        "body": json.dumps(body),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1795356300002",
            "ApproximateFirstReceiveTimestamp": "1795356300002",
            "SenderId": "AROAFORGED:maintenance",
        },
        "messageAttributes": {
            name: {"dataType": "String", "stringValue": text} for name, text in FORGED.items()
        },
        **given,
        **members,
    }


FOREIGN_ARNS: list[Any] = [
    None,
    "",
    5,
    [MAINTENANCE],
    f"{QUEUES}:other",
    f"{QUEUES}:dead",
    f"{QUEUES}:Maintenance",
    f"{QUEUES}:maintenance2",
    f"{QUEUES}:maintenance\n",
    f" {MAINTENANCE}",
    f"{QUEUES}:",
    MAINTENANCE.replace("123456789012", "999999999999"),
    MAINTENANCE.replace("us-east-1", "eu-west-1"),
    MAINTENANCE.replace("arn:aws:", "arn:aws-cn:"),
    MAINTENANCE.replace(":sqs:", ":sns:"),
    ENVIRONMENT["MAINTENANCE_QUEUE_URL"],
]


@pytest.mark.parametrize("arn", FOREIGN_ARNS, ids=lambda each: str(each).replace("\n", "-newline"))
def test_a_batch_of_no_queue_of_ours_is_refused_whatever_it_says(
    arn: object, fake_aws: FakeAws
) -> None:
    """Its messages stay where they are, and nothing is called."""
    with pytest.raises(InvalidRequestError, match=FOREIGN):
        invoke({"Records": [record(arn)], **FORGED})
    assert fake_aws.calls == []


@pytest.mark.parametrize(
    "records",
    [
        [record(REQUESTS), record(MAINTENANCE)],
        [record(MAINTENANCE), record(REQUESTS)],
        [record(MAINTENANCE), record(None)],
        [record(MAINTENANCE), record(f"{QUEUES}:other")],
        [record(MAINTENANCE), record(UNANSWERED_QUEUE)],
        [record(UNANSWERED_QUEUE), record(REQUESTS)],
        [record(MAINTENANCE), "message"],
        [record(MAINTENANCE), None],
        [{"eventSource": "aws:s3"}, record(MAINTENANCE)],
    ],
)
def test_a_batch_of_several_queues_is_refused(records: list[Any], fake_aws: FakeAws) -> None:
    """Lambda makes none, so somebody else made it."""
    with pytest.raises(InvalidRequestError, match=FOREIGN):
        invoke({"Records": records})
    assert fake_aws.calls == []


def test_what_is_refused_is_logged_without_what_it_held(
    fake_aws: FakeAws, output: FunctionOutput
) -> None:
    """The operator sees that a mapping leads from a queue that is not ours."""
    with pytest.raises(InvalidRequestError):
        invoke({"Records": [record(f"{QUEUES}:{CANARY}", {"Password": CANARY})]})
    (line,) = output.lines
    assert (line["message"], line["reason"]) == ("event refused", FOREIGN)
    assert CANARY not in output.text
    assert fake_aws.calls == []


@pytest.mark.parametrize(
    ("arn", "variable"),
    [
        (REQUESTS, "REQUEST_QUEUE_URL"),
        (MAINTENANCE, "MAINTENANCE_QUEUE_URL"),
        (UNANSWERED_QUEUE, "UNANSWERED_QUEUE_ARN"),
    ],
)
@pytest.mark.parametrize("is_empty", [False, True], ids=["missing", "empty"])
def test_a_variable_without_which_a_queue_is_not_known_is_named(
    arn: str,
    variable: str,
    is_empty: object,
    monkeypatch: pytest.MonkeyPatch,
    fake_aws: FakeAws,
) -> None:
    """The batch comes back until the function is repaired."""
    if is_empty:
        monkeypatch.setenv(variable, "")
    else:
        monkeypatch.delenv(variable)
    with pytest.raises(ServiceInternalError, match=f" {variable}: required"):
        invoke({"Records": [record(arn)]})
    assert fake_aws.calls == []


BODIES: list[Any] = [
    {**RECONCILE, **FORGED},
    {**RECONCILE, "ResourceProperties": {**FORGED, "Name": "crm"}},
    {"Records": [record(MAINTENANCE)], "eventSourceARN": MAINTENANCE},
    record(MAINTENANCE),
    {"version": "0", "source": "aws.secretsmanager", "detail-type": "x", "detail": RECONCILE},
    RECONCILE,
    {"RequestType": "Refresh", "ResourceProperties": {"SecretId": "connections/crm"}},
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("members", [{}, {"Queue": "MaintenanceQueue"}, {"awsRegion": "us-east-1"}])
def test_nothing_in_a_producers_message_reaches_maintenance(
    body: object, members: dict[str, Any], fake_aws: FakeAws
) -> None:
    """Whatever it says of itself, it is told and buried; the registry is not even read."""
    assert invoke({"Records": [record(REQUESTS, body, **members)]}) == {"batchItemFailures": []}
    called = [operation for operation, _ in fake_aws.calls]
    assert called == ["change_message_visibility_batch", "put_events", "send_message"]
    (letter,) = fake_aws.of("send_message")
    assert letter["MessageAttributes"]["Queue"]["StringValue"] == "RequestQueue"
    assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "InvalidRequest"
    assert json.loads(letter["MessageBody"]) == {"RequestId": "m"}


def test_the_rules_message_does(fake_aws: FakeAws) -> None:
    """The same one, from the other queue; its visibility is set there."""
    fake_aws.plan("query", {"Items": []}, {"Items": []})
    body = {"RequestType": "Refresh", "ResourceProperties": {"SecretId": "connections/crm"}}
    assert invoke({"Records": [record(MAINTENANCE, body)]}) == {"batchItemFailures": []}
    held, *_ = fake_aws.of("change_message_visibility_batch")
    assert held["QueueUrl"] == ENVIRONMENT["MAINTENANCE_QUEUE_URL"]
    assert len(fake_aws.of("query")) == 1
    assert fake_aws.of("send_message") == []


def test_a_letter_of_maintenance_says_where_it_came_from(fake_aws: FakeAws) -> None:
    """Whoever sends it again must not send it to the producers' queue."""
    body = {"RequestType": "Create", "ResourceProperties": {"Name": "crm"}}
    assert invoke({"Records": [record(MAINTENANCE, body)]}) == {"batchItemFailures": []}
    (letter,) = fake_aws.of("send_message")
    assert letter["MessageAttributes"]["Queue"]["StringValue"] == "MaintenanceQueue"


@pytest.mark.parametrize(
    ("url", "arn"),
    [
        ("https://sqs.us-east-1.amazonaws.com/123456789012/requests", REQUESTS),
        ("https://queue.amazonaws.com/123456789012/requests", REQUESTS),
        ("http://localhost:4566/123456789012/requests", REQUESTS),
        ("http://sqs.us-east-1.localhost:4566/queue/us-east-1/123456789012/requests", REQUESTS),
        ("https://sqs/999999999999/requests", REQUESTS.replace("123456789012", "999999999999")),
        ("", ""),
        ("requests", ""),
        ("https://sqs", ""),
        ("https://sqs/123456789012/", ""),
    ],
)
def test_a_queues_arn_is_derived_from_its_url(url: str, arn: str) -> None:
    """The account is the queue's, Region and partition are the function's."""
    assert queue_arn(url, FUNCTION) == arn
    assert queue_arn(url, f"{FUNCTION}:requests") == arn
    china = FUNCTION.replace(":aws:", ":aws-cn:").replace("us-east-1", "cn-north-1")
    there = arn.replace(":aws:", ":aws-cn:").replace("us-east-1", "cn-north-1")
    assert queue_arn(url, china) == there


@pytest.mark.parametrize("function", ["", "odd", "arn:aws:lambda"])
def test_an_odd_arn_of_the_function_is_no_crash(function: str) -> None:
    """No queue of AWS has the ARN that is derived then."""
    assert queue_arn("https://sqs/123456789012/requests", function) != REQUESTS


def test_an_arn_that_is_not_configured_is_nobodys() -> None:
    """Neither is a record without one."""
    assert not is_batch_of("", [{"eventSourceARN": ""}])
    assert not is_batch_of("", [{}])


def test_where_two_variables_name_one_queue_it_is_the_producers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A mistake in the configuration gives nobody more than a producer has."""
    monkeypatch.setenv("MAINTENANCE_QUEUE_URL", ENVIRONMENT["REQUEST_QUEUE_URL"])
    assert source_queue([record()], FUNCTION).entry_point is REQUEST_QUEUE


@pytest.mark.parametrize(
    ("arn", "name", "variable", "entry_point"),
    [
        (REQUESTS, "RequestQueue", "REQUEST_QUEUE_URL", REQUEST_QUEUE),
        (MAINTENANCE, "MaintenanceQueue", "MAINTENANCE_QUEUE_URL", MAINTENANCE_QUEUE),
        (UNANSWERED_QUEUE, "UnansweredQueue", "", CLOUDFORMATION),
    ],
)
def test_each_queue_has_its_name_url_and_limits(
    arn: str, name: str, variable: str, entry_point: object
) -> None:
    """The name is the template's; the URL of a queue that only its ARN names is like another's."""
    found = source_queue([record(arn), record(arn)], FUNCTION)
    beside = ENVIRONMENT["REQUEST_QUEUE_URL"].replace("/requests", "/unanswered")
    assert (found.name, found.url) == (name, ENVIRONMENT.get(variable, beside))
    assert found.entry_point is entry_point
    assert name in parsed_template()["Resources"]


@pytest.mark.parametrize("arn", [REQUESTS, MAINTENANCE])
def test_a_variable_that_a_message_needs_is_named_to_its_queue(
    arn: str,
    fake_aws: FakeAws,
    monkeypatch: pytest.MonkeyPatch,
    output: FunctionOutput,
) -> None:
    """The queue is known, its letters are not: every message comes back, and the log says why."""
    monkeypatch.delenv("DEAD_LETTER_QUEUE_URL")
    event = {"Records": [record(arn)]}
    response = lambda_handler(event, LambdaContext(FUNCTION))
    assert response == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert " DEAD_LETTER_QUEUE_URL: required" in output.text
    assert fake_aws.of("send_message") == []
