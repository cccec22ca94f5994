"""The direct entry point: the result as the contract says, or the error's own class."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from handler.adapters import aws_client as aws
from handler.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    InvalidRequestError,
    NetworkFailureError,
    NotFoundError,
    ProvisionerError,
    ServiceInternalError,
)
from tests.support.faulty_proxy import FaultyProxy, answered, aws_error
from tests.support.function import Function
from tools.local import recorded_event
from tools.local.local_stack import LocalStack

EVENTS = sorted((Path(__file__).parents[2] / "events").glob("direct-*.json"))
NEEDS_A_CONNECTION = (
    "direct-delete",
    "direct-describe",
    "direct-reconcile",
    "direct-refresh",
    "direct-release",
)


def ask(request_type: str, properties: dict[str, Any], **envelope: str) -> dict[str, Any]:
    """Make a direct request."""
    return {"RequestType": request_type, "ResourceProperties": properties, **envelope}


def test_a_create_returns_the_connection(
    function: Function, stack: LocalStack, basic: dict[str, Any], name: str
) -> None:
    """ARN, state and what became of the request come back as strings."""
    result = function(ask("Create", basic, RequestId="request-1"))
    arn = stack.events.describe_connection(Name=name)["ConnectionArn"]
    times = {key: result.pop(key) for key in list(result) if key.endswith("Time")}
    assert result == {
        "RequestId": "request-1",
        "RequestType": "Create",
        "Owner": "requests",
        "Status": "SUCCESS",
        "Name": name,
        "ConnectionArn": arn,
        "Arn": arn,
        "ArnForPolicy": f"{arn.partition('/')[0]}/{name}",
        "ConnectionState": "AUTHORIZED",
        "AuthorizationType": "BASIC",
        "Outcome": "Created",
    }
    assert all(value.endswith("Z") for value in times.values())
    assert {"CreationTime", "LastModifiedTime"} <= set(times)


def test_the_connection_gets_what_the_secret_holds(
    function: Function, proxy: FaultyProxy, basic: dict[str, Any], secret: dict[str, str]
) -> None:
    """References are resolved on the way to EventBridge, and only there."""
    function(ask("Create", basic))
    (created,) = proxy.parameters_of("CreateConnection")
    assert created["AuthParameters"] == {
        "BasicAuthParameters": {"Username": secret["user"], "Password": secret["password"]}
    }


def test_each_request_of_a_connections_life_tells_its_outcome(
    function: Function, basic: dict[str, Any], name: str
) -> None:
    """Create, again, Update, Describe, Validate, Delete: and then it is gone."""
    update = basic | {"Description": "another"}
    requests = [
        ("Create", basic, "Created"),
        ("Create", basic, "Unchanged"),
        ("Update", update, "Updated"),
        ("Describe", {"Name": name}, "Described"),
        ("Validate", update, "Validated"),
        ("Delete", {"Name": name}, "Deleted"),
    ]
    outcomes = [function(ask(kind, properties))["Outcome"] for kind, properties, _ in requests]
    assert outcomes == [outcome for _, _, outcome in requests]
    with pytest.raises(NotFoundError, match=f"there is no connection {name}"):
        function(ask("Describe", {"Name": name}))


def test_a_released_connection_stands_and_can_be_adopted(
    function: Function, basic: dict[str, Any], name: str
) -> None:
    """Ownership is dropped, nothing else; an adopted one survives its Delete."""
    function(ask("Create", basic))
    assert function(ask("Release", {"Name": name}))["Outcome"] == "Released"
    with pytest.raises(AlreadyExistsError, match="OnExisting: Adopt takes it over"):
        function(ask("Create", basic))
    assert function(ask("Create", basic | {"OnExisting": "Adopt"}))["Outcome"] == "Adopted"
    assert function(ask("Delete", {"Name": name}))["Outcome"] == "Released"
    assert function(ask("Describe", {"Name": name}))["Outcome"] == "Described"


def test_the_request_id_is_lambdas_where_none_is_given(
    function: Function, basic: dict[str, Any]
) -> None:
    """Every result can be traced to its invocation."""
    result = function(ask("Validate", basic))
    assert len(result["RequestId"]) == len("00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize(
    "path",
    [path for path in EVENTS if path.stem not in NEEDS_A_CONNECTION],
    ids=lambda path: path.stem,
)
def test_every_recorded_event_is_carried_out(
    path: Path, function: Function, stack: LocalStack, name: str
) -> None:
    """What the documentation shows works, the AWS CLI's own skeleton among it."""
    event = recorded_event.load(path, stack, "")
    members = event.get("ResourceProperties", event)
    members.update({"Name": name} if "Name" in members else {})
    assert function(event)["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("fault", "error", "reason"),
    [
        (
            aws_error("AccessDeniedException", "not for you"),
            AccessDeniedError,
            "events:CreateConnection on connection {name} failed: AccessDeniedException",
        ),
        (
            aws_error("SomethingNewException"),
            InvalidRequestError,
            "events:CreateConnection on connection {name} failed: SomethingNewException",
        ),
        (
            answered(500, {}),
            ServiceInternalError,
            "events:CreateConnection on connection {name} failed: 500",
        ),
        (
            lambda _: None,
            NetworkFailureError,
            r"events:CreateConnection on connection {name} got no answer \(\w+\)",
        ),
    ],
    ids=["denied", "unknown", "500", "closed"],
)
def test_a_failure_is_raised_as_its_own_class(
    fault: Any,
    error: type[ProvisionerError],
    reason: str,
    function: Function,
    proxy: FaultyProxy,
    basic: dict[str, Any],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Step Functions matches errors by the class's name."""
    monkeypatch.setattr(aws, "CALL_PAUSES", (0.01, 2.0, 0.01))
    proxy.spoil("CreateConnection", fault)
    with pytest.raises(error, match=f"^{reason.format(name=name)}"):
        function(ask("Create", basic))


def test_an_error_carries_nothing_of_what_caused_it(
    function: Function, proxy: FaultyProxy, basic: dict[str, Any]
) -> None:
    """Lambda prints what is chained to an error, and AWS's messages echo values."""
    proxy.spoil("CreateConnection", aws_error("ValidationException", "Value 'CANARY' at 'x'"))
    with pytest.raises(InvalidRequestError) as raised:
        function(ask("Create", basic))
    assert raised.value.__suppress_context__
    assert raised.value.__cause__ is None
    assert "CANARY" not in raised.value.reason


def test_missing_settings_are_named(
    function: Function, basic: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them at once."""
    monkeypatch.delenv("REGISTRY_TABLE_NAME")
    monkeypatch.setenv("GIVE_UP_SECONDS", "many")
    with pytest.raises(ServiceInternalError) as raised:
        function(ask("Create", basic))
    assert "REGISTRY_TABLE_NAME: required" in raised.value.reason
    assert "GiveUpSeconds (GIVE_UP_SECONDS): must be a whole number above 0" in raised.value.reason


def test_a_task_that_waits_is_told_the_result(
    function: Function, proxy: FaultyProxy, basic: dict[str, Any]
) -> None:
    """The output of the task is the result."""
    proxy.spoil("SendTaskSuccess", answered(200, {}))
    result = function(ask("Create", basic, TaskToken="the-token"))
    (told,) = proxy.parameters_of("SendTaskSuccess")
    assert told["taskToken"] == "the-token"
    assert json.loads(told["output"]) == result


def test_a_task_that_waits_is_told_the_error(
    function: Function, proxy: FaultyProxy, basic: dict[str, Any]
) -> None:
    """The task fails by the error's class, as if it had invoked the function itself."""
    proxy.spoil("SendTaskFailure", answered(200, {}))
    with pytest.raises(InvalidRequestError):
        function(ask("Create", basic | {"OnExisting": "Replace"}, TaskToken="the-token"))
    (told,) = proxy.parameters_of("SendTaskFailure")
    assert told == {
        "taskToken": "the-token",
        "error": "InvalidRequestError",
        "cause": "OnExisting: must be one of Fail, Adopt",
    }


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_task_that_no_longer_waits_is_fine(
    code: str, function: Function, proxy: FaultyProxy, basic: dict[str, Any]
) -> None:
    """The connection is there; that nobody waits for it any more is no failure."""
    proxy.spoil("SendTaskSuccess", aws_error(code))
    assert function(ask("Create", basic, TaskToken="the-token"))["Outcome"] == "Created"


def test_the_task_token_is_told_to_nobody_else(
    function: Function, proxy: FaultyProxy, basic: dict[str, Any], output: Any
) -> None:
    """It is a secret: whoever has it can finish the task."""
    token = "token-only-step-functions-may-see"
    proxy.spoil("SendTaskSuccess", answered(200, {}))
    result = function(ask("Create", basic, TaskToken=token))
    others = [call for call in proxy.calls if call.operation != "SendTaskSuccess"]
    assert token not in output.text + json.dumps(result) + str(others)


def test_terraform_creates_and_destroys(
    function: Function, basic: dict[str, Any], stack: LocalStack, name: str
) -> None:
    """What aws_lambda_invocation sends with lifecycle_scope CRUD; a destroy can be repeated."""
    written = ask("Create", basic)
    created = function({**written, "tf": {"action": "create", "prev_input": None}})
    assert (created["RequestType"], created["Outcome"]) == ("Create", "Created")
    destroy = {"ResourceProperties": basic, "tf": {"action": "delete", "prev_input": written}}
    outcomes = [function(destroy)["Outcome"] for _ in range(2)]
    assert outcomes == ["Deleted", "Deleted"]
    assert stack.events.list_connections(NamePrefix=name)["Connections"] == []


def test_a_retried_invocation_does_not_undo_a_newer_one(
    function: Function, basic: dict[str, Any], stack: LocalStack, name: str
) -> None:
    """Lambda retries an asynchronous one for hours; RequestTime says which is the newer."""
    old = ask("Create", basic | {"Description": "old"}, RequestTime="2026-01-01T00:00:00Z")
    new = ask("Update", basic | {"Description": "new"}, RequestTime="2026-01-01T00:01:00Z")
    function(old)
    function(new)
    with suppress(ProvisionerError):
        function(old)
    assert stack.events.describe_connection(Name=name)["Description"] == "new"
