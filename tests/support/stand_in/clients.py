"""boto3 that calls the stand-in: clients, and how tests read their answers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

READ_TIMEOUT_SECONDS = 120  # a busy machine may take some of them
CONFIG = Config(
    parameter_validation=False,
    retries={"total_max_attempts": 1},
    max_pool_connections=30,
)


def client_at(url: str, service: str, read_timeout_seconds: int = READ_TIMEOUT_SECONDS) -> Any:
    """Make a client, its own checks and retries off, that finds the address as a function would."""
    session = boto3.session.Session("test", "test", region_name="us-east-1")
    variables = {
        "AWS_ENDPOINT_URL_EVENTBRIDGE": url,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
        "NO_PROXY": "127.0.0.1",
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        config = CONFIG.merge(Config(read_timeout=read_timeout_seconds))
        return session.client(service, config=config)  # type: ignore[call-overload]


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str, int]:
    """Give code, text and HTTP status of the error that a call is answered."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer: Any = caught.value.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return answer["Error"]["Code"], answer["Error"]["Message"], status


def state(events: "EventBridgeClient", name: str = "crm") -> str:
    """Look at a connection's state."""
    return events.describe_connection(Name=name)["ConnectionState"]


def times(answer: Any) -> dict[str, int]:
    """Give the times in an answer as seconds since the epoch."""
    return {
        name: int(answer[name].timestamp())
        for name in ("CreationTime", "LastModifiedTime", "LastAuthorizedTime")
        if name in answer
    }


def without_metadata(answer: Any) -> dict[str, Any]:
    """Leave out what is about the HTTP answer."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
