"""The sample events: they look like what AWS sends and cover every situation."""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.model import StructureShape
from jsonschema import Draft202012Validator

from handler.requests.authorization_type import BLOCK_OF_TYPE
from handler.requests.entry_point import RequestType
from tests.support import rule_messages
from tests.support.resolved_template import properties
from tools.generated.schema import request_schema
from tools.generated.service_model import create_connection
from tools.local import recorded_event

EVENTS = Path(__file__).parents[3] / "events"
BY_NAME: dict[str, Any] = {
    path.stem: json.loads(path.read_text()) for path in sorted(EVENTS.glob("*.json"))
}
CLOUDFORMATION = sorted(name for name in BY_NAME if name.startswith("cloudformation-"))
DIRECT = sorted(name for name in BY_NAME if name.startswith("direct-"))
SQS = sorted(name for name in BY_NAME if name.startswith("sqs-"))
VALIDATOR = Draft202012Validator(request_schema())


def scalars(value: object) -> Iterator[object]:
    """Yield every scalar below a value."""
    match value:
        case dict():
            yield from (each for item in value.values() for each in scalars(item))
        case list():
            yield from (each for item in value for each in scalars(item))
        case _:
            yield value


def bodies(event: dict[str, Any]) -> list[Any]:
    """Return the requests in an event that came by queue."""
    return [json.loads(record["body"]) for record in event["Records"]]


@pytest.mark.parametrize("situation", ["create", "update", "rename", "delete"])
@pytest.mark.parametrize("authorization_type", ["basic", "api-key", "oauth"])
def test_cloudformation_covers_every_situation_of_every_type(
    situation: str, authorization_type: str
) -> None:
    """Each authorization type has its create, update, rename and delete."""
    assert f"cloudformation-{situation}-{authorization_type}" in BY_NAME


@pytest.mark.parametrize("name", CLOUDFORMATION)
def test_cloudformation_events_have_the_members_of_their_request_type(name: str) -> None:
    """A Create has no PhysicalResourceId yet, and only an Update tells the old properties."""
    event = BY_NAME[name]
    always = {"RequestType", "RequestId", "ResponseURL", "ResourceType", "LogicalResourceId"}
    always |= {"StackId", "ResourceProperties", "ServiceToken"}
    more = {"Update": {"PhysicalResourceId", "OldResourceProperties"}, "Create": set[str]()}
    assert set(event) == always | more.get(event["RequestType"], {"PhysicalResourceId"})
    assert event["ResourceType"] == "Custom::EventBridgeConnection"
    assert event["ResourceProperties"]["ServiceToken"] == event["ServiceToken"]


@pytest.mark.parametrize("name", CLOUDFORMATION)
def test_cloudformation_events_hold_strings_only(name: str) -> None:
    """CloudFormation turns every scalar of a custom resource's properties into a string."""
    assert {type(scalar) for scalar in scalars(BY_NAME[name])} == {str}


@pytest.mark.parametrize("name", CLOUDFORMATION)
def test_cloudformation_answers_go_to_the_bucket_of_the_region(name: str) -> None:
    """The ResponseURL is a presigned one of CloudFormation's own bucket."""
    url = urlsplit(BY_NAME[name]["ResponseURL"])
    bucket = "cloudformation-custom-resource-response-useast1"
    assert (url.scheme, url.netloc) == ("https", f"{bucket}.s3.us-east-1.amazonaws.com")
    assert {"X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature"} <= set(parse_qs(url.query))


@pytest.mark.parametrize("name", [name for name in CLOUDFORMATION if "rename" in name])
def test_a_rename_keeps_everything_but_the_name(name: str) -> None:
    """The old name is the physical id, and nothing else differs."""
    event = BY_NAME[name]
    new, old = event["ResourceProperties"], event["OldResourceProperties"]
    assert old["Name"] == event["PhysicalResourceId"] != new["Name"]
    assert new | {"Name": old["Name"]} == old


@pytest.mark.parametrize("name", DIRECT)
def test_direct_requests_are_valid(name: str) -> None:
    """Each is a request as producers would write it."""
    assert [error.json_path for error in VALIDATOR.iter_errors(BY_NAME[name])] == []


def test_direct_requests_cover_every_request_type() -> None:
    """Each RequestType of direct invocations has an event; the bare skeleton has none."""
    asked = {BY_NAME[name].get("RequestType") for name in DIRECT}
    assert asked == {*RequestType, None}


