"""What becomes of a message: it is told, comes back, or is buried."""

import json
import time
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.app import lambda_handler
from handler.entrypoints import message_processor
from handler.entrypoints.sqs_message import document
from handler.errors import InvalidRequestError, ThrottlingError
from handler.requests.entry_point import REQUEST_QUEUE
from handler.requests.envelope import NOT_JSON, TOO_DEEP
from handler.requests.request import check
from handler.requests.unchecked_request import read_document
from tests.support.bad_requests import BASIC
from tests.support.entry_point import CANARY, DONE, FUNCTION, handled_as, invoke
from tests.support.fake_aws import FakeAws
from tests.support.fakes import RULES, START
from tests.support.function_output import FunctionOutput
from tests.support.lambda_context import LambdaContext

pytestmark = pytest.mark.usefixtures("environment")

DEEP = '{"a":' * 1_000 + "1" + "}" * 1_000
GONE: dict[str, Any] = {"batchItemFailures": []}
COMES_BACK = {"batchItemFailures": [{"itemIdentifier": "m"}]}


def message(body: Any = None, receives: int = 1, age: float = 0, **members: Any) -> dict[str, Any]:
    """Make a batch of one, first received so many seconds ago."""
    request = {"RequestType": "Create", "ResourceProperties": {"Name": "crm"}}
    record = {
        "messageId": "m",
        "receiptHandle": "handle",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:requests",
        "body": json.dumps(request) if body is None else body,
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": "1795356300002",
            "ApproximateFirstReceiveTimestamp": str(int((time.time() - age) * 1000)),
        },
        "messageAttributes": {},
        **members,
    }
    return {"Records": [record]}


