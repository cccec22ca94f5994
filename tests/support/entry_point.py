"""The function's entry points, invoked in this process, and what requests come to them."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from handler.app import lambda_handler
from handler.clock import Clock
from handler.connections.state import Connection
from handler.entrypoints.execution import Failed, Succeeded
from handler.errors import ProvisionerError
from handler.operations.completion import Completion, Outcome
from handler.requests.unchecked_request import UncheckedRequest
from tests.support.lambda_context import LambdaContext
from tests.support.response_url_server import ResponseUrlServer
from tests.support.stack_requests import Signer

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:provisioner"
UNANSWERED_QUEUE = "arn:aws:sqs:us-east-1:123456789012:unanswered"
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/9f0c"
ENVIRONMENT = {
    "REGISTRY_TABLE_NAME": "registry",
    "REQUEST_QUEUE_URL": "https://queue/123456789012/requests",
    "MAINTENANCE_QUEUE_URL": "https://queue/123456789012/maintenance",
    "DEAD_LETTER_QUEUE_URL": "https://queue/dead",
    "UNANSWERED_QUEUE_ARN": UNANSWERED_QUEUE,
    "RESPONSE_URL_HOSTS": "localhost",
    "GIVE_UP_SECONDS": "1800",
}
CANARY = "CANARY"
DONE = Completion(Outcome.CREATED, Connection("crm", "arn:crm/1", "AUTHORIZED"))


def stack_event(
    server: ResponseUrlServer, request_type: str = "Create", **members: Any
) -> dict[str, Any]:
    """Make a request of CloudFormation."""
    return {
        "RequestType": request_type,
        "RequestId": "request-1",
        "ResponseURL": Signer().sign(server.origin),
        "StackId": STACK,
        "LogicalResourceId": "Connection",
        "ResourceProperties": {"Name": "crm"},
        **members,
    }


def invoke(event: Any, seconds: float = 60) -> Any:
    """Invoke the function."""
    return lambda_handler(event, LambdaContext(FUNCTION, seconds))


def handled_as(
    monkeypatch: pytest.MonkeyPatch,
    entry_point: Any,
    outcome: Completion | ProvisionerError | Callable[[], None],
) -> list[UncheckedRequest]:
    """Let requests of an entry point end so, or well after something; give what is asked."""
    all_asked: list[UncheckedRequest] = []

    def execute(
        asked: UncheckedRequest,
        _: object,
        comes_back: Callable[[ProvisionerError], bool] = lambda _: False,
    ) -> Succeeded | Failed:
        all_asked.append(asked)
        if isinstance(outcome, ProvisionerError):
            return Failed(asked, outcome, is_final=not comes_back(outcome))
        if isinstance(outcome, Completion):
            return Succeeded(asked, outcome)
        outcome()
        return Succeeded(asked, DONE)

    monkeypatch.setattr(entry_point, "execute", execute)
    return all_asked


def clock_of(seconds: float, slept: list[float] | None = None) -> Clock:
    """Make a clock that runs, but for its sleep."""
    end = time.monotonic() + seconds
    sleeps = [] if slept is None else slept
    return Clock(time.time, sleeps.append, lambda: end - time.monotonic())
