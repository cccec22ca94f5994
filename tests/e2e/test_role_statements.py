"""The function's role on the deployed application: without a statement, its purpose fails."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from tests.support import waiting
from tests.support.resolved_template import EVERYTHING_ON, ROOT, properties
from tools.local.local_stack import LocalStack, local_stack
from tools.operating import entry_points

SECRET, PARAMETER = "connections/role", "/connections/role"
Probe = Callable[[LocalStack, str], object]  # does what needs a statement, under a name of its own

# What the emulator cannot show, each with the reason.
NOT_SHOWN = {
    "SecretsOfConnections": "the emulator's EventBridge keeps no secret in the caller's name",
    "ServiceLinkedRole": "the emulator needs no service-linked role",
    "Unanswered": "the emulator's Lambda sends to a destination without asking the role",
    "Logs": "the emulator writes the log itself",
    "KeysOfReferencedSecrets": "the emulator decrypts in nobody's name",
    "KeysOfConnections": "the emulator's EventBridge looks at no key",
    "UseOfKeysOfConnections": "the emulator's EventBridge uses no key",
    "PrivateConnections": "the emulator has no VPC Lattice",
    "PrivateConnectionsOfEventBridge": "the emulator has no VPC Lattice",
    "DataKeyOfQueues": "the emulator decrypts in nobody's name",
    "DataKeyOfRegistry": "the emulator decrypts in nobody's name",
    "NetworkInterfaces": "the emulator connects no function to a VPC",
    "NetworkInterfacesOfTheFunction": "the emulator connects no function to a VPC",
    "LookAtTheNetwork": "the emulator connects no function to a VPC",
    "NetworkOfLambdaAlone": "the emulator gives calls no source function",
}


def statements() -> list[str]:
    """Give the Sids of the function's role, whatever the parameters are."""
    (policy,) = properties("FunctionRole", **EVERYTHING_ON)["Policies"]
    return [statement["Sid"] for statement in policy["PolicyDocument"]["Statement"]]


def request(request_type: str, name: str, reference: str, **members: str) -> dict[str, Any]:
    """Ask for something about a connection with an API key."""
    parameters = {"ApiKeyName": "key", "ApiKeyValue": reference}
    wanted = {
        "Name": name,
        "AuthorizationType": "API_KEY",
        "AuthParameters": {"ApiKeyAuthParameters": parameters},
    }
    return {
        "RequestType": request_type,
        "RequestId": name,
        "ResourceProperties": wanted,
        **members,
    }


FROM_SECRET = f"{{{{resolve:secretsmanager:{SECRET}}}}}"
FROM_PARAMETER = f"{{{{resolve:ssm-secure:{PARAMETER}}}}}"


def invoke(make: Callable[[str], Mapping[str, Any]], stack: LocalStack, name: str) -> object:
    """Give what the function answers to an invocation, or its error."""
    try:
        return entry_points.administer(stack, make(name))
    except entry_points.RequestFailedError as error:
        return error


def send(make: Callable[[str], Mapping[str, Any]], stack: LocalStack, name: str) -> object:
    """Give what the function logs from here to the end of its work on a message."""
    begin = len(stack.function_logs())
    entry_points.send(stack, make(name))
    return waiting.until(lambda: ended(stack.function_logs()[begin:], name))


def ended(log: str, name: str) -> str | None:
    """Give the log once the invocation that names this has its report in it."""
    return log if "REPORT RequestId" in log.partition(name)[2] else None


def refresh(_: str) -> Mapping[str, Any]:
    """Ask for a Refresh of all connections of the secret."""
    return {"RequestType": "Refresh", "ResourceProperties": {"SecretId": SECRET}}


