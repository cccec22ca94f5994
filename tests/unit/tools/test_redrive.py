"""Which dead letters a redrive sends back, and which it leaves where they are."""

import io
import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import NoRegionError, ReadTimeoutError

from tests.support.fake_aws import FakeAws, refusal
from tests.support.resolved_template import properties
from tools.operating import inventory
from tools.operating import redrive as redriving
from tools.operating.application import OnAws, application
from tools.operating.redrive import redrive, summary

TIME = "2026-01-01T00:00:00Z"
REFRESH = f'{{"RequestType": "Refresh", "RequestTime": "{TIME}", "ResourceProperties": {{}}}}'
UNDATED = '{"RequestType": "Refresh", "ResourceProperties": {"Name": "crm"}}'
CREATE = '{"RequestType": "Create", "ResourceProperties": {"Name": "crm"}}'
EMPTY = '{"RequestId": "request-1"}'
A_MINUTE_AGO = int(time.time() - 60) * 1000
FUNCTION_SECONDS = properties("Function")["Timeout"]
EVENT = '{"source": "aws.secretsmanager", "detail-type": "Secret Label Updated"}'


@dataclass
class Installation:
    """An application whose clients are faked."""

    sqs: Any
    lambda_: Any
    outputs: Mapping[str, str] = field(
        default_factory=lambda: {
            "DeadLetterQueueUrl": "dead",
            "RequestQueueUrl": "requests",
            "FunctionArn": "function",
            "RequestQueueArn": "arn:requests",
            "MaintenanceQueueArn": "arn:maintenance",
        }
    )


def installation(aws: FakeAws) -> Installation:
    """Give an installation on a faked AWS."""
    return Installation(aws.client("sqs"), aws.client("lambda"))


def letter(number: int, body: str, **attributes: str) -> dict[str, Any]:
    """Make a dead letter."""
    return {
        "MessageId": f"message-{number}",
        "ReceiptHandle": f"receipt-{number}",
        "Body": body,
        "Attributes": {"SentTimestamp": str(A_MINUTE_AGO)},
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }


def of_codes(*codes: str) -> list[dict[str, Any]]:
    """Make a dead letter of each code."""
    return [letter(number, REFRESH, ErrorCode=code) for number, code in enumerate(codes)]


def redriven(*letters: dict[str, Any], error: str = "") -> tuple[tuple[int, int], FakeAws]:
    """Redrive letters; give what is counted, and the calls."""
    aws = FakeAws(is_for_a_tool=True)
    aws.plan("receive_message", {"Messages": list(letters)})
    sent, left = redrive(installation(aws), error)
    return (sent.total(), left.total()), aws


def told(*letters: dict[str, Any], error: str = "") -> str:
    """Redrive letters and give the summary."""
    aws = FakeAws(is_for_a_tool=True)
    aws.plan("receive_message", {"Messages": list(letters)})
    return summary(*redrive(installation(aws), error))


def test_a_letter_of_the_functions_is_sent_back_as_it_is() -> None:
    """It can work again, and holds the time of its request."""
    counts, aws = redriven(letter(1, REFRESH, ErrorCode="Throttling", Queue="RequestQueue"))
    assert counts == (1, 0)
    assert aws.of("send_message") == [{"QueueUrl": "requests", "MessageBody": REFRESH}]
    assert aws.of("delete_message") == [{"QueueUrl": "dead", "ReceiptHandle": "receipt-1"}]


