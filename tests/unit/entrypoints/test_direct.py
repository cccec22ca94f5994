"""A direct invocation's result and error, as its caller sees them."""

import json
from typing import Any

import pytest

from handler.app import lambda_handler
from handler.entrypoints import direct
from handler.errors import (
    AccessDeniedError,
    InvalidRequestError,
    NotFoundError,
    ProvisionerError,
)
from handler.operations.completion import Completion
from tests.support.entry_point import CANARY, DONE, FUNCTION, handled_as, invoke
from tests.support.fake_aws import FakeAws, refusal
from tests.support.function_output import FunctionOutput
from tests.support.lambda_context import LambdaContext

pytestmark = pytest.mark.usefixtures("environment")

CREATE: dict[str, Any] = {"RequestType": "Create", "ResourceProperties": {"Name": "crm"}}


@pytest.mark.parametrize(
    ("members", "owner"), [({}, "requests"), ({"Owner": "team-a"}, "requests/team-a")]
)
def test_the_result_shows_the_owner_whole_and_no_installation(
    members: dict[str, str],
    owner: str,
    fake_aws: FakeAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its caller knows which function it invoked."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "shop")
    handled_as(monkeypatch, direct, DONE)
    result = invoke({**CREATE, **members})
    assert result["Owner"] == owner
    assert "Installation" not in result
    assert fake_aws.calls == []


@pytest.mark.parametrize("owner", [f"{CANARY}!", f"{CANARY}/x", f"{CANARY}\n", [CANARY], None, ""])
def test_a_malformed_owner_is_refused_and_not_repeated(
    owner: object,
    fake_aws: FakeAws,
    output: FunctionOutput,
) -> None:
    """Neither in the error nor in the log."""
    with pytest.raises(InvalidRequestError) as raised:
        invoke({"RequestType": "List", "Owner": owner})
    assert raised.value.reason == r"Owner: must be a string of the form [A-Za-z0-9._-]{1,64}"
    (line,) = output.lines
    assert (line["message"], line["owner"]) == ("request failed", "")
    assert CANARY not in output.text
    assert fake_aws.calls == []


TASK = {**CREATE, "TaskToken": "token-1"}


def test_a_waiting_task_is_told_the_result(
    fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the one who invoked the function."""
    handled_as(monkeypatch, direct, DONE)
    result = invoke({**TASK, "RequestId": "mine"})
    (told,) = fake_aws.of("send_task_success")
    assert told["taskToken"] == "token-1"
    assert json.loads(told["output"]) == result
    assert (result["RequestId"], result["Name"]) == ("mine", "crm")


def test_a_waiting_task_is_told_the_failure(
    fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name that its state machine can catch."""
    handled_as(monkeypatch, direct, NotFoundError("there is none"))
    with pytest.raises(NotFoundError):
        invoke(TASK)
    (told,) = fake_aws.of("send_task_failure")
    assert told == {"taskToken": "token-1", "error": "NotFoundError", "cause": "there is none"}


@pytest.mark.parametrize(
    ("outcome", "raised"),
    [(DONE, AccessDeniedError), (NotFoundError("there is none"), NotFoundError)],
)
def test_a_task_that_cannot_be_told_is_an_error_of_a_success_alone(
    outcome: Completion | ProvisionerError,
    raised: type[ProvisionerError],
    fake_aws: FakeAws,
    monkeypatch: pytest.MonkeyPatch,
    output: FunctionOutput,
) -> None:
    """A failure has its own error; the log tells of both."""
    handled_as(monkeypatch, direct, outcome)
    for operation in ("send_task_success", "send_task_failure"):
        fake_aws.always[operation] = refusal("AccessDeniedException", CANARY)
    with pytest.raises(raised):
        invoke(TASK)
    lines = output.lines
    (line,) = [each for each in lines if each.get("message") == "task not told"]
    assert "failed: AccessDeniedException" in line["reason"]


def test_without_a_request_id_lambdas_own_is_given(
    fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that its log can be found."""
    handled_as(monkeypatch, direct, DONE)
    context = LambdaContext(FUNCTION)
    assert lambda_handler(CREATE, context)["RequestId"] == context.aws_request_id
    assert fake_aws.calls == []
