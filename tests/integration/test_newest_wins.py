"""The queue delivers late, twice and in any order: what was sent last is what stays."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from handler.adapters import aws_client as aws
from tests.support.event_source import EventSource
from tests.support.faulty_proxy import FaultyProxy, aws_error
from tests.support.function import Function
from tests.support.response_url_server import ResponseUrlServer
from tests.support.role_session import sqs_of_function
from tests.support.stack_requests import CustomResource
from tools.local.local_stack import LocalStack
from tools.operating.redrive import redrive

THROTTLED = aws_error("ThrottlingException")
MINUTE = 60_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Message:
    """A message's body, and what SQS tells of it; times in milliseconds after the first."""

    body: dict[str, Any]
    sent: int = 0
    age_seconds: float = 0  # since its first receive


class Queue:
    """The request queue and the function behind it; messages can be as old as one likes."""

    def __init__(self, source: EventSource, function: Function, proxy: FaultyProxy) -> None:
        """Put them together."""
        self._source, self._function, self._proxy = source, function, proxy
        self._origin = 0

    def deliver(self, *messages: Message, seconds: float = 100) -> list[str]:
        """Deliver messages in one batch; give the outcomes or error codes, in that order."""
        event = self._source.batch(*(message.body for message in messages))
        for record, message in zip(event["Records"], messages, strict=True):
            self._date(record, message)
        return self.work_on(event, seconds)

    def work_on(self, event: dict[str, Any], seconds: float = 100) -> list[str]:
        """Have an event worked on; give the outcomes or error codes of what was told."""
        told = len(self._published())
        returned = self._source.settle(event, self._function(event, seconds))
        outcomes = [each.get("Outcome") or each["ErrorCode"] for each in self._published()[told:]]
        return [*outcomes, *("returned" for _ in returned)]

    def _date(self, record: dict[str, Any], message: Message) -> None:
        self._origin = self._origin or int(record["attributes"]["SentTimestamp"])
        record["attributes"]["SentTimestamp"] = str(self._origin + message.sent)
        first = (time.time() - message.age_seconds) * 1000
        record["attributes"]["ApproximateFirstReceiveTimestamp"] = str(int(first))

    def at(self, milliseconds: int) -> str:
        """Give a RequestTime so long after the first message."""
        return datetime.fromtimestamp((self._origin + milliseconds) / 1000, UTC).isoformat()

    def _published(self) -> Sequence[dict[str, Any]]:
        return [
            json.loads(entry["Detail"])
            for each in self._proxy.parameters_of("PutEvents")
            for entry in each["Entries"]
        ]


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all tries of a call be over soon, however much time there is."""
    monkeypatch.setattr(aws, "CALL_PAUSES", (0.01, 2.0, 0.01))


@pytest.fixture
def queue(event_source: EventSource, function: Function, proxy: FaultyProxy) -> Queue:
    """Give the queue with the function behind it."""
    return Queue(event_source, function, proxy)


@pytest.fixture
def create(basic: dict[str, Any]) -> dict[str, Any]:
    """Give a Create's body."""
    return update(basic, "first")


def update(basic: dict[str, Any], description: str, request_type: str = "Create") -> dict[str, Any]:
    """Give the body of a request, told apart by its description."""
    return {
        "RequestType": request_type,
        "ResourceProperties": basic | {"Description": description},
    }


def delete(basic: dict[str, Any]) -> dict[str, Any]:
    """Give the body of a Delete."""
    return {"RequestType": "Delete", "ResourceProperties": {"Name": basic["Name"]}}


def description(stack: LocalStack, name: str) -> str:
    """Tell which request stayed."""
    return stack.events.describe_connection(Name=name)["Description"]


def exists(stack: LocalStack, name: str) -> bool:
    """Tell whether there is a connection of that name."""
    connections = stack.events.list_connections(NamePrefix=name)["Connections"]
    return name in [connection["Name"] for connection in connections]