def test_a_letter_of_maintenance_is_handed_to_the_function() -> None:
    """Nobody else may send to its queue; what fails again stays."""
    body = {"RequestType": "Refresh", "RequestTime": TIME, "ResourceProperties": {"Name": "crm"}}
    given = letter(1, json.dumps(body), ErrorCode="Throttling", Queue="MaintenanceQueue")
    aws = FakeAws(is_for_a_tool=True)
    aws.plan("receive_message", {"Messages": [given]})
    aws.plan("invoke", {"Payload": io.BytesIO(b"{}")})
    sent, left = redrive(installation(aws))
    assert (sent.total(), left.total()) == (1, 0)
    (call,) = aws.of("invoke")
    assert (call["FunctionName"], json.loads(call["Payload"])) == ("function", body)
    assert aws.of("send_message") == []
    assert aws.of("delete_message") == [{"QueueUrl": "dead", "ReceiptHandle": "receipt-1"}]


def test_a_letter_that_sqs_moved_is_known_by_the_queue_it_came_from() -> None:
    """It has no attributes of ours, and perhaps some that its sender chose."""
    kept = letter(1, UNDATED)
    kept["Attributes"]["DeadLetterQueueSourceArn"] = "arn:maintenance"
    forged = letter(2, UNDATED, Queue="MaintenanceQueue")
    forged["Attributes"]["DeadLetterQueueSourceArn"] = "arn:requests"
    aws = FakeAws(is_for_a_tool=True)
    aws.plan("receive_message", {"Messages": [kept, forged]})
    aws.plan("invoke", {"Payload": io.BytesIO(b"{}")})
    sent, _ = redrive(installation(aws))
    assert sent.total() == 2
    assert len(aws.of("invoke")) == len(aws.of("send_message")) == 1


@pytest.mark.parametrize("request_type", ["Release", "Create", "List", None, 1])
def test_the_operators_rights_are_for_maintenance_alone(request_type: object) -> None:
    """A letter that only says to be maintenance's is not carried out by the function itself."""
    body = {"RequestType": request_type, "ResourceProperties": {"Name": "crm"}}
    given = letter(1, json.dumps(body), ErrorCode="Throttling", Queue="MaintenanceQueue")
    aws = FakeAws(is_for_a_tool=True)
    aws.plan("receive_message", {"Messages": [given]})
    sent, left = redrive(installation(aws))
    assert (sent.total(), left.total()) == (0, 1)
    assert aws.of("invoke") == aws.of("send_message") == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            {
                "FunctionError": "Unhandled",
                "Payload": io.BytesIO(b'{"errorType": "ThrottlingError", "errorMessage": "x"}'),
            },
            "it failed again: ThrottlingError",
        ),
        (refusal("TooManyRequestsException"), "the function refused it: TooManyRequestsException"),
        (ReadTimeoutError(endpoint_url="https://lambda"), "the function did not answer"),
    ],
)
def test_a_letter_that_the_function_cannot_carry_out_stays(answer: Any, why: str) -> None:
    """With the reason beside its code."""
    aws = FakeAws(is_for_a_tool=True)
    given = letter(1, UNDATED, ErrorCode="Throttling", Queue="MaintenanceQueue")
    aws.plan("receive_message", {"Messages": [given]})
    aws.plan("invoke", answer)
    sent, left = redrive(installation(aws))
    assert (sent.total(), dict(left)) == (0, {f"Throttling ({why})": 1})
    assert aws.of("delete_message") == []


def test_a_letter_that_sqs_moved_gets_the_time_of_its_sending() -> None:
    """Else it would look newer than what was asked since."""
    _, aws = redriven(letter(1, UNDATED))
    (sent,) = aws.of("send_message")
    sent_at = datetime.fromtimestamp(A_MINUTE_AGO / 1000, UTC).isoformat()
    dated = {**json.loads(UNDATED), "RequestTime": sent_at}
    assert json.loads(sent["MessageBody"]) == dated


def test_what_a_queue_of_nobodys_moved_here_is_left() -> None:
    """Whoever may create a queue can name our dead-letter queue as its target."""
    given = [letter(1, UNDATED), letter(2, UNDATED, ErrorCode="Throttling", Queue="RequestQueue")]
    for each in given:
        each["Attributes"]["DeadLetterQueueSourceArn"] = "arn:another"
    counts, aws = redriven(*given)
    assert (counts, aws.of("send_message"), aws.of("invoke")) == ((0, 2), [], [])
    assert "moved from a queue that is not this installation's" in told(given[0])


