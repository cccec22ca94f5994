"""Requests for one connection, alpha, and everything that can get between two of their calls."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from handler.clock import Clock
from handler.connections.state import Connection
from handler.operations.completion import Completion
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import REQUEST_QUEUE, EntryPoint
from handler.requests.request import check
from handler.requests.unchecked_request import (
    UncheckedRequest,
    read_custom_resource,
    read_document,
)
from tests.support.fakes import RULES, START, FakeConnections, World
from tests.support.lives import properties_of

STACK_A = "cloudformation/a/C"
STACK_B = "cloudformation/b/C"
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/s/1"
FORTNIGHT = 14 * 86400


def message(
    kind: str = "Create",
    variant: int = 2,
    sent: int = 0,
    owner: str = "requests",
    entry_point: EntryPoint = REQUEST_QUEUE,
    **more: Any,
) -> UncheckedRequest:
    """Make a request about alpha."""
    is_named_only = kind in ("Delete", "Release")
    properties = {"Name": "alpha"} if is_named_only else properties_of("alpha", variant) | more
    document = {"RequestType": kind, "ResourceProperties": properties}
    asked = read_document(document, entry_point, "r", START + timedelta(seconds=sent))
    return replace(asked, owner=owner)


def of_stack(
    kind: str, physical_resource_id: str = "", sent: int = 0, **more: Any
) -> UncheckedRequest:
    """Make a stack's request about alpha."""
    time = START + timedelta(seconds=sent)
    event = {
        "RequestType": kind,
        "RequestId": "r",
        "StackId": STACK_ID,
        "LogicalResourceId": "C",
        "ResponseURL": f"https://b/?X-Amz-Date={time:%Y%m%dT%H%M%SZ}",
        "ResourceProperties": properties_of("alpha", 2) | {"ServiceToken": "arn"} | more,
    }
    given = {"PhysicalResourceId": physical_resource_id} if physical_resource_id else {}
    return read_custom_resource(event | given, "", START + timedelta(days=9))


def run(world: World, asked: UncheckedRequest, **ports: Any) -> Completion:
    """Carry out a request, some ports replaced."""
    return carry_out(replace(world.ports, **ports), check(asked, RULES))


def deliver(world: World, asked: UncheckedRequest, holder: str, **ports: Any) -> Completion:
    """Carry out a request in an invocation of the template's function."""
    end = world.time.seconds + 880
    clock = Clock(lambda: world.time.seconds, world.time.sleep, lambda: end - world.time.seconds)
    return run(world, asked, holder=holder, clock=clock, **ports)


def connections(world: World, **operations: Callable[..., Any]) -> FakeConnections:
    """Give the same account with some operations replaced."""
    fake = FakeConnections(
        world.time,
        world.connections.stored,
        states_after_write=world.connections.states_after_write,
    )
    for name, operation in operations.items():
        setattr(fake, name, operation)
    return fake


def failing(error: BaseException) -> Callable[..., Any]:
    """Give an operation that fails."""

    def fail(*_: object) -> None:
        raise error

    return fail


def user(world: World) -> str:
    """Give alpha's user name."""
    auth_parameters = world.connections.stored["alpha"]["properties"]["AuthParameters"]
    return str(auth_parameters["BasicAuthParameters"]["Username"])


def watching(world: World, look: int, act: Callable[[], None]) -> FakeConnections:
    """Give the same account, in which something happens at one of the looks."""
    looks: Iterator[int] = iter(range(1000))
    real = connections(world)
    describe = real.describe

    def watched(name: str) -> Connection | None:
        if next(looks) == look:
            act()
        return describe(name)

    real.describe = watched  # type: ignore[method-assign]
    return real
