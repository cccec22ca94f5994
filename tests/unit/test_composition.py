"""What the init phase makes ready, and what an invocation makes before it knows what is asked."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from handler import composition as warming
from handler.adapters import aws_client as aws
from handler.composition import SERVICES, Invocation
from handler.errors import ServiceInternalError
from handler.settings import ANSWER_SECONDS, MOST_THREADS
from tests.support.entry_point import ENVIRONMENT, FUNCTION
from tests.support.fake_aws import FakeAws
from tests.support.fakes import START
from tests.support.function import forget_clients
from tests.support.function_output import FunctionOutput
from tests.support.lambda_context import LambdaContext
from tools.local.operations import used_services

IN_LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "provisioner", "REGISTRY_TABLE_NAME": "registry"}
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:provisioner"


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    forget_clients()
    yield
    forget_clients()


def test_the_first_request_finds_its_clients() -> None:
    """They are those that it will ask for, with the same time-outs."""
    warming.warm(IN_LAMBDA)
    made = aws.client.cache_info().currsize
    assert made == len(warming.SERVICES)
    for service in warming.SERVICES:
        aws.client(service, 5, 10)
    assert aws.client.cache_info().currsize == made


def test_only_services_that_are_used_are_made_ready() -> None:
    """The layer ships no others."""
    assert set(warming.SERVICES) <= set(used_services())


def test_outside_of_lambda_nothing_is_made() -> None:
    """What imports the entry point there may change the environment afterwards."""
    warming.warm({})
    assert aws.client.cache_info().currsize == 0


@pytest.mark.parametrize("region", ["", "not a region"])
def test_what_keeps_clients_from_being_made_is_left_to_a_request(
    region: str, monkeypatch: pytest.MonkeyPatch, output: FunctionOutput
) -> None:
    """A failed init phase would answer nobody; the log says what is the matter, by its kind."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    warming.warm(IN_LAMBDA)
    assert aws.client.cache_info().currsize == 0
    (line,) = output.lines
    told = (line["level"], line["message"], line["kind"])
    assert told == ("WARNING", "clients not made in the init phase", "ServiceInternalError")


def test_malformed_settings_are_left_to_a_request() -> None:
    """It is answered, with the name of what is wrong."""
    warming.warm(IN_LAMBDA | {"READ_TIMEOUT_SECONDS": "soon"})
    assert aws.client.cache_info().currsize == 0


@pytest.mark.parametrize(
    ("variable", "value", "kind"),
    [("AWS_ENDPOINT_URL", "CANARY", "ValueError"), ("AWS_PROFILE", "CANARY", "ProfileNotFound")],
)
def test_a_client_that_cannot_be_made_is_an_error_of_our_own(
    variable: str, value: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message comes back for it, and what was given is not repeated."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(ServiceInternalError, match=f"no client of sqs .*{kind}") as raised:
        aws.client("sqs", 5, 10)
    assert raised.value.is_transient
    assert "CANARY" not in raised.value.reason


def test_only_clients_that_nearly_every_request_needs_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of the init phase: no request waits for the client of a service it does not call."""
    made: list[str] = []

    def client(service: str, *seconds: int) -> Any:
        made.append(service)
        return FakeAws().client(service, *seconds)

    monkeypatch.setattr("handler.composition.client", client)
    monkeypatch.setenv("REGISTRY_TABLE_NAME", "registry")
    Invocation(LambdaContext(ARN)).prepare()
    assert set(made) == set(SERVICES)


def test_each_thread_of_a_batch_has_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the pool is smaller, threads open new ones again and again, with a handshake each."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    forget_clients()
    assert aws.client("events", 5, 10).meta.config.max_pool_connections >= MOST_THREADS
    forget_clients()


@pytest.mark.usefixtures("environment")
def test_a_lease_is_an_invocations_own(fake_aws: FakeAws) -> None:
    """Lambda's own retries share its id."""
    context = LambdaContext(FUNCTION)
    assert Invocation(context).ports.holder != Invocation(context).ports.holder


@pytest.mark.usefixtures("environment")
def test_time_is_kept_back_for_the_answer(fake_aws: FakeAws) -> None:
    """Work stops before the invocation does."""
    given = Invocation(LambdaContext(FUNCTION, 900))
    assert given.clock.remaining() < 900 - ANSWER_SECONDS + 1


@pytest.mark.usefixtures("environment")
def test_what_the_function_sends_itself_goes_to_the_maintenance_queue(fake_aws: FakeAws) -> None:
    """Producers cannot send there, and cannot keep it waiting."""
    document = {"RequestType": "Refresh", "ResourceProperties": {"Name": "crm"}}
    Invocation(LambdaContext(FUNCTION)).ports.send([document], START)
    (sent,) = fake_aws.of("send_message_batch")
    assert sent["QueueUrl"] == ENVIRONMENT["MAINTENANCE_QUEUE_URL"]


@pytest.mark.usefixtures("environment")
def test_the_rules_hold_the_hosts_of_the_environment(
    fake_aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each invocation reads them anew."""
    monkeypatch.setenv("ALLOWED_AUTHORIZATION_HOSTS", "*.auth0.com")
    rules = Invocation(LambdaContext(FUNCTION)).rules
    assert rules.allowed_authorization_hosts == ("*.auth0.com",)
    assert fake_aws.calls == []


def test_pauses_are_spread_over_the_half_before_their_end() -> None:
    """So that throttled callers do not all come back at once."""
    jitter = Invocation(LambdaContext(FUNCTION)).clock.jitter
    pauses = [jitter(10) for _ in range(500)]
    assert all(5 <= each <= 10 for each in pauses)
    assert min(pauses) < 6
    assert max(pauses) > 9


def test_a_client_has_the_time_outs_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever service it is for."""
    made: list[tuple[str, int, int]] = []

    def client(service: str, *seconds: int) -> object:
        made.append((service, *seconds))  # type: ignore[arg-type]
        return FakeAws().client(service)

    monkeypatch.setattr("handler.composition.client", client)
    monkeypatch.setenv("REGISTRY_TABLE_NAME", "registry")
    monkeypatch.setenv("CONNECT_TIMEOUT_SECONDS", "3")
    monkeypatch.setenv("READ_TIMEOUT_SECONDS", "7")
    Invocation(LambdaContext(FUNCTION)).caller("events")
    assert made == [("events", 3, 7)]


def test_of_a_short_invocation_a_fifth_is_kept_for_the_answer() -> None:
    """Else nothing would be left for the work."""
    invocation = Invocation(LambdaContext(FUNCTION, 50, clock=lambda: 0.0))
    assert invocation.clock.remaining() == 40
    assert (invocation.clock.now, invocation.clock.sleep) == (time.time, time.sleep)
