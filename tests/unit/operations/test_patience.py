"""Patience is bounded by time: what passes within minutes fails no stack's request."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from handler.errors import (
    AccessDeniedError,
    NotStabilizedError,
    ProvisionerError,
    ResourceConflictError,
    TransientError,
)
from handler.operations.completion import Completion
from handler.operations.ports import Ports
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import (
    DIRECT,
    REQUEST_QUEUE,
    EntryPoint,
)
from handler.requests.request import Request, check
from handler.requests.unchecked_request import read_custom_resource, read_document
from tests.support.crm import ask
from tests.support.fakes import RULES, World, make_world
from tests.support.faulty_ports import KINDS, Storm, stormy

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/9f0c"
PASSWORD = "{{resolve:secretsmanager:connections/crm:SecretString:password}}"
HEADER = {"Key": "X-Tenant", "Value": "7", "IsValueSecret": False}
BASIC: dict[str, Any] = {
    "Name": "crm",
    "AuthorizationType": "BASIC",
    "AuthParameters": {"BasicAuthParameters": {"Username": "ada", "Password": PASSWORD}},
}
WITH_HEADER: dict[str, Any] = {
    **BASIC,
    "AuthParameters": {
        **BASIC["AuthParameters"],
        "InvocationHttpParameters": {"HeaderParameters": [HEADER]},
    },
}
ENDPOINT_DOWN = "Could not connect to the specified endpoint."
LAMBDA_SECONDS, ANSWER_SECONDS = 900.0, 20.0
LAST_SECONDS = 50.0  # of an invocation, in which nothing is begun again
# Each call, and a stack's requests that make it: by type, and whether leftovers must go.
CALLS = {
    "read": ("Update", "Delete"),  # a claim finds out what a Create must know
    "claim": ("Create",),
    "write": ("Create", "Update", "Delete"),
    "remove": ("Delete",),
    "fetch": ("Create", "Update"),
    "create": ("Create",),
    "update": ("Update", "Clearing"),
    "delete": ("Delete",),
    "describe": ("Create", "Update", "Clearing", "Delete"),
    "deauthorize": ("Clearing",),
}
REQUESTS = [(request, call) for call, requests in CALLS.items() for request in requests]
# Though no answer ever tells: the next look shows it.
FOUND_DONE = [("Create", "create"), ("Create", "write"), ("Delete", "delete"), ("Delete", "remove")]
FOUND_DONE += [("Clearing", "deauthorize")]
# How long a fault lasts, and whether a stack's request outlasts it.
DURATIONS = {5.0: "succeeds", 60.0: "succeeds", 300.0: "succeeds", 3600.0: "fails"}


def prepared(request_type: str) -> tuple[World, Request]:
    """Give an account in which the stack's request has something to do, and the request."""
    world = make_world()
    world.connections.clears_on_empty = request_type != "Clearing"
    if request_type != "Create":
        carry_out(world.ports, asked(world, "Create", WITH_HEADER))
    world.time.seconds += 100
    if request_type == "Clearing":
        return world, asked(world, "Update", BASIC)
    changed = {**BASIC, "Description": "other"}
    return world, asked(world, request_type, changed if request_type == "Update" else WITH_HEADER)


def asked(world: World, request_type: str, properties: Mapping[str, Any]) -> Request:
    """Make a stack's request of now, whose invocation begins now."""
    world.time.deadline = world.time.seconds + LAMBDA_SECONDS - ANSWER_SECONDS
    event = {
        "RequestType": request_type,
        "RequestId": "request-1",
        "StackId": STACK_ID,
        "LogicalResourceId": "Connection",
        "ResourceProperties": properties,
    } | ({} if request_type == "Create" else {"PhysicalResourceId": "crm"})
    return check(read_custom_resource(event, "", world.time.now), RULES)


