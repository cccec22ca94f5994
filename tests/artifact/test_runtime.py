"""The built function and layer under AWS's own runtime client, with nothing else to import from."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.local import deployment, recorded_event
from tools.local.deployment import ROOT
from tools.local.destination import Destination
from tools.local.invoke import function_environment
from tools.local.local_stack import LocalStack
from tools.local.runtime import Artifact, Runtime, built_artifact, running_function

EVENTS = ROOT / "events"
# What an invoked function's ARN ends in, and which of these events are taken there.
LIST: dict[str, Any] = {"RequestType": "List"}
STACK_EVENT = "cloudformation-create-basic.json"
DIRECT_CREATE = "direct-cli-skeleton.json"
BATCH = "sqs-single.json"
ALL = {"stack", "list", "create", "batch"}
TAKEN = {
    "": ALL,
    ":$LATEST": ALL,
    ":stacks": {"stack"},
    ":requests": {"create"},
    ":other": set[str](),
}


@pytest.fixture(scope="module")
def function(stack: LocalStack) -> Iterator[Runtime]:
    """Give the built function, running as Lambda runs it."""
    with running_function(built_artifact(), function_environment(stack)) as function:
        yield function


def answer_of(
    function: Runtime, stack: LocalStack, destination: Destination, name: str
) -> dict[str, Any]:
    """Invoke with a recorded CloudFormation request and give what came to its ResponseURL."""
    path = f"/answers/{name}"
    event = recorded_event.load(EVENTS / name, stack, destination.url + path)
    assert function.invoke(event) is None
    answer: dict[str, Any] = json.loads(destination.wait_for(path).body)
    return answer


@pytest.mark.parametrize("authorization_type", ["basic", "api-key", "oauth"])
def test_a_stacks_connection_lives_its_whole_life(
    function: Runtime, stack: LocalStack, destination: Destination, authorization_type: str
) -> None:
    """Create, update, rename and delete: each answered once, each with the right id."""
    answers = [
        answer_of(function, stack, destination, f"cloudformation-{kind}-{authorization_type}.json")
        for kind in ("create", "update", "rename", "delete")
    ]
    assert [each["Status"] for each in answers] == ["SUCCESS"] * 4, answers
    outcomes = [each["Data"]["Outcome"] for each in answers]
    assert outcomes == ["Created", "Updated", "Created", "Deleted"]
    created, updated, renamed, deleted = (each["PhysicalResourceId"] for each in answers)
    assert created == updated == deleted != renamed


def test_clients_are_made_in_the_init_phase(function: Runtime) -> None:
    """What goes wrong there is only logged, and every first request would pay for it."""
    function.invoke({"RequestType": "Describe"})
    assert function.init_milliseconds
    assert "clients not made in the init phase" not in function.log


def test_the_cli_skeleton_makes_a_connection(function: Runtime, stack: LocalStack) -> None:
    """The direct entry point needs no set-up but an event."""
    event = recorded_event.load(EVENTS / "direct-cli-skeleton.json", stack, "")
    result: Any = function.invoke(event)
    assert (result["Status"], result["ConnectionState"]) == ("SUCCESS", "AUTHORIZED")


def test_a_batch_is_worked_on(function: Runtime, stack: LocalStack) -> None:
    """The queue's entry point, whose libraries the other entry points do not load."""
    event = recorded_event.load(EVENTS / "sqs-single.json", stack, "")
    assert function.invoke(event) == {"batchItemFailures": []}


def test_an_error_reaches_the_caller_as_its_class(function: Runtime) -> None:
    """Step Functions matches on errorType; the message is our reason and nothing else."""
    request = {"RequestType": "Describe", "ResourceProperties": {"Name": "nobody"}}
    error: Any = function.invoke(request)
    assert error["errorType"] == "NotFoundError"
    assert error["errorMessage"] == "there is no connection nobody"


def test_a_refused_secret_is_not_in_the_runtimes_own_log(function: Runtime) -> None:
    """The runtime prints what a function raises: our reason, no value, no chained exception."""
    canary = "CANARY-runtime"
    block = {"BasicAuthParameters": {"Username": "ada", "Password": canary}}
    error: Any = function.invoke(
        {"Name": "canary", "AuthorizationType": "BASIC", "AuthParameters": block}
    )
    assert error["errorType"] == "InvalidRequestError"
    assert "BasicAuthParameters.Password" in function.log
    assert canary not in function.log + json.dumps(error)