def test_the_cli_skeleton_has_every_member_the_cli_prints() -> None:
    """The AWS CLI prints the service model; only the two unused auth blocks are gone."""
    skeleton = BY_NAME["direct-cli-skeleton"]
    model = create_connection().members
    assert isinstance(model["AuthParameters"], StructureShape)
    unused = set(BLOCK_OF_TYPE.values()) - {BLOCK_OF_TYPE[skeleton["AuthorizationType"]]}
    assert set(skeleton) == set(model)
    assert set(skeleton["AuthParameters"]) == set(model["AuthParameters"].members) - unused


@pytest.mark.parametrize("name", SQS)
def test_messages_have_the_shape_that_lambda_passes_on(name: str) -> None:
    """A record carries its attributes and the digest of its body."""
    for record in BY_NAME[name]["Records"]:
        assert record["eventSource"] == "aws:sqs"
        assert record["eventSourceARN"].startswith("arn:aws:sqs:us-east-1:123456789012:")
        assert {"ApproximateReceiveCount", "SentTimestamp"} <= set(record["attributes"])
        assert record["md5OfBody"] == hashlib.md5(record["body"].encode()).hexdigest()


def test_one_message_of_the_batch_is_bad() -> None:
    """The others must not suffer for the second."""
    requests = bodies(BY_NAME["sqs-batch-one-bad"])
    assert [VALIDATOR.is_valid(request) for request in requests] == [True, False, True]


@pytest.mark.parametrize("name", [name for name in SQS if name != "sqs-batch-one-bad"])
def test_the_single_messages_are_good(name: str) -> None:
    """A batch of one succeeds."""
    assert [VALIDATOR.is_valid(request) for request in bodies(BY_NAME[name])] == [True]


def test_the_messages_of_the_rules_are_what_the_rules_send() -> None:
    """Made from AWS's events by the template's own transformers and input."""
    secret = rule_messages.message("SecretRule", rule_messages.SECRET_LABEL_UPDATED)
    parameter = rule_messages.message("ParameterRule", rule_messages.PARAMETER_STORE_CHANGE)
    (schedule,) = properties("ReconcileRule")["Targets"]
    assert bodies(BY_NAME["sqs-refresh-secret"]) == [secret]
    assert bodies(BY_NAME["sqs-refresh-parameter"]) == [parameter]
    assert bodies(BY_NAME["sqs-reconcile"]) == [json.loads(schedule["Input"])]


@pytest.mark.parametrize(
    "spelling",
    [
        "{{resolve:secretsmanager:connections/",
        "{{resolve:secretsmanager:arn:aws:",
        "{{resolve:ssm-secure:/connections/",
        "{{resolve:ssm:/connections/",
        '{"ValueFrom": "arn:aws:secretsmanager:',
        '{"ValueFrom": "arn:aws:ssm:',
        '"Bearer {{resolve:',
        '"KmsKeyIdentifier": "arn:aws:kms:',
        ":resourceconfiguration/rcfg-",
        '"IsValueSecret": true',
        '"IsValueSecret": "true"',
    ],
)
def test_every_spelling_has_an_example(spelling: str) -> None:
    """What a request may hold can be looked up in an event."""
    assert any(spelling in json.dumps(event) for event in BY_NAME.values())


def test_the_readme_tells_of_every_event() -> None:
    """No event is without an explanation."""
    readme = (EVENTS / "README.md").read_text()
    cells = {line.split("|")[1] for line in readme.splitlines() if line.startswith("| `")}
    told = {name for cell in cells for name in expanded(cell)}
    assert told == {f"{name}.json" for name in BY_NAME}


def expanded(cell: str) -> list[str]:
    """Write out the names of a table cell, where a … repeats the first one's beginning."""
    first, *others = (name.strip(" `") for name in cell.split(","))
    beginning = "-".join(first.split("-")[:2])
    return [first, *(name.replace("…", beginning) for name in others)]


class Stack:
    """A stack, as far as a message needs it."""

    outputs: ClassVar = {"MaintenanceQueueArn": "arn:maintenance"}


def test_a_recorded_message_is_sent_as_if_it_came_now() -> None:
    """Else it would be older than what was deleted since, and given up at its first failure."""
    event = recorded_event.load(EVENTS / "sqs-reconcile.json", cast("Any", Stack()), "")
    (record,) = event["Records"]
    assert record["eventSourceARN"] == "arn:maintenance", "the queue of this installation"
    sent = int(record["attributes"]["SentTimestamp"])
    received = int(record["attributes"]["ApproximateFirstReceiveTimestamp"])
    now = time.time() * 1000
    assert now - 60_000 < received <= now + 1
    assert received - sent == 250