def ended(ports: Ports, request: Request) -> Completion | ProvisionerError:
    """Carry out a request, however it ends."""
    try:
        return carry_out(ports, request)
    except ProvisionerError as error:
        return error


@pytest.mark.parametrize(("request_type", "call"), REQUESTS)
@pytest.mark.parametrize(("kind", "seconds"), [*product(KINDS, DURATIONS)])
def test_a_stack_outlasts_what_passes_within_minutes(
    request_type: str, call: str, kind: str, seconds: float
) -> None:
    """Throttling, 5xx, network and conflicts, on every call, from the request's first moment."""
    world, request = prepared(request_type)
    began = world.time.seconds
    storm = Storm(kind, [call], began, began + seconds)
    outcome = ended(stormy(world, storm), request)
    elapsed = world.time.seconds - began
    is_found_done = kind == "answer lost" and (request_type, call) in FOUND_DONE
    if DURATIONS[seconds] == "fails" and not is_found_done:
        assert isinstance(outcome, TransientError)
        assert LAMBDA_SECONDS - 2 * LAST_SECONDS < elapsed < LAMBDA_SECONDS - ANSWER_SECONDS
        return
    assert isinstance(outcome, Completion), outcome
    assert elapsed < (0 if is_found_done else seconds) + 15
    if request_type == "Delete":
        assert world.connections.stored == {}
    else:
        stored = world.connections.stored["crm"]["properties"]
        header = "InvocationHttpParameters" in str(stored) and "X-Tenant" in str(stored)
        assert header is (request_type == "Create")
        assert stored.get("Description") == ("other" if request_type == "Update" else None)
    assert world.owners == ({} if request_type == "Delete" else {"crm": request.owner})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seconds", [5.0, 60.0, 300.0])
@pytest.mark.parametrize("settles", [True, False])
def test_a_fault_during_a_wait_neither_ends_it_nor_begins_it_anew(
    kind: str, seconds: float, *, settles: bool
) -> None:
    """The time counts from the write; the states that pass meanwhile are seen afterwards."""
    world, request = prepared("Create")
    moving = ("AUTHORIZING",) * 150
    world.connections.states_after_write = (*moving, "AUTHORIZED") if settles else moving
    world.connections.state_reason = ENDPOINT_DOWN
    began = world.time.seconds
    storm = Storm(kind, ["describe"], began + 20, began + 20 + seconds)
    outcome = ended(stormy(world, storm), request)
    elapsed = world.time.seconds - began
    assert world.connections.calls.count("create") == 1
    assert "update" not in world.connections.calls
    if settles:
        assert isinstance(outcome, Completion), outcome
        assert elapsed > 20 + seconds
    else:
        assert isinstance(outcome, NotStabilizedError)
        assert 839 < elapsed < 851
        assert outcome.reason.endswith(f"it is AUTHORIZING: {ENDPOINT_DOWN}")


def test_a_late_delivery_waits_one_minute_whatever_fails_meanwhile() -> None:
    """The first delivery has waited the whole time already; a fault does not begin it anew."""
    world, request = prepared("Create")
    world.connections.states_after_write = ("AUTHORIZING",)
    assert isinstance(ended(world.ports, request), NotStabilizedError)
    world.time.deadline = world.time.seconds + LAMBDA_SECONDS - ANSWER_SECONDS
    began = world.time.seconds
    storm = Storm("throttled", ["describe"], began + 20, began + 40)
    assert isinstance(ended(stormy(world, storm), request), NotStabilizedError)
    assert 59 < world.time.seconds - began < 65


def test_the_wait_begins_with_the_write_though_another_writer_was_awaited_first() -> None:
    """What the other one took does not shorten the time in which the connection may settle."""
    world, _ = prepared("Update")
    properties = {**BASIC, "Description": "other", "WaitTimeoutSeconds": 120}
    request = asked(world, "Update", properties)
    until = world.time.now + timedelta(seconds=300)
    record = world.registry.records["crm"]
    world.registry.write(replace(record, lease_holder="other", leased_until=until))
    world.connections.states_after_write = ("AUTHORIZING",)
    error = ended(world.ports, request)
    assert isinstance(error, NotStabilizedError)
    assert 119 < world.time.seconds - until.timestamp() < 135
    assert error.reason.startswith("crm did not settle within 120 s")