def test_a_foreign_event_is_refused(function: Runtime) -> None:
    """Whatever else may invoke the function gets a clear error."""
    error: Any = function.invoke({"source": "aws.s3", "detail": {}})
    assert error["errorType"] == "InvalidRequestError"
    assert "not what is accepted here" in error["errorMessage"]


@pytest.fixture(scope="module", params=TAKEN)
def invoked(stack: LocalStack, request: pytest.FixtureRequest) -> Iterator[tuple[str, Runtime]]:
    """
    Give a qualifier and the function invoked with it.

    The emulator makes ``Lambda-Runtime-Invoked-Function-Arn`` of this variable's whole text.
    """
    environment = dict(function_environment(stack))
    environment["AWS_LAMBDA_FUNCTION_NAME"] += request.param
    with running_function(built_artifact(), environment) as function:
        yield request.param, function


def is_taken(answer: Any) -> bool:
    """Tell whether an answer is that of an entry point, and not a refusal."""
    if isinstance(answer, dict) and "errorType" in answer:
        assert answer["errorType"] == "InvalidRequestError"
        return False
    return True


def test_a_stack_reaches_its_alias_alone(
    invoked: tuple[str, Runtime], stack: LocalStack, destination: Destination
) -> None:
    """The qualifier comes to the function as AWS's runtime client passes it on."""
    qualifier, function = invoked
    path = f"/answers/qualifier{qualifier}"
    event = recorded_event.load(EVENTS / STACK_EVENT, stack, destination.url + path)
    assert is_taken(function.invoke(event)) is ("stack" in TAKEN[qualifier])
    assert bool(destination.count(path)) is ("stack" in TAKEN[qualifier])


@pytest.mark.parametrize(("kind", "event"), [("create", DIRECT_CREATE), ("batch", BATCH)])
def test_a_program_and_a_queue_reach_their_entry_points_alone(
    invoked: tuple[str, Runtime], stack: LocalStack, kind: str, event: str
) -> None:
    """A batch comes to the function itself, which is no alias."""
    qualifier, function = invoked
    answer = function.invoke(recorded_event.load(EVENTS / event, stack, ""))
    assert is_taken(answer) is (kind in TAKEN[qualifier])


def test_an_administrator_invokes_the_function_itself(invoked: tuple[str, Runtime]) -> None:
    """A List shows what every owner has."""
    qualifier, function = invoked
    answer: Any = function.invoke(LIST)
    assert is_taken(answer) is ("list" in TAKEN[qualifier])
    assert ("Connections" in answer) is ("list" in TAKEN[qualifier])


@pytest.mark.parametrize("package", ["aws_lambda_powertools", "botocore", "urllib3"])
def test_a_dependency_missing_from_the_layer_ends_the_init_phase(
    stack: LocalStack, tmp_path: Path, package: str
) -> None:
    """Nothing on this machine stands in for what the artifact lacks."""
    artifact = artifact_without(package, tmp_path)
    with running_function(artifact, function_environment(stack)) as function:
        error: Any = function.invoke({"RequestType": "Describe"})
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert package in error["errorMessage"]


def test_a_missing_crhelper_fails_stacks_only(stack: LocalStack, tmp_path: Path) -> None:
    """It is imported when CloudFormation asks, and not before."""
    event = recorded_event.load(
        EVENTS / "cloudformation-create-basic.json", stack, "http://127.0.0.1:9/"
    )
    artifact = artifact_without("crhelper", tmp_path)
    with running_function(artifact, function_environment(stack)) as function:
        direct: Any = function.invoke({"RequestType": "Describe", "ResourceProperties": {}})
        custom_resource: Any = function.invoke(event)
    assert direct["errorType"] == "InvalidRequestError"
    assert custom_resource["errorType"] == "ModuleNotFoundError"


def artifact_without(package: str, folder: Path) -> Artifact:
    """Copy the artifact, but for one package of the layer."""
    deployment.build()
    built = built_artifact()
    layer = folder / "layer"
    shutil.copytree(built.layer, layer)
    shutil.rmtree(layer / "python" / package)
    return Artifact(built.function, layer)
