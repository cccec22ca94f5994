"""What a stack asks another function for, and that passes on, is refused without an answer."""

from typing import Any

import pytest

from handler.app import lambda_handler
from handler.entrypoints import cloudformation as custom_resource
from handler.entrypoints.service_token import refuse_forwarded_event
from handler.errors import InvalidRequestError
from tests.support.entry_point import DONE, FUNCTION, handled_as, stack_event
from tests.support.lambda_context import LambdaContext
from tests.support.response_url_server import ResponseUrlServer

pytestmark = pytest.mark.usefixtures("environment")

OF_PROVIDER = "arn:aws:lambda:us-east-1:123456789012:function:shop-ProviderframeworkonEvent-1A2B"
REQUEST_TYPES = ("Create", "Update", "Delete")


def event_for(token: object, server: ResponseUrlServer, request_type: str = "Create") -> Any:
    """Make a request of a resource with such a ServiceToken."""
    properties = {"ServiceToken": token, "Name": "crm"}
    return stack_event(server, request_type, ResourceProperties=properties)


@pytest.mark.parametrize("request_type", REQUEST_TYPES)
@pytest.mark.parametrize("qualifier", ["", ":$LATEST", ":stacks"])
@pytest.mark.parametrize(
    "token", [OF_PROVIDER, f"{OF_PROVIDER}:live", f"{FUNCTION}-2", FUNCTION.replace("-1:", "-2:")]
)
def test_what_another_function_passes_on_raises_and_is_not_answered(
    token: str,
    qualifier: str,
    request_type: str,
    monkeypatch: pytest.MonkeyPatch,
    response_url: ResponseUrlServer,
) -> None:
    """That function answers last, and only an error makes it answer FAILED."""
    asked = handled_as(monkeypatch, custom_resource, DONE)
    event = event_for(token, response_url, request_type)
    with pytest.raises(InvalidRequestError, match=r"not a Provider of the CDK$"):
        lambda_handler(event, LambdaContext(FUNCTION + qualifier))
    assert (asked, response_url.answers) == ([], [])


@pytest.mark.parametrize("qualifier", ["", ":$LATEST", ":stacks"])
@pytest.mark.parametrize(
    "token",
    [
        FUNCTION,
        f"{FUNCTION}:stacks",
        f"{FUNCTION}:7",
        "arn:aws:sns:us-east-1:123456789012:custom-resources",
        "arn",
        "",
        None,
        ["arn"],
    ],
)
def test_the_functions_own_arn_and_that_of_no_function_are_taken(
    token: object, qualifier: str, monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """Whatever its qualifier; a topic's subscriber passes requests on without an answer."""
    handled_as(monkeypatch, custom_resource, DONE)
    lambda_handler(event_for(token, response_url), LambdaContext(FUNCTION + qualifier))
    assert [each["Status"] for each in response_url.answers] == ["SUCCESS"]


def test_the_sam_cli_may_invoke_the_function_by_another_name(
    monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """Its function and account are its own, whatever the event says."""
    monkeypatch.setenv("AWS_SAM_LOCAL", "true")
    handled_as(monkeypatch, custom_resource, DONE)
    local = "arn:aws:lambda:us-east-1:012345678912:function:Function"
    lambda_handler(event_for(FUNCTION, response_url), LambdaContext(local))
    assert [each["Status"] for each in response_url.answers] == ["SUCCESS"]


@pytest.mark.parametrize("properties", [None, [], "text", {}])
def test_an_event_without_a_service_token_was_not_passed_on(properties: object) -> None:
    """Its form is somebody else's to refuse."""
    refuse_forwarded_event({"ResourceProperties": properties}, LambdaContext(FUNCTION))
