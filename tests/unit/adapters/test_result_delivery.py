"""Results that go out: as events of one installation, and to whoever waits for a task."""

import json
from typing import Any

import pytest

from handler.composition import Invocation
from handler.errors import AccessDeniedError
from tests.support.entry_point import FUNCTION
from tests.support.fake_aws import FakeAws, refusal
from tests.support.lambda_context import LambdaContext

pytestmark = pytest.mark.usefixtures("environment")


def test_a_task_that_no_longer_waits_is_told(fake_aws: FakeAws) -> None:
    """There is nobody to tell, which is no failure."""
    fake_aws.plan("send_task_success", refusal("TaskTimedOut"))
    Invocation(LambdaContext(FUNCTION)).results.finish_task("token", {"Status": "SUCCESS"})
    assert len(fake_aws.calls) == 1


RESULT: dict[str, Any] = {"Status": "SUCCESS", "Name": "crm", "Owner": "requests/team-a"}


def test_an_event_says_which_installation_it_is_of(
    fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others publish on the same bus; a rule matches this member."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "shop-connections")
    Invocation(LambdaContext(FUNCTION)).results.publish([RESULT])
    ((entry,),) = (each["Entries"] for each in fake_aws.of("put_events"))
    assert json.loads(entry["Detail"]) == {**RESULT, "Installation": "shop-connections"}


def test_no_result_passes_for_anothers(fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it holds, the event tells the stack that publishes it."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "mine")
    Invocation(LambdaContext(FUNCTION)).results.publish([{**RESULT, "Installation": "another"}])
    ((entry,),) = (each["Entries"] for each in fake_aws.of("put_events"))
    assert json.loads(entry["Detail"])["Installation"] == "mine"


def test_a_tasks_output_is_the_result_alone(fake_aws: FakeAws) -> None:
    """Who waits for it knows whom it asked."""
    Invocation(LambdaContext(FUNCTION)).results.finish_task("token", RESULT)
    (sent,) = fake_aws.of("send_task_success")
    assert json.loads(sent["output"]) == RESULT


def test_a_refusal_of_step_functions_says_who_is_not_told(fake_aws: FakeAws) -> None:
    """Its role may lack the permission."""
    fake_aws.plan("send_task_success", refusal("AccessDeniedException"))
    with pytest.raises(AccessDeniedError, match="SendTaskSuccess on the waiting task"):
        Invocation(LambdaContext(FUNCTION)).results.finish_task("token", RESULT)


def test_a_refusal_names_the_bus(fake_aws: FakeAws) -> None:
    """It may be another account's."""
    fake_aws.plan("put_events", refusal("AccessDeniedException"))
    with pytest.raises(AccessDeniedError, match="PutEvents on event bus default failed"):
        Invocation(LambdaContext(FUNCTION)).results.publish([RESULT])


def test_each_result_that_is_not_accepted_is_told(fake_aws: FakeAws) -> None:
    """The others are out."""
    fake_aws.plan(
        "put_events", {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, {"ErrorCode": "X"}]}
    )
    accepted, refused = Invocation(LambdaContext(FUNCTION)).results.publish([RESULT, RESULT])
    assert accepted is None
    assert refused
    assert refused.reason == "the result could not be published: X"


def test_without_a_bus_nothing_is_published(
    fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installation wants no results."""
    monkeypatch.setenv("RESULT_BUS_NAME", "")
    assert Invocation(LambdaContext(FUNCTION)).results.publish([RESULT]) == [None]
    assert fake_aws.calls == []


@pytest.mark.parametrize(
    ("code", "error"),
    [("Throttling", "ThrottlingError"), ("ServiceInternalError", "ServiceInternalError")],
)
def test_a_failed_task_is_told_the_class_and_the_reason(
    code: str, error: str, fake_aws: FakeAws
) -> None:
    """By which Catch and Retry match."""
    failed = {"Status": "FAILED", "ErrorCode": code, "Reason": "later"}
    Invocation(LambdaContext(FUNCTION)).results.finish_task("token", failed)
    (sent,) = fake_aws.of("send_task_failure")
    assert sent == {"taskToken": "token", "error": error, "cause": "later"}