def test_an_older_request_that_comes_back_is_superseded(
    queue: Queue,
    basic: dict[str, Any],
    create: dict[str, Any],
    name: str,
    stack: LocalStack,
    proxy: FaultyProxy,
) -> None:
    """Throttled at first; when it returns, a newer one was applied meanwhile."""
    assert queue.deliver(Message(create)) == ["Created"]
    proxy.spoil("UpdateConnection", THROTTLED, containing="older")
    older = Message(update(basic, "older", "Update"), sent=MINUTE)
    assert queue.deliver(older) == ["returned"]
    newer = Message(update(basic, "newer", "Update"), sent=2 * MINUTE)
    assert queue.deliver(newer) == ["Updated"]
    proxy.clear_up()
    assert queue.deliver(older) == ["Superseded"]
    assert description(stack, name) == "newer"


def test_a_duplicate_of_an_old_update_undoes_nothing(
    queue: Queue,
    basic: dict[str, Any],
    create: dict[str, Any],
    name: str,
    stack: LocalStack,
    proxy: FaultyProxy,
) -> None:
    """A standard queue delivers more than once, even after it was told to forget."""
    old = Message(update(basic, "old", "Update"), sent=MINUTE)
    new = Message(update(basic, "new", "Update"), sent=2 * MINUTE)
    assert queue.deliver(Message(create), old, new) == ["Created", "Updated", "Updated"]
    writes = proxy.operations().count("UpdateConnection")
    assert queue.deliver(old) == ["Superseded"]
    assert description(stack, name) == "new"
    assert proxy.operations().count("UpdateConnection") == writes


def test_two_messages_for_one_name_in_one_batch_are_applied_in_order(
    queue: Queue, basic: dict[str, Any], name: str, stack: LocalStack
) -> None:
    """One after the other, as they were sent."""
    first, second = (Message(update(basic, f"{n}"), sent=n * MINUTE) for n in (1, 2))
    assert queue.deliver(first, second) == ["Created", "Updated"]
    assert description(stack, name) == "2"


def test_two_messages_for_one_name_in_the_wrong_order_end_the_same(
    queue: Queue, basic: dict[str, Any], name: str, stack: LocalStack
) -> None:
    """A standard queue keeps no order; the older one does nothing."""
    first, second = (Message(update(basic, f"{n}"), sent=n * MINUTE) for n in (1, 2))
    assert queue.deliver(second, first) == ["Created", "Superseded"]
    assert description(stack, name) == "2"


def test_a_late_create_does_not_resurrect_what_was_deleted(
    queue: Queue,
    basic: dict[str, Any],
    create: dict[str, Any],
    name: str,
    stack: LocalStack,
) -> None:
    """The Delete overtook it, whether or not there was a connection; a new Create is free."""
    late = Message(create, sent=MINUTE)
    assert queue.deliver(Message(delete(basic), sent=2 * MINUTE)) == ["NotFound"]
    assert queue.deliver(late) == ["Superseded"]
    assert not exists(stack, name)
    assert queue.deliver(Message(create, sent=3 * MINUTE)) == ["Created"]


def test_a_late_create_of_a_cancelled_stack_leaves_no_orphan(
    function: Function,
    basic: dict[str, Any],
    name: str,
    stack: LocalStack,
    response_url: ResponseUrlServer,
) -> None:
    """Lambda delivers it late, after CloudFormation's Delete with a made-up id."""
    resource = CustomResource(response_url.origin)
    create = resource.request("Create", basic)
    made_up = "shop-Connection-1A2B3C4D5E6F"
    function(resource.request("Delete", basic, made_up))
    function(create)
    deleted, superseded = response_url.answers
    assert (deleted["Status"], deleted["PhysicalResourceId"]) == ("SUCCESS", made_up)
    assert superseded["Status"] == "FAILED"
    assert superseded["Reason"].startswith("Superseded: ")
    assert not exists(stack, name)


