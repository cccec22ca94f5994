"""Terraform's renames: the old connection goes once the new one works, and never before."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from handler.connections.state import Connection
from handler.errors import (
    AlreadyExistsError,
    NetworkFailureError,
    NotStabilizedError,
    ProvisionerError,
    SecretNotUsableError,
    ThrottlingError,
)
from handler.operations.completion import Completion
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import DIRECT
from handler.requests.request import check
from handler.requests.unchecked_request import read_document
from tests.support import crm
from tests.support.alpha import failing
from tests.support.crm import PASSWORD, PRIVATE, WITH_HEADER, stack
from tests.support.fakes import RULES, World, make_world
from tests.support.lag import NONE, Lag

NO_PASSWORD = "{{resolve:secretsmanager:connections/none:SecretString:password}}"


@pytest.fixture
def world() -> World:
    """Give an account with one connection, A, which Terraform made."""
    world = make_world()
    terraform(world, "create", "A")
    return world


def given(name: str, password: str = PASSWORD) -> dict[str, Any]:
    """Give the input that Terraform's user wrote."""
    block = {"BasicAuthParameters": {"Username": "ada", "Password": password}}
    properties = {"Name": name, "AuthorizationType": "BASIC", "AuthParameters": block}
    return {"RequestType": "Create", "ResourceProperties": properties}


def terraform(
    world: World,
    action: str,
    name: str,
    before: str = "",
    password: str = PASSWORD,
    **more: Any,
) -> Completion:
    """Carry out what Terraform sends, a second after the last one."""
    world.time.seconds += 1
    previous = given(before) if before else None
    document = given(name, password)
    document["ResourceProperties"] |= more
    document |= {"tf": {"action": action, "prev_input": previous}}
    asked = read_document(document, DIRECT, "request", world.time.now)
    return carry_out(world.ports, check(asked, RULES))


def test_a_rename_makes_the_new_one_and_deletes_the_old_one(world: World) -> None:
    """In this order: whoever uses it is never without."""
    delete = world.connections.delete
    states: list[str] = []

    def note_and_delete(name: str) -> None:
        states.append(world.connections.stored["B"]["states"][0])
        delete(name)

    world.connections.delete = note_and_delete  # type: ignore[method-assign]
    assert terraform(world, "update", "B", "A").outcome == "Created"
    assert (states, world.owners) == (["AUTHORIZED"], {"B": "requests"})
    assert set(world.connections.stored) == {"B"}
    assert world.registry.records["B"].replaces == ()


@pytest.mark.parametrize("failure", ["no secret", "wrong credential"])
@pytest.mark.parametrize("end", ["mended", "destroyed", "renamed back", "renamed again"])
def test_a_rename_that_failed_is_finished_by_what_comes_next(
    world: World, failure: str, end: str
) -> None:
    """Terraform saved the new input all the same, and tells the old name no more."""
    if failure == "wrong credential":
        world.connections.states_after_write = ("DEAUTHORIZED",)
    errors: tuple[type[ProvisionerError], ...] = (SecretNotUsableError, NotStabilizedError)
    password = NO_PASSWORD if failure == "no secret" else PASSWORD
    with pytest.raises(errors):
        terraform(world, "update", "B", "A", password)
    assert "A" in world.connections.stored
    world.connections.states_after_write = ()
    match end:
        case "mended":
            terraform(world, "update", "B", "B")
        case "destroyed":
            terraform(world, "delete", "B", "B")
        case "renamed back":
            terraform(world, "update", "A", "B")
        case _:
            terraform(world, "update", "C", "B")
    left = {"mended": {"B"}, "destroyed": set(), "renamed back": {"A"}, "renamed again": {"C"}}
    assert set(world.connections.stored) == set(world.owners) == left[end]


@pytest.mark.parametrize("action", ["update", "delete"])
@pytest.mark.parametrize("seconds", [0, 1, 30, 3600])
def test_what_somebody_makes_during_a_rename_is_theirs(
    world: World, action: str, seconds: float
) -> None:
    """Whatever comes next: it is not written over, and not deleted."""
    crm.let_somebody_overtake(world)
    with pytest.raises(AlreadyExistsError, match="at the same time"):
        terraform(world, "update", "B", "A")
    crm.pass_time(world, seconds)
    with suppress(AlreadyExistsError):
        terraform(world, action, "B", "B")
    assert world.connections.stored["B"]["properties"] == {**WITH_HEADER, "Name": "B"}


@pytest.mark.parametrize("action", ["update", "delete"])
@pytest.mark.parametrize("seconds", [0, 2, 4, 6])
def test_what_somebody_makes_after_a_failed_rename_is_theirs(
    world: World, action: str, seconds: float
) -> None:
    """The claim that it left says which name is old, not that the new one may be ours."""
    with pytest.raises(SecretNotUsableError):
        terraform(world, "update", "B", "A", NO_PASSWORD)
    crm.pass_time(world, seconds)
    world.connections.make_by_hand("B", WITH_HEADER)
    crm.pass_time(world)
    with suppress(AlreadyExistsError):
        terraform(world, action, "B", "B")
    assert world.connections.stored["B"]["properties"] == {**WITH_HEADER, "Name": "B"}