def test_a_letter_about_a_connection_that_is_gone_is_done() -> None:
    """A Reconcile of what was released since would fail, and stay, without end."""
    body = '{"RequestType": "Reconcile", "ResourceProperties": {"Name": "crm"}}'
    given = letter(1, body, ErrorCode="Throttling", Queue="MaintenanceQueue")
    aws = FakeAws(is_for_a_tool=True)
    aws.plan("receive_message", {"Messages": [given]})
    failed = io.BytesIO(b'{"errorType": "NotFoundError", "errorMessage": "x"}')
    aws.plan("invoke", {"FunctionError": "Unhandled", "Payload": failed})
    counted = summary(*redrive(installation(aws)))
    assert counted == "1 sent back: 1 Throttling (nothing to do any more); 0 left"
    assert aws.of("delete_message") == [{"QueueUrl": "dead", "ReceiptHandle": "receipt-1"}]


def test_a_slow_letter_lets_no_receipt_expire() -> None:
    """The function may take its whole time over each, while others wait to be deleted."""
    aws = FakeAws(is_for_a_tool=True)
    aws.plan("receive_message", *({"Messages": [each]} for each in of_codes(*["Throttling"] * 3)))
    redrive(installation(aws))
    order = [called for called, _ in aws.calls]
    assert order == ["receive_message", "send_message", "delete_message"] * 3 + ["receive_message"]
    for each in aws.of("receive_message"):
        assert each["MaxNumberOfMessages"] == 1
        assert each["VisibilityTimeout"] > FUNCTION_SECONDS


def test_what_comes_again_is_held_until_the_end_and_counted_once() -> None:
    """A redrive that took long sees again what it left, and must not stop there."""
    left = letter(1, EMPTY)
    again = {**left, "ReceiptHandle": "receipt-1-again"}
    aws = FakeAws(is_for_a_tool=True)
    aws.plan(
        "receive_message", *({"Messages": [each]} for each in (left, again, letter(2, REFRESH)))
    )
    sent, kept = redrive(installation(aws))
    assert (sent.total(), kept.total()) == (1, 1)
    (shown,) = aws.of("change_message_visibility")
    assert shown["ReceiptHandle"] == "receipt-1-again"


def test_the_client_waits_as_long_as_the_function_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 would give up after a minute, and invoke the function again while it still runs."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    config: Any = OnAws("provisioner").lambda_.meta.config
    assert config.read_timeout > FUNCTION_SECONDS
    assert config.retries["total_max_attempts"] == 1


@pytest.mark.parametrize("body", [EVENT, REFRESH])
def test_a_letter_of_eventbridges_own_is_left(body: str) -> None:
    """What a rule could not deliver is an event, and no request."""
    arn = "arn:aws:events:us-east-1:123456789012:rule/SecretRule"
    told = {"RULE_ARN": arn, "TARGET_ARN": "arn:aws:sqs:::q", "ERROR_CODE": "NO_PERMISSIONS"}
    counts, aws = redriven(letter(1, body, **told), letter(2, REFRESH))
    assert counts == (1, 1)
    assert [each["ReceiptHandle"] for each in aws.of("delete_message")] == ["receipt-2"]


