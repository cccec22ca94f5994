"""Whatever goes wrong with a message is that message's failure alone, and is told and counted."""

import json
import os
import random
from collections.abc import Callable, Sequence
from threading import Barrier, Event
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.adapters.result_delivery import Results
from handler.app import lambda_handler
from handler.composition import Invocation
from handler.connections.state import Connection
from handler.entrypoints.message_processor import MessageProcessor
from handler.entrypoints.message_retry import LAST_RECEIVE, may_come_back
from handler.entrypoints.source_queue import QueueName, SourceQueue
from handler.entrypoints.sqs_batch import process_side_by_side
from handler.environment import REQUIRED_BY_QUEUE
from handler.errors import NotStabilizedError, ProvisionerError, SupersededError, ThrottlingError
from handler.observability import logger
from handler.operations.completion import Completion, Outcome
from handler.requests.entry_point import REQUEST_QUEUE
from handler.requests.request import check
from handler.requests.unchecked_request import UncheckedRequest, read_document
from handler.settings import MOST_RECEIVES
from tests.support.bad_requests import BASIC
from tests.support.fake_aws import FakeAws, refusal
from tests.support.fakes import RULES, START, FakeTime
from tests.support.function_output import FunctionOutput
from tests.support.lambda_context import LambdaContext

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:provisioner"
MAINTENANCE_URL = "https://queue/123456789012/maintenance"
QUEUE = SourceQueue(QueueName.REQUEST, "https://queue/123456789012/requests", REQUEST_QUEUE)
CANARY = "CANARY"
PATIENCE_SECONDS = 30  # until a test that hangs is given up
DONE = Completion(Outcome.CREATED, Connection("crm", "arn:crm/1", "AUTHORIZED"))
CONFIGURATION = "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-1"
PRIVATE = {"ResourceParameters": {"ResourceConfigurationArn": CONFIGURATION}}
NOT_WAITED_FOR = {
    **BASIC,
    "InvocationConnectivityParameters": PRIVATE,
    "WaitTimeoutSeconds": 0,
}
MOVING = NotStabilizedError("crm is AUTHORIZING", is_transient=True)
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "Binary": {"binaryValue": "AAEC"},
    "String": {"stringValue": "soon"},
    "Number": {"stringValue": "1e99"},
    "Number.int": {"stringValue": "1"},
    "StringList": {"stringListValues": [CANARY]},
    "BinaryList": {"binaryListValues": ["AAEC"]},
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the function's variables, and nothing by which AWS could be reached."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("REGISTRY_TABLE_NAME", "registry")
    monkeypatch.setenv("REQUEST_QUEUE_URL", "https://queue/123456789012/requests")
    monkeypatch.setenv("MAINTENANCE_QUEUE_URL", MAINTENANCE_URL)
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", "https://queue/dead")
    monkeypatch.setenv("GIVE_UP_SECONDS", "1800")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """Give AWS, every call noted."""
    fake = FakeAws()
    fake.use(monkeypatch)
    return fake


class Stage:
    """The request queue of one invocation, on a clock of its own, with the core replaced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let every request end well until told otherwise."""
        self.time = FakeTime()
        self.outcome: Callable[[UncheckedRequest], Completion] = lambda _: DONE
        self.asked: list[UncheckedRequest] = []
        monkeypatch.setattr("handler.entrypoints.execution.check", self._check)
        monkeypatch.setattr("handler.entrypoints.execution.carry_out", lambda _, outcome: outcome)
        monkeypatch.setattr("handler.composition.Clock", lambda *_: self.time.clock)

    def _check(self, asked: UncheckedRequest, _: object) -> Completion:
        self.asked.append(asked)
        return self.outcome(asked)

    def ends(self, error: BaseException) -> None:
        """Let every request end so."""

        def fail(_: UncheckedRequest) -> Completion:
            raise error

        self.outcome = fail

    def checks(self) -> None:
        """Let requests be checked, as they really are."""

        def checked(asked: UncheckedRequest) -> Completion:
            check(asked, RULES)
            return DONE

        self.outcome = checked

    def record(self, receives: int = 1, age: float = 0, **members: Any) -> dict[str, Any]:
        """Make a message that was first received so many seconds ago."""
        first = int((self.time.seconds - age) * 1000)
        request = {"RequestType": "Create", "ResourceProperties": BASIC}
        return {
            "messageId": "m",
            "receiptHandle": "handle",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:requests",
            "body": json.dumps(request),
            "attributes": {
                "ApproximateReceiveCount": str(receives),
                "SentTimestamp": str(first),
                "ApproximateFirstReceiveTimestamp": str(first),
            },
            "messageAttributes": {},
            **members,
        }

    def batch(self, count: int) -> list[dict[str, Any]]:
        """Make messages about so many connections; their ids are their numbers."""
        bodies = [json.dumps({**BASIC, "Name": f"crm-{number}"}) for number in range(count)]
        return [self.record(messageId=str(at), body=body) for at, body in enumerate(bodies)]

    def deliver(self, *records: dict[str, Any]) -> list[str]:
        """Have a batch worked on; give the ids of what comes back."""
        response = lambda_handler({"Records": [*records]}, LambdaContext(FUNCTION))
        return [each["itemIdentifier"] for each in response["batchItemFailures"]]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, aws: FakeAws) -> Stage:
    """Give the queue, with nothing behind it."""
    assert aws.calls == []
    return Stage(monkeypatch)


