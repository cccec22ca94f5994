"""The queue's entry point: what is consumed, what comes back, and who is told."""

import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from itertools import product
from string import ascii_lowercase
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handler.adapters import aws_client as aws
from tests.support.event_source import EventSource
from tests.support.faulty_proxy import Answer, FaultyProxy, Forward, answered, aws_error, edited
from tests.support.function import Function
from tests.support.function_output import FunctionOutput
from tools.local.deployment import STACK_NAME
from tools.local.local_stack import LocalStack
from tools.operating import entry_points

THROTTLED = aws_error("ThrottlingException")
GIVEN_UP = 1801  # seconds after the first receive
FAILED_ENTRY = {"ErrorCode": "InternalException", "ErrorMessage": "try again"}
PARTLY_ACCEPTED = answered(200, {"FailedEntryCount": 1, "Entries": [FAILED_ENTRY]})


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all tries of a call be over soon, however much time there is."""
    monkeypatch.setattr(aws, "CALL_PAUSES", (0.01, 2.0, 0.01))


@pytest.fixture
def queue(event_source: EventSource, function: Function) -> "Queue":
    """Give the queue with the function behind it."""
    return Queue(event_source, function)


class Queue:
    """The request queue, the mapping that Lambda would have, and the function behind."""

    def __init__(self, event_source: EventSource, function: Function) -> None:
        """Put them together."""
        self._source, self._function = event_source, function

    def deliver(
        self,
        *bodies: object,
        receives: int = 1,
        seconds: float = 200,
        clock: Callable[[], float] = time.monotonic,
        **sending: Any,
    ) -> list[str]:
        """Send messages and have them worked on; give the bodies of those that come back."""
        event = self._source.batch(*bodies, receives=receives, **sending)
        returned = self._source.settle(event, self._function(event, seconds, clock))
        texts = {record["messageId"]: record["body"] for record in event["Records"]}
        return [texts[message_id] for message_id in returned]

    @property
    def dead_letters(self) -> list[Any]:
        """Take what was buried."""
        return self._source.dead_letters()


def message(
    request_id: str, properties: dict[str, Any], request_type: str = "Create", **members: Any
) -> dict[str, Any]:
    """Make a message's body."""
    return {
        "RequestType": request_type,
        "RequestId": request_id,
        "ResourceProperties": properties,
        **members,
    }


def delays(proxy: FaultyProxy) -> list[int]:
    """Give the visibility time-outs that were set, after the one for the whole batch."""
    _, *later = proxy.parameters_of("ChangeMessageVisibilityBatch")
    return [entry["VisibilityTimeout"] for each in later for entry in each["Entries"]]


def published(proxy: FaultyProxy) -> list[dict[str, Any]]:
    """Give the results that were put on the bus."""
    return [
        json.loads(entry["Detail"])
        for each in proxy.parameters_of("PutEvents")
        for entry in each["Entries"]
    ]


def test_a_message_makes_a_connection_and_its_result_arrives(
    queue: Queue, stack: LocalStack, basic: dict[str, Any], name: str, proxy: FaultyProxy
) -> None:
    """Through the bus and the rule into the result queue, as the template wires them."""
    assert queue.deliver(message(f"request-{name}", basic)) == []
    result = entry_points.await_result(stack, f"request-{name}")
    arn = stack.events.describe_connection(Name=name)["ConnectionArn"]
    assert result["ConnectionArn"] == arn
    assert (result["Status"], result["Outcome"]) == ("SUCCESS", "Created")
    (sent,) = proxy.parameters_of("PutEvents")
    (entry,) = sent["Entries"]
    assert entry["Source"] == "eventbridge.connection-provisioner"
    assert entry["DetailType"] == "Connection Request Succeeded"
    assert queue.dead_letters == []


def test_in_a_mixed_batch_each_message_has_its_own_fate(
    queue: Queue, basic: dict[str, Any], name: str, proxy: FaultyProxy
) -> None:
    """Good, no JSON, never valid, later perhaps: one bad message harms no other."""
    later = basic | {"Name": f"{name}-later", "WaitTimeoutSeconds": 1}
    moving = proxy.after("CreateConnection", edited(ConnectionState="AUTHORIZING"))
    proxy.spoil("DescribeConnection", moving, containing=later["Name"])
    bodies = [
        message("good", basic),
        "this is not JSON",
        message("permanent", basic | {"AuthorizationType": "API_KEY"}),
        message("transient", later),
        message("good-too", basic | {"Name": f"{name}-too"}),
    ]
    assert queue.deliver(*bodies, seconds=200) == [json.dumps(bodies[3])]
    by_id = {result["RequestId"]: result for result in published(proxy)}
    assert by_id["good"]["Status"] == by_id["good-too"]["Status"] == "SUCCESS"
    assert by_id["permanent"]["ErrorCode"] == "InvalidRequest"
    assert "transient" not in by_id
    (poison,) = [
        each for key, each in by_id.items() if key not in {"good", "good-too", "permanent"}
    ]
    assert poison["Reason"] == "the message is not valid JSON (line 1, column 1)"
    assert len(queue.dead_letters) == 2


