"""Which entry point an event reaches, by the alias that was invoked and the event's shape."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from handler.app import lambda_handler
from handler.entrypoints import cloudformation, direct, failed_invocations, sqs_batch
from handler.entrypoints.source_queue import SourceQueue
from handler.errors import InvalidRequestError
from handler.requests.entry_point import EntryPoint
from tests.support.bad_requests import BASIC
from tests.support.entry_point import CANARY, FUNCTION, STACK, UNANSWERED_QUEUE
from tests.support.fake_aws import FakeAws
from tests.support.function_output import FunctionOutput
from tests.support.lambda_context import LambdaContext

pytestmark = pytest.mark.usefixtures("environment")

QUEUES = "arn:aws:sqs:us-east-1:123456789012"
STACKS_EVENT: dict[str, Any] = {
    "RequestType": "Create",
    "RequestId": "request-1",
    "ResponseURL": "https://localhost/",
    "StackId": STACK,
    "LogicalResourceId": "Connection",
    "ResourceProperties": {"Name": "crm"},
}


def batch(arn: str, **members: Any) -> dict[str, Any]:
    """Make a batch of one record."""
    return {"Records": [{"eventSource": "aws:sqs", "eventSourceARN": arn}], **members}


EVENTS: dict[str, Any] = {
    "stack": STACKS_EVENT,
    "stack, with a message inside": STACKS_EVENT | batch(f"{QUEUES}:maintenance"),
    "requests": batch(f"{QUEUES}:requests"),
    "maintenance": batch(f"{QUEUES}:maintenance"),
    "unanswered": batch(UNANSWERED_QUEUE),
    "direct": {"RequestType": "List"},
    "direct, bare": BASIC,
    "direct, by Terraform": {"tf": {"action": "create", "prev_input": None}},
    "direct, of an owner": {"Owner": "team-a"},
    "foreign": {"Records": [{"eventSource": "aws:s3"}]},
    "foreign to all": {"key1": "value1"},
    "no object": [STACKS_EVENT],
    "empty batch": {"Records": []},
}
ALL = {
    "stack": "cloudformation",
    "stack, with a message inside": "queue maintenance_queue",
    "requests": "queue request_queue",
    "maintenance": "queue maintenance_queue",
    "unanswered": "failed invocations",
    "direct": "invocation direct",
    "direct, bare": "invocation direct",
    "direct, by Terraform": "invocation direct",
    "direct, of an owner": "invocation direct",
}
REACHED: dict[str, dict[str, str]] = {
    "": ALL,
    ":$LATEST": ALL,
    ":stacks": {"stack": "cloudformation", "stack, with a message inside": "cloudformation"},
    ":requests": {
        "direct": "invocation requests",
        "direct, bare": "invocation requests",
        "direct, by Terraform": "invocation requests",
        "direct, of an owner": "invocation requests",
    },
    ":live": {},
    ":7": {},
    ":Stacks": {},
    ":requests ": {},
    ":stacks:requests": {},
    ":requests:": {},
    ":$LATEST:stacks": {},
}
CASES = [
    pytest.param(qualifier, event, reached.get(event), id=f"{event}{qualifier}")
    for qualifier, reached in REACHED.items()
    for event in EVENTS
]


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which entry point is reached, and go no further."""
    names: list[str] = []

    def note(name: str) -> Callable[..., None]:
        return lambda *_: names.append(name)

    def note_batch(_: object, __: object, queue: SourceQueue) -> None:
        names.append(f"queue {queue.entry_point.name}")

    def note_invocation(_: object, __: object, entry_point: EntryPoint) -> None:
        names.append(f"invocation {entry_point.name}")

    monkeypatch.setattr(cloudformation, "handle_custom_resource", note("cloudformation"))
    monkeypatch.setattr(failed_invocations, "handle_failed_invocations", note("failed invocations"))
    monkeypatch.setattr(sqs_batch, "handle_batch", note_batch)
    monkeypatch.setattr(direct, "handle_direct_invocation", note_invocation)
    return names


@pytest.mark.parametrize(("qualifier", "event", "expected"), CASES)
def test_an_alias_opens_its_own_entry_point_alone(
    qualifier: str, event: str, expected: str | None, reached: list[str]
) -> None:
    """IAM decides who may invoke which; what another one takes is refused."""
    context = LambdaContext(FUNCTION + qualifier)
    if expected is None:
        with pytest.raises(InvalidRequestError):
            lambda_handler(EVENTS[event], context)
        assert reached == []
    else:
        lambda_handler(EVENTS[event], context)
        assert reached == [expected]