def processed(processor: MessageProcessor, record: dict[str, Any]) -> ProvisionerError | None:
    """Process one message; give the error that makes it come back."""
    message = SQSRecord(record)
    return process_side_by_side(processor, [message])[message.message_id]


def letters(aws: FakeAws) -> list[tuple[Any, dict[str, str]]]:
    """Give body and attributes of what was buried."""
    return [
        (
            json.loads(each["MessageBody"]),
            {name: value["StringValue"] for name, value in each["MessageAttributes"].items()},
        )
        for each in aws.of("send_message")
    ]


def results(aws: FakeAws) -> list[dict[str, Any]]:
    """Give the results that were published."""
    return [
        json.loads(entry["Detail"]) for each in aws.of("put_events") for entry in each["Entries"]
    ]


@pytest.mark.parametrize("data_type", ATTRIBUTES)
def test_a_message_attribute_of_any_type_is_ignored(
    data_type: str, stage: Stage, aws: FakeAws
) -> None:
    """What a message says stands in its body; a Binary RequestTime was fatal once."""
    attribute = {"dataType": data_type, **ATTRIBUTES[data_type]}
    record = stage.record(messageAttributes={"RequestTime": attribute, "traceparent": attribute})
    assert stage.deliver(record) == []
    assert [result["Status"] for result in results(aws)] == ["SUCCESS"]
    assert stage.asked[0].request_time == START


BAD_RECORDS: dict[str, dict[str, Any]] = {
    "no attributes": {"attributes": {}},
    "no times": {"attributes": {"ApproximateReceiveCount": "1"}},
    "times that are none": {
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": CANARY}
    },
    "a count that is none": {"attributes": {"ApproximateReceiveCount": CANARY}},
    "no receipt": {"receiptHandle": None},
}


@pytest.mark.parametrize("kind", BAD_RECORDS)
def test_a_record_that_cannot_be_read_harms_no_other(
    kind: str, stage: Stage, aws: FakeAws, output: FunctionOutput
) -> None:
    """It comes back, and the log says why."""
    stage.ends(ThrottlingError("later"))
    bad = stage.record(messageId="bad", **BAD_RECORDS[kind])
    assert stage.deliver(bad) == ["bad"]
    stage.outcome = lambda _: DONE
    if kind != "no receipt":
        assert stage.deliver(bad, stage.record()) == ["bad"]
        assert len(results(aws)) == 1
    assert "MessageReturned" in output.text
    assert "comes back" in output.text
    assert CANARY not in output.text


BROKEN = {
    "document": ThrottlingError("later"),
    "read_document": ThrottlingError("later"),
    "execute": ThrottlingError("later"),
    "may_come_back": ThrottlingError("later"),
    "dead_letter.body": NotStabilizedError("broken"),
    "dead_letter.attributes": NotStabilizedError("broken"),
}