def test_a_conflict_that_does_not_pass_still_names_what_was_created() -> None:
    """CloudFormation must know it, to delete it."""
    world, request = prepared("Create")
    world.connections.states_after_write = ("AUTHORIZING",)
    began = world.time.seconds
    storm = Storm("conflict", ["describe"], began + 10, began + 3600)
    error = ended(stormy(world, storm), request)
    assert isinstance(error, ResourceConflictError)
    assert error.created_name == "crm"


@pytest.mark.parametrize(
    "entry_point", [DIRECT, REQUEST_QUEUE], ids=lambda entry_point: entry_point.name
)
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_else_goes_round_for_minutes(entry_point: EntryPoint, kind: str) -> None:
    """A message comes back by its queue; who invoked the function is waiting for it."""
    world = make_world()
    began = world.time.seconds
    document = {"RequestType": "Create", "ResourceProperties": BASIC}
    request = check(read_document(document, entry_point, "r", world.time.now), RULES)
    outcome = ended(stormy(world, Storm(kind, ["describe"], began, began + 3600)), request)
    assert isinstance(outcome, TransientError)
    assert world.time.seconds - began < (31 if kind == "conflict" else 1)


def test_a_refusal_is_not_asked_for_twice() -> None:
    """Neither in a young container: what IAM refuses is answered at once."""
    world, request = prepared("Create")

    def refuse(_: str) -> None:
        raise AccessDeniedError("no")

    world.connections.before_create = refuse
    assert isinstance(ended(world.ports, request), AccessDeniedError)
    assert world.connections.calls.count("create") == 1
    assert world.time.slept == []


@pytest.mark.parametrize(
    ("seconds_left", "told"),
    [(900.0, "840"), (60.0, "4[0-9]"), (20.0, "1[0-9]"), (9.0, "[67]")],
)
def test_who_ran_out_of_time_is_told_how_long_was_waited_and_eventbridges_reason(
    seconds_left: float, told: str
) -> None:
    """Not how long might have been waited."""
    world, request = prepared("Create")
    world.connections.states_after_write = ("AUTHORIZING",)
    world.connections.state_reason = ENDPOINT_DOWN
    world.time.deadline = world.time.seconds + seconds_left - min(20.0, seconds_left * 0.2)
    reason = f"crm did not settle within {told} s; it is AUTHORIZING: {ENDPOINT_DOWN}"
    with pytest.raises(NotStabilizedError, match=f"^{reason}$"):
        carry_out(world.ports, request)


@pytest.mark.parametrize("is_private", [True, False], ids=["private", "public"])
@pytest.mark.parametrize("request_type", ["Create", "Refresh"])
def test_an_error_tells_that_a_private_connection_moves(
    request_type: str, is_private: bool
) -> None:
    """A Refresh carries a name only; its queue must know that the connection takes longer."""
    world = make_world()
    arn = "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-0123456789abcdef0"
    way = {"ResourceParameters": {"ResourceConfigurationArn": arn}}
    more = {"InvocationConnectivityParameters": way} if is_private else {}
    if request_type == "Refresh":
        ask(world, "Create", BASIC | more)
        world.secrets.rotate("connections/crm", '{"password": "new"}')
    world.connections.states_after_write = ("AUTHORIZING",) * 1000
    given = {"Name": "crm"} if request_type == "Refresh" else BASIC | more
    with pytest.raises(NotStabilizedError) as raised:
        ask(world, request_type, given)
    assert (raised.value.is_moving, raised.value.is_private) == (True, is_private)