def refused(event: object, qualifier: str) -> str:
    """Give the reason why an event is refused."""
    with pytest.raises(InvalidRequestError) as raised:
        lambda_handler(event, LambdaContext(FUNCTION + qualifier))
    return raised.value.reason


@pytest.mark.parametrize(
    ("event", "qualifier", "words"),
    [
        ("stack", ":requests", "stacks invoke the alias stacks"),
        ("maintenance", ":requests", "this is an SQS event, not a connection request"),
        ("unanswered", ":requests", "this is an SQS event, not a connection request"),
        ("foreign", ":requests", "this is an S3 event, not a connection request"),
        ("direct", ":stacks", "others are for the alias requests"),
        ("direct, by Terraform", ":stacks", "others are for the alias requests"),
        ("requests", ":stacks", "others are for the alias requests"),
        ("foreign", "", "this is an S3 event, not a connection request"),
        ("foreign to all", "", "a CloudFormation request, a batch of its queues, or a request"),
        ("stack", ":live", "invoke the function itself, or its alias stacks or requests"),
        ("direct", ":7", "invoke the function itself, or its alias stacks or requests"),
        ("maintenance", ":live", "invoke the function itself, or its alias stacks or requests"),
    ],
)
def test_a_refusal_names_what_is_accepted_or_the_right_alias(
    event: str, qualifier: str, words: str, reached: list[str]
) -> None:
    """The sender can correct the request without reading the code."""
    assert words in refused(EVENTS[event], qualifier)
    assert reached == []


SHAPES: list[dict[str, Any]] = [
    batch(f"{QUEUES}:maintenance", RequestType="Reconcile"),
    batch(UNANSWERED_QUEUE, ResourceProperties={"Name": "crm"}),
    {**batch(f"{QUEUES}:requests"), **BASIC},
    {"RequestType": "Release", "ResourceProperties": {"Name": "crm"}},
    {"RequestType": "Reconcile"},
    {"RequestType": "List", "ResourceProperties": {}},
    {"RequestType": "Refresh", "ResourceProperties": {"SecretId": "connections/crm"}},
    STACKS_EVENT,
    {"StackId": STACK, "RequestType": "Delete", "ResourceProperties": {"Name": "crm"}},
]


@pytest.mark.parametrize("event", SHAPES)
def test_the_alias_requests_takes_no_other_shape_beside_its_own(
    event: dict[str, Any], fake_aws: FakeAws
) -> None:
    """Nor what only administrators ask; nothing is called."""
    assert refused(event, ":requests")
    assert fake_aws.calls == []


@pytest.mark.parametrize("request_type", ["Release", "Describe", "Reconcile", "List", "Refresh"])
@pytest.mark.parametrize("qualifier", [":stacks", ""])
def test_an_event_of_cloudformations_shape_asks_what_cloudformation_asks(
    qualifier: str, request_type: str, fake_aws: FakeAws
) -> None:
    """Who may invoke the alias may not pass anything else through it."""
    event = {**STACKS_EVENT, "RequestType": request_type, "Owner": "team-a"}
    assert "must be Create, Update or Delete" in refused(event, qualifier)
    assert fake_aws.calls == []


@pytest.mark.parametrize("qualifier", ["", ":stacks", ":requests", f":{CANARY}"])
def test_a_refusal_is_logged_without_what_the_event_held(
    qualifier: str, output: FunctionOutput
) -> None:
    """The operator sees that an event was refused, and why."""
    reason = refused({"Password": CANARY}, qualifier)
    (line,) = output.lines
    assert (line["level"], line["message"], line["reason"]) == ("ERROR", "event refused", reason)
    assert line["error_code"] == "InvalidRequest"
    assert CANARY not in output.text


def test_the_init_phase_does_not_look_for_garbage() -> None:
    """A tenth of its CPU time; afterwards, garbage of requests is found without what stays."""
    code = (
        "import gc; found = []; gc.callbacks.append(lambda *_: found.append(1)); gc.collect();"
        "before = len(found); import handler.app;"
        "print(len(found) - before, gc.isenabled(), gc.get_freeze_count() > 10_000)"
    )
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "PYTHONPATH": "src"}
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    found, is_enabled, is_frozen = result.stdout.split()
    assert int(found) <= 4  # before the first line of handler.app; 196 without it
    assert (is_enabled, is_frozen) == ("True", "True")