@pytest.mark.parametrize(
    ("body", "attributes"),
    [
        (EMPTY, {"ErrorCode": "ServiceInternalError"}),
        (EMPTY, {"ErrorCode": "InvalidRequest"}),
        (CREATE, {"ErrorCode": "InvalidRequest"}),
        (REFRESH, {"ErrorCode": "Unanswered"}),
        *(("no JSON", {}), ("[]", {}), ("5", {}), ("null", {}), ("{}", {}), ("[" * 99_999, {})),
    ],
)
def test_what_cannot_work_again_is_left(body: str, attributes: dict[str, str]) -> None:
    """Never valid, not kept, no request, or a stack's."""
    counts, aws = redriven(letter(1, body, **attributes))
    assert (counts, aws.of("send_message")) == ((0, 1), [])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("", ["receipt-0", "receipt-1", "receipt-2"]),
        ("SecretNotUsable", ["receipt-1"]),
        ("InvalidRequest", ["receipt-0"]),
        ("Unanswered", []),
    ],
)
def test_a_code_chooses_what_is_sent_back(error: str, expected: list[str]) -> None:
    """What cannot be sent is left all the same."""
    letters = of_codes("InvalidRequest", "SecretNotUsable", "Throttling", "Unanswered")
    _, aws = redriven(*letters, error=error)
    assert [each["ReceiptHandle"] for each in aws.of("delete_message")] == expected


def test_what_aws_refused_goes_back_only_where_its_code_is_named() -> None:
    """It fails again, unless whoever asks for it has changed what AWS looks at."""
    given = letter(1, CREATE, ErrorCode="InvalidRequest", Queue="RequestQueue")
    assert told(given) == (
        "0 sent back; 1 left: 1 InvalidRequest (refused as it stands;"
        " send it anew, or name ERROR=InvalidRequest)"
    )
    assert told(given, error="InvalidRequest") == "1 sent back: 1 InvalidRequest; 0 left"
    empty = letter(1, EMPTY, ErrorCode="InvalidRequest", Queue="RequestQueue")
    assert told(empty, error="InvalidRequest") == (
        "0 sent back; 1 left: 1 InvalidRequest (can never work as it stands; send the request anew)"
    )


def test_maintenance_goes_back_whatever_it_failed_for() -> None:
    """The operator may have set back the setting that refused what the owner once asked for."""
    given = letter(1, UNDATED, ErrorCode="InvalidRequest", Queue="MaintenanceQueue")
    aws = FakeAws(is_for_a_tool=True)
    aws.plan("receive_message", {"Messages": [given]})
    aws.plan("invoke", {"Payload": io.BytesIO(b"{}")})
    assert summary(*redrive(installation(aws))) == "1 sent back: 1 InvalidRequest; 0 left"


@pytest.mark.parametrize("code", [{"BinaryValue": b"x"}, {"StringValue": ""}, {}])
def test_a_strange_letter_stops_no_other(code: dict[str, Any]) -> None:
    """Whoever may send to the dead-letter queue may send anything."""
    strange = letter(1, REFRESH)
    strange["MessageAttributes"] = {"ErrorCode": {"DataType": "Binary", **code}}
    counts, _ = redriven(strange, letter(2, "\ud800"), letter(3, REFRESH, ErrorCode="Throttling"))
    assert counts == (2, 1)


def test_a_letter_that_the_queue_refuses_stays_and_stops_no_other() -> None:
    """It is told with SQS's own code."""
    aws = FakeAws(is_for_a_tool=True)
    aws.plan("receive_message", {"Messages": of_codes("Throttling", "Throttling")})
    aws.plan("send_message", refusal("InvalidMessageContents"))
    sent, left = redrive(installation(aws))
    assert (sent.total(), aws.of("delete_message")) == (
        1,
        [{"QueueUrl": "dead", "ReceiptHandle": "receipt-1"}],
    )
    assert dict(left) == {"Throttling (the queue refused it: InvalidMessageContents)": 1}