def test_what_somebody_makes_while_a_rename_is_retried_is_theirs(world: World) -> None:
    """The claim of the first try gives no right to it, nor does that of the second one."""
    with pytest.raises(SecretNotUsableError):
        terraform(world, "update", "B", "A", NO_PASSWORD)
    crm.pass_time(world)
    crm.let_somebody_overtake(world)
    for _ in range(2):
        with pytest.raises(AlreadyExistsError):
            terraform(world, "update", "B", "B")
        crm.pass_time(world)
    assert world.connections.stored["B"]["properties"] == {**WITH_HEADER, "Name": "B"}
    assert "A" in world.connections.stored


@pytest.mark.parametrize("action", ["update", "delete"])
@pytest.mark.parametrize("seconds", [0.0, 0.5, 3.0, 5.0])
def test_what_somebody_makes_while_a_throttled_creation_is_retried_is_theirs(
    world: World, action: str, seconds: float
) -> None:
    """Also where Describe does not show it at once."""
    world.connections.before_create = failing(ThrottlingError("later"))
    with pytest.raises(ThrottlingError):
        terraform(world, "create", "B")
    crm.pass_time(world)
    world.connections.lag = Lag(existence_seconds=seconds)

    def overtake(name: str) -> None:
        world.connections.before_create = None
        world.connections.create({**WITH_HEADER, "Name": name})

    world.connections.before_create = overtake
    with pytest.raises(AlreadyExistsError):
        terraform(world, "update", "B", "B")
    crm.pass_time(world)
    with suppress(AlreadyExistsError):
        terraform(world, action, "B", "B")
    assert world.connections.stored["B"]["properties"] == {**WITH_HEADER, "Name": "B"}


@pytest.mark.parametrize("first", [("create", "B"), ("update", "B", "A")])
def test_a_fetch_without_an_answer_claims_no_connection(
    world: World, first: tuple[str, ...]
) -> None:
    """Nothing was sent to EventBridge: what somebody makes minutes later is theirs."""
    world.secrets.before_read = failing(crm.lost_answer())
    with pytest.raises(NetworkFailureError):
        terraform(world, *first)
    world.secrets.before_read = None
    crm.pass_time(world, 300)
    world.connections.make_by_hand("B", WITH_HEADER)
    terraform(world, "delete", "B", "B")
    assert "B" in world.connections.stored


@pytest.mark.parametrize("failure", crm.FAILURES[:3])
@pytest.mark.parametrize("action", ["update", "delete"])
def test_a_rename_that_failed_to_adopt_keeps_nothing(
    world: World, action: str, failure: str
) -> None:
    """It is adopted by a request that says so, once its secret is there, or by none."""
    world.connections.make_by_hand("B", WITH_HEADER)
    crm.pass_time(world)
    with crm.failing_before_creation(world, failure), pytest.raises(ProvisionerError):
        terraform(world, "update", "B", "A", OnExisting="Adopt")
    crm.pass_time(world)
    with suppress(AlreadyExistsError):
        terraform(world, action, "B", "B")
    assert world.connections.stored["B"]["properties"] == {**WITH_HEADER, "Name": "B"}
    assert world.owners.get("B") is None or not world.registry.records["B"].connection_arn


@pytest.mark.parametrize("failure", crm.FAILURES)
@pytest.mark.parametrize("end", ["mended", "destroyed"])
@pytest.mark.parametrize("first", [("update", "B", "A"), ("create", "B")])
def test_what_was_created_without_an_answer_stays_ours_through_a_failure(
    world: World, first: tuple[str, ...], end: str, failure: str
) -> None:
    """Also where the failure comes before Describe shows it."""
    create = world.connections.create

    def lose(properties: Mapping[str, Any]) -> Connection:
        world.connections.create = create  # type: ignore[method-assign]
        create(properties)
        raise crm.lost_answer()

    world.connections.create = lose  # type: ignore[method-assign]
    with pytest.raises(NetworkFailureError):
        terraform(world, *first)
    world.connections.lag = Lag(existence_seconds=9.0)
    crm.pass_time(world, 6)
    with crm.failing_before_creation(world, failure), pytest.raises(ProvisionerError):
        terraform(world, "update", "B", "B")
    world.connections.lag = NONE
    crm.pass_time(world)
    terraform(world, "update" if end == "mended" else "delete", "B", "B")
    assert ("B" in world.connections.stored) is (end == "mended")


def make_b_that_does_not_work(world: World) -> None:
    """Rename A to B, whose credential is refused: B is registered, and A still there."""
    world.connections.states_after_write = ("DEAUTHORIZED",)
    with pytest.raises(NotStabilizedError):
        terraform(world, "update", "B", "A")
    world.connections.states_after_write = ()
    crm.pass_time(world)


