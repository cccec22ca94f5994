"""The function between a player of CloudFormation and EventBridge's stand-in."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.cloudformation_player import CloudFormation, Stack
from tests.support.event_bridge import EventBridge
from tests.support.function import Function, forget_clients
from tests.support.response_url_server import ResponseUrlServer
from tests.support.stand_in import StandIn, running_stand_in
from tools.local.local_stack import LocalStack

REFERENCE = "{{resolve:secretsmanager:connections/crm:SecretString:%s}}"


@pytest.fixture(scope="module")
def module_stand_in(stack: LocalStack) -> Iterator[StandIn]:
    """Run EventBridge's stand-in, and let the function make new clients that find it."""
    forget_clients()
    ca_bundle = str(stack.ministack.ca_bundle)
    with running_stand_in(stack.endpoint_url, ca_bundle=ca_bundle) as running:
        yield running
    forget_clients()


@pytest.fixture
def stand_in(
    function: Function, module_stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StandIn]:
    """Give the function the stand-in, empty, in place of EventBridge."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", module_stand_in.url)
    # Two invocations in one process, which Lambda never has, must not disturb each other's use of
    # this variable.
    monkeypatch.setenv("AWS_SAM_LOCAL", "true")
    module_stand_in.reset()
    yield module_stand_in
    module_stand_in.reset()


@pytest.fixture
def event_bridge(stand_in: StandIn, secret: dict[str, str]) -> EventBridge:
    """Give what judges the connections."""
    return EventBridge(stand_in, secret)


@pytest.fixture
def cloudformation(
    function: Function, response_url: ResponseUrlServer, stand_in: StandIn
) -> Iterator[CloudFormation]:
    """Give the player, whose every answer is judged in the end."""
    with ThreadPoolExecutor(max_workers=8) as threads:
        playing = CloudFormation(function, response_url, threads)
        yield playing
    playing.judge()


@pytest.fixture
def shop(cloudformation: CloudFormation) -> Stack:
    """Give a stack."""
    return cloudformation.stack()


@pytest.fixture
def basic(name: str) -> dict[str, Any]:
    """Give properties with all kinds of members that an update may change or drop."""
    return {
        "Name": name,
        "Description": "first",
        "AuthorizationType": "BASIC",
        "AuthParameters": {
            "BasicAuthParameters": {
                "Username": REFERENCE % "user",
                "Password": REFERENCE % "password",
            },
            "InvocationHttpParameters": {
                "HeaderParameters": [
                    {"Key": "X-Tenant", "Value": "7", "IsValueSecret": False},
                    {"Key": "X-Token", "Value": REFERENCE % "token", "IsValueSecret": True},
                ]
            },
        },
    }