# The action that is missed without the statement, with its queue where two have it; who needs it.
SHOWN: dict[str, tuple[str, Probe]] = {
    "Connections": (
        "events:DescribeConnection",
        partial(invoke, lambda name: request("Create", name, FROM_SECRET)),
    ),
    "ReferencedSecrets": (
        "secretsmanager:GetSecretValue",
        partial(invoke, lambda name: request("Validate", name, FROM_SECRET)),
    ),
    "ReferencedParameters": (
        "ssm:GetParameter",
        partial(invoke, lambda name: request("Validate", name, FROM_PARAMETER)),
    ),
    "Registry": (
        "dynamodb:GetItem",  # the first of all that the error names
        partial(invoke, lambda _: {"RequestType": "List", "ResourceProperties": {}}),
    ),
    # The emulator itself receives and deletes.
    "Requests": (
        "sqs:ChangeMessageVisibility",
        partial(send, lambda name: request("Validate", name, FROM_SECRET)),
    ),
    "RequestsToItself": ("sqs:SendMessage on the maintenance queue", partial(invoke, refresh)),
    "DeadLetters": (
        "sqs:SendMessage on the dead-letter queue",
        partial(send, lambda name: {"RequestType": "Nonsense", "RequestId": name}),
    ),
    # Nobody waits for this token, but only who may answer tokens is told so.
    "TaskTokens": (
        "states:SendTaskSuccess",
        partial(send, lambda name: request("Validate", name, FROM_SECRET, TaskToken="t" * 40)),
    ),
    "Results": (
        "events:PutEvents",
        partial(send, lambda name: request("Validate", name, FROM_SECRET)),
    ),
}


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """Deploy an application of its own: refused messages come back to whoever is next."""
    with local_stack() as stack:
        stack.secretsmanager.create_secret(Name=SECRET, SecretString="CANARY-role")
        stack.ssm.put_parameter(Name=PARAMETER, Value="CANARY-role", Type="SecureString")
        entry_points.invoke(stack, request("Create", "first", FROM_SECRET))
        yield stack


@contextmanager
def lacking(stack: LocalStack, sid: str) -> Iterator[None]:
    """Take a statement out of the role's policy for as long as the block lasts."""
    names = {"RoleName": role_name(stack), "PolicyName": "ConnectionProvisioner"}
    whole: Any = stack.iam.get_role_policy(**names)["PolicyDocument"]
    rest = [statement for statement in whole["Statement"] if statement["Sid"] != sid]
    assert len(rest) == len(whole["Statement"]) - 1
    stack.iam.put_role_policy(**names, PolicyDocument=json.dumps(whole | {"Statement": rest}))
    try:
        yield
    finally:
        stack.iam.put_role_policy(**names, PolicyDocument=json.dumps(whole))


def role_name(stack: LocalStack) -> str:
    """Give the name of the function's role."""
    function = stack.lambda_.get_function_configuration(
        FunctionName=stack.outputs["ConnectionProvisionerServiceToken"]
    )
    return function["Role"].rpartition("/")[2]


@pytest.mark.parametrize("sid", [sid for sid in statements() if sid not in NOT_SHOWN])
def test_what_a_statement_is_for_fails_without_it(stack: LocalStack, sid: str) -> None:
    """With the statement in place, nothing is refused."""
    action, probe = SHOWN[sid]
    assert "AccessDenied" not in str(probe(stack, f"with-{sid}"))
    with lacking(stack, sid):
        told = str(probe(stack, f"without-{sid}"))
    assert f"AccessDeniedException; the function's role needs {action}" in told


def test_every_statement_is_shown_or_told_not_to_be() -> None:
    """A new one needs its case here, and none that is gone keeps one."""
    assert sorted([*SHOWN, *NOT_SHOWN]) == sorted(statements())


@pytest.mark.parametrize("sid", NOT_SHOWN)
def test_what_is_not_shown_is_told(sid: str) -> None:
    """Whoever relies on the role reads what no test has seen."""
    page = (ROOT / "docs" / "secure.md").read_text(encoding="utf-8")
    _, _, told = page.partition("The emulator cannot show")
    assert f"`{sid}`" in told.partition("\n\n")[0]
