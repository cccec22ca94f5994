"""What a reader of the code found, each as a story of its own."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

import pytest

from handler.adapters.aws_client import Caller
from handler.adapters.eventbridge import EventBridgeConnections
from handler.clock import Clock
from handler.connections.state import Connection
from handler.entrypoints.execution import Failed
from handler.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    InvalidRequestError,
    NetworkFailureError,
    ProvisionerError,
    ResourceConflictError,
    SecretNotUsableError,
    ServiceLimitExceededError,
    SupersededError,
    ThrottlingError,
)
from handler.operations.outcome import Completion, Outcome
from handler.operations.use_cases import carry_out
from handler.requests.request import check
from handler.requests.unchecked_request import (
    CLOUDFORMATION,
    DIRECT,
    QUEUE,
    EntryPoint,
    UncheckedRequest,
    read_custom_resource,
    read_document,
)
from tests.support.fake_aws import FakeAws, FakeClient, refusal
from tests.support.fakes import RULES, START, FakeConnections, World, make_world
from tests.support.lives import KilledError, properties_of, told

A, B = "cloudformation/a/C", "cloudformation/b/C"
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/s/1"
FORTNIGHT = 14 * 86400


@pytest.fixture
def world() -> World:
    """Give an empty account."""
    return make_world()


def message(
    kind: str = "Create",
    variant: int = 2,
    sent: int = 0,
    owner: str = "requests",
    entry_point: EntryPoint = QUEUE,
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


def test_an_update_whose_answer_was_lost_is_no_proof_of_the_old_state(world: World) -> None:
    """The roll-back must write, though the last write was never seen settled."""
    world.connections.states_after_write = ("UPDATING",) * 3 + ("AUTHORIZED",)
    run(world, message(variant=0, WaitTimeoutSeconds=0))
    world.time.seconds += 60
    update = world.connections.update

    def lose(properties: Mapping[str, Any]) -> None:
        update(properties)
        raise NetworkFailureError("no answer")

    with pytest.raises(NetworkFailureError):
        run(
            world,
            message("Update", variant=2, sent=10),
            connections=connections(world, update=lose),
        )
    world.time.seconds += 60
    run(world, message("Update", variant=0, sent=20))
    assert user(world) == "u0"


def test_a_lost_creation_is_named_though_a_later_try_is_refused_for_good(world: World) -> None:
    """The first try may have used the quota up; the stack's Delete finds what it made."""
    fake_aws = FakeAws()
    fake_aws.plan("create_connection", refusal("InternalException", status=500))
    fake_aws.plan("create_connection", refusal("LimitExceededException"))
    adapter = EventBridgeConnections(
        Caller("events", FakeClient(fake_aws, "events"), world.time.clock)
    )
    arrived: Callable[[Mapping[str, Any]], object] = world.connections.create
    lost: Callable[[Mapping[str, Any]], object] = lambda _: ""  # noqa: E731
    tries = chain([arrived], repeat(lost))

    def create(properties: Mapping[str, Any]) -> Connection:
        next(tries)(properties)
        return adapter.create(properties)

    refusing = connections(world, create=create)
    with pytest.raises(ServiceLimitExceededError) as raised:
        run(world, message(owner=A), connections=refusing)
    assert raised.value.created_name == "alpha"
    delete = replace(
        message("Delete", sent=5, owner=A), entry_point=CLOUDFORMATION, physical_resource_id="alpha"
    )
    run(world, delete)
    assert world.connections.describe("alpha") is None


