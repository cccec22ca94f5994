"""
Each remedy against what real accounts do to the function, alone and without an emulator.

`make mutants` takes every one of them away in turn, and expects a test here or elsewhere to fail.
"""

import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.adapters import aws_client as aws
from handler.adapters.aws_client import Caller
from handler.app import lambda_handler
from handler.clock import Clock
from handler.composition import Invocation
from handler.connections.ownership import Record
from handler.connections.state import Connection
from handler.entrypoints import cloudformation as custom_resource
from handler.entrypoints import request_queue
from handler.entrypoints import response as answer
from handler.entrypoints.execution import Failed, Succeeded
from handler.entrypoints.messages import document
from handler.entrypoints.response_url import is_answerable, refuse_unanswerable_event
from handler.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    InvalidRequestError,
    NetworkFailureError,
    NotFoundError,
    NotStabilizedError,
    ProvisionerError,
    ResourceConflictError,
    SecretNotUsableError,
    ServiceInternalError,
    ServiceLimitExceededError,
    SupersededError,
    ThrottlingError,
)
from handler.operations.outcome import Completion, Outcome
from handler.operations.use_cases import carry_out
from handler.references.reference import Reference
from handler.references.source import SecretValue, Service, Source
from handler.requests.document import NOT_JSON, TOO_DEEP
from handler.requests.request import check
from handler.requests.unchecked_request import (
    QUEUE,
    UncheckedRequest,
    read_custom_resource,
    read_document,
)
from handler.settings import ANSWER_SECONDS, MOST_CALL_RETRIES
from tests.support.deadline import guard, time_runs_out
from tests.support.fake_aws import FakeAws, refusal
from tests.support.fakes import RULES, START, FakeRegistry, World, make_world
from tests.support.function import forget_clients
from tests.support.lambda_context import LambdaContext
from tests.support.response_url_server import (
    HANG,
    HANG_UP,
    LONGEST_HANG_SECONDS,
    ResponseUrlServer,
    running_response_url_server,
)
from tests.support.stack_requests import Signer

PATIENCE_SECONDS = 60
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:provisioner"
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/9f0c"
UNANSWERED_QUEUE = "arn:aws:sqs:us-east-1:123456789012:unanswered"
ENVIRONMENT = {
    "REGISTRY_TABLE_NAME": "registry",
    "REQUEST_QUEUE_URL": "https://queue/requests",
    "DEAD_LETTER_QUEUE_URL": "https://queue/dead",
    "UNANSWERED_QUEUE_ARN": UNANSWERED_QUEUE,
    "RESPONSE_URL_HOSTS": "localhost",
    "GIVE_UP_SECONDS": "1800",
}
CANARY = "CANARY"
DEEP = '{"a":' * 1_000 + "1" + "}" * 1_000
NO_LIMIT = 1e9
DONE = Completion(Outcome.CREATED, Connection("crm", "arn:crm/1", "AUTHORIZED"))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the function's variables, and nothing by which AWS could be reached."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(answer, "LAST_SECOND", 0.05)  # these invocations are short


@pytest.fixture
def fake_aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """Give AWS, every call noted."""
    fake = FakeAws()
    fake.use(monkeypatch)
    return fake


@pytest.fixture(scope="module")
def bucket() -> Iterator[ResponseUrlServer]:
    """Run a server behind ResponseURLs."""
    with running_response_url_server(None) as server:
        yield server


@pytest.fixture
def response_url(bucket: ResponseUrlServer) -> Iterator[ResponseUrlServer]:
    """Give the server with nothing received yet."""
    bucket.reset()
    yield bucket
    bucket.reset()


def stack_event(
    server: ResponseUrlServer, request_type: str = "Create", **members: Any
) -> dict[str, Any]:
    """Make a request of CloudFormation."""
    return {
        "RequestType": request_type,
        "RequestId": "request-1",
        "ResponseURL": Signer().sign(server.origin),
        "StackId": STACK,
        "LogicalResourceId": "Connection",
        "ResourceProperties": {"Name": "crm"},
        **members,
    }