def test_a_redriven_dead_letter_does_not_undo_what_was_asked_since(
    queue: Queue,
    basic: dict[str, Any],
    create: dict[str, Any],
    name: str,
    stack: LocalStack,
    event_source: EventSource,
    proxy: FaultyProxy,
) -> None:
    """Its body holds the time of the request, through any number of redrives."""
    assert queue.deliver(Message(create)) == ["Created"]
    proxy.spoil("UpdateConnection", THROTTLED, containing="given up")
    given_up = Message(update(basic, "given up", "Update"), sent=1, age_seconds=1801)
    assert queue.deliver(given_up) == ["Throttling"]
    newer = Message(update(basic, "newer", "Update"), sent=2)
    assert queue.deliver(newer) == ["Updated"]
    proxy.clear_up()
    sent, kept = redrive(stack)
    assert (sent.total(), kept.total()) == (1, 0)
    event = event_source.arrived(1)
    (record,) = event["Records"]
    written = json.loads(record["body"])["RequestTime"]
    assert datetime.fromisoformat(written) == datetime.fromisoformat(queue.at(1))
    assert queue.work_on(event) == ["Superseded"]
    assert description(stack, name) == "newer"
    assert event_source.dead_letters() == []


def test_a_redrive_leaves_letters_that_can_never_work(
    queue: Queue, create: dict[str, Any], stack: LocalStack, event_source: EventSource
) -> None:
    """Sent back, it could only fail again."""
    literal = json.loads(json.dumps(create))
    block = literal["ResourceProperties"]["AuthParameters"]["BasicAuthParameters"]
    block["Password"] = "a literal credential"
    assert queue.deliver(Message(literal)) == ["InvalidRequest"]
    sent, kept = redrive(stack)
    assert (sent.total(), kept.total()) == (0, 1)


def test_a_redrive_dates_a_letter_that_sqs_moved(
    create: dict[str, Any], stack: LocalStack, event_source: EventSource
) -> None:
    """After a crash it has no attributes of ours; SQS kept the time of its sending."""
    with sqs_of_function(stack) as sqs:
        sqs.send_message(
            QueueUrl=stack.outputs["DeadLetterQueueUrl"], MessageBody=json.dumps(create)
        )
    sent, kept = redrive(stack)
    assert (sent.total(), kept.total()) == (1, 0)
    (record,) = event_source.arrived(1)["Records"]
    body = json.loads(record["body"])
    carried = datetime.fromisoformat(body.pop("RequestTime")).timestamp() * 1000
    assert carried <= int(record["attributes"]["SentTimestamp"])
    assert body == create


def test_a_request_time_that_is_older_counts(
    queue: Queue, basic: dict[str, Any], create: dict[str, Any], name: str, stack: LocalStack
) -> None:
    """Who asks again for something old may say how old it is."""
    assert queue.deliver(Message(create, sent=2 * MINUTE)) == ["Created"]
    old = update(basic, "old", "Update")
    again = Message({**old, "RequestTime": queue.at(MINUTE)}, sent=3 * MINUTE)
    assert queue.deliver(again) == ["Superseded"]
    assert description(stack, name) == "first"


def test_a_request_time_that_is_newer_does_not_count(
    queue: Queue, basic: dict[str, Any], create: dict[str, Any], name: str, stack: LocalStack
) -> None:
    """Nobody makes a message newer than it is, and outlasts what is asked after it."""
    assert queue.deliver(Message(create)) == ["Created"]
    boasting = update(basic, "boasting", "Update")
    message = Message({**boasting, "RequestTime": queue.at(1000 * MINUTE)}, sent=MINUTE)
    assert queue.deliver(message) == ["Updated"]
    assert queue.deliver(Message(update(basic, "next"), sent=2 * MINUTE)) == ["Updated"]
    assert description(stack, name) == "next"


def test_an_item_of_the_version_before_is_understood(
    queue: Queue, basic: dict[str, Any], create: dict[str, Any], name: str, stack: LocalStack
) -> None:
    """The registry outlives a deployment: what 0.1.0 registered can be updated and deleted."""
    assert queue.deliver(Message(create)) == ["Created"]
    stack.dynamodb.update_item(
        TableName=stack.outputs["RegistryTableName"],
        Key={"PK": {"S": f"CONNECTION#{name}"}, "SK": {"S": "CONNECTION"}},
        UpdateExpression="REMOVE RequestTime, LeaseHolder, LeasedUntil, DeletedAt",
    )
    assert queue.deliver(Message(update(basic, "next"), sent=MINUTE)) == ["Updated"]
    assert queue.deliver(Message(delete(basic), sent=2 * MINUTE)) == ["Deleted"]