def test_a_claim_taken_back_writes_over_nobodys(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another owner may claim the name between the taking back and the lease's end."""
    remove = world.registry.remove

    def removing(record: Any) -> None:
        remove(record)
        world.registry.write(replace(record, owner=B, seen=type(record.seen)()))

    monkeypatch.setattr(world.registry, "remove", removing)
    refusing = connections(world, create=failing(ServiceLimitExceededError("quota")))
    with pytest.raises(ServiceLimitExceededError):
        run(world, message(owner=A), connections=refusing)
    assert world.registry.records["alpha"].owner == B


def test_who_was_released_while_waiting_takes_nothing_back(world: World) -> None:
    """It was adopted by another owner meanwhile, as far as the registry's revisions tell."""
    world.connections.states_after_write = ("AUTHORIZING",) * 6 + ("AUTHORIZED",)

    def release_and_adopt() -> None:
        run(world, message("Release", entry_point=DIRECT), holder="h2")
        adoption = message(owner=B, entry_point=DIRECT, OnExisting="Adopt", WaitTimeoutSeconds=0)
        run(world, adoption, holder="h3")

    watched = watching(world, 2, release_and_adopt)
    with pytest.raises(AlreadyExistsError):
        run(world, message(owner=A), connections=watched, holder="h1")
    assert world.registry.records["alpha"].owner == B


@pytest.mark.parametrize("more", [{}, {"ServiceTimeout": "3000"}, {"ServiceTimeout": "600"}])
@pytest.mark.parametrize("kind", ["Create", "Delete"])
def test_the_retry_of_a_killed_delivery_outlasts_its_lease(
    world: World, kind: str, more: dict[str, Any]
) -> None:
    """A stack's failure is final: the retry waits for the lease as long as it lives itself."""
    if kind == "Delete":
        deliver(world, of_stack("Create", **more), "h0")
    world.time.seconds += 1000
    given = "alpha" if kind == "Delete" else ""
    asked = of_stack(kind, given, sent=1000, **more)
    kill = failing(KilledError())
    killed = connections(world, create=kill, delete=kill)
    world.time.seconds += 3
    with pytest.raises(KilledError):
        deliver(world, asked, "h1", connections=killed)
    world.time.seconds += 63
    assert deliver(world, asked, "h2").outcome in (Outcome.CREATED, Outcome.DELETED)


@pytest.mark.parametrize(
    ("kind", "operation", "error"),
    [
        ("Update", "update", InvalidRequestError("no such resource configuration")),
        ("Delete", "delete", AccessDeniedError("no")),
    ],
)
def test_what_eventbridge_refused_for_good_supersedes_nothing(
    world: World, kind: str, operation: str, error: ProvisionerError
) -> None:
    """Only what was applied counts."""
    run(world, message(variant=0))
    refusing = connections(world, **{operation: failing(error)})
    with pytest.raises(type(error)):
        run(world, message(kind, sent=20), connections=refusing)
    assert run(world, message("Update", variant=5, sent=10)).outcome is Outcome.UPDATED


def test_a_claim_under_way_supersedes_nothing(world: World) -> None:
    """It may come to nothing; then the older one is all that was asked for."""

    def refuse(_: object) -> None:
        with pytest.raises(ResourceConflictError):
            run(world, message(variant=0, sent=10), holder="h2")
        raise ServiceLimitExceededError("quota")

    with pytest.raises(ServiceLimitExceededError):
        run(world, message(sent=20), connections=connections(world, create=refuse), holder="h1")
    assert not world.registry.records


@pytest.mark.parametrize("variant", [5, 2])
def test_a_namesake_made_while_we_wait_is_left_alone(world: World, variant: int) -> None:
    """What looks like our leftovers is somebody else's, and so is what looks well."""
    world.connections.states_after_write = ("AUTHORIZING",) * 4 + ("AUTHORIZED",)

    def replace_it() -> None:
        del world.connections.stored["alpha"]
        world.connections.make_by_hand("alpha", properties_of("alpha", variant))

    watched = watching(world, 3, replace_it)
    watched.clears_on_empty = False
    with pytest.raises(AlreadyExistsError):
        run(world, message(variant=0, sent=1), connections=watched)
    assert not {"deauthorize", "update"} & set(watched.calls)


@pytest.mark.parametrize("kind", ["Create", "Delete"])
def test_a_claim_of_weeks_ago_does_not_own_what_was_made_since(world: World, kind: str) -> None:
    """Nobody writes for a claim after its lease."""
    storm = connections(world, create=failing(ThrottlingError("x")))
    with pytest.raises(ThrottlingError):
        run(world, message(), connections=storm)
    world.time.seconds += FORTNIGHT
    world.time.deadline += FORTNIGHT
    world.connections.make_by_hand("alpha", properties_of("alpha", 0))
    try:
        run(world, message(kind, sent=FORTNIGHT))
    except AlreadyExistsError:
        assert kind == "Create"
    assert user(world) == "u0"


def test_a_release_waits_for_the_lease(world: World) -> None:
    """Else what is being created would be nobody's."""
    create = world.connections.create

    def released_meanwhile(properties: Mapping[str, Any]) -> Connection:
        arn = create(properties)
        with pytest.raises(ResourceConflictError):
            run(world, message("Release", entry_point=DIRECT), holder="h2")
        return arn

    creating = connections(world, create=released_meanwhile)
    run(world, message(owner=A), connections=creating, holder="h1")
    assert world.owners == {"alpha": A}


def test_a_rename_that_settled_and_then_fails_tells_the_new_name(world: World) -> None:
    """Its answer was lost; the redelivery finds the secret gone."""
    world.time.seconds += 10
    rename = of_stack("Update", "old", sent=10)
    run(world, rename)
    world.secrets.texts.clear()
    with pytest.raises(SecretNotUsableError) as raised:
        run(world, rename)
    assert told(Failed(rename, raised.value)) == (False, "alpha")


def test_a_roll_back_that_fails_tells_the_id_it_came_with(world: World) -> None:
    """The older connection was there before; the newer one is still to be deleted."""
    run(world, of_stack("Create"))
    world.time.seconds += 1000
    roll_back = of_stack("Update", "new", sent=1000)
    world.secrets.texts.clear()
    with pytest.raises(SecretNotUsableError) as raised:
        run(world, roll_back)
    assert told(Failed(roll_back, raised.value)) == (False, "new")


def test_a_release_remembers_what_others_deleted(world: World) -> None:
    """A late Create of theirs is as late as before."""
    run(world, message())
    other = replace(message("Delete", sent=20, owner=B), entry_point=CLOUDFORMATION)
    run(world, replace(other, physical_resource_id="alpha"))
    run(world, message("Release", sent=30, entry_point=DIRECT))
    world.connections.stored.clear()
    with pytest.raises(SupersededError):
        run(world, message(sent=10, owner=B))


def test_a_stack_that_owns_nothing_does_not_wait_for_others(world: World) -> None:
    """Its Delete is noted beside the lease of another."""
    killed = connections(world, create=failing(KilledError()))
    with pytest.raises(KilledError):
        deliver(world, message(owner=A), "h1", connections=killed)
    world.time.seconds += 3
    delete = of_stack("Delete", "alpha", sent=9, ServiceTimeout="600")
    assert deliver(world, delete, "h2").is_ignored
