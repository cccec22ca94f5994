"""Requests that the function sends to its own queue: in batches, and all of them or an error."""

import json
from datetime import timedelta
from typing import Any

import pytest

from handler.adapters.aws_client import Caller
from handler.adapters.queues import Queues
from handler.errors import AccessDeniedError, ServiceInternalError
from handler.requests.entry_point import MAINTENANCE_QUEUE
from handler.requests.unchecked_request import read_document
from handler.settings import MOST_BATCH_TRIES
from tests.support.fake_aws import FakeAws, refusal
from tests.support.fakes import START, FakeTime

TIME = "RequestTime"
LATER = START + timedelta(hours=1)
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/maintenance"


@pytest.fixture
def aws() -> FakeAws:
    """Give AWS, every call noted."""
    return FakeAws()


def requests(aws: FakeAws, url: str = URL) -> Queues:
    """Give the adapter."""
    return Queues(lambda: Caller("sqs", aws.client("sqs"), FakeTime().clock), url, "dead")


def documents(count: int) -> list[dict[str, Any]]:
    """Make so many requests."""
    return [
        {"RequestType": "Refresh", "ResourceProperties": {"Name": f"n{number}"}}
        for number in range(count)
    ]


def bodies(aws: FakeAws) -> list[list[Any]]:
    """Give what each batch held, but for the time."""
    return [
        [
            {key: value for key, value in json.loads(entry["MessageBody"]).items() if key != TIME}
            for entry in call["Entries"]
        ]
        for call in aws.of("send_message_batch")
    ]


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (10, [10]), (11, [10, 1]), (500, [10] * 50)]
)
def test_ten_go_in_a_batch(aws: FakeAws, count: int, sizes: list[int]) -> None:
    """SQS takes no more; nothing is lost or doubled, and ids are the batch's own."""
    requests(aws).send(documents(count), START)
    assert [len(batch) for batch in bodies(aws)] == sizes
    assert [each for batch in bodies(aws) for each in batch] == documents(count)
    for call in aws.of("send_message_batch"):
        assert call["QueueUrl"] == URL
        assert len({entry["Id"] for entry in call["Entries"]}) == len(call["Entries"])


def test_what_is_sent_is_as_old_as_what_it_is_sent_for(aws: FakeAws) -> None:
    """An event that is late does not look newer than what was applied since."""
    requests(aws).send(documents(1), START)
    (call,) = aws.of("send_message_batch")
    (entry,) = call["Entries"]
    assert set(entry) == {"Id", "MessageBody"}
    assert (
        read_document(json.loads(entry["MessageBody"]), MAINTENANCE_QUEUE, "m", LATER).request_time
        == START
    )


def test_only_what_failed_is_sent_again(aws: FakeAws) -> None:
    """HTTP 200 with a failed entry is a failure; what arrived is not sent twice."""
    failed = {"Failed": [{"Id": "2", "SenderFault": False, "Code": "InternalError"}]}
    aws.plan("send_message_batch", failed)
    requests(aws).send(documents(5), START)
    first, second = bodies(aws)
    assert (len(first), second) == (5, [documents(5)[2]])


def test_what_never_arrives_is_an_error_that_passes(aws: FakeAws) -> None:
    """The message comes back, and all is sent again: twice refreshed is refreshed."""
    failed = {"Failed": [{"Id": "0"}, {"Id": "3"}]}
    aws.plan("send_message_batch", *[failed] * MOST_BATCH_TRIES)
    with pytest.raises(ServiceInternalError, match="did not take 2 messages") as raised:
        requests(aws).send(documents(5), START)
    assert raised.value.is_transient
    assert len(bodies(aws)) == MOST_BATCH_TRIES


def test_a_refusal_is_told_in_our_own_words(aws: FakeAws) -> None:
    """With what it was about."""
    aws.plan("send_message_batch", *[refusal("AccessDenied", "echo")] * 9)
    with pytest.raises(
        AccessDeniedError, match=r"needs sqs:SendMessage on the maintenance queue$"
    ) as raised:
        requests(aws).send(documents(1), START)
    assert "echo" not in raised.value.reason


def test_without_a_queue_its_variable_is_named(aws: FakeAws) -> None:
    """A direct Refresh by secret needs it, too; with nothing to send nobody misses it."""
    with pytest.raises(ServiceInternalError, match=" MAINTENANCE_QUEUE_URL: required"):
        requests(aws, "").send(documents(1), START)
    requests(aws, "").send([], START)
    assert aws.calls == []


def test_a_letter_is_sent_with_its_attributes(aws: FakeAws) -> None:
    """As texts."""
    requests(aws).send_letter("{}", {"ErrorCode": "Throttling"})
    assert aws.of("send_message") == [
        {
            "QueueUrl": "dead",
            "MessageBody": "{}",
            "MessageAttributes": {"ErrorCode": {"DataType": "String", "StringValue": "Throttling"}},
        }
    ]


def test_messages_are_hidden_ten_at_a_time(aws: FakeAws) -> None:
    """Each with an id of its own in its call."""
    requests(aws).change_visibility(URL, [f"h{number}" for number in range(11)], 30)
    first, second = aws.of("change_message_visibility_batch")
    assert (first["QueueUrl"], len(first["Entries"])) == (URL, 10)
    assert first["Entries"][1] == {"Id": "1", "ReceiptHandle": "h1", "VisibilityTimeout": 30}
    assert second["Entries"] == [{"Id": "0", "ReceiptHandle": "h10", "VisibilityTimeout": 30}]


def test_a_refusal_names_the_queue(aws: FakeAws) -> None:
    """There are several."""
    aws.always = dict.fromkeys(
        ("send_message", "change_message_visibility_batch"), refusal("AccessDeniedException")
    )
    with pytest.raises(AccessDeniedError, match="on the dead-letter queue failed"):
        requests(aws).send_letter("{}", {})
    with pytest.raises(AccessDeniedError, match="on the queue failed"):
        requests(aws).change_visibility(URL, ["h"], 30)
