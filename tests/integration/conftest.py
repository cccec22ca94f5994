"""
One deployed application for all integration tests; the function itself runs in this process.

It has the permissions of its deployed role, and finds AWS behind a proxy that can spoil answers.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest

from tests.support.event_source import EventSource
from tests.support.faulty_proxy import FaultyProxy, running_proxy
from tests.support.function import Function, forget_clients
from tests.support.function_output import FunctionOutput
from tests.support.response_url_server import (
    Certificate,
    ResponseUrlServer,
    make_certificate,
    running_response_url_server,
)
from tests.support.role_session import assume_role, root_client
from tools.local.local_stack import LocalStack, local_stack

SECRET = "connections/crm"
WRITES = ("CreateConnection", "UpdateConnection")  # where secrets belong
READS = ("GetSecretValue", "GetParameter")
SHORT = 7  # characters of a value that may turn up by chance
READ_TIMEOUT_SECONDS = "10"  # as deployed: a call that a busy machine holds up is made once


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """Deploy the application, and keep its own function away from the request queue."""
    with local_stack() as deployed:
        for mapping in deployed.lambda_.list_event_source_mappings()["EventSourceMappings"]:
            deployed.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        yield deployed


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make the certificate of the server behind ResponseURLs."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def session_response_url(certificate: Certificate) -> Iterator[ResponseUrlServer]:
    """Run the server behind ResponseURLs."""
    with running_response_url_server(certificate) as server:
        yield server


@pytest.fixture(scope="session")
def session_proxy(stack: LocalStack) -> Iterator[FaultyProxy]:
    """Run the proxy in front of the emulator."""
    with running_proxy(stack.endpoint_url, str(stack.ministack.ca_bundle)) as proxy:
        yield proxy
    forget_clients()


@pytest.fixture(scope="session")
def client_of(stack: LocalStack) -> Iterator[Callable[[str], Any]]:
    """Give what makes clients of services that nobody but a test talks to."""
    with ExitStack() as clients:

        def make(service: str) -> Any:
            client = root_client(service, stack.ministack)
            clients.callback(client.close)
            return client

        yield make


@pytest.fixture(scope="session")
def deployed_environment(stack: LocalStack) -> dict[str, str]:
    """Read the variables of the deployed function, and borrow its role's permissions."""
    function = stack.lambda_.get_function_configuration(FunctionName=stack.outputs["FunctionArn"])
    session = assume_role(stack.ministack, function["Role"])
    return {**function["Environment"]["Variables"], **session}


@pytest.fixture
def response_url(session_response_url: ResponseUrlServer) -> Iterator[ResponseUrlServer]:
    """Give the server behind ResponseURLs, with nothing received yet."""
    session_response_url.reset()
    yield session_response_url
    session_response_url.reset()


@pytest.fixture
def proxy(session_proxy: FaultyProxy) -> Iterator[FaultyProxy]:
    """Give the proxy, with no call noted and no fault planned."""
    session_proxy.reset()
    yield session_proxy
    session_proxy.reset()


@pytest.fixture
def function(
    stack: LocalStack,
    certificate: Certificate,
    deployed_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    proxy: FaultyProxy,
    output: FunctionOutput,
    response_url: ResponseUrlServer,
) -> Iterator[Function]:
    """
    Give the function, in the environment of the deployed one.

    After every test: what it fetched went into connections, and nowhere else.
    """
    changed = {
        "AWS_ENDPOINT_URL": proxy.url,
        "SSL_CERT_FILE": str(certificate.certificate),
        "READ_TIMEOUT_SECONDS": READ_TIMEOUT_SECONDS,
    }
    for name, value in (deployed_environment | changed).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    yield Function(stack.outputs["FunctionArn"])
    left = [json.dumps(call.parameters) for call in proxy.calls if call.operation not in WRITES]
    left += [output.text, *(put.body.decode() for put in response_url.puts)]
    assert not [value for value in fetched(proxy) if any(value in text for text in left)]
    assert "X-Amz-Signature" not in output.text


@pytest.fixture
def _impatient(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the function give up a call that hangs after a second."""
    monkeypatch.setenv("READ_TIMEOUT_SECONDS", "1")


def fetched(proxy: FaultyProxy) -> set[str]:
    """Give every value of every secret that the function was told."""
    texts = [
        call.answer.document.get("SecretString")
        or call.answer.document.get("Parameter", {}).get("Value", "")
        for call in proxy.calls
        if call.operation in READS and call.answer and call.answer.status == HTTPStatus.OK
    ]
    return {value for text in texts for value in values(text) if len(value) > SHORT}


def values(text: str) -> list[str]:
    """Give the texts in a secret: its JSON members, or itself."""
    try:
        held = json.loads(text)
    except ValueError:
        return [text]
    members = held.values() if isinstance(held, dict) else [held]
    return [member for member in members if isinstance(member, str)]


@pytest.fixture
def event_source(stack: LocalStack) -> EventSource:
    """Give the request queue, empty."""
    source = EventSource(stack)
    source.clear()
    return source


@pytest.fixture
def maintenance_source(stack: LocalStack) -> EventSource:
    """Give the maintenance queue, empty."""
    source = EventSource(stack, "MaintenanceQueue")
    source.clear()
    return source


@pytest.fixture
def name() -> str:
    """Give a connection's name that no other test uses."""
    return f"connection-{uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def store_secret(stack: LocalStack) -> Callable[[str, object], str]:
    """Give what puts a secret's new value into Secrets Manager and tells its ARN."""
    known: set[str] = set()

    def store(secret_name: str, value: object) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        if secret_name in known:
            return stack.secretsmanager.put_secret_value(SecretId=secret_name, SecretString=text)[
                "ARN"
            ]
        known.add(secret_name)
        return stack.secretsmanager.create_secret(Name=secret_name, SecretString=text)["ARN"]

    return store


@pytest.fixture(scope="session")
def secret(store_secret: Callable[[str, object], str]) -> dict[str, str]:
    """Store a secret for the tests that only need one, and tell its keys and values."""
    values = {key: f"{key}-{uuid4().hex}" for key in ("user", "password", "key", "token")}
    store_secret(SECRET, values)
    return values


@pytest.fixture
def basic(name: str, secret: dict[str, str]) -> dict[str, Any]:
    """Give the properties of a connection with user and password."""
    return {
        "Name": name,
        "AuthorizationType": "BASIC",
        "AuthParameters": {
            "BasicAuthParameters": {
                "Username": f"{{{{resolve:secretsmanager:{SECRET}:SecretString:user}}}}",
                "Password": f"{{{{resolve:secretsmanager:{SECRET}:SecretString:password}}}}",
            }
        },
    }
