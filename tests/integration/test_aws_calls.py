"""Calls to AWS over HTTP: what is tried again, what is not, and what an error tells."""

import time
from typing import Any

import pytest

from handler.adapters import aws_client as aws
from handler.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    InvalidRequestError,
    NetworkFailureError,
    ProvisionerError,
    ResourceConflictError,
    ServiceInternalError,
    ServiceLimitExceededError,
    ThrottlingError,
)
from handler.operations.ports import Connections
from tests.support.faulty_proxy import (
    LONGEST_HANG_SECONDS,
    FaultyProxy,
    answer_lost,
    answered,
    aws_error,
)
from tests.support.function import Function
from tools.local.local_stack import LocalStack

MESSAGE = "Value 'CANARY-password' at 'authParameters' failed to satisfy constraint"


@pytest.fixture
def connections(function: Function) -> Connections:
    """Give the adapter of an invocation with time for some tries."""
    return function.invocation(seconds=30).ports.connections


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (aws_error("AccessDeniedException", MESSAGE), AccessDeniedError),
        (aws_error("LimitExceededException", MESSAGE), ServiceLimitExceededError),
        (aws_error("ResourceAlreadyExistsException", MESSAGE), AlreadyExistsError),
        (aws_error("ValidationException", MESSAGE), InvalidRequestError),
        (aws_error("SomethingNewException", MESSAGE), InvalidRequestError),
    ],
    ids=["denied", "limit", "exists", "invalid", "unknown"],
)
def test_what_stays_as_it_is_is_sent_once(
    fault: Any, error: type[ProvisionerError], connections: Connections, proxy: FaultyProxy
) -> None:
    """A quota above all: botocore would repeat it. AWS's message, which echoes, is left out."""
    proxy.spoil("CreateConnection", fault)
    with pytest.raises(error) as raised:
        connections.create({"Name": "n", "AuthorizationType": "BASIC", "AuthParameters": {}})
    assert proxy.operations() == ["CreateConnection"]
    assert raised.value.reason.startswith("events:CreateConnection on connection n failed: ")
    assert "CANARY" not in raised.value.reason
    assert not raised.value.is_transient


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (aws_error("ConcurrentModificationException", MESSAGE), ResourceConflictError),
        (aws_error("ThrottlingException", MESSAGE), ThrottlingError),
        (aws_error("RequestLimitExceeded", MESSAGE), ThrottlingError),
        (aws_error("SomethingNewException", MESSAGE, status=429), ThrottlingError),
        (aws_error("InternalException", MESSAGE, status=500), ServiceInternalError),
        (answered(500, {}), ServiceInternalError),
        (answered(503, {}), ServiceInternalError),
        (answer_lost, NetworkFailureError),
    ],
    ids=["conflict", "throttled", "rate", "429", "internal", "500", "503", "lost"],
)
def test_what_may_pass_is_tried_again(
    fault: Any,
    error: type[ProvisionerError],
    connections: Connections,
    function: Function,
    proxy: FaultyProxy,
) -> None:
    """Twice it goes wrong, then it works; where it never does, the last error is told."""
    proxy.spoil("DeleteConnection", fault, times=2)
    connections.delete("nobody-made-this")
    assert proxy.operations() == ["DeleteConnection"] * 3
    proxy.spoil("DeleteConnection", fault)
    with pytest.raises(error) as raised:
        function.invocation(seconds=0.4).ports.connections.delete("nobody-made-this")
    assert raised.value.is_transient
    assert "CANARY" not in raised.value.reason


def test_tries_end_while_there_is_time_left(
    function: Function, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked must still be told; 0.8 of these 4 seconds are kept for that."""
    monkeypatch.setattr(aws, "CALL_PAUSES", (0.01, 2.0, 0.1))
    proxy.spoil("DescribeConnection", aws_error("ThrottlingException"), times=10_000)
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    invocation = function.invocation(seconds=4, clock=lambda: now)
    clock = invocation.clock._replace(sleep=sleep)
    caller = invocation.caller("events")._replace(clock=clock, most_retries=1000)
    with pytest.raises(ThrottlingError):
        caller("describe_connection", "connection n", Name="n")
    assert 0.799 < invocation.seconds_left() < 0.901


@pytest.mark.usefixtures("_impatient")
def test_a_service_that_hangs_is_given_up(function: Function, proxy: FaultyProxy) -> None:
    """After READ_TIMEOUT_SECONDS, one in these tests."""
    proxy.spoil("DescribeConnection", proxy.hang)
    started = time.monotonic()
    with pytest.raises(NetworkFailureError, match="ReadTimeoutError"):
        function.invocation(seconds=1.2).ports.connections.describe("n")
    assert 0.9 < time.monotonic() - started < LONGEST_HANG_SECONDS / 2


def test_an_error_names_awss_own_request(connections: Connections, proxy: FaultyProxy) -> None:
    """With it AWS's support finds the call."""
    with pytest.raises(ProvisionerError, match=r"failed: \w+ \(AWS request [0-9a-f-]{36}\)$"):
        connections.update({"Name": "nobody-made-this"})


def test_the_deployed_role_reads_no_other_secret(function: Function, stack: LocalStack) -> None:
    """Allowed by the settings, refused by IAM: told as what it is."""
    stack.secretsmanager.create_secret(Name="production/database", SecretString="CANARY")
    caller = function.invocation().caller("secretsmanager")
    with pytest.raises(AccessDeniedError, match="role needs secretsmanager:GetSecretValue"):
        caller("get_secret_value", "secret production/database", SecretId="production/database")


def test_a_create_whose_answer_was_lost_is_known_as_ours(
    function: Function, proxy: FaultyProxy, basic: dict[str, Any]
) -> None:
    """The claim tells at the next look; nothing is made twice."""
    proxy.spoil("CreateConnection", answer_lost, times=1)
    result = function({"RequestType": "Create", "ResourceProperties": basic})
    assert (result["Status"], result["Outcome"]) == ("SUCCESS", "Created")