def invoke(event: Any, seconds: float = 60) -> Any:
    """Invoke the function."""
    return lambda_handler(event, LambdaContext(FUNCTION, seconds))


def handled_as(
    monkeypatch: pytest.MonkeyPatch,
    entry_point: Any,
    outcome: Completion | ProvisionerError | Callable[[], None],
) -> list[UncheckedRequest]:
    """Let requests of a door end so, or well after something; give what is asked."""
    all_asked: list[UncheckedRequest] = []

    def handle(asked: UncheckedRequest, *_: object) -> Succeeded | Failed:
        all_asked.append(asked)
        if isinstance(outcome, ProvisionerError):
            return Failed(asked, outcome)
        if isinstance(outcome, Completion):
            return Succeeded(asked, outcome)
        outcome()
        return Succeeded(asked, DONE)

    monkeypatch.setattr(entry_point, "handle", handle)
    return all_asked


def clock_of(seconds: float, slept: list[float] | None = None) -> Clock:
    """Make a clock that runs, but for its sleep."""
    end = time.monotonic() + seconds
    sleeps = [] if slept is None else slept
    return Clock(time.time, sleeps.append, lambda: end - time.monotonic())


# The answer to CloudFormation


def test_a_late_end_after_the_time_out_is_not_answered_again(
    monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """The guard answered FAILED already; one acknowledged PUT is all there is."""
    handled_as(monkeypatch, custom_resource, time_runs_out)
    invoke(stack_event(response_url))
    assert [each["Status"] for each in response_url.answers] == ["FAILED"]


@pytest.mark.parametrize(("seconds", "strikes_after"), [(900, 895), (30, 25), (20, 15), (9, 6.75)])
def test_the_time_out_is_answered_well_before_the_end_and_after_that_of_a_wait(
    seconds: float,
    strikes_after: float,
    monkeypatch: pytest.MonkeyPatch,
    response_url: ResponseUrlServer,
) -> None:
    """So that it does not replace EventBridge's own reason; there is time for the PUT's retries."""
    seen: list[float] = []
    handled_as(monkeypatch, custom_resource, lambda: seen.append(guard().interval))
    standing = LambdaContext(FUNCTION, seconds, clock=lambda: 0.0)
    lambda_handler(stack_event(response_url), standing)
    assert seen == [strikes_after]
    clock = Invocation(standing).clock
    assert clock.remaining() - clock.spare_seconds() < strikes_after


def test_the_guard_strikes_by_itself(
    monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """Nobody else answers while a request hangs."""
    struck: list[bool] = []

    def hang() -> None:
        striking = guard()
        striking.join(PATIENCE_SECONDS)
        struck.append(striking.finished.is_set())

    handled_as(monkeypatch, custom_resource, hang)
    standing = LambdaContext(FUNCTION, 1, clock=lambda: 0.0)
    lambda_handler(stack_event(response_url), standing)
    assert struck == [True]
    assert {each["Status"] for each in response_url.answers} == {"FAILED"}


@pytest.mark.parametrize(
    ("request_type", "physical_resource_id", "expected"),
    [("Create", "", "crm"), ("Update", "old", "crm"), ("Delete", "old", "old")],
)
def test_the_time_outs_id_leads_to_what_may_have_been_made(
    request_type: str,
    physical_resource_id: str,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    response_url: ResponseUrlServer,
) -> None:
    """A rename may have created the new name."""
    handled_as(monkeypatch, custom_resource, time_runs_out)
    given = {"PhysicalResourceId": physical_resource_id} if physical_resource_id else {}
    invoke(stack_event(response_url, request_type, **given))
    assert [each["PhysicalResourceId"] for each in response_url.answers] == [expected]


@pytest.mark.parametrize(
    ("physical_resource_id", "created_name", "expected"),
    [("", "", "crm"), ("old", "", "old"), ("old", "crm", "crm")],
)
def test_a_failure_tells_the_name_that_it_created_or_the_one_before(
    physical_resource_id: str,
    created_name: str,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    response_url: ResponseUrlServer,
) -> None:
    """Never empty, and never another id without a creation."""
    error = AlreadyExistsError("taken")
    error.created_name = created_name
    handled_as(monkeypatch, custom_resource, error)
    given = {"PhysicalResourceId": physical_resource_id} if physical_resource_id else {}
    invoke(stack_event(response_url, "Update", **given))
    assert [each["PhysicalResourceId"] for each in response_url.answers] == [expected]
    assert response_url.answers[0]["Reason"] == "AlreadyExists: taken"


@pytest.mark.parametrize("status", [301, 400, 403])
def test_only_2xx_acknowledges(
    status: int, monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """A refusal ends at once, and Lambda learns of it."""
    handled_as(monkeypatch, custom_resource, DONE)
    response_url.react(*[status] * 9)
    with pytest.raises(NetworkFailureError, match=f"HTTP {status}"):
        invoke(stack_event(response_url))
    assert [each["Status"] for each in response_url.answers] == ["SUCCESS"]


@pytest.mark.parametrize("reaction", [500, 503, 408, 429, HANG_UP], ids=str)
def test_what_may_pass_is_sent_again(reaction: Any, response_url: ResponseUrlServer) -> None:
    """Server errors, throttling, and a connection that is closed."""
    response_url.react(reaction, reaction)
    slept: list[float] = []
    answer.put(response_url.origin, b"{}", clock_of(20, slept))
    assert len(response_url.puts) == 3
    assert len(slept) >= 2  # more, where the server closed a connection that was to be kept


def test_a_server_that_hangs_is_given_up_in_time(
    response_url: ResponseUrlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No attempt lasts longer than what is left."""
    monkeypatch.setattr(answer, "RESPONSE_ATTEMPT_SECONDS", LONGEST_HANG_SECONDS)
    response_url.react(HANG)
    started = time.monotonic()
    with pytest.raises(NetworkFailureError):
        answer.put(response_url.origin, b"{}", clock_of(0.3))
    assert time.monotonic() - started < LONGEST_HANG_SECONDS / 2


def test_the_content_type_is_the_empty_one_that_was_signed(
    response_url: ResponseUrlServer,
) -> None:
    """With another one S3 refuses the signature."""
    answer.put(response_url.origin, b"{}", clock_of(5))
    assert response_url.puts[0].headers["content-type"] == ""


def test_an_answer_of_any_size_fits(response_url: ResponseUrlServer) -> None:
    """4096 bytes, the head of the reason kept, the data left out where nothing else helps."""
    event = stack_event(response_url, RequestId="r" * 900)
    long = {**answer.failed(event, "crm", "head " + "€" * 3000), "Data": {"A": "€" * 900}}
    encoded = answer.encode(long)
    assert len(encoded) <= answer.MOST_BYTES
    assert json.loads(encoded)["Reason"].startswith("head €€")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://cloudformation-custom-resource-response-uswest2.s3.amazonaws.com/",
        "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com.evil.example/",
        "http://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/",
        "http://listed.example/",
    ],
)
def test_nothing_is_sent_to_a_strangers_host(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only to CloudFormation's bucket of this Region; plain http only to a loopback host."""
    monkeypatch.setenv("RESPONSE_URL_HOSTS", "listed.example")
    asked = handled_as(monkeypatch, custom_resource, DONE)
    event = stack_event(ResponseUrlServer("http://localhost"), ResponseURL=url)
    with pytest.raises(InvalidRequestError, match="ResponseURL"):
        invoke(event)
    assert asked == []


@pytest.mark.parametrize(
    ("region", "suffix"),
    [
        ("us-east-1", "amazonaws.com"),
        ("us-gov-west-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("eusc-de-east-1", "amazonaws.eu"),
        ("us-iso-east-1", "c2s.ic.gov"),
        ("us-isob-east-1", "sc2s.sgov.gov"),
    ],
)
def test_cloudformations_own_bucket_is_answered_in_its_own_partition(
    region: str, suffix: str
) -> None:
    """Its name lacks the Region's dashes; no other partition's domain will do."""
    bucket = f"https://cloudformation-custom-resource-response-{region.replace('-', '')}.s3"
    for host in (
        f"{bucket}.{suffix}",
        f"{bucket}.{region}.{suffix}",
        f"{bucket}-{region}.{suffix}",
    ):
        assert is_answerable(f"{host}/key?X-Amz-Signature=a", region, suffix, ())
        assert not is_answerable(f"{host}/key", "eu-west-1", suffix, ())
        for other in ("amazonaws.org", suffix.replace(".", "x"), f"{suffix}.example.com"):
            assert not is_answerable(f"{host}/key", region, other, ())
            wrong = host.removesuffix(suffix) + other
            assert not is_answerable(f"{wrong}/key", region, suffix, ())


@pytest.mark.parametrize(
    ("suffix", "is_answered"), [("amazonaws.eu", True), ("amazonaws.com", False), ("", False)]
)
def test_the_european_sovereign_cloud_is_answered_where_the_function_is_in_it(
    suffix: str, is_answered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The template's own URL suffix decides, and the refusal names it."""
    monkeypatch.setenv("URL_SUFFIX", suffix)
    region = "eusc-de-east-1"
    host = f"cloudformation-custom-resource-response-euscdeeast1.s3.{region}.amazonaws.eu"
    arn = f"arn:aws-eusc:lambda:{region}:123456789012:function:provisioner"
    event = stack_event(ResponseUrlServer("http://x"), ResponseURL=f"https://{host}/k?X-Amz-Date=x")
    context = LambdaContext(arn)
    if is_answered:
        refuse_unanswerable_event(event, context)
        return
    told = rf"ResponseURL: must lead to CloudFormation's bucket in {region} under amazonaws\.com"
    with pytest.raises(InvalidRequestError, match=told):
        refuse_unanswerable_event(event, context)


@pytest.mark.parametrize("broken", [{"StackId": 5}, {"CrHelperPoll": "true"}], ids=str)
def test_what_crhelper_would_stumble_over_is_refused(
    broken: dict[str, Any], monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """Nobody is answered for it."""
    handled_as(monkeypatch, custom_resource, DONE)
    with pytest.raises(InvalidRequestError):
        invoke(stack_event(response_url, **broken))
    assert response_url.puts == []


def test_crhelper_prints_nothing(
    monkeypatch: pytest.MonkeyPatch,
    response_url: ResponseUrlServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It would print the event, whose URL is a credential, and exceptions with their text."""
    caplog.set_level(logging.DEBUG)
    handled_as(monkeypatch, custom_resource, AlreadyExistsError("taken"))
    invoke(stack_event(response_url))
    assert [record for record in caplog.records if record.name.startswith("crhelper")] == []


@pytest.mark.parametrize("level", [logging.DEBUG, logging.ERROR, 15])
def test_every_log_level_stays(
    level: int, monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """The root's, and those of the libraries that would print requests."""
    handled_as(monkeypatch, custom_resource, DONE)
    names = ("root", "boto3", "botocore", "urllib3")
    before = {name: logging.getLogger(name).level for name in names[1:]}
    root = logging.root.level
    try:
        logging.root.setLevel(level)
        invoke(stack_event(response_url))
        assert logging.root.level == level
    finally:
        logging.root.setLevel(root)
    assert {name: logging.getLogger(name).level for name in names[1:]} == before


@pytest.mark.parametrize("before", [None, "mine"])
def test_crhelper_makes_no_clients_and_the_environment_stays(
    before: str | None, monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """The variable that keeps it from doing so is as it was."""
    if before:
        monkeypatch.setenv("AWS_SAM_LOCAL", before)
    made: list[str] = []
    monkeypatch.setattr("boto3.client", lambda service, **_: made.append(service))
    handled_as(monkeypatch, custom_resource, DONE)
    invoke(stack_event(response_url))
    assert os.environ.get("AWS_SAM_LOCAL") == before
    assert made == []


# What Lambda could not get done


def unanswered(request: dict[str, Any], receives: int = 1) -> dict[str, Any]:
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
    monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer, fake_aws: FakeAws
) -> None:
    """Though its body holds a good request."""
    asked = handled_as(monkeypatch, custom_resource, DONE)
    event = stack_event(response_url, "Update", PhysicalResourceId="old")
    assert invoke(unanswered(event)) == {"batchItemFailures": []}
    assert [each["Status"] for each in response_url.answers] == ["FAILED"]
    assert asked == []
    assert [operation for operation, _ in fake_aws.calls] == ["get_item"]


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
    assert "X-Amz-Date" not in str(buried)
    assert CANARY not in str(buried)


# Calls to AWS


def caller(fake: FakeAws, service: str = "events", seconds: float = 20) -> Caller:
    """Make a caller whose sleeps take no time."""
    return Caller(service, fake.client(service), clock_of(seconds))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("LimitExceededException", ServiceLimitExceededError),
        ("ResourceAlreadyExistsException", AlreadyExistsError),
        ("ValidationException", InvalidRequestError),
    ],
)
def test_what_stays_is_sent_once_and_awss_text_is_kept_back(
    code: str, error: type[ProvisionerError]
) -> None:
    """AWS's messages echo values."""
    fake = FakeAws()
    fake.plan("create_connection", *[refusal(code, CANARY)] * 9)
    with pytest.raises(error) as raised:
        caller(fake)("create_connection", "connection n")
    assert len(fake.calls) == 1
    assert CANARY not in raised.value.reason
    assert raised.value.__context__ is None or raised.value.__suppress_context__


@pytest.mark.parametrize(
    "code", ["ConcurrentModificationException", "ThrottlingException", "InternalException"]
)
def test_what_may_pass_is_asked_for_again(code: str) -> None:
    """ConcurrentModification among it, which botocore would not repeat."""
    fake = FakeAws()
    fake.plan("update_connection", *[refusal(code)] * 2)
    caller(fake)("update_connection", "connection n")
    assert len(fake.calls) == 3


def test_retries_have_an_end() -> None:
    """However much time is left."""
    fake = FakeAws()
    fake.plan("update_connection", *[refusal("ThrottlingException")] * 99)
    with pytest.raises(ThrottlingError):
        caller(fake, seconds=NO_LIMIT)("update_connection", "connection n")
    assert len(fake.calls) == MOST_CALL_RETRIES + 1


def test_nothing_is_tried_again_where_no_time_is_left() -> None:
    """The answer needs it."""
    fake = FakeAws()
    fake.plan("update_connection", *[refusal("ThrottlingException")] * 9)
    with pytest.raises(ThrottlingError):
        caller(fake, seconds=-1)("update_connection", "connection n")
    assert len(fake.calls) == 1


def test_botocore_itself_repeats_nothing() -> None:
    """It would send a quota's refusal again, and take the time that is kept for the answer."""
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    try:
        config = aws.client("events", 1, 1).meta.config
    finally:
        forget_clients()
        del os.environ["AWS_DEFAULT_REGION"]
    assert config.retries["total_max_attempts"] == 1


def test_a_refusal_is_meant(fake_aws: FakeAws) -> None:
    """It is sent once, told with what may be missing, and without AWS's own text."""
    fake_aws.plan("describe_connection", refusal("AccessDeniedException", CANARY))
    with pytest.raises(AccessDeniedError) as raised:
        caller(fake_aws)("describe_connection", "connection n")
    assert CANARY not in raised.value.reason
    assert "the function's role needs" in raised.value.reason
    assert len(fake_aws.calls) == 1


def test_every_write_of_the_registry_has_its_condition_and_is_not_repeated(
    fake_aws: FakeAws,
) -> None:
    """A failed condition stays failed; only a fresh look helps."""
    registry = Invocation(LambdaContext(FUNCTION)).ports.registry
    record = Record("crm", "requests", claimed_at=START, request_time=START)
    written = registry.write(record)
    fake_aws.plan("put_item", refusal("ConditionalCheckFailedException"))
    with pytest.raises(ResourceConflictError):
        registry.write(written)
    first, second = fake_aws.of("put_item")
    assert first["ConditionExpression"] == "attribute_not_exists(PK)"
    assert second["ConditionExpression"] == "Revision = :revision"
    registry.remove(written)
    assert fake_aws.of("delete_item")[0]["ConditionExpression"] == "Revision = :revision"


def test_the_registry_is_read_strongly_consistent(fake_aws: FakeAws) -> None:
    """Else the owner of a moment ago is unknown."""
    Invocation(LambdaContext(FUNCTION)).ports.registry.read("crm")
    assert fake_aws.of("get_item")[0]["ConsistentRead"]


def test_a_lease_is_an_invocations_own(fake_aws: FakeAws) -> None:
    """Lambda's own retries share its id."""
    context = LambdaContext(FUNCTION)
    assert Invocation(context).ports.holder != Invocation(context).ports.holder


def test_time_is_kept_back_for_the_answer(fake_aws: FakeAws) -> None:
    """Work stops before the invocation does."""
    given = Invocation(LambdaContext(FUNCTION, 900))
    assert given.clock.remaining() < 900 - ANSWER_SECONDS + 1


# The request queue


def message(body: Any = None, receives: int = 1, age: float = 0, **members: Any) -> dict[str, Any]:
    """Make a batch of one, first received so many seconds ago."""
    request = {"RequestType": "Create", "ResourceProperties": {"Name": "crm"}}
    record = {
        "messageId": "m",
        "receiptHandle": "handle",
        "eventSource": "aws:sqs",
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


GONE: dict[str, Any] = {"batchItemFailures": []}
COMES_BACK = {"batchItemFailures": [{"itemIdentifier": "m"}]}


def test_a_permanent_failure_is_told_and_then_buried(
    monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """Whoever waits knows before the message is gone, at the first receive."""
    handled_as(monkeypatch, request_queue, InvalidRequestError("never"))
    assert invoke(message()) == GONE
    told = [operation for operation, _ in fake_aws.calls]
    assert told == ["change_message_visibility_batch", "put_events", "send_message"]


def test_a_result_that_is_not_out_keeps_the_message(
    monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """HTTP 200 with a failed entry is a failure; nothing is buried yet."""
    handled_as(monkeypatch, request_queue, InvalidRequestError("never"))
    fake_aws.plan("put_events", {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "X"}]})
    assert invoke(message()) == COMES_BACK
    assert fake_aws.of("send_message") == []


def test_what_could_not_be_told_is_buried_in_the_end(
    monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """A success, too: else nobody would ever hear of it."""
    handled_as(monkeypatch, request_queue, DONE)
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
    handled_as(monkeypatch, request_queue, ThrottlingError("later"))
    assert invoke(message(receives=receives, age=age)) == fate
    assert len(fake_aws.of("send_message")) == len(fake_aws.of("put_events")) == (fate == GONE)


@pytest.mark.parametrize(("receives", "seconds"), [(1, 10), (2, 20), (5, 160), (20, 600)])
def test_the_delay_grows_up_to_a_quarter_of_an_hour(
    receives: int, seconds: int, monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """By ChangeMessageVisibility, which keeps the count of receives."""
    handled_as(monkeypatch, request_queue, ThrottlingError("later"))
    invoke(message(receives=receives))
    _, last = fake_aws.of("change_message_visibility_batch")
    (entry,) = last["Entries"]
    assert seconds * 0.5 <= entry["VisibilityTimeout"] <= seconds * 1.5


def test_the_delays_of_messages_that_failed_together_differ(
    monkeypatch: pytest.MonkeyPatch, fake_aws: FakeAws
) -> None:
    """Else they would pass the same rate together at each try."""
    handled_as(monkeypatch, request_queue, ThrottlingError("later"))
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
    handled_as(monkeypatch, request_queue, DONE)
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

    asked = handled_as(monkeypatch, request_queue, take_most_of_the_time)
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
    asked = read_document(document(SQSRecord(record)), QUEUE, "m", START)
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
    assert "unexpected ValueError at test_remedies.py" in told
    assert CANARY not in told


def test_an_error_does_not_carry_the_secret_that_caused_it() -> None:
    """JSON's own error holds the whole text; a traceback would lead to it."""
    spelling = "{{resolve:secretsmanager:connections/crm:SecretString:key}}"
    reference = Reference(spelling, Source(Service.SECRETS_MANAGER, "connections/crm"), "key")
    with pytest.raises(SecretNotUsableError) as raised:
        reference.pick(SecretValue(CANARY, "1", is_secret=True, name="connections/crm"))
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None


# Times and results


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/?X-Amz-Date=20251231T235900Z", "2025-12-31T23:59:00+00:00"),
        ("https://h/?Expires=1767225600", "2025-12-31T22:00:00+00:00"),
        ("https://h/?X-Amz-Date=20270101T000000Z", "2026-01-01T00:00:00+00:00"),
        ("https://h/?X-Amz-Date=nonsense", "2026-01-01T00:00:00+00:00"),
        ("https://h/", "2026-01-01T00:00:00+00:00"),
    ],
)
def test_a_stacks_request_is_as_old_as_its_signature(url: str, expected: str) -> None:
    """A late delivery stays old; none is newer than its arrival."""
    event = stack_event(ResponseUrlServer("https://h"), ResponseURL=url)
    assert read_custom_resource(event, "", START).request_time.isoformat() == expected


def test_a_task_that_no_longer_waits_is_told(fake_aws: FakeAws) -> None:
    """There is nobody to tell, which is no failure."""
    fake_aws.plan("send_task_success", refusal("TaskTimedOut"))
    Invocation(LambdaContext(FUNCTION)).results.finish_task("token", {"Status": "SUCCESS"})
    assert len(fake_aws.calls) == 1


def test_no_repr_shows_token_or_properties() -> None:
    """Tracebacks of test tools and debuggers print them."""
    secret = {"Password": CANARY}
    asked = UncheckedRequest(QUEUE, "Create", "r", "requests", START, secret, task_token=CANARY)
    assert CANARY not in repr(Failed(asked, ServiceInternalError("x")))


# Leases, tombstones, newest wins

PASSWORD = "{{resolve:secretsmanager:connections/crm:SecretString:password}}"
BASIC = {
    "Name": "crm",
    "AuthorizationType": "BASIC",
    "AuthParameters": {"BasicAuthParameters": {"Username": "ada", "Password": PASSWORD}},
}


@pytest.fixture
def world() -> World:
    """Give an empty account."""
    return make_world()


def ask(world: World, request_type: str = "Create", sent: int = 0, user: str = "ada") -> Outcome:
    """Carry out a message that was sent so many seconds after the start."""
    auth_parameters = {"BasicAuthParameters": {"Username": user, "Password": PASSWORD}}
    full = {**BASIC, "AuthParameters": auth_parameters}
    properties = {"Name": "crm"} if request_type == "Delete" else full
    document = {"RequestType": request_type, "ResourceProperties": properties}
    sent_at = START + timedelta(seconds=sent)
    asked = read_document(document, QUEUE, "request-1", sent_at)
    return carry_out(world.ports, check(asked, RULES)).outcome


def test_the_lease_is_held_while_eventbridge_is_written(world: World) -> None:
    """It is this invocation's, and outlasts it."""
    seen: list[Record | None] = []
    world.connections.before_create = lambda name: seen.append(world.registry.read(name))
    ask(world)
    (claim,) = seen
    assert claim is not None
    assert claim.lease_holder == world.ports.holder
    assert claim.leased_until is not None
    assert claim.leased_until.timestamp() > world.time.deadline


def test_a_failure_gives_the_lease_back(world: World) -> None:
    """Nobody need wait for it to expire."""

    def fail(_: str) -> None:
        raise ThrottlingError("later")

    world.connections.before_create = fail
    with pytest.raises(ThrottlingError):
        ask(world)
    assert world.registry.records["crm"].leased_until is None


def test_nobody_deletes_while_somebody_writes(world: World) -> None:
    """It waits, and comes back."""
    ask(world)
    until = world.time.now + timedelta(hours=1)
    record = world.registry.records["crm"]
    world.registry.write(replace(record, lease_holder="other", leased_until=until))
    with pytest.raises(ResourceConflictError):
        ask(world, "Delete", sent=1)
    assert "delete" not in world.connections.calls


def test_a_delete_older_than_what_was_applied_deletes_nothing(world: World) -> None:
    """A redriven one, for example."""
    ask(world, sent=2)
    with pytest.raises(SupersededError):
        ask(world, "Delete", sent=1)
    assert "crm" in world.connections.stored


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_late_create_does_not_resurrect(is_seen: bool, world: World) -> None:
    """Whether the Delete found something or not."""
    if is_seen:
        ask(world)
    with suppress(NotFoundError):
        ask(world, "Delete", sent=2)
    with pytest.raises(SupersededError):
        ask(world, sent=1)
    assert world.connections.stored == {}


def test_a_delete_counts_from_the_moment_it_began(world: World) -> None:
    """Its process was killed before it could write the tombstone; the connection is gone."""
    ask(world)
    calls = iter([lambda: None])  # the lease; then the process ends

    def killed() -> None:
        raise KeyboardInterrupt

    world.registry.before_write = chain(calls, iter([killed]))
    with pytest.raises(KeyboardInterrupt):
        ask(world, "Delete", sent=2)
    world.time.seconds += 1000
    with pytest.raises(SupersededError):
        ask(world, "Update", sent=1, user="late")
    assert world.connections.stored == {}


def test_a_connection_that_failed_is_written_again_by_the_same_request(world: World) -> None:
    """Its endpoint may work by now."""
    world.connections.states_after_write = ("DEAUTHORIZED",)
    with pytest.raises(NotStabilizedError):
        ask(world)
    world.connections.states_after_write = ()
    ask(world)
    assert world.connections.stored["crm"]["states"] == ["AUTHORIZED"]


def test_a_create_whose_answer_was_lost_names_what_it_may_have_made(world: World) -> None:
    """A Delete of what was not made is ignored; what was made and is unnamed stays for ever."""

    def lose(_: str) -> None:
        raise NetworkFailureError("no answer")

    world.connections.after_create = lose
    with pytest.raises(NetworkFailureError) as raised:
        ask(world)
    assert raised.value.created_name == "crm"


def test_what_was_created_is_named_though_a_conflict_came_after_it(world: World) -> None:
    """The second look, after the conflict, finds the registry out of order."""

    def conflict() -> None:
        world.registry.before_write = iter(())
        monkeypatch.setattr(FakeRegistry, "read", fail)
        raise ResourceConflictError("somebody was faster")

    def fail(*_: object) -> None:
        raise ServiceInternalError("out of order")

    world.registry.before_write = iter([lambda: None, conflict])
    with pytest.MonkeyPatch.context() as monkeypatch, pytest.raises(ServiceInternalError) as raised:
        ask(world)
    assert raised.value.created_name == "crm"


def test_what_a_dead_holder_may_have_written_is_written_again(world: World) -> None:
    """Its lease was never given back: the connection may be in any state between two requests."""
    ask(world)
    record = world.registry.records["crm"]
    until = world.time.now - timedelta(seconds=1)
    world.registry.write(replace(record, lease_holder="dead", leased_until=until))
    assert ask(world) is Outcome.UPDATED


def test_a_name_that_goes_on_being_deleted_is_a_conflict(world: World) -> None:
    """It comes back; the name is not taken."""
    world.connections.make_by_hand("crm", BASIC)
    world.connections.stored["crm"]["states"] = ["DELETING"]
    with pytest.raises(ResourceConflictError):
        ask(world)


def test_a_delete_is_remembered_under_another_owners_record(world: World) -> None:
    """When that one is gone, a Create from before it does not resurrect."""
    owned = Record("crm", "cloudformation/other/X", START, START, connection_arn="arn")
    world.registry.write(owned)
    with pytest.raises(NotFoundError):
        ask(world, "Delete", sent=2)
    world.registry.remove(world.registry.records["crm"])
    with pytest.raises(SupersededError):
        ask(world, sent=1)
