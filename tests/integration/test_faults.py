"""
AWS's moods: every call of every service under every fault that passes, and those that do not.

EventBridge's connections are the stand-in's; everything else is the emulator's, behind the proxy.
The function's pauses pass at once, for the stand-in, too; what hangs does so in real time.
"""

import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from handler.errors import (
    AccessDeniedError,
    NetworkFailureError,
    ProvisionerError,
    ServiceLimitExceededError,
    ThrottlingError,
)
from tests.support.faulty_proxy import (
    LONGEST_HANG_SECONDS,
    Fault,
    FaultyProxy,
    answer_lost,
    answered,
    aws_error,
)
from tests.support.function import Function, forget_clients
from tests.support.pauseless_time import PauselessTime
from tests.support.response_url_server import ResponseUrlServer
from tests.support.stack_requests import CustomResource
from tests.support.stand_in import Pace, StandIn, Unrecorded, running_stand_in
from tools.local.local_stack import LocalStack

AWSS_TEXT = "User: arn:aws:iam::1:role/x is not authorized; Value 'CANARY-of-aws' is not valid"
SENT_AT_MOST = 6  # once, and five times again
PARAMETER = "/connections/crm"


@dataclass(frozen=True, slots=True)
class World:
    """AWS as the function finds it: faults are planned here, whoever plays the service."""

    function: Function
    stand_in: StandIn
    proxy: FaultyProxy

    def spoil(self, operation: str, kind: str, times: int = 1) -> None:
        """Let something happen to the next calls of an operation."""
        if kind == "hangs":
            # Nobody waits long for it; other calls may take their time on a busy machine.
            os.environ["READ_TIMEOUT_SECONDS"] = "1"
        if operation.endswith("Connection"):
            self._spoil_stand_in(operation, kind, times)
        else:
            self.proxy.spoil(operation, self._fault(kind), times)

    def count(self, operation: str) -> int:
        """Count the calls of an operation."""
        if operation.endswith("Connection"):
            return self.stand_in.count(operation)
        return self.proxy.operations().count(operation)

    def ask(self, request_type: str, properties: dict[str, Any], seconds: float = 60) -> Any:
        """Invoke the function directly."""
        event = {"RequestType": request_type, "ResourceProperties": properties}
        return self.function(event, seconds)

    def _spoil_stand_in(self, operation: str, kind: str, times: int) -> None:
        match kind:
            case "answer lost":
                self.stand_in.lose_answer(operation, times)
            case "call lost":
                self.stand_in.lose_call(operation, times)
            case "hangs":
                self.stand_in.hang(operation, times)
            case "503":
                self.stand_in.fail(operation, "", times, status=503)
            case code:
                self.stand_in.fail(operation, code, times, message=AWSS_TEXT)

    def _fault(self, kind: str) -> Fault:
        match kind:
            case "answer lost":
                return answer_lost
            case "call lost":
                return lambda _: None
            case "hangs":
                return self.proxy.hang
            case "503":
                return answered(503, {})
            case code:
                return aws_error(code, AWSS_TEXT, 500 if code.startswith("Internal") else 400)


@pytest.fixture(scope="module")
def session_stand_in(stack: LocalStack) -> Iterator[StandIn]:
    """Run the stand-in in front of the emulator, and let the function's clients find it."""
    forget_clients()
    ca_bundle = str(stack.ministack.ca_bundle)
    with running_stand_in(stack.endpoint_url, ca_bundle=ca_bundle) as stand_in:
        yield stand_in
    forget_clients()


@pytest.fixture
def _new_clients() -> Iterator[None]:
    """Let the function make clients for this test alone."""
    forget_clients()
    yield
    forget_clients()