def test_a_permanent_failure_is_told_and_then_buried(
    monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """Whoever waits knows before the message is gone, at the first receive."""
    handled_as(monkeypatch, message_processor, InvalidRequestError("never"))
    assert invoke(message()) == GONE
    told = [operation for operation, _ in fake_aws.calls]
    assert told == ["change_message_visibility_batch", "put_events", "send_message"]


@pytest.mark.parametrize(
    ("request_type", "properties"), [("Refresh", {"Name": "crm"}), ("Create", BASIC)]
)
def test_what_failed_after_it_passed_every_check_is_kept(
    request_type: str, properties: Any, monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """The stored request is refused until a setting is set back, or AWS alone refuses it."""
    handled_as(monkeypatch, message_processor, InvalidRequestError("its host is not allowed"))
    asked = {"RequestType": request_type, "ResourceProperties": properties}
    assert invoke(message(json.dumps(asked))) == GONE
    (buried,) = fake_aws.of("send_message")
    assert asked.items() <= json.loads(buried["MessageBody"]).items()
    assert buried["MessageAttributes"]["ErrorCode"]["StringValue"] == "InvalidRequest"


def test_a_result_that_is_not_out_keeps_the_message(
    monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """HTTP 200 with a failed entry is a failure; nothing is buried yet."""
    handled_as(monkeypatch, message_processor, InvalidRequestError("never"))
    fake_aws.plan("put_events", {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "X"}]})
    assert invoke(message()) == COMES_BACK
    assert fake_aws.of("send_message") == []


def test_a_defect_is_logged_with_the_message_that_met_it(
    monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws, output: FunctionOutput
) -> None:
    """By its type and place, never by its text."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError(CANARY)

    monkeypatch.setattr(message_processor, "read_document", fail)
    assert invoke(message()) == COMES_BACK
    assert fake_aws.of("send_message") == []
    (line,) = [each for each in output.lines if each["message"] == "message comes back"]
    told = (line["level"], line["message_id"], line["error_code"])
    assert told == ("ERROR", "m", "ServiceInternalError")
    assert line["reason"].startswith("unexpected ZeroDivisionError at test_message_processor_fates")
    assert CANARY not in output.text


def test_what_could_not_be_told_is_buried_in_the_end(
    monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """A success, too: else nobody would ever hear of it."""
    handled_as(monkeypatch, message_processor, DONE)
    fake_aws.plan("put_events", {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "X"}]})
    assert invoke(message(age=1801)) == GONE
    assert len(fake_aws.of("send_message")) == 1


@pytest.mark.parametrize(
    ("age", "receives", "fate"), [(0, 1, COMES_BACK), (1780, 20, COMES_BACK), (1801, 2, GONE)]
)
def test_a_transient_failure_comes_back_until_its_time_is_over(
    age: float,
    receives: int,
    fate: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    fake_aws: FakeAws,
) -> None:
    """Then it is answered and buried like a permanent one, however often it came."""
    handled_as(monkeypatch, message_processor, ThrottlingError("later"))
    assert invoke(message(receives=receives, age=age)) == fate
    assert len(fake_aws.of("send_message")) == len(fake_aws.of("put_events")) == (fate == GONE)


@pytest.mark.parametrize(("receives", "seconds"), [(1, 10), (2, 20), (5, 160), (20, 600)])
def test_the_delay_grows_up_to_a_quarter_of_an_hour(
    receives: int, seconds: int, monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """By ChangeMessageVisibility, which keeps the count of receives."""
    handled_as(monkeypatch, message_processor, ThrottlingError("later"))
    invoke(message(receives=receives))
    _, last = fake_aws.of("change_message_visibility_batch")
    (entry,) = last["Entries"]
    assert seconds * 0.5 <= entry["VisibilityTimeout"] <= seconds * 1.5


def test_the_delays_of_messages_that_failed_together_differ(
    monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """Else they would pass the same rate together at each try."""
    handled_as(monkeypatch, message_processor, ThrottlingError("later"))
    for _ in range(5):
        invoke(message(receives=2))
    delays = [
        each["Entries"][0]["VisibilityTimeout"]
        for each in fake_aws.of("change_message_visibility_batch")[1::2]
    ]
    assert len(set(delays)) > 1


def test_a_batch_is_held_until_shortly_after_the_invocations_end(
    monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """A crash costs minutes, not the queue's whole visibility time-out."""
    handled_as(monkeypatch, message_processor, DONE)
    lambda_handler(message(), LambdaContext(FUNCTION, 100, clock=lambda: 0.0))
    (held,) = fake_aws.of("change_message_visibility_batch")
    assert held["Entries"][0]["VisibilityTimeout"] == 130


def test_a_message_for_which_no_time_is_left_is_not_begun(
    monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """The first one took it all; the second comes back untouched."""
    context = LambdaContext(FUNCTION)

    def take_most_of_the_time() -> None:
        context.started -= 40

    asked = handled_as(monkeypatch, message_processor, take_most_of_the_time)
    both = {"Records": message()["Records"] + message(messageId="n")["Records"]}
    assert lambda_handler(both, context) == {"batchItemFailures": [{"itemIdentifier": "n"}]}
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", f"{NOT_JSON} (line 1, column 1)"),
        ('{"Name": "CANARY",\n  "Password": CANARY}', f"{NOT_JSON} (line 2, column 15)"),
        ('{"Password": "CANARY"', f"{NOT_JSON} (line 1, column 22)"),
        ('{"Password": %s}' % ("9" * 5000), NOT_JSON),
        ('["CANARY"]', "the request must be a JSON object"),
        ('"CANARY"', "the request must be a JSON object"),
        ("null", "the request must be a JSON object"),
    ],
)
def test_a_body_that_is_no_json_is_told_where(body: str, reason: str) -> None:
    """By line and column, with nothing of what stands there."""
    (record,) = message(body)["Records"]
    asked = read_document(document(SQSRecord(record)), REQUEST_QUEUE, "m", START)
    with pytest.raises(InvalidRequestError) as raised:
        check(asked, RULES)
    assert raised.value.reason == reason
    assert (asked.request_id, asked.properties, asked.name) == ("m", None, "")


def test_a_body_that_is_nested_too_deeply_is_refused(fake_aws: FakeAws) -> None:
    """It harms nobody, and nothing of it is kept."""
    assert invoke(message(DEEP)) == GONE
    (buried,) = fake_aws.of("send_message")
    assert json.loads(buried["MessageBody"]) == {"RequestId": "m"}
    assert buried["MessageAttributes"]["Reason"]["StringValue"] == TOO_DEEP.problem


def test_a_bug_is_told_by_kind_and_place_without_its_text(
    monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """A foreign exception's text may hold values."""

    def carry_out(*_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr("handler.entrypoints.execution.check", carry_out)
    result = fake_aws
    assert invoke(message(age=1801)) == GONE
    told = str(result.of("put_events"))
    assert "unexpected ValueError at test_message_processor_fates.py" in told
    assert CANARY not in told
