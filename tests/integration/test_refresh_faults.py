"""
AWS's moods while connections follow their secrets: every call of a Refresh and of a Reconcile.

EventBridge's connections are the stand-in's; everything else is the emulator's, behind the proxy.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from handler.errors import AccessDeniedError, NetworkFailureError, ThrottlingError
from tests.integration.test_faults import World, _new_clients, session_stand_in, world
from tests.integration.test_secrecy import Everywhere, everywhere, properties
from tests.support.canary import CANARY
from tests.support.cold_container import NOISY, run
from tests.support.event_source import EventSource
from tests.support.faulty_proxy import FaultyProxy, answered, aws_error
from tests.support.function import Function
from tools.local.local_stack import LocalStack

__all__ = ["_new_clients", "everywhere", "properties", "session_stand_in", "world"]

Store = Callable[[str, object], str]
PASSING = ["ThrottlingException", "InternalServerError", "503", "answer lost", "call lost"]
OF_A_REFRESH = ["GetItem", "DescribeConnection", "GetSecretValue", "PutItem", "UpdateConnection"]
OF_A_FAN_OUT = [("Refresh", "Query"), ("Reconcile", "Scan")]


@pytest.fixture(autouse=True)
def _quiet(event_source: EventSource) -> Iterator[None]:
    """Leave no message behind for other tests."""
    yield
    event_source.clear()


@pytest.fixture
def rotated(world: World, store_secret: Store, basic: dict[str, Any], name: str) -> dict[str, str]:
    """Make a connection, and rotate its secret; give the selectors of its Refresh."""
    secret = f"connections/{name}"
    block = {"Username": "ada", "Password": f"{{{{resolve:secretsmanager:{secret}}}}}"}
    store_secret(secret, f"old-{uuid4().hex}")
    world.ask("Create", basic | {"AuthParameters": {"BasicAuthParameters": block}})
    store_secret(secret, f"new-{uuid4().hex}")
    return {"Name": name, "SecretId": secret}


def is_followed(world: World, rotated: dict[str, str], stack: LocalStack) -> bool:
    """Tell whether the connection holds the secret's current value."""
    current = stack.secretsmanager.get_secret_value(SecretId=rotated["SecretId"])["SecretString"]
    updates = [each for each in world.stand_in.calls if each.operation == "UpdateConnection"]
    return bool(updates) and current in json.dumps(updates[-1].parameters)


@pytest.mark.parametrize("operation", OF_A_REFRESH)
@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("request_type", ["Refresh", "Reconcile"])
def test_a_fault_that_passes_keeps_no_connection_behind(
    operation: str,
    kind: str,
    request_type: str,
    world: World,
    rotated: dict[str, str],
    stack: LocalStack,
) -> None:
    """The new credential arrives as if it had not happened; a second look finds nothing to do."""
    about = rotated if request_type == "Refresh" else {"Name": rotated["Name"]}
    before = world.count(operation)
    world.spoil(operation, kind)
    assert world.ask(request_type, about)["Outcome"] == "Refreshed"
    assert world.count(operation) > before + 1 or kind == "answer lost"
    assert is_followed(world, rotated, stack)
    updates = world.count("UpdateConnection")
    assert world.ask("Refresh", rotated)["Outcome"] == "Unchanged"
    assert world.count("UpdateConnection") == updates


@pytest.mark.parametrize(("request_type", "operation"), OF_A_FAN_OUT)
@pytest.mark.parametrize("kind", PASSING)
def test_a_fault_that_passes_loses_no_message(
    operation: str,
    kind: str,
    request_type: str,
    world: World,
    rotated: dict[str, str],
    maintenance_source: EventSource,
) -> None:
    """Neither reading who is concerned, nor sending; one message may come twice."""
    about = {"SecretId": rotated["SecretId"]} if request_type == "Refresh" else {}
    world.spoil(operation, kind)
    world.spoil("SendMessageBatch", kind)
    world.ask(request_type, about)
    assert world.count(operation) >= 2
    assert world.count("SendMessageBatch") >= 2
    bodies = [json.loads(each["body"]) for each in maintenance_source.arrived(1)["Records"]]
    assert {body["RequestType"] for body in bodies} <= {request_type, "Refresh"}  # or the rule's