def test_a_dead_letter_of_what_was_refused_tells_why_and_keeps_nothing(
    queue: Queue, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """A literal credential may stand anywhere in it."""
    block = basic["AuthParameters"]["BasicAuthParameters"]
    wrong = basic | {
        "AuthParameters": {"BasicAuthParameters": block | {"Password": "CANARY-password"}},
        "Unknown": "CANARY-unknown",
    }
    proxy.spoil("SendTaskFailure", answered(200, {}))
    assert queue.deliver(message("the-request", wrong, TaskToken="CANARY-token")) == []
    (letter,) = queue.dead_letters
    attributes = {key: each["StringValue"] for key, each in letter["MessageAttributes"].items()}
    assert attributes["ErrorCode"] == "InvalidRequest"
    assert "Password: must hold a reference to a secret" in attributes["Reason"]
    assert attributes["RequestId"] == "the-request"
    assert attributes["Queue"] == "RequestQueue"
    assert set(attributes) == {"ErrorCode", "Reason", "RequestId", "Queue"}
    assert "CANARY" not in json.dumps(letter)
    assert json.loads(letter["Body"]) == {"RequestId": "the-request"}


def test_a_dead_letter_of_what_passed_every_check_can_be_sent_again(
    queue: Queue, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """As it was asked, with its time and without its token."""
    proxy.spoil("SendTaskFailure", answered(200, {}))
    proxy.spoil("DescribeConnection", THROTTLED)
    body = message("the-request", basic)
    assert queue.deliver(body | {"TaskToken": "CANARY-token"}, age_seconds=GIVEN_UP) == []
    (letter,) = queue.dead_letters
    kept = json.loads(letter["Body"])
    assert abs(datetime.fromisoformat(kept.pop("RequestTime")).timestamp() - time.time()) < 60
    assert kept == body


@pytest.mark.parametrize(
    "attribute",
    [
        {"DataType": "Binary", "BinaryValue": b"\x00\x01\x02"},
        {"DataType": "Binary.png", "BinaryValue": b"\x00"},
        {"DataType": "Number", "StringValue": "1"},
        {"DataType": "String", "StringValue": "soon"},
        {"DataType": "String.custom", "StringValue": "1764000000000"},
    ],
    ids=lambda attribute: attribute["DataType"],
)
def test_an_attribute_of_any_type_is_ignored(
    attribute: dict[str, Any], queue: Queue, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """A Binary RequestTime once lost a message without a word."""
    attributes = {"RequestTime": attribute, "traceparent": attribute}
    assert queue.deliver(message("r", basic), attributes=attributes) == []
    assert [result["Outcome"] for result in published(proxy)] == ["Created"]
    assert queue.dead_letters == []


@pytest.mark.parametrize(
    "body",
    [
        "CANARY is no JSON",
        '["CANARY"]',
        '"CANARY"',
        "CANARY",
        "{",
        "[" * 5000,
        "5",
        "x" * 262_143,
    ],
    ids=lambda body: body[:20],
)
def test_of_a_body_that_is_no_json_object_nothing_is_kept(body: str, queue: Queue) -> None:
    """It may be a credential that somebody pasted into the wrong place."""
    assert queue.deliver(body) == []
    (letter,) = queue.dead_letters
    assert set(json.loads(letter["Body"])) == {"RequestId"}
    assert "CANARY" not in json.dumps(letter)


def test_a_transient_failure_comes_back_later_each_time(
    queue: Queue, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """About ten seconds, twenty, forty, up to a quarter of an hour; nobody is told yet."""
    proxy.spoil("DescribeConnection", THROTTLED)
    for receives in (1, 2, 7):
        proxy.calls.clear()
        assert len(queue.deliver(message("r", basic), receives=receives)) == 1
        (delay,) = delays(proxy)
        assert 0.5 <= delay / min(10 * 2 ** (receives - 1), 600) <= 1.5
        assert published(proxy) == []
    assert queue.dead_letters == []


def test_messages_that_failed_together_do_not_come_back_together(
    queue: Queue, basic: dict[str, Any], name: str, proxy: FaultyProxy
) -> None:
    """Else they would pass the same rate again, and again, until their tries are over."""
    proxy.spoil("DescribeConnection", THROTTLED)
    bodies = [message(str(each), basic | {"Name": f"{name}-{each}"}) for each in range(5)]
    assert len(queue.deliver(*bodies, receives=4)) == 5
    assert len(set(delays(proxy))) > 1


def test_the_delay_has_an_upper_end(
    queue: Queue, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """However often a message came."""
    proxy.spoil("DescribeConnection", THROTTLED)
    queue.deliver(message("r", basic), receives=20)
    (delay,) = delays(proxy)
    assert 300 <= delay <= 900


def test_the_visibility_is_set_on_the_real_message(
    queue: Queue, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """With the permissions of the deployed role."""
    proxy.spoil("DescribeConnection", THROTTLED)
    queue.deliver(message("r", basic))
    answers = [
        call.answer.document
        for call in proxy.calls
        if call.operation == "ChangeMessageVisibilityBatch" and call.answer
    ]
    assert [answer.get("Successful") for answer in answers] == [[{"Id": "0"}]] * 2


@pytest.mark.parametrize("receives", [2, 20])
def test_after_its_time_a_transient_failure_is_answered_and_buried(
    receives: int, queue: Queue, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """Then it is final, however often the message came."""
    proxy.spoil("DescribeConnection", THROTTLED)
    body = message("last", basic)
    assert queue.deliver(body, receives=receives, age_seconds=GIVEN_UP) == []
    (result,) = published(proxy)
    assert (result["RequestId"], result["ErrorCode"]) == ("last", "Throttling")
    (letter,) = queue.dead_letters
    assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "Throttling"


def test_a_result_that_the_bus_did_not_take_keeps_just_that_message(
    queue: Queue, basic: dict[str, Any], name: str, proxy: FaultyProxy
) -> None:
    """PutEvents answers HTTP 200 with a failed entry; the result must be out first."""

    def refuse_one(forward: Forward) -> Answer:
        real = forward()
        told = proxy.parameters_of("PutEvents")[-1]["Entries"]
        ends = [FAILED_ENTRY if "the-unlucky-one" in each["Detail"] else {} for each in told]
        body = json.dumps({"FailedEntryCount": 1, "Entries": ends})
        return Answer(real.status, body.encode(), {"Content-Type": "application/x-amz-json-1.1"})

    proxy.spoil("PutEvents", refuse_one, containing="the-unlucky-one")
    bodies = [
        message("first", basic),
        message("the-unlucky-one", basic | {"Name": f"{name}-2"}),
        message("third", basic | {"Name": f"{name}-3"}),
    ]
    assert queue.deliver(*bodies) == [json.dumps(bodies[1])]
    (delay,) = delays(proxy)
    assert 5 <= delay <= 15


def test_a_message_whose_result_got_lost_is_answered_when_it_comes_back(
    queue: Queue, stack: LocalStack, basic: dict[str, Any], name: str, proxy: FaultyProxy
) -> None:
    """Twice worked on, once created."""
    proxy.spoil("PutEvents", PARTLY_ACCEPTED, times=1)
    body = message(f"request-{name}", basic)
    assert len(queue.deliver(body)) == 1
    assert queue.deliver(body, receives=2) == []
    assert entry_points.await_result(stack, f"request-{name}")["Status"] == "SUCCESS"
    assert proxy.operations().count("CreateConnection") == 1


def test_a_dead_letter_queue_that_refuses_keeps_the_message(
    queue: Queue, proxy: FaultyProxy
) -> None:
    """Nothing is lost between the queues."""
    proxy.spoil("SendMessage", aws_error("AccessDeniedException"))
    assert queue.deliver("no JSON") == ["no JSON"]


def test_a_batch_of_one_that_fails_does_not_raise(
    queue: Queue, basic: dict[str, Any], proxy: FaultyProxy, output: FunctionOutput
) -> None:
    """Powertools would, with every traceback in the text."""
    proxy.spoil("DescribeConnection", THROTTLED)
    assert len(queue.deliver(message("r", basic))) == 1
    assert "Traceback" not in output.text


def test_without_time_left_a_message_comes_back_untouched(
    queue: Queue, basic: dict[str, Any], name: str, proxy: FaultyProxy
) -> None:
    """Better than being killed in the middle of it; a slow one delays its own connection's only."""
    passed = 0.0

    def take_all_time(forward: Forward) -> Answer | None:
        nonlocal passed
        passed = 200.0
        return THROTTLED(forward)

    proxy.spoil("DescribeConnection", take_all_time, containing=name)
    bodies = [message("slow", basic), message("second", basic)]
    returned = queue.deliver(*bodies, clock=lambda: passed)
    assert returned == [json.dumps(body) for body in bodies]
    assert proxy.operations().count("DescribeConnection") == 1
    assert published(proxy) == []


def test_at_its_start_a_batch_is_held_until_after_the_invocations_end(
    queue: Queue, basic: dict[str, Any], name: str, proxy: FaultyProxy
) -> None:
    """A crash then costs minutes, not the queue's hour and a half."""
    queue.deliver(message("a", basic), message("b", basic | {"Name": f"{name}-b"}), seconds=100)
    held = proxy.calls[0]
    assert held.operation == "ChangeMessageVisibilityBatch"
    seconds = [entry["VisibilityTimeout"] for entry in held.parameters["Entries"]]
    assert len(seconds) == 2
    assert all(115 < each <= 130 for each in seconds)


def test_a_visibility_that_cannot_be_changed_harms_nothing(
    queue: Queue, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """It is only a matter of when a message would come back."""
    proxy.spoil("ChangeMessageVisibilityBatch", aws_error("AccessDeniedException"))
    assert queue.deliver(message("r", basic)) == []
    assert published(proxy)[0]["Status"] == "SUCCESS"


def test_the_queue_takes_no_message_that_is_larger_than_a_request(
    queue: Queue, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """Its producer is told at once; SQS alone would take a megabyte."""
    large = message("large", basic | {"Description": "x" * 256 * 1024})
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        queue.deliver(large)
    assert proxy.calls == []


@pytest.mark.parametrize("character", ["\ud800", "\uffff", "\u0000", "\u2028"], ids=ascii)
def test_a_character_that_sqs_refuses_is_buried_escaped_or_not_at_all(
    character: str, queue: Queue, basic: dict[str, Any]
) -> None:
    """
    JSON carries every character, escaped; SQS takes no other than XML does.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    """
    wrong = basic | {"Description": f"two\nlines {character}"}
    assert queue.deliver(json.dumps(message("r", wrong))) == []
    (letter,) = queue.dead_letters
    refused = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    assert not refused.search(letter["Body"])


def test_a_result_fits_an_event_however_much_is_wrong(
    queue: Queue, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """PutEvents takes 256 KB for certain; what is larger could never be told."""
    unknown = {f"Unknown{''.join(letters)}": 1 for letters in product(ascii_lowercase, repeat=3)}
    assert queue.deliver(message("r", basic | dict(list(unknown.items())[:8000]))) == []
    (result,) = published(proxy)
    assert len(json.dumps(result)) < 256 * 1024
    assert "Unknownaaa: unknown member" in result["Reason"]


def test_a_connection_that_takes_long_is_waited_for_again(
    queue: Queue, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """The message comes back and the wait goes on, until there is a result to tell."""
    authorizing = edited(ConnectionState="AUTHORIZING")
    proxy.spoil("DescribeConnection", proxy.after("CreateConnection", authorizing))
    body = message("patient", basic | {"WaitTimeoutSeconds": 1})
    assert len(queue.deliver(body)) == 1
    assert published(proxy) == []
    proxy.reset()
    assert queue.deliver(body, receives=2) == []
    assert [result["Outcome"] for result in published(proxy)] == ["Created"]
    assert not {"CreateConnection", "UpdateConnection"} & set(proxy.operations())


def test_a_waiting_state_machine_goes_on_with_the_result(
    queue: Queue, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """The token is answered before the message is consumed, and told to nobody else."""
    proxy.spoil("SendTaskSuccess", answered(200, {}))
    assert queue.deliver(message("r", basic, TaskToken="CANARY-token")) == []
    (told,) = proxy.parameters_of("SendTaskSuccess")
    (result,) = published(proxy)
    assert told["taskToken"] == "CANARY-token"
    assert json.loads(told["output"]) | {"Installation": STACK_NAME} == result
    assert "CANARY" not in json.dumps(result)


def test_a_waiting_state_machine_fails_with_the_error(queue: Queue, proxy: FaultyProxy) -> None:
    """By the error's class, as its Catch matches it."""
    proxy.spoil("SendTaskFailure", answered(200, {}))
    assert queue.deliver(message("r", {"Name": "no-type"}, TaskToken="the-token")) == []
    (told,) = proxy.parameters_of("SendTaskFailure")
    assert told["error"] == "InvalidRequestError"
    assert "AuthorizationType: required" in told["cause"]


@pytest.mark.parametrize("variable", ["REGISTRY_TABLE_NAME", "DEAD_LETTER_QUEUE_URL"])
def test_a_missing_setting_loses_no_message_and_is_logged_by_name(
    variable: str,
    queue: Queue,
    basic: dict[str, Any],
    output: FunctionOutput,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All of them come back, to a function that is set up again."""
    bodies = [message("r", basic), "no JSON"]
    with monkeypatch.context() as patch:
        patch.delenv(variable)
        assert len(queue.deliver(*bodies, seconds=2)) == 2
    assert f"{variable}: required" in output.text


def test_without_a_result_bus_nothing_is_published(
    queue: Queue, basic: dict[str, Any], proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty RESULT_BUS_NAME means none."""
    monkeypatch.setenv("RESULT_BUS_NAME", "")
    assert queue.deliver(message("r", basic)) == []
    assert published(proxy) == []