@pytest.fixture
def world(
    function: Function,
    session_stand_in: StandIn,
    proxy: FaultyProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    """Give the function, and AWS."""
    session_stand_in.reset()
    time = PauselessTime()
    session_stand_in.pace = Pace(clock=time.time)
    monkeypatch.setattr("handler.composition.time", time)
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", session_stand_in.url)
    yield World(replace(function, clock=time.monotonic), session_stand_in, proxy)
    session_stand_in.reset()


@pytest.fixture
def with_parameter(stack: LocalStack, basic: dict[str, Any]) -> dict[str, Any]:
    """Give properties whose password is a SecureString."""
    stack.ssm.put_parameter(
        Name=PARAMETER, Value=f"value-{uuid4().hex}", Type="SecureString", Overwrite=True
    )
    block = basic["AuthParameters"]["BasicAuthParameters"]
    changed = block | {"Password": f"{{{{resolve:ssm-secure:{PARAMETER}}}}}"}
    return basic | {"AuthParameters": {"BasicAuthParameters": changed}}


def prepare(world: World, operation: str, basic: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
    """Bring about what an operation needs; give the request that uses it, and its Outcome."""
    header = {"Key": "X-Tenant", "Value": "7", "IsValueSecret": False}
    parameters = {"InvocationHttpParameters": {"HeaderParameters": [header]}}
    with_header = basic | {"AuthParameters": basic["AuthParameters"] | parameters}
    name = {"Name": basic["Name"]}
    match operation:
        case "UpdateConnection" | "PutItem" | "GetItem":
            world.ask("Create", basic)
            return "Update", basic | {"Description": "other"}, "Updated"
        case "DeauthorizeConnection":
            world.stand_in.unrecorded = Unrecorded(empty="keeps")
            world.ask("Create", with_header)
            return "Update", basic, "Updated"
        case "DeleteConnection":
            world.ask("Create", basic)
            return "Delete", name, "Deleted"
        case _:
            return "Create", basic, "Created"


OPERATIONS = [
    "CreateConnection",
    "DescribeConnection",
    "UpdateConnection",
    "DeleteConnection",
    "DeauthorizeConnection",
    "GetSecretValue",
    "GetParameter",
    "GetItem",
    "PutItem",
    "TransactWriteItems",
]
PASSING = ["ThrottlingException", "InternalServerError", "503", "answer lost", "call lost", "hangs"]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", PASSING)
def test_a_fault_that_passes_changes_nothing(
    operation: str, kind: str, world: World, basic: dict[str, Any], with_parameter: dict[str, Any]
) -> None:
    """The request succeeds as if it had not happened, and nothing is made twice."""
    properties = with_parameter if operation == "GetParameter" else basic
    request_type, asked, outcome = prepare(world, operation, properties)
    created = world.stand_in.count("CreateConnection")
    before = world.count(operation)
    world.spoil(operation, kind)
    assert world.ask(request_type, asked)["Outcome"] == outcome
    assert world.count(operation) > before + 1 or kind == "answer lost"
    assert world.stand_in.count("CreateConnection") - created <= 2
    if request_type in ("Create", "Update"):
        assert world.stand_in.connections[basic["Name"]].state == "AUTHORIZED"


@pytest.mark.parametrize("operation", ["CreateConnection", "UpdateConnection", "DeleteConnection"])
def test_a_concurrent_modification_passes(
    operation: str, world: World, basic: dict[str, Any]
) -> None:
    """EventBridge says so while a connection is changing; botocore would not try again."""
    request_type, asked, outcome = prepare(world, operation, basic)
    world.spoil(operation, "ConcurrentModificationException", 2)
    assert world.ask(request_type, asked)["Outcome"] == outcome


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_storm_of_throttling_is_borne_no_longer_than_there_is_time(
    operation: str, world: World, basic: dict[str, Any], with_parameter: dict[str, Any]
) -> None:
    """A bounded number of tries, then the caller hears Throttling while somebody listens."""
    properties = with_parameter if operation == "GetParameter" else basic
    request_type, asked, _ = prepare(world, operation, properties)
    before = world.count(operation)
    world.spoil(operation, "ThrottlingException", 1000)
    started = time.monotonic()
    with pytest.raises(ThrottlingError) as raised:
        world.ask(request_type, asked, seconds=20)
    assert time.monotonic() - started < 120  # a storm without end never ends
    assert 2 <= world.count(operation) - before <= SENT_AT_MOST
    assert "CANARY" not in raised.value.reason


def test_a_call_is_sent_six_times_at_most(world: World, basic: dict[str, Any]) -> None:
    """However much time there is: a storm is not made worse by those it meets."""
    world.spoil("DescribeConnection", "ThrottlingException", 1000)
    with pytest.raises(ThrottlingError):
        world.ask("Describe", {"Name": basic["Name"]}, seconds=900)
    assert world.count("DescribeConnection") == SENT_AT_MOST


def test_pauses_are_jittered(world: World) -> None:
    """Those who were throttled together do not come back together."""
    world.spoil("DescribeConnection", "ThrottlingException", 1000)
    first, second = pauses(world), pauses(world)
    assert len(first) == len(second) == SENT_AT_MOST - 1
    assert not set(first) & set(second)


def pauses(world: World) -> list[float]:
    """Have a throttled call made, and give for how long it would have paused."""
    slept: list[float] = []
    invocation = world.function.invocation()
    clock = invocation.clock._replace(sleep=slept.append)
    caller = invocation.caller("events")._replace(clock=clock)
    with pytest.raises(ThrottlingError):
        caller("describe_connection", "connection n", Name="n")
    return slept


def test_a_storm_that_ends_in_time_is_weathered(world: World, basic: dict[str, Any]) -> None:
    """Every service slows down at once, twice each."""
    for operation in ("CreateConnection", "DescribeConnection", "GetSecretValue", "PutItem"):
        world.spoil(operation, "ThrottlingException", 2)
    assert world.ask("Create", basic)["Outcome"] == "Created"


@pytest.mark.usefixtures("_new_clients")
@pytest.mark.parametrize("service", ["EVENTBRIDGE", "SECRETS_MANAGER", "SSM", "DYNAMODB"])
def test_a_service_that_nobody_reaches_is_told_by_name(
    service: str,
    world: World,
    with_parameter: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Connection refused: in a VPC without a way out, every call ends like that."""
    names = {
        "EVENTBRIDGE": "events:DescribeConnection",
        "SECRETS_MANAGER": "secretsmanager:GetSecretValue",
        "SSM": "ssm:GetParameter",
        "DYNAMODB": "dynamodb:TransactWriteItems",
    }
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
        forget_clients()
        with pytest.raises(NetworkFailureError, match=names[service]) as raised:
            world.ask("Create", with_parameter, seconds=20)
    assert "got no answer (EndpointConnectionError)" in raised.value.reason


@pytest.mark.parametrize(
    "operation", ["DescribeConnection", "GetSecretValue", "TransactWriteItems"]
)
def test_a_service_that_hangs_for_good_is_given_up_in_time(
    operation: str, world: World, basic: dict[str, Any]
) -> None:
    """The last call may take its whole time-out, and there is still time for the answer."""
    world.spoil(operation, "hangs", 1000)
    started = time.monotonic()
    with pytest.raises(NetworkFailureError, match="ReadTimeoutError"):
        world.ask("Create", basic, seconds=3)
    assert time.monotonic() - started < LONGEST_HANG_SECONDS / 2


def test_a_quota_is_asked_once(world: World, basic: dict[str, Any]) -> None:
    """LimitExceededException is no throttling; botocore would repeat it. The name stays free."""
    world.stand_in.most_connections = 0
    with pytest.raises(ServiceLimitExceededError) as raised:
        world.ask("Create", basic)
    assert world.count("CreateConnection") == 1
    assert raised.value.code == "ServiceLimitExceeded"
    assert not raised.value.is_transient
    world.stand_in.most_connections = 1
    assert world.ask("Create", basic)["Outcome"] == "Created"


def test_a_stack_repeats_a_throttled_call_and_not_the_calls_before_it(
    world: World, basic: dict[str, Any], response_url: ResponseUrlServer
) -> None:
    """A hundred resources would use up what the limit allows with what was answered already."""
    world.spoil("CreateConnection", "ThrottlingException", 20)
    world.function(CustomResource(response_url.origin).request("Create", basic))
    (answer,) = response_url.answers
    assert answer["Status"] == "SUCCESS"
    assert world.count("CreateConnection") == 21
    assert world.count("TransactWriteItems") == 1


def test_a_quota_is_answered_to_a_stack_as_what_it_is(
    world: World, basic: dict[str, Any], response_url: ResponseUrlServer
) -> None:
    """At once, and not when its time is over."""
    world.stand_in.most_connections = 0
    world.function(CustomResource(response_url.origin).request("Create", basic))
    (answer,) = response_url.answers
    assert answer["Reason"].startswith("ServiceLimitExceeded: events:CreateConnection on")


NEEDED = {
    "CreateConnection": (
        "events:CreateConnection on the connection",
        "secret:events!connection/*",
        "iam:CreateServiceLinkedRole",
        "KmsKeyIdentifier",
        "vpc-lattice",
    ),
    "UpdateConnection": ("events:UpdateConnection on the connection", "KmsKeyIdentifier"),
    "GetSecretValue": (
        "secretsmanager:GetSecretValue on the secret connections/crm",
        "kms:Decrypt on the secret's key",
        "a policy of the secret must not refuse it",
        "must allow it from another account",
    ),
    "GetParameter": (
        "ssm:GetParameter on the parameter /connections/crm",
        "kms:Decrypt on the key of a SecureString",
    ),
    "GetItem": ("dynamodb:GetItem on registry entry",),
    "PutItem": ("dynamodb:PutItem on registry entry", "dynamodb:DeleteItem"),
    "TransactWriteItems": ("dynamodb:TransactWriteItems on registry entry", "dynamodb:PutItem"),
}


@pytest.mark.parametrize("operation", NEEDED)
def test_a_refusal_names_what_is_needed_and_not_awss_text(
    operation: str, world: World, basic: dict[str, Any], with_parameter: dict[str, Any]
) -> None:
    """The caller's IAM, the secret's policy, the key; AWS's own words may echo values."""
    properties = with_parameter if operation == "GetParameter" else basic
    request_type, asked, _ = prepare(world, operation, properties)
    before = world.count(operation)
    world.spoil(operation, "AccessDeniedException", 1000)
    with pytest.raises(AccessDeniedError) as raised:
        world.ask(request_type, asked)
    assert [text for text in NEEDED[operation] if text not in raised.value.reason] == []
    assert "CANARY" not in raised.value.reason
    assert "not authorized" not in raised.value.reason
    assert world.count(operation) == before + 1


@pytest.mark.parametrize("code", ["DecryptionFailure", "AccessDeniedException"])
def test_a_key_that_refuses_is_told_as_a_refusal(
    code: str, world: World, basic: dict[str, Any]
) -> None:
    """Secrets Manager answers so where the key's policy has not the role."""
    world.spoil("GetSecretValue", code, 1000)
    with pytest.raises(AccessDeniedError, match="kms:Decrypt on the secret's key"):
        world.ask("Create", basic)
    assert world.stand_in.connections == {}


@pytest.mark.parametrize("kind", ["answer lost", "InternalException"])
def test_what_failed_half_way_is_finished_by_the_next_request(
    kind: str, world: World, basic: dict[str, Any]
) -> None:
    """The claim tells whose it is; nothing is orphaned, and nothing is made twice."""
    world.spoil("CreateConnection", kind, SENT_AT_MOST)
    with pytest.raises(ProvisionerError):
        world.ask("Create", basic)
    assert len(world.stand_in.connections) == (1 if kind == "answer lost" else 0)
    assert world.ask("Create", basic)["Outcome"] == "Created"
    assert set(world.stand_in.connections) == {basic["Name"]}
