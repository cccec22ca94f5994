"""The demo's flow on the deployed application: from a stored secret to an HTTP request."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support import waiting
from tools.demo import credentials, walkthrough
from tools.demo.credentials import StoredSecret
from tools.demo.walkthrough import Provisioned
from tools.local.deployment import ROOT
from tools.local.destination import Destination
from tools.local.local_stack import LocalStack
from tools.operating import entry_points

ENTRY_POINTS = {
    "demo-stack-basic": "stack",
    "demo-stack-api-key": "stack",
    "demo-stack-oauth": "stack",
    "demo-queue-api-key": "queue",
    "demo-direct-basic": "invocation",
}

ROTATED = ("demo-stack-basic", "demo-direct-basic", "demo-stack-api-key", "demo-queue-api-key")


@pytest.fixture(scope="module")
def stored(stack: LocalStack) -> dict[str, StoredSecret]:
    """Store a random secret for each authorization type."""
    return credentials.store_all(stack)


@pytest.fixture(scope="module")
def proven(
    stack: LocalStack,
    stored: Mapping[str, StoredSecret],
    destination: Destination,
    role_arn: str,
) -> dict[str, Provisioned]:
    """Ask for a connection of each type through each entry point, and send an event."""
    provisioned = [
        *walkthrough.through_cloudformation(stack, stored, destination.token_url),
        walkthrough.through_the_queue(stack, stored["API_KEY"]),
        walkthrough.through_an_invocation(stack, stored["BASIC"]),
    ]
    prove = partial(walkthrough.prove, stack, destination, role_arn)
    return {each.name: each for each in map(prove, provisioned)}


@pytest.fixture(scope="module")
def skeleton(stored: Mapping[str, StoredSecret]) -> dict[str, Any]:
    """Fill in the AWS CLI's own skeleton and remove the two unused auth blocks."""
    command = [str(Path(sys.executable).parent / "aws"), "events", "create-connection"]
    printed = subprocess.run(
        [*command, "--generate-cli-skeleton"], check=True, capture_output=True, text=True
    )
    document: dict[str, Any] = json.loads(printed.stdout)
    return filled_in(document, stored["BASIC"].secret.name)


def filled_in(document: dict[str, Any], secret_name: str) -> dict[str, Any]:
    """Keep the BASIC block, references in place of credentials, and what is not left empty."""
    reference = f"{{{{resolve:secretsmanager:{secret_name}:SecretString:%s}}}}"
    auth_parameters = {
        "BasicAuthParameters": {
            "Username": reference % "username",
            "Password": reference % "password",
        },
        "InvocationHttpParameters": {
            kind: [{"Key": "key", "Value": reference % "username", "IsValueSecret": True}]
            for kind in document["AuthParameters"]["InvocationHttpParameters"]
        },
    }
    return document | {
        "Name": "cli-skeleton",
        "Description": "from the CLI's skeleton",
        "AuthorizationType": "BASIC",
        "AuthParameters": auth_parameters,
    }


@pytest.mark.parametrize(("name", "entry_point"), ENTRY_POINTS.items())
def test_the_stored_credential_arrives_at_the_destination(
    proven: Mapping[str, Provisioned], name: str, entry_point: str
) -> None:
    """Authorized is what we say; the destination's own word is the proof."""
    assert proven[name].entry_point == entry_point
    assert proven[name].state == "AUTHORIZED"
    assert proven[name].received == proven[name].stored


def test_a_stack_gets_ref_arn_and_state(
    stack: LocalStack, proven: Mapping[str, Provisioned]
) -> None:
    """Ref gives the name, GetAtt the rest, as of the native resource."""
    outputs = stack.outputs_of("demo-stack-basic")
    described = stack.events.describe_connection(Name=proven["demo-stack-basic"].name)
    assert outputs["ConnectionName"] == "demo-stack-basic"
    assert outputs["ConnectionArn"] == described["ConnectionArn"]
    assert outputs["ConnectionState"] == described["ConnectionState"] == "AUTHORIZED"


def test_the_aws_clis_skeleton_works_through_the_function(
    stack: LocalStack, skeleton: Mapping[str, Any]
) -> None:
    """A bare document is a Create; every kind of parameter goes with it."""
    result = entry_points.invoke(stack, {**skeleton, "Name": "cli-skeleton-direct"})
    assert (result["Outcome"], result["ConnectionState"]) == ("Created", "AUTHORIZED")


def test_the_aws_clis_skeleton_works_through_the_queue(
    stack: LocalStack, skeleton: Mapping[str, Any]
) -> None:
    """The same document as a message."""
    name = "cli-skeleton-queue"
    entry_points.send(stack, {**skeleton, "Name": name, "Description": "queued"})
    connection = waiting.until(lambda: waiting.connection(stack, name))
    assert connection["Description"] == "queued"