@pytest.mark.parametrize("operation", OF_A_REFRESH)
def test_a_refresh_that_a_storm_ended_is_made_up_for(
    operation: str, world: World, rotated: dict[str, str], stack: LocalStack
) -> None:
    """It fails with Throttling after six tries; the next one, when it is over, succeeds."""
    world.spoil(operation, "ThrottlingException", 6)
    with pytest.raises(ThrottlingError):
        world.ask("Refresh", rotated, seconds=60)
    assert not is_followed(world, rotated, stack) or operation == "UpdateConnection"
    assert world.ask("Refresh", rotated)["Outcome"] == "Refreshed"
    assert is_followed(world, rotated, stack)


def test_a_refusal_leaves_the_old_credential(world: World, rotated: dict[str, str]) -> None:
    """Whose key or policy changed is told what is missing; nothing was written."""
    world.spoil("GetSecretValue", "AccessDeniedException", 1000)
    before = world.count("UpdateConnection")
    with pytest.raises(AccessDeniedError, match="kms:Decrypt on the secret's key"):
        world.ask("Refresh", rotated)
    assert world.count("UpdateConnection") == before


def test_a_queue_that_nobody_reaches_is_told(world: World, rotated: dict[str, str]) -> None:
    """The event comes back, and is sent on later."""
    world.spoil("SendMessageBatch", "call lost", 1000)
    with pytest.raises(NetworkFailureError, match="sqs:SendMessageBatch on the maintenance queue"):
        world.ask("Refresh", {"SecretId": rotated["SecretId"]}, seconds=4)


ECHO = aws_error("ValidationException", f"Value '{CANARY}' at 'authParameters' is not valid")
SPOILT: dict[str, Any] = {
    "none": ("NoSuchOperation", ECHO),
    "echo": ("UpdateConnection", ECHO),
    "500": ("UpdateConnection", answered(500, {"message": CANARY})),
    "registry": ("PutItem", aws_error("ValidationException", CANARY)),
    "query": ("Query", aws_error("ValidationException", CANARY)),
}


@pytest.mark.usefixtures("_new_clients")
@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_rotated_canary_is_seen_nowhere_even_while_debugging(
    spoilt: str,
    function: Function,
    proxy: FaultyProxy,
    maintenance_source: EventSource,
    everywhere: Everywhere,
    store_secret: Store,
    properties: dict[str, Any],
    name: str,
) -> None:
    """Refresh, Reconcile and List, by message and directly, every logger at DEBUG."""
    function({"RequestType": "Create", "ResourceProperties": properties})
    proxy.calls.clear()
    secret = f"connections/{name}"
    store_secret(secret, {"canary": CANARY})
    proxy.spoil(*SPOILT[spoilt])
    about = {"SecretId": secret}
    events = [
        maintenance_source.batch(
            {"RequestType": "Refresh", "ResourceProperties": {"Name": name, **about}},
            {"RequestType": "Reconcile", "ResourceProperties": {"Name": name}},
            {"RequestType": "Refresh", "ResourceProperties": {**about, "Password": CANARY}},
            age_seconds=1801,
        ),
        {"RequestType": "Refresh", "ResourceProperties": about},
        {"RequestType": "Reconcile", "ResourceProperties": {"Name": name}},
        {"RequestType": "List"},
    ]
    container = run(events, function.arn, NOISY)
    assert '"level":"' in container.output
    assert CANARY not in everywhere.text(container)
    if spoilt == "none":
        updates = json.dumps(proxy.parameters_of("UpdateConnection"))
        assert CANARY in updates
