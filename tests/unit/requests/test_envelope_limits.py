"""A document is measured before anybody reads it, and another service's is known for what it is."""

import json
from typing import Any

import pytest

from handler import app
from handler.errors import InvalidRequestError
from handler.requests.entry_point import (
    CLOUDFORMATION,
    DIRECT,
    REQUEST_QUEUE,
    EntryPoint,
)
from handler.requests.envelope import NOT_JSON, TOO_DEEP, TOO_LARGE, parsed, within_limits
from handler.requests.request import check
from handler.requests.unchecked_request import read_custom_resource, read_document
from handler.requests.violation import Violation
from handler.settings import MOST_REQUEST_BYTES
from tests.support.fakes import RULES, START
from tests.support.lambda_context import LambdaContext

CANARY = "CANARY"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:provisioner"
SNS: dict[str, Any] = {"Type": "Notification", "TopicArn": "arn", "Message": f'{{"P": "{CANARY}"}}'}
EVENT = {"detail-type": "Made", "source": "shop", "detail": {"Password": CANARY}, "region": "r"}
FOREIGN = {
    "SNS notification": (SNS, "raw message delivery"),
    "SNS notification to a function": ({"Records": [{"EventSource": "aws:sns"}]}, "raw message"),
    "EventBridge event": (EVENT, "InputPath: $.detail"),
    "API Gateway request": ({"requestContext": {}, "body": CANARY, "httpMethod": "POST"}, "body"),
    "SQS event": ({"Records": [{"eventSource": "aws:sqs", "body": CANARY}]}, "each record"),
    "event record of a pipe": (
        {"messageId": "m", "body": CANARY, "eventSource": "aws:sqs"},
        "<$.body>",
    ),
    "S3 event": ({"Records": [{"eventSource": "aws:s3"}]}, "content"),
    "S3 event for a test": ({"Service": "Amazon S3", "Event": "s3:TestEvent"}, "content"),
}


def refusal(document: object, entry_point: EntryPoint = REQUEST_QUEUE) -> str:
    """Give the reason for which a document is refused."""
    with pytest.raises(InvalidRequestError) as raised:
        check(read_document(document, entry_point, "m", START), RULES)
    return raised.value.reason


def nested(levels: int) -> object:
    """Put objects and lists into each other."""
    document: object = CANARY
    for _ in range(levels // 2):
        document = {"AuthParameters": [document]}
    return document


def test_size_counts_before_all_else() -> None:
    """
    Bytes of UTF-8, to the last one; what is too large is not even parsed.

    840 KB of unknown members once cost five seconds of CPU.
    """
    fits = json.dumps("é" * (MOST_REQUEST_BYTES // 2 - 1), ensure_ascii=False)
    assert parsed(fits) == "é" * (MOST_REQUEST_BYTES // 2 - 1)
    assert parsed(f"{fits} ") == TOO_LARGE
    assert parsed("[" * (MOST_REQUEST_BYTES + 1)) == TOO_LARGE
    assert within_limits({"a": "é" * (MOST_REQUEST_BYTES // 2)}) == TOO_LARGE
    assert within_limits({"a": "b"}) == {"a": "b"}


@pytest.mark.parametrize("levels", [40, 1_000, 100_000])
def test_nesting_counts_next_and_crashes_nothing(levels: int) -> None:
    """A request needs ten levels, not as many as Python's stack has."""
    brackets = "[" * levels + "]" * levels
    assert parsed(brackets) == within_limits(nested(levels)) == TOO_DEEP
    assert parsed("[" * 30 + "]" * 30) != TOO_DEEP


@pytest.mark.parametrize("properties", [nested(40), {"Description": "d" * MOST_REQUEST_BYTES}])
def test_a_stacks_properties_are_measured_as_well(properties: object) -> None:
    """It is told that, and nothing else."""
    event = {
        "RequestType": "Create",
        "RequestId": "r",
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/9f0c",
        "LogicalResourceId": "Connection",
        "ResourceProperties": properties,
    }
    with pytest.raises(InvalidRequestError) as raised:
        check(read_custom_resource(event, "", START), RULES)
    assert raised.value.reason in (TOO_DEEP.problem, TOO_LARGE.problem)
    deletion = read_custom_resource({**event, "RequestType": "Delete"}, "", START)
    assert deletion.entry_point is CLOUDFORMATION
    assert check(deletion, RULES).name.startswith("shop-Connection-")


def test_a_byte_order_mark_is_ignored() -> None:
    """Some editors put one at the start of a file, and SQS passes it on."""
    assert parsed('\ufeff{"Name": "crm"}') == {"Name": "crm"}
    assert parsed("\ufeff\ufeff{}") == Violation("", f"{NOT_JSON} (line 1, column 1)")


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize(
    "entry_point", [REQUEST_QUEUE, DIRECT], ids=lambda entry_point: entry_point.name
)
def test_another_services_envelope_is_named_with_its_cure_and_nothing_else(
    kind: str, entry_point: EntryPoint
) -> None:
    """In one sentence; a dozen unknown members would hide what has to be done."""
    document, cure = FOREIGN[kind]
    reason = refusal(document, entry_point)
    assert reason.startswith(f"this is an {kind.partition(' for ')[0].partition(' to ')[0]}, ")
    assert cure in reason
    assert CANARY not in reason


@pytest.mark.parametrize("kind", [kind for kind in FOREIGN if kind != "SQS event"])
def test_the_function_itself_names_them_too(kind: str) -> None:
    """A rule's target without InputPath, a topic's subscription, a bucket's notification."""
    document, cure = FOREIGN[kind]
    with pytest.raises(InvalidRequestError) as raised:
        app.lambda_handler(document, LambdaContext(ARN))
    assert cure in raised.value.reason


def test_a_document_is_measured_as_it_would_be_written_shortest() -> None:
    """In bytes, without blanks and escapes, which Lambda has removed already."""
    empty = len(json.dumps({"a": "", "b": [1, 2]}, separators=(",", ":")).encode())
    text = "é" * ((MOST_REQUEST_BYTES - empty) // 2)
    room = (MOST_REQUEST_BYTES - empty) % 2
    longest = text + "x" * room
    fitting = {"a": longest, "b": [1, 2]}
    assert within_limits(fitting) == fitting
    assert within_limits({**fitting, "a": f"{longest}x"}) == TOO_LARGE


def test_a_number_that_python_does_not_convert_is_no_json() -> None:
    """It has too many digits; the sentence tells nothing of the text."""
    assert parsed(f'{{"a": {"1" * 5000}}}') == Violation("", NOT_JSON)


def test_what_cannot_be_read_came_when_it_came() -> None:
    """Nothing in it tells another time, and no owner is known."""
    unread = read_document(Violation("", NOT_JSON), REQUEST_QUEUE, "m", START)
    assert (unread.request_time, unread.owner) == (START, "")
    assert unread.violations == (Violation("", NOT_JSON),)
