"""What an invocation makes before it knows what is asked."""

from typing import Any

import pytest

from handler.adapters import aws_client as aws
from handler.composition import SERVICES, Invocation
from handler.settings import MOST_THREADS
from tests.support.fake_aws import FakeAws
from tests.support.function import forget_clients
from tests.support.lambda_context import LambdaContext

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:provisioner"


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