def test_what_was_renamed_is_created_again_while_its_deletion_is_not_visible(world: World) -> None:
    """EventBridge refuses the name for a while after a Delete whose answer was lost."""
    make_b_that_does_not_work(world)
    delete = world.connections.delete

    def lose(name: str) -> None:
        if name == "B":
            del world.connections.stored[name]
            raise crm.lost_answer()
        delete(name)

    world.connections.delete = lose  # type: ignore[method-assign]
    with pytest.raises(NetworkFailureError):
        terraform(world, "delete", "B", "B")
    crm.pass_time(world)
    refusals = iter([AlreadyExistsError("B"), AlreadyExistsError("B")])

    def refuse(_: str) -> None:
        if refusal := next(refusals, None):
            raise refusal

    world.connections.before_create = refuse
    assert terraform(world, "create", "B").outcome == "Created"


def test_a_renamed_connection_that_cannot_be_made_again_stays_registered(world: World) -> None:
    """Somebody deleted it; a Reconcile must still know what it was, and Terraform the old name."""
    make_b_that_does_not_work(world)
    before = world.registry.records["B"]
    del world.connections.stored["B"]
    with pytest.raises(SecretNotUsableError):
        terraform(world, "update", "B", "B", NO_PASSWORD)
    left = world.registry.records["B"]
    assert (left.connection_arn, left.properties) == (before.connection_arn, before.properties)
    assert left.replaces == ("A",)


def test_a_rename_to_and_fro_leaves_one(world: World) -> None:
    """Each step failed but the last."""
    world.connections.states_after_write = ("DEAUTHORIZED",)
    for before, name in (("A", "B"), ("B", "C"), ("C", "B")):
        with pytest.raises(NotStabilizedError):
            terraform(world, "update", name, before)
    world.connections.states_after_write = ()
    terraform(world, "update", "B", "B")
    assert set(world.connections.stored) == set(world.owners) == {"B"}


def test_what_is_another_owners_is_not_deleted_by_a_rename(world: World) -> None:
    """Nor what nobody is registered for."""
    world.registry.records["A"] = type(world.registry.records["A"])(
        "A", "cloudformation/s/C", world.time.now, world.time.now, connection_arn="arn"
    )
    terraform(world, "update", "B", "A")
    assert set(world.connections.stored) == {"A", "B"}


def test_a_destroy_can_end(world: World) -> None:
    """Also where somebody deleted it before, or it never was."""
    assert terraform(world, "delete", "A", "A").outcome == "Deleted"
    assert terraform(world, "delete", "A", "A").outcome == "Deleted"
    assert terraform(world, "delete", "never", "never").is_ignored


def test_only_terraform_gives_a_name_up(world: World) -> None:
    """A direct request for another name is about another connection."""
    world.time.seconds += 1
    asked = read_document(given("B"), DIRECT, "request", world.time.now)
    carry_out(world.ports, check(asked, RULES))
    assert set(world.connections.stored) == {"A", "B"}


def test_the_old_one_stays_until_the_new_one_is_usable(world: World) -> None:
    """Also where Terraform does not wait for it."""
    world.connections.states_after_write = ("AUTHORIZING",) * 3 + ("AUTHORIZED",)
    terraform(world, "update", "B", "A", WaitTimeoutSeconds=0)
    assert set(world.connections.stored) == {"A", "B"}
    world.time.seconds += 60
    terraform(world, "update", "B", "B")
    assert set(world.connections.stored) == set(world.owners) == {"B"}


def test_the_old_one_stays_until_a_private_new_one_is_active(world: World) -> None:
    """It is AUTHORIZED before EventBridge reaches the API."""
    world.connections.states_after_write = ("AUTHORIZED", "ACTIVE")
    private: dict[str, Any] = {"InvocationConnectivityParameters": PRIVATE}
    completion = terraform(world, "update", "B", "A", WaitTimeoutSeconds=0, **private)
    assert completion.connection.state == "AUTHORIZED"
    assert set(world.connections.stored) == {"A", "B"}
    terraform(world, "update", "B", "B", **private)
    assert set(world.connections.stored) == set(world.owners) == {"B"}


@pytest.mark.parametrize("failure", crm.FAILURES)
def test_what_a_stack_fails_to_make_in_between_hides_no_old_one(world: World, failure: str) -> None:
    """The name was free to claim; Terraform still means the old one by the new name."""
    with pytest.raises(SecretNotUsableError):
        terraform(world, "update", "B", "A", NO_PASSWORD)
    world.time.seconds += 60
    with crm.failing_before_creation(world, failure), pytest.raises(ProvisionerError):
        stack(world, "Create", given("B")["ResourceProperties"])
    crm.pass_time(world)
    terraform(world, "delete", "B", "B")
    assert (set(world.connections.stored), world.owners) == (set(), {})


def test_a_rename_that_failed_takes_nothing_that_a_hand_made(world: World) -> None:
    """The claim is kept for the old name alone, which a destroy still finds."""
    with pytest.raises(SecretNotUsableError):
        terraform(world, "update", "B", "A", NO_PASSWORD)
    world.time.seconds += 300
    world.connections.make_by_hand("B", given("B")["ResourceProperties"])
    with pytest.raises(AlreadyExistsError):
        terraform(world, "update", "B", "B")
    terraform(world, "delete", "B", "B")
    assert (set(world.connections.stored), world.owners) == ({"B"}, {})
