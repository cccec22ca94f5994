"""CloudFormation's requests: the guard of their time, the id of their answers, and crhelper."""

import logging
import os
from dataclasses import replace
from typing import Any

import pytest

from handler.app import lambda_handler
from handler.composition import Invocation
from handler.entrypoints import cloudformation as custom_resource
from handler.entrypoints.execution import Succeeded
from handler.errors import (
    AlreadyExistsError,
    InvalidRequestError,
    NetworkFailureError,
    ProvisionerError,
    ThrottlingError,
)
from handler.requests.connection_name import derived_name
from handler.requests.unchecked_request import UncheckedRequest
from handler.settings import MOST_STACK_CALL_RETRIES
from tests.support.deadline import guard, time_runs_out, time_runs_out_meanwhile
from tests.support.entry_point import DONE, FUNCTION, STACK, handled_as, invoke, stack_event
from tests.support.function_output import FunctionOutput
from tests.support.lambda_context import LambdaContext
from tests.support.response_url_server import ResponseUrlServer

pytestmark = pytest.mark.usefixtures("environment")

PATIENCE_SECONDS = 60


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


def test_an_answer_keeps_its_id_where_the_time_runs_out_while_it_is_sent(
    monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """The guard set its own once, and a success told it."""
    sending = custom_resource.ConnectionResource._body  # noqa: SLF001

    def late(self: custom_resource.ConnectionResource, *body: str) -> dict[str, Any]:
        time_runs_out_meanwhile()
        return sending(self, *body)

    done = replace(DONE, connection=replace(DONE.connection, name="made"))
    handled_as(monkeypatch, custom_resource, done)
    monkeypatch.setattr(custom_resource.ConnectionResource, "_body", late)
    invoke(stack_event(response_url))
    assert [each["PhysicalResourceId"] for each in response_url.answers] == ["made"]


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


PASSWORD = "{{resolve:secretsmanager:connections/crm:SecretString:password}}"
BASIC = {
    "Name": "crm",
    "AuthorizationType": "BASIC",
    "AuthParameters": {"BasicAuthParameters": {"Username": "ada", "Password": PASSWORD}},
}


def test_a_stacks_request_repeats_a_throttled_call_more_often(
    monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """To begin it again would repeat its other calls."""
    seen: list[int] = []

    def execute(unchecked: UncheckedRequest, invocation: Invocation, _: object) -> Succeeded:
        seen.append(invocation.caller("events").most_retries)
        return Succeeded(unchecked, DONE)

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(custom_resource, "execute", execute)
    invoke(stack_event(response_url))
    assert seen == [MOST_STACK_CALL_RETRIES]


@pytest.mark.parametrize("prefix", [None, "shop-"])
def test_a_resource_without_name_gets_one_with_the_installations_prefix(
    prefix: str | None, monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """The same at every delivery."""
    if prefix:
        monkeypatch.setenv("CONNECTION_NAME_PREFIX", prefix)
    asked = handled_as(monkeypatch, custom_resource, DONE)
    invoke(stack_event(response_url, ResourceProperties={}))
    assert [each.derived_name for each in asked] == [
        derived_name(STACK, "Connection", prefix or "")
    ]


@pytest.mark.parametrize(("request_type", "expected"), [("Update", "crm"), ("Delete", "old")])
def test_a_success_tells_the_connections_name_and_a_delete_the_id_it_was_sent(
    request_type: str,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    response_url: ResponseUrlServer,
) -> None:
    """CloudFormation does not expect another id of a Delete."""
    handled_as(monkeypatch, custom_resource, DONE)
    invoke(stack_event(response_url, request_type, PhysicalResourceId="old"))
    (answered,) = response_url.answers
    assert (answered["Status"], answered["PhysicalResourceId"]) == ("SUCCESS", expected)


@pytest.mark.parametrize("is_waiting", [True, False])
@pytest.mark.parametrize("error", [ThrottlingError("later"), InvalidRequestError("never")])
def test_only_what_may_pass_while_the_wait_goes_on_is_left_to_the_next_delivery(
    is_waiting: bool,
    error: ProvisionerError,
    monkeypatch: pytest.MonkeyPatch,
    response_url: ResponseUrlServer,
) -> None:
    """All else is answered now."""
    monkeypatch.setattr(custom_resource.ConnectionResource, "_is_waiting", lambda _: is_waiting)
    handled_as(monkeypatch, custom_resource, error)
    if is_waiting and error.is_transient:
        with pytest.raises(ThrottlingError):
            invoke(stack_event(response_url))
        assert response_url.answers == []
    else:
        invoke(stack_event(response_url))
        assert [each["Status"] for each in response_url.answers] == ["FAILED"]


def test_the_guard_keeps_no_function_alive(
    monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """A container that is frozen must be able to end."""
    seen: list[bool] = []
    handled_as(monkeypatch, custom_resource, lambda: seen.append(guard().daemon))
    invoke(stack_event(response_url))
    assert seen == [True]


def test_an_answer_that_is_not_taken_is_logged_and_left_to_lambda(
    monkeypatch: pytest.MonkeyPatch,
    response_url: ResponseUrlServer,
    output: FunctionOutput,
) -> None:
    """With the request that it belongs to, and why."""
    handled_as(monkeypatch, custom_resource, DONE)
    response_url.react(403)
    with pytest.raises(NetworkFailureError):
        invoke(stack_event(response_url))
    (line,) = [each for each in output.lines if each["message"] == "answer not delivered"]
    told = (line["level"], line["correlation_id"], line["reason"])
    assert told == ("ERROR", "request-1", "CloudFormation did not take the answer: HTTP 403")