def test_a_failed_request_tells_its_sender_and_leaves_a_dead_letter(stack: LocalStack) -> None:
    """A literal password is refused, told in the result, and nothing of it is kept."""
    password = "CANARY-literal-e2e"
    block = {"BasicAuthParameters": {"Username": "ada", "Password": password}}
    properties = {"Name": "literal", "AuthorizationType": "BASIC", "AuthParameters": block}
    request = {"RequestType": "Create", "RequestId": "literal", "ResourceProperties": properties}
    entry_points.send(stack, request)
    result = entry_points.await_result(stack, "literal")
    assert (result["Status"], result["ErrorCode"]) == ("FAILED", "InvalidRequest")
    assert "AuthParameters.BasicAuthParameters.Password" in result["Reason"]
    letter = waiting.until(lambda: waiting.letter(stack, "literal"))
    assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "InvalidRequest"
    assert json.loads(letter["Body"]) == {"RequestId": "literal"}
    assert password not in json.dumps([letter, result]) + stack.function_logs()


def test_a_failed_invocation_is_an_error_and_no_result(stack: LocalStack) -> None:
    """The caller cannot overlook it; its class is shown under the real runtime (tests/artifact)."""
    with pytest.raises(entry_points.RequestFailedError, match="there is no connection nobody"):
        entry_points.invoke(
            stack, {"RequestType": "Describe", "ResourceProperties": {"Name": "nobody"}}
        )


def test_no_secret_is_anywhere_but_in_the_connection(
    stack: LocalStack, stored: Mapping[str, StoredSecret], proven: Mapping[str, Provisioned]
) -> None:
    """Not in logs, stack events, outputs, registry items; the connections prove its use."""
    assert all(each.is_proven for each in proven.values())
    values = [value for each in stored.values() for value in each.secret.values.values()]
    told = json.dumps(list(everything_told(stack, proven)), default=str)
    assert "demo-queue-api-key" in told
    assert not [value for value in values if value in told]


def everything_told(stack: LocalStack, proven: Mapping[str, Provisioned]) -> Iterator[object]:
    """Yield whatever the application wrote anywhere."""
    yield stack.function_logs()
    yield stack.dynamodb.scan(TableName=stack.outputs["RegistryTableName"])["Items"]
    for name in proven:
        if name.startswith("demo-stack"):
            yield stack.cloudformation.describe_stack_events(StackName=name)
            yield stack.cloudformation.describe_stack_resources(StackName=name)
            yield stack.outputs_of(name)


def test_a_renamed_connection_replaces_the_old_one(
    stack: LocalStack, proven: Mapping[str, Provisioned]
) -> None:
    """CloudFormation deletes the old one once the new one stands."""
    parameters = [
        {"ParameterKey": "ConnectionName", "ParameterValue": "demo-stack-renamed"},
        {"ParameterKey": "SecretArn", "UsePreviousValue": True},
    ]
    stack.cloudformation.update_stack(
        StackName="demo-stack-basic",
        TemplateBody=(ROOT / "examples" / "basic.yaml").read_text(),
        Parameters=parameters,  # type: ignore[arg-type]
    )
    waiting.until(lambda: waiting.connection(stack, "demo-stack-renamed"))
    waiting.until(lambda: waiting.connection(stack, proven["demo-stack-basic"].name) is None)


def test_deleting_a_stack_deletes_its_connection_and_its_registration(
    stack: LocalStack, proven: Mapping[str, Provisioned]
) -> None:
    """What is left is the memory of it, which owns nothing."""
    name = proven["demo-stack-api-key"].name
    stack.cloudformation.delete_stack(StackName=name)
    waiting.until(lambda: waiting.connection(stack, name) is None)
    waiting.until(lambda: is_deleted(stack, name))


def is_deleted(stack: LocalStack, name: str) -> bool:
    """Tell whether the registry knows a name only as that of a deleted connection."""
    items = stack.dynamodb.scan(TableName=stack.outputs["RegistryTableName"])["Items"]
    keys = {item["PK"]["S"] for item in items}
    return f"DELETION#{name}" in keys and f"CONNECTION#{name}" not in keys


def test_the_functions_role_reads_no_other_secret(stack: LocalStack) -> None:
    """IAM says no where our own check would be missing: here, a name outside of the prefixes."""
    stack.secretsmanager.create_secret(Name="other/secret", SecretString="CANARY-other")
    reference = "{{resolve:secretsmanager:other/secret}}"
    block = {"BasicAuthParameters": {"Username": "ada", "Password": reference}}
    document = {"Name": "other", "AuthorizationType": "BASIC", "AuthParameters": block}
    with pytest.raises(entry_points.RequestFailedError, match="must begin with an allowed prefix"):
        entry_points.invoke(stack, document)
    role = stack.iam.get_role_policy(RoleName=role_name(stack), PolicyName="ConnectionProvisioner")
    assert "connections/*" in json.dumps(role["PolicyDocument"])


def role_name(stack: LocalStack) -> str:
    """Give the name of the function's role."""
    function = stack.lambda_.get_function_configuration(FunctionName=stack.outputs["FunctionArn"])
    return function["Role"].rpartition("/")[2]


def test_the_demo_succeeds_and_shows_every_connection() -> None:
    """What a new user sees first: each credential arrives, and after a rotation the new one."""
    demo = subprocess.run(
        [sys.executable, "-m", "tools.demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert demo.stdout.count(" arrived") == len(ENTRY_POINTS) + len(ROTATED)
    assert all(name in demo.stdout for name in ENTRY_POINTS)
