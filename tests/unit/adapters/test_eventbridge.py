"""EventBridge's connections: what is made of an answer, whole, and what a refusal is about."""

from typing import Any

import pytest

from handler.adapters.aws_client import Caller
from handler.adapters.eventbridge import EventBridgeConnections
from handler.connections.state import Connection
from handler.errors import ProvisionerError
from handler.operations.ports import Connections
from tests.support.fake_aws import FakeAws, refusal
from tests.support.fakes import START, FakeTime

AUTH = {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "value"}}
PROPERTIES = {"Name": "crm", "AuthorizationType": "API_KEY", "AuthParameters": AUTH}
ANSWER = {"ConnectionArn": "arn", "ConnectionState": "AUTHORIZED"}


@pytest.fixture
def aws() -> FakeAws:
    """Give AWS, with nothing in it."""
    return FakeAws()


@pytest.fixture
def connections(aws: FakeAws) -> Connections:
    """Give the adapter of one invocation."""
    return EventBridgeConnections(Caller("events", aws.client("events"), FakeTime().clock))


def test_everything_that_describe_shows_is_kept(connections: Connections, aws: FakeAws) -> None:
    """Of its configuration, what it names and does not leave empty."""
    configuration = {
        "Description": "shop",
        "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key"}},
        "InvocationConnectivityParameters": {"ResourceParameters": {}},
        "KmsKeyIdentifier": "alias/shop",
    }
    shown = {
        "Name": "crm",
        **ANSWER,
        "StateReason": "none",
        "AuthorizationType": "API_KEY",
        "SecretArn": "secret",
        "CreationTime": START,
        "LastModifiedTime": START.replace(second=1),
        "LastAuthorizedTime": START.replace(second=2),
    }
    aws.plan("describe_connection", {**shown, **configuration}, {**shown, "Description": ""})
    whole = Connection(
        name="crm",
        arn="arn",
        state="AUTHORIZED",
        state_reason="none",
        authorization_type="API_KEY",
        secret_arn="secret",
        creation_time=START,
        last_modified_time=START.replace(second=1),
        last_authorized_time=START.replace(second=2),
        properties=configuration,
    )
    assert connections.describe("crm") == whole
    bare = connections.describe("crm")
    assert bare
    assert bare.properties == {}


@pytest.mark.parametrize("operation", ["create", "update"])
def test_the_answer_of_a_write_names_the_connection_that_was_written(
    connections: Connections, aws: FakeAws, operation: str
) -> None:
    """It holds no name and little else."""
    aws.plan(f"{operation}_connection", ANSWER)
    written = getattr(connections, operation)(PROPERTIES)
    assert written == Connection("crm", "arn", "AUTHORIZED", "", "", "", None, None, None, {})
    assert aws.calls == [(f"{operation}_connection", PROPERTIES)]


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("describe", "crm"),
        ("create", PROPERTIES),
        ("update", PROPERTIES),
        ("delete", "crm"),
        ("deauthorize", "crm"),
    ],
)
def test_a_refusal_names_the_connection(
    connections: Connections, aws: FakeAws, operation: str, given: Any
) -> None:
    """One request may be about two of them."""
    aws.always[f"{operation}_connection"] = refusal("AccessDeniedException")
    with pytest.raises(ProvisionerError, match="Connection on connection crm"):
        getattr(connections, operation)(given)