def test_the_summary_counts_by_code_and_says_why_letters_are_left() -> None:
    """Whoever reads it knows what to do about the rest."""
    codes = ["SecretNotUsable", "Throttling", "SecretNotUsable", "Unanswered"]
    invalid = letter(7, EMPTY, ErrorCode="InvalidRequest")
    empty = letter(8, EMPTY, ErrorCode="Throttling")
    assert told(invalid, *of_codes(*codes), empty, letter(9, EVENT, RULE_ARN="arn")) == (
        "3 sent back: 2 SecretNotUsable, 1 Throttling; 4 left:"
        " 1 InvalidRequest (can never work as it stands; send the request anew),"
        " 1 Unanswered (a stack's, which must be asked for anew),"
        " 1 Throttling (not kept; send the request anew),"
        " 1 without ErrorCode (what a rule could not deliver; the next Reconcile makes up for it)"
    )
    assert told(letter(1, REFRESH), *of_codes("Throttling"), error="Throttlin") == (
        "0 sent back; 2 left: 1 without ErrorCode (ERROR names another code),"
        " 1 Throttling (ERROR names another code)"
    )
    assert summary(Counter(), Counter()) == "0 sent back; 0 left"


def test_what_fails_again_at_once_is_not_sent_back_without_end() -> None:
    """It comes back as a new letter, sent after the redrive began."""
    again = letter(2, REFRESH)
    again["Attributes"]["SentTimestamp"] = str(int(time.time() * 1000) + 60_000)
    counts, aws = redriven(letter(1, REFRESH), again)
    assert counts == (1, 0)
    assert len(aws.of("send_message")) == 1


def test_what_is_left_can_be_seen_at_once() -> None:
    """Else the queue would look empty for a minute."""
    counts, aws = redriven(letter(1, EMPTY))
    assert counts == (0, 1)
    (shown,) = aws.of("change_message_visibility")
    assert (shown["ReceiptHandle"], shown["VisibilityTimeout"]) == ("receipt-1", 0)


def test_nothing_running_is_told_and_aws_is_not_guessed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody with credentials in the shell means the stack that they name."""
    monkeypatch.setattr("tools.local.kept_stack.find", lambda: None)
    with pytest.raises(SystemExit) as raised, application(None):
        pass
    assert raised.value.code == 2
    assert "STACK=" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (refusal("ValidationError", "Stack with id wrong does not exist"), "wrong does not exist"),
        (NoRegionError(), "You must specify a region"),
        ({"Stacks": [{}]}, "its outputs are not this application's"),
        ({"Stacks": [{"Outputs": [{"OutputKey": "Url", "OutputValue": "x"}]}]}, "its outputs are"),
    ],
)
@pytest.mark.parametrize("target", [redriving, inventory])
def test_a_wrong_stack_is_told_in_one_line(
    target: Any,
    answer: Any,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Not by a traceback."""
    aws = FakeAws(is_for_a_tool=True)
    aws.plan("describe_stacks", answer)
    monkeypatch.setattr("tools.operating.application.boto3.client", aws.client)
    monkeypatch.setattr("sys.argv", ["make", "--stack", "wrong"])
    with pytest.raises(SystemExit) as raised:
        target.main()
    assert raised.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("STACK=wrong: ")
    assert reason in line


def test_a_code_is_named_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `make redrive ERROR=…` does."""
    aws = FakeAws(is_for_a_tool=True)
    names = (
        *("RequestsFunctionArn", "DeadLetterQueueUrl", "RequestQueueUrl"),
        *("RequestQueueArn", "MaintenanceQueueArn"),
    )
    outputs = [{"OutputKey": name, "OutputValue": name} for name in names]
    aws.plan("describe_stacks", {"Stacks": [{"Outputs": outputs}]})
    aws.plan("receive_message", {"Messages": of_codes("Throttling", "SecretNotUsable")})
    monkeypatch.setattr("tools.operating.application.boto3.client", aws.client)
    monkeypatch.setattr("sys.argv", ["make", "--stack", "right", "--error", "SecretNotUsable"])
    assert redriving.main() == 0
    assert capsys.readouterr().out.startswith("1 sent back: 1 SecretNotUsable; 1 left:")
    assert [each["QueueUrl"] for each in aws.of("send_message")] == ["RequestQueueUrl"]
