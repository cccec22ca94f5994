"""Which dead letters a redrive sends back, and which it leaves where they are."""

import time
from typing import Any, cast

import pytest

from tests.fake_aws import FakeAws
from tools.application import application
from tools.redrive import redrive

REFRESH = '{"RequestType": "Refresh", "ResourceProperties": {"Name": "crm"}}'
EVENT = '{"source": "aws.secretsmanager", "detail-type": "Secret Label Updated"}'


def letter(number: int, body: str, **attributes: str) -> dict[str, Any]:
    """Make a dead letter."""
    return {
        "MessageId": f"message-{number}",
        "ReceiptHandle": f"receipt-{number}",
        "Body": body,
        "Attributes": {"SentTimestamp": "1764000000000"},
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }


def redriven(*letters: dict[str, Any]) -> tuple[tuple[int, int], FakeAws]:
    """Redrive letters; give what is counted, and the calls."""
    aws = FakeAws()
    aws.plan("receive_message", {"Messages": list(letters)})
    return redrive(cast("Any", aws.client("sqs")), "dead", "requests"), aws


def test_a_letter_of_the_functions_is_sent_back_with_its_time() -> None:
    """It can work again."""
    counts, aws = redriven(letter(1, REFRESH, ErrorCode="Throttling", RequestTime="1763999999999"))
    assert counts == (1, 0)
    (sent,) = aws.of("send_message")
    assert (sent["QueueUrl"], sent["MessageBody"]) == ("requests", REFRESH)
    assert sent["MessageAttributes"]["RequestTime"]["StringValue"] == "1763999999999"
    assert aws.of("delete_message") == [{"QueueUrl": "dead", "ReceiptHandle": "receipt-1"}]


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
        ('{"Password": "***"}', {}),
        ('{"Length": 7}', {}),
        (REFRESH, {"ErrorCode": "Unanswered"}),
    ],
)
def test_what_cannot_work_again_is_left(body: str, attributes: dict[str, str]) -> None:
    """Masked, too long, or a stack's."""
    counts, aws = redriven(letter(1, body, **attributes))
    assert (counts, aws.of("send_message")) == ((0, 1), [])


def test_what_fails_again_at_once_is_not_sent_back_without_end() -> None:
    """It comes back as a new letter, sent after the redrive began."""
    again = letter(2, REFRESH)
    again["Attributes"]["SentTimestamp"] = str(int(time.time() * 1000) + 60_000)
    counts, aws = redriven(letter(1, REFRESH), again)
    assert counts == (1, 0)
    assert len(aws.of("send_message")) == 1


def test_what_is_left_can_be_seen_at_once() -> None:
    """Else the queue would look empty for a minute."""
    counts, aws = redriven(letter(1, '{"Password": "***"}'))
    assert counts == (0, 1)
    (shown,) = aws.of("change_message_visibility")
    assert (shown["ReceiptHandle"], shown["VisibilityTimeout"]) == ("receipt-1", 0)


def test_nothing_running_is_told_and_aws_is_not_guessed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody with credentials in the shell means the stack that they name."""
    monkeypatch.setattr("tools.kept_stack.find", lambda: None)
    with pytest.raises(SystemExit) as raised, application(None):
        pass
    assert raised.value.code == 2
    assert "STACK=" in capsys.readouterr().err