@pytest.mark.parametrize("place", BROKEN)
@pytest.mark.parametrize("error", [ValueError(CANARY), RecursionError(), SystemExit(CANARY)])
def test_whatever_raises_wherever_is_one_messages_failure(
    place: str,
    error: BaseException,
    stage: Stage,
    aws: FakeAws,
    output: FunctionOutput,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Logged by kind and place, counted and returned."""

    def fail(*_: object) -> None:
        raise error

    stage.ends(BROKEN[place])
    with monkeypatch.context() as patch:
        patch.setattr(f"handler.entrypoints.message_processor.{place}", fail)
        assert stage.deliver(stage.record()) == ["m"]
    assert letters(aws) == []
    told = [line for line in output.lines if line["message"] == "message comes back"]
    assert told[0]["reason"].startswith(f"unexpected {type(error).__name__} at ")
    assert told[0]["message_id"] == "m"
    assert "MessageReturned" in output.text
    assert CANARY not in output.text


@pytest.mark.parametrize("error", [ValueError(CANARY), SystemExit(CANARY), KeyboardInterrupt()])
def test_a_message_that_ends_badly_harms_no_other_of_its_batch(
    error: BaseException, stage: Stage, aws: FakeAws, output: FunctionOutput
) -> None:
    """Whatever ends it: also what would end the process."""

    def outcome(asked: UncheckedRequest) -> Completion:
        if asked.request_id == "bad":
            raise error
        return DONE

    stage.outcome = outcome
    batch = [stage.record(messageId=each) for each in ("first", "bad", "last")]
    assert stage.deliver(*batch) == ["bad"]
    assert {result["RequestId"] for result in results(aws)} == {"first", "last"}
    assert CANARY not in output.text


def test_a_bug_that_lasts_is_answered_and_buried(stage: Stage, aws: FakeAws) -> None:
    """When its time is over, like any failure that might have passed."""
    stage.ends(ValueError(CANARY))
    assert stage.deliver(stage.record(age=1799)) == ["m"]
    assert stage.deliver(stage.record(age=1800)) == []
    (result,), ((body, attributes),) = results(aws), letters(aws)
    assert result["ErrorCode"] == attributes["ErrorCode"] == "ServiceInternalError"
    assert body["ResourceProperties"] == BASIC
    assert CANARY not in json.dumps([result, attributes])


@pytest.mark.parametrize("receives", [LAST_RECEIVE, LAST_RECEIVE + 1])
@pytest.mark.parametrize("age", [60, 100_000])
def test_what_comes_for_the_last_time_but_one_is_buried_unread(
    receives: int, age: float, stage: Stage, aws: FakeAws, output: FunctionOutput
) -> None:
    """SQS itself would move it raw; its sender is told, nobody carries it out."""
    assert stage.deliver(stage.record(receives=LAST_RECEIVE - 1)) == []
    aws.calls.clear()
    stage.asked.clear()
    record = stage.record(receives, age, body=f'{{"RequestId": "mine", "Password": "{CANARY}"}}')
    assert stage.deliver(record) == []
    assert stage.asked == []
    assert letters(aws)[0][0] == {"RequestId": "m"}
    assert letters(aws)[0][1]["ErrorCode"] == "ServiceInternalError"
    (result,) = results(aws)
    assert (result["Status"], result["RequestId"]) == ("FAILED", "m")
    assert "ConnectionFailed" in output.text
    (failed,) = [line for line in output.lines if line["message"] == "request failed"]
    assert failed["duration_ms"] == 0
    assert CANARY not in output.text + str(aws.calls)


def test_a_letter_that_could_not_be_buried_is_tried_once_more(stage: Stage, aws: FakeAws) -> None:
    """There is one receive left before SQS moves it."""
    aws.plan("send_message", *[refusal("AccessDenied")] * 9)
    assert stage.deliver(stage.record(LAST_RECEIVE)) == ["m"]
    aws.planned.clear()
    assert stage.deliver(stage.record(LAST_RECEIVE + 1)) == []


@pytest.mark.parametrize(
    ("error", "first"),
    [(TypeError(CANARY), ["m"]), (refusal("AccessDeniedException", CANARY), [])],
)
def test_a_result_that_cannot_be_published_is_told_in_the_log_and_by_a_letter(
    error: Exception, first: list[str], stage: Stage, aws: FakeAws, output: FunctionOutput
) -> None:
    """What may pass comes back until its time is over; what will not is buried at once."""
    aws.plan("put_events", *[error] * 99)
    assert stage.deliver(stage.record()) == first
    assert "result not told" in output.text
    assert stage.deliver(stage.record(age=1800)) == []
    assert letters(aws)[0][0]["ResourceProperties"] == BASIC
    assert CANARY not in output.text


@pytest.mark.parametrize(
    ("properties", "age", "comes_back"),
    [
        (BASIC, 1799, True),
        (BASIC, 1800, False),
        ({**BASIC, "InvocationConnectivityParameters": PRIVATE}, 3599, True),
        ({**BASIC, "InvocationConnectivityParameters": PRIVATE}, 3600, False),
        (NOT_WAITED_FOR, 1799, True),
        (NOT_WAITED_FOR, 1800, False),
    ],
)
@pytest.mark.parametrize("error", [MOVING, ThrottlingError("later")])
def test_a_private_connection_that_still_moves_is_waited_for_an_hour(
    error: Exception, properties: dict[str, Any], age: float, comes_back: object, stage: Stage
) -> None:
    """Also where a look at it is throttled in between; any other for as long as configured."""
    stage.ends(error)
    body = json.dumps({"RequestType": "Create", "ResourceProperties": properties})
    assert bool(stage.deliver(stage.record(age=age, body=body))) is comes_back


@pytest.mark.parametrize(("age", "comes_back"), [(3599, True), (3600, False)])
def test_a_refresh_is_as_patient_as_its_connection_needs(
    age: float, comes_back: object, stage: Stage
) -> None:
    """Its message has no properties that would tell a private connection."""
    stage.ends(NotStabilizedError("x", is_transient=True, is_moving=True, is_private=True))
    body = json.dumps({"RequestType": "Refresh", "ResourceProperties": {"Name": "crm"}})
    assert bool(stage.deliver(stage.record(age=age, body=body))) is comes_back


@pytest.mark.parametrize("seed", range(20))
def test_a_message_is_given_up_by_time_and_not_by_luck(
    seed: int, stage: Stage, aws: FakeAws
) -> None:
    """Played receive by receive: never before half an hour, nor a longest delay after it."""
    stage.ends(ThrottlingError("later"))
    invocation = Invocation(LambdaContext(FUNCTION), REQUIRED_BY_QUEUE)
    queue = MessageProcessor(invocation, QUEUE, random.Random(seed).uniform)
    receives, started = 1, stage.time.seconds
    while processed(queue, stage.record(receives, stage.time.seconds - started)):
        (entry,) = aws.of("change_message_visibility_batch")[-1]["Entries"]
        stage.time.seconds += entry["VisibilityTimeout"]
        receives += 1
    assert 1800 <= stage.time.seconds - started < 1800 + 900
    assert receives < LAST_RECEIVE


def test_messages_of_different_connections_are_worked_on_side_by_side(stage: Stage) -> None:
    """Ten that wait for a slow service wait once; each here waits for the others to begin."""
    together = Barrier(10, timeout=PATIENCE_SECONDS)

    def meet(_: UncheckedRequest) -> Completion:
        together.wait()
        return DONE

    stage.outcome = meet
    assert stage.deliver(*stage.batch(10)) == []


@pytest.fixture
def _held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold results until all are there, however slow the machine is."""
    monkeypatch.setattr("handler.entrypoints.sqs_batch.LONGEST_HELD_RESULT_SECONDS", 60)


@pytest.mark.usefixtures("_held")
def test_the_results_of_a_batch_are_published_in_one_call(stage: Stage, aws: FakeAws) -> None:
    """Of those that end within half a second."""
    stage.deliver(*stage.batch(10))
    (call,) = aws.of("put_events")
    assert len(call["Entries"]) == 10


@pytest.mark.usefixtures("_held")
def test_a_result_that_is_not_accepted_harms_no_other(stage: Stage, aws: FakeAws) -> None:
    """HTTP 200 with one failed entry: that one's message comes back."""
    entries = [{"EventId": "1"}, {"ErrorCode": "InternalFailure"}, {"EventId": "3"}]
    aws.plan("put_events", {"FailedEntryCount": 1, "Entries": entries})
    returned = stage.deliver(*stage.batch(3))
    assert returned == [results(aws)[1]["RequestId"]]


@pytest.mark.usefixtures("_held")
def test_results_that_are_refused_together_are_sent_one_by_one(stage: Stage, aws: FakeAws) -> None:
    """What is wrong with one of them, such as its size, harms no other."""
    aws.plan("put_events", refusal("ValidationException"), refusal("ValidationException"))
    stage.deliver(*stage.batch(3))
    assert [len(call["Entries"]) for call in aws.of("put_events")] == [3, 1, 1, 1]
    assert len(letters(aws)) == 1


@pytest.mark.usefixtures("_held")
def test_results_that_are_throttled_together_are_not_sent_one_by_one(
    stage: Stage, aws: FakeAws
) -> None:
    """That would throttle them the more; each message comes back."""
    aws.always["put_events"] = refusal("ThrottlingException")
    assert sorted(stage.deliver(*stage.batch(3))) == ["0", "1", "2"]
    assert {len(call["Entries"]) for call in aws.of("put_events")} == {3}


def test_a_slow_message_holds_up_no_others_result(
    stage: Stage, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends only once the other's result is out."""
    published = Event()

    def wait_for_it(asked: UncheckedRequest) -> Completion:
        if asked.name == "slow":
            assert published.wait(PATIENCE_SECONDS)
        return DONE

    put_events = Results.publish

    def publish(results: Results, told: Sequence[Any]) -> list[ProvisionerError | None]:
        ends = put_events(results, told)
        published.set()
        return ends

    monkeypatch.setattr(Results, "publish", publish)
    stage.outcome = wait_for_it
    bodies = [json.dumps({**BASIC, "Name": name}) for name in ("slow", "quick")]
    assert stage.deliver(*(stage.record(messageId=body, body=body) for body in bodies)) == []
    assert len(aws.of("put_events")) == 2


def test_a_message_that_dies_ends_the_batch_no_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where nothing can be logged any more."""

    def die(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(MessageProcessor, "execute", die)
    assert stage.deliver(stage.record(messageId="1")) == ["1"]


@pytest.mark.usefixtures("_held")
def test_what_the_bus_may_have_taken_is_not_sent_one_by_one(stage: Stage, aws: FakeAws) -> None:
    """A 5xx of the bus is everyone's."""
    aws.always["put_events"] = refusal("InternalException")
    assert sorted(stage.deliver(*stage.batch(3))) == ["0", "1", "2"]
    assert {len(call["Entries"]) for call in aws.of("put_events")} == {3}


def test_a_batch_is_held_before_anything_else(stage: Stage, aws: FakeAws) -> None:
    """Until shortly after this invocation's end, should it crash; a failure of that harms none."""
    aws.plan("change_message_visibility_batch", TypeError(CANARY))
    assert stage.deliver(stage.record(), stage.record(messageId="n")) == []
    operation, held = aws.calls[0]
    assert operation == "change_message_visibility_batch"
    assert all(80 < entry["VisibilityTimeout"] <= 90 for entry in held["Entries"])


def test_a_log_line_is_bounded_whatever_a_message_holds(
    stage: Stage, output: FunctionOutput
) -> None:
    """One had 846 KB; a key may be a credential, too."""
    stage.ends(NotStabilizedError("x" * 100_000))
    properties = {**BASIC, **{f"A{'b' * (n % 30)}": 1 for n in range(200)}, f"{CANARY}_1": 1}
    properties |= {f"{'long' * 20}{n}": n for n in range(2_000)}
    body = json.dumps({"RequestType": "Create", "ResourceProperties": properties})
    assert stage.deliver(stage.record(body=body)) == []
    (line,) = [line for line in output.lines if line["message"] == "request failed"]
    assert len(line["members"]) == 20
    assert len(json.dumps(line)) < 25_000
    assert CANARY not in output.text


@pytest.mark.parametrize("name", [f"{CANARY}!", f"{CANARY}\n", f"{CANARY}é", CANARY * 11, [CANARY]])
def test_a_name_that_is_not_well_formed_is_never_repeated(
    name: object, stage: Stage, aws: FakeAws, output: FunctionOutput
) -> None:
    """Not in the log, the result or the letter."""
    stage.ends(NotStabilizedError("broken"))
    body = json.dumps({"RequestType": "Create", "ResourceProperties": {**BASIC, "Name": name}})
    assert stage.deliver(stage.record(body=body)) == []
    assert CANARY not in output.text
    assert CANARY not in json.dumps([results(aws), letters(aws)])


OWNERS: list[object] = [f"{CANARY}!", f"{CANARY}/x", f"{CANARY}\n", CANARY * 11, [CANARY], None, ""]


@pytest.mark.parametrize("owner", OWNERS, ids=lambda each: str(each).replace("\n", "-newline"))
def test_a_malformed_owner_is_never_repeated(
    owner: object, stage: Stage, aws: FakeAws, output: FunctionOutput
) -> None:
    """Not in the log, the result or the letter; the result says no other owner instead."""
    stage.checks()
    request = {"RequestType": "Create", "Owner": owner, "ResourceProperties": BASIC}
    assert stage.deliver(stage.record(body=json.dumps(request))) == []
    (result,), ((body, attributes),) = results(aws), letters(aws)
    assert (result["ErrorCode"], attributes["ErrorCode"]) == ("InvalidRequest", "InvalidRequest")
    assert "Owner" not in result
    assert body == {"RequestId": "m"}
    assert CANARY not in output.text + json.dumps([result, body, attributes])


def test_results_logs_and_letters_show_the_owner_whole(
    stage: Stage, aws: FakeAws, output: FunctionOutput
) -> None:
    """A letter in the form in which it can be sent again."""
    stage.ends(NotStabilizedError("broken"))
    request = {"RequestType": "Create", "Owner": "team-a", "ResourceProperties": BASIC}
    assert stage.deliver(stage.record(body=json.dumps(request))) == []
    (result,), ((body, _),) = results(aws), letters(aws)
    assert (result["Owner"], body["Owner"]) == ("requests/team-a", "team-a")
    assert [line["owner"] for line in output.lines] == ["requests/team-a"]


@pytest.mark.parametrize("body", ["no JSON", "[]", '{"TopicArn": 1, "Message": 2}'])
def test_what_cannot_be_read_is_nobodys(body: str, stage: Stage, aws: FakeAws) -> None:
    """Who waits for the results of requests that name no owner did not send it."""
    stage.checks()
    assert stage.deliver(stage.record(body=body)) == []
    assert stage.deliver(stage.record(LAST_RECEIVE)) == []
    assert ["Owner" in result for result in results(aws)] == [False, False]


def test_a_result_of_a_message_says_its_installation(
    stage: Stage, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the rule that routes it matches it."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "shop")
    assert stage.deliver(stage.record()) == []
    assert [result["Installation"] for result in results(aws)] == ["shop"]


def sent_by(record: dict[str, Any], sender_id: str) -> dict[str, Any]:
    """Let a message be a certain sender's, as SQS tells it."""
    return {**record, "attributes": {**record["attributes"], "SenderId": sender_id}}


SENDER = "AROAEXAMPLEID:producer"
REFUSED = refusal("AccessDeniedException")
ENDS: dict[str, tuple[BaseException | None, dict[str, list[Any]], dict[str, Any], set[str]]] = {
    "succeeded": (None, {}, {}, {"request succeeded"}),
    "failed": (NotStabilizedError("broken"), {}, {}, {"request failed"}),
    "comes back": (ThrottlingError("later"), {}, {}, {"request comes back"}),
    "superseded": (SupersededError("newer"), {}, {}, {"request superseded"}),
    "a bug": (ValueError(CANARY), {}, {}, {"request comes back"}),
    "interrupted": (SystemExit(), {}, {}, {"message comes back"}),
    "unread": (None, {}, {"receives": LAST_RECEIVE}, {"request failed"}),
    "not told": (
        None,
        {"put_events": [REFUSED]},
        {},
        {"request succeeded", "result not told"},
    ),
    "not told, and comes back": (
        NotStabilizedError("broken"),
        {"put_events": [{"FailedEntryCount": 1, "Entries": [{"ErrorCode": "X"}]}]},
        {},
        {"request failed", "result not told"},
    ),
    "not buried": (
        NotStabilizedError("broken"),
        {"send_message": [REFUSED]},
        {},
        {"request failed", "message comes back"},
    ),
    "not hidden": (
        ThrottlingError("later"),
        {"change_message_visibility_batch": [{}, REFUSED]},
        {},
        {"request comes back", "visibility not changed"},
    ),
    "no times": (
        None,
        {},
        {"attributes": {"ApproximateReceiveCount": "1"}},
        {"message comes back"},
    ),
}


@pytest.mark.parametrize("kind", ENDS)
def test_every_line_of_a_message_names_its_sender(
    kind: str, stage: Stage, aws: FakeAws, output: FunctionOutput
) -> None:
    """However it ends; the lines of the next message name the next one's, or none."""
    error, planned, members, messages = ENDS[kind]
    if error:
        stage.ends(error)
    for operation, answers in planned.items():
        aws.plan(operation, *answers)
    stage.deliver(sent_by(stage.record(**members), SENDER))
    assert {line["message"] for line in output.lines} == messages
    assert {line["sender_id"] for line in output.lines} == {SENDER}
    output.clear()
    stage.outcome = lambda _: DONE
    aws.planned.clear()
    stage.deliver(sent_by(stage.record(), "another"), stage.record())
    assert [line["sender_id"] for line in output.lines] == ["another", ""]


def test_what_concerns_the_whole_batch_names_no_sender(
    stage: Stage, aws: FakeAws, output: FunctionOutput
) -> None:
    """Its messages may have several."""
    aws.plan("change_message_visibility_batch", REFUSED)
    stage.deliver(sent_by(stage.record(), SENDER))
    first, second = output.lines
    assert (first["message"], first.get("sender_id")) == ("visibility not changed", None)
    assert (second["message"], second["sender_id"]) == ("request succeeded", SENDER)


def test_messages_side_by_side_keep_their_senders_apart(
    stage: Stage, aws: FakeAws, output: FunctionOutput
) -> None:
    """Each logs only after all others have begun, and some log twice."""
    together = Barrier(10, timeout=PATIENCE_SECONDS)

    def meet(asked: UncheckedRequest) -> Completion:
        together.wait()
        if int(asked.request_id) % 2:
            raise ThrottlingError("later")
        return DONE

    stage.outcome = meet
    aws.plan("put_events", *[REFUSED] * 6)  # of all results together, then of each
    stage.deliver(*(sent_by(each, f"sender-{each['messageId']}") for each in stage.batch(10)))
    told = [(line["correlation_id"], line["sender_id"]) for line in output.lines]
    assert len(told) == 15
    assert all(sender_id == f"sender-{request_id}" for request_id, sender_id in told)


def test_one_connections_messages_keep_their_senders_apart(
    stage: Stage, output: FunctionOutput
) -> None:
    """They are processed one after another, in one thread."""
    batch = [
        sent_by(stage.record(messageId=each), f"sender-{each}") if each != "2" else stage.record()
        for each in "0123"
    ]
    stage.deliver(*batch)
    told = [line["sender_id"] for line in output.lines]
    assert told == ["sender-0", "sender-1", "", "sender-3"]


@pytest.mark.parametrize("sender_id", [None, 5, [CANARY], {"a": CANARY}])
def test_a_sender_that_is_no_text_is_none(
    sender_id: Any, stage: Stage, output: FunctionOutput
) -> None:
    """SQS sends a text; nothing else fails over it."""
    assert stage.deliver(sent_by(stage.record(), sender_id)) == []
    assert [line["sender_id"] for line in output.lines] == [""]


def test_after_a_message_nobodys_name_is_left(stage: Stage, output: FunctionOutput) -> None:
    """The thread may belong to the next invocation."""
    invocation = Invocation(LambdaContext(FUNCTION), REQUIRED_BY_QUEUE)
    queue = MessageProcessor(invocation, QUEUE, max)
    assert processed(queue, sent_by(stage.record(), SENDER)) is None
    logger.info("afterwards")
    first, second = output.lines
    assert (first["sender_id"], second.get("sender_id")) == (SENDER, None)


def test_a_message_tells_its_age_and_that_it_returned(stage: Stage, output: FunctionOutput) -> None:
    """Since it was sent, however often it was received; the alarm's metrics."""
    stage.ends(ThrottlingError("later"))
    assert stage.deliver(stage.record(age=100)) == ["m"]
    told = [each["metrics"] for each in output.metrics]
    assert {"MessageAge": (100_000, "Milliseconds")} in told
    assert {"MessageReturned": (1, "Count")} in told


def test_a_defect_is_counted(stage: Stage, output: FunctionOutput) -> None:
    """UnexpectedErrorAlarm rings."""
    stage.ends(ZeroDivisionError(CANARY))
    stage.deliver(stage.record())
    assert {"UnexpectedError": (1, "Count")} in [each["metrics"] for each in output.metrics]


def test_every_message_of_a_batch_is_held_by_its_handle(stage: Stage, aws: FakeAws) -> None:
    """A record without one holds up no other."""
    second = stage.record(messageId="2", receiptHandle="other")
    third = stage.record(messageId="3")
    del third["receiptHandle"]
    processor = MessageProcessor(Invocation(LambdaContext(FUNCTION)), QUEUE)
    processor.hold([stage.record(), second, third])
    (call,) = aws.of("change_message_visibility_batch")
    assert [each["ReceiptHandle"] for each in call["Entries"]] == ["handle", "other", ""]


def test_a_batch_that_cannot_be_held_is_worked_on_all_the_same(
    stage: Stage, aws: FakeAws, output: FunctionOutput
) -> None:
    """The log says why."""
    aws.always["change_message_visibility_batch"] = refusal("AccessDeniedException")
    assert stage.deliver(stage.record()) == []
    (line,) = [each for each in output.lines if each["message"] == "visibility not changed"]
    assert (line["level"], "role needs sqs:" in line["reason"]) == ("WARNING", True)


@pytest.mark.parametrize(("seconds", "is_begun"), [(89, False), (90, True), (91, True)])
def test_a_message_is_begun_only_where_enough_time_is_left_for_it(
    seconds: float, is_begun: bool, stage: Stage
) -> None:
    """Of an invocation that has run for a while."""
    left = [900.0]
    invocation = Invocation(LambdaContext(FUNCTION, 900, clock=lambda: 900 - left[0]))
    processor = MessageProcessor(invocation, QUEUE)
    left[0] = seconds
    error = processed(processor, stage.record())
    assert bool(stage.asked) == is_begun
    assert (error.reason if error else "") == (
        "" if is_begun else "no time is left for this message"
    )


def test_in_a_short_invocation_half_of_it_is_enough(stage: Stage) -> None:
    """Else nothing would ever be begun."""
    left = [60.0]
    invocation = Invocation(LambdaContext(FUNCTION, 60, clock=lambda: 60 - left[0]))
    processor = MessageProcessor(invocation, QUEUE)
    for seconds, is_begun in ((29, False), (30, True)):
        left[0] = seconds
        assert (processed(processor, stage.record()) is None) == is_begun


def test_while_the_environment_is_not_usable_a_message_comes_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However old it is: somebody is about to deploy again."""
    monkeypatch.setenv("GIVE_UP_SECONDS", "soon")
    stage.ends(ThrottlingError("later"))
    assert stage.deliver(stage.record(age=100_000)) == ["m"]


def test_a_superseded_message_leaves_no_letter(stage: Stage, aws: FakeAws) -> None:
    """Sent again, it would be superseded again."""
    stage.ends(SupersededError("a newer request for crm was carried out"))
    assert stage.deliver(stage.record()) == []
    assert [each["ErrorCode"] for each in results(aws)] == ["Superseded"]
    assert letters(aws) == []


def test_the_waiting_task_is_told_the_result(stage: Stage, aws: FakeAws) -> None:
    """By the token of its message."""
    body = {"RequestType": "Create", "ResourceProperties": BASIC, "TaskToken": "token"}
    assert stage.deliver(stage.record(body=json.dumps(body))) == []
    (sent,) = aws.of("send_task_success")
    assert sent["taskToken"] == "token"
    assert json.loads(sent["output"])["Name"] == "crm"


def test_a_task_that_cannot_be_told_keeps_its_message(
    stage: Stage, aws: FakeAws, output: FunctionOutput
) -> None:
    """The log says whose result is not told, and why."""
    aws.always["send_task_success"] = refusal("AccessDeniedException")
    body = {"RequestType": "Create", "ResourceProperties": BASIC, "TaskToken": "token"}
    assert stage.deliver(stage.record(body=json.dumps(body))) == []
    (line,) = [each for each in output.lines if each["message"] == "result not told"]
    assert (line["level"], line["correlation_id"]) == ("ERROR", "m")
    assert "states:SendTaskSuccess on the waiting task" in line["reason"]
    ((_, why),) = letters(aws)
    assert why["ErrorCode"] == "AccessDenied"


def test_two_results_that_are_refused_together_are_sent_one_by_one(
    stage: Stage, aws: FakeAws
) -> None:
    """What is wrong with one harms no other."""
    aws.plan("put_events", refusal("ValidationException"))
    assert stage.deliver(*stage.batch(2)) == []
    assert [len(each["Entries"]) for each in aws.of("put_events")] == [2, 1, 1]


@pytest.mark.parametrize(
    ("receives", "comes_back"), [(MOST_RECEIVES - 2, True), (MOST_RECEIVES - 1, False)]
)
def test_the_last_receive_but_one_ends_every_failure(
    receives: int, comes_back: bool, stage: Stage
) -> None:
    """One more is left in case its letter cannot be sent."""
    invocation = Invocation(LambdaContext(FUNCTION))
    record = SQSRecord(stage.record(receives=receives))
    unchecked = read_document({}, REQUEST_QUEUE, "m", START)
    assert may_come_back(record, unchecked, ThrottlingError("later"), invocation) is comes_back


def test_without_a_usable_environment_nothing_is_given_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever changed it by hand is about to change it back."""
    monkeypatch.setenv("GIVE_UP_SECONDS", "soon")
    invocation = Invocation(LambdaContext(FUNCTION))
    record = SQSRecord(stage.record(age=100_000))
    unchecked = read_document({}, REQUEST_QUEUE, "m", START)
    assert may_come_back(record, unchecked, ThrottlingError("later"), invocation)
