"""The use cases against in-memory ports: what is written, whose it is, and what is told."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

import pytest

from handler.adapters.aws_client import Caller
from handler.adapters.eventbridge import EventBridgeConnections
from handler.connections.record import Record, Stored
from handler.connections.state import Connection
from handler.entrypoints.execution import Failed
from handler.errors import (
    AlreadyExistsError,
    NetworkFailureError,
    NotStabilizedError,
    ProvisionerError,
    ResourceConflictError,
    SecretNotUsableError,
    ServiceInternalError,
    ServiceLimitExceededError,
    ThrottlingError,
)
from handler.operations.completion import Outcome
from handler.requests.entry_point import CLOUDFORMATION, DIRECT
from handler.settings import LEAST_PATIENCE_SECONDS
from tests.support import alpha, crm
from tests.support.crm import BASIC, OAUTH, PASSWORD, PRIVATE, WITH_HEADER, ask, password_of, stack
from tests.support.fake_aws import FakeAws, FakeClient, refusal
from tests.support.fakes import START, FakeRegistry, World
from tests.support.lives import told


def test_creating_puts_the_resolved_credential_into_the_connection(world: World) -> None:
    """The connection gets what the secret holds."""
    completion = ask(world)
    assert completion.outcome is Outcome.CREATED
    assert completion.connection.state == "AUTHORIZED"
    assert password_of(world) == "correct horse"


def test_the_claim_is_written_before_anything_is_fetched_or_created(world: World) -> None:
    """A crash at any later point finds the registry knowing whose the connection is."""
    seen: list[tuple[Record | None, list[str]]] = []
    world.connections.before_create = lambda name: seen.append(
        (world.registry.read(name), list(world.connections.calls))
    )
    ask(world)
    claim, calls = seen[0]
    assert claim is not None
    assert claim.connection_arn == ""
    assert calls == ["describe", "create"]
    assert world.registry.records["crm"].connection_arn


def test_the_registry_holds_references_and_versions_but_no_value(world: World) -> None:
    """What is stored can be re-applied, and tells nothing."""
    ask(world)
    record = world.registry.records["crm"]
    assert PASSWORD in str(record.properties)
    assert record.secret_versions == {"secretsmanager:connections/crm::": "version-1"}
    assert "correct horse" not in str(world.registry.writes)


def test_the_same_request_again_writes_nothing(world: World) -> None:
    """A duplicate is Unchanged."""
    ask(world)
    world.connections.calls.clear()
    assert ask(world, "Update").outcome is Outcome.UNCHANGED
    assert set(world.connections.calls) == {"describe"}


def test_a_new_version_of_the_secret_is_written(world: World) -> None:
    """Same properties, other version: the connection is updated."""
    ask(world)
    world.secrets.texts["connections/crm"] = '{"password": "battery staple"}'
    world.secrets.versions["connections/crm"] = "version-2"
    assert ask(world).outcome is Outcome.UPDATED
    assert password_of(world) == "battery staple"


def test_a_change_behind_our_back_is_written_over(world: World) -> None:
    """LastModifiedTime tells that somebody else was at the connection."""
    ask(world)
    world.connections.stored["crm"]["modified"] += timedelta(minutes=1)
    assert ask(world).outcome is Outcome.UPDATED


def test_the_authorization_type_changes_in_place(world: World) -> None:
    """The ARN stays, the other type's parameters are all there is."""
    before = ask(world, properties=WITH_HEADER).connection.arn
    key = PASSWORD.replace("password", "key")
    block = {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": key}}
    properties = {"Name": "crm", "AuthorizationType": "API_KEY", "AuthParameters": block}
    after = ask(world, "Update", properties)
    assert after.connection.arn == before
    stored = world.connections.stored["crm"]["properties"]
    none: dict[str, Any] = {"HeaderParameters": []}
    expected = {"ApiKeyName": "X-Key", "ApiKeyValue": "k-1"}
    assert stored["AuthParameters"] == {
        "ApiKeyAuthParameters": expected,
        "InvocationHttpParameters": none,
    }


def test_a_private_connection_becomes_public(world: World) -> None:
    """The empty ARN that EventBridge wants for it is sent though the request says nothing."""
    world.connections.states_after_write = ("CREATING", "ACTIVE")
    private = {**BASIC, "InvocationConnectivityParameters": PRIVATE}
    assert ask(world, properties=private).connection.state == "ACTIVE"
    world.connections.states_after_write = ()
    ask(world, "Update", BASIC)
    stored = world.connections.stored["crm"]["properties"]["InvocationConnectivityParameters"]
    assert stored == {"ResourceParameters": {"ResourceConfigurationArn": ""}}


def test_what_somebody_made_by_hand_is_not_touched(world: World) -> None:
    """AlreadyExists, and no write."""
    world.connections.make_by_hand("crm", WITH_HEADER)
    with pytest.raises(AlreadyExistsError, match="Adopt"):
        ask(world)
    assert set(world.connections.calls) == {"describe"}
    assert world.owners == {}


def test_adopting_takes_over_what_is_nobodys(world: World) -> None:
    """The connection keeps its ARN and becomes what was asked."""
    world.connections.make_by_hand("crm", WITH_HEADER)
    arn = world.connections.stored["crm"]["arn"]
    completion = ask(world, properties={**BASIC, "OnExisting": "Adopt"})
    assert completion.outcome is Outcome.ADOPTED
    assert completion.connection.arn == arn
    assert password_of(world) == "correct horse"
    assert world.registry.records["crm"].connection_arn == arn
    assert world.registry.records["crm"].is_adopted


def test_an_adoption_that_does_not_settle_names_what_it_took_over(world: World) -> None:
    """A stack's Delete will release it by that name; the next try goes on waiting."""
    world.connections.make_by_hand("crm", WITH_HEADER)
    world.time.seconds += 3600
    arn = world.connections.stored["crm"]["arn"]
    world.connections.states_after_write = ("AUTHORIZING",)
    with pytest.raises(NotStabilizedError) as raised:
        ask(world, properties={**OAUTH, "OnExisting": "Adopt"})
    assert raised.value.created_name == "crm"
    assert world.registry.records["crm"].connection_arn == arn
    world.connections.stored["crm"]["states"] = ["AUTHORIZED"]
    crm.pass_time(world)
    assert ask(world, properties={**OAUTH, "OnExisting": "Adopt"}).outcome is Outcome.ADOPTED


def test_an_adoption_that_takes_a_moment_is_waited_for(world: World) -> None:
    """And what it shows in the end is compared with what was asked for."""
    world.connections.make_by_hand("crm", OAUTH)
    world.connections.states_after_write = ("AUTHORIZING", "AUTHORIZED")
    completion = ask(world, properties={**OAUTH, "OnExisting": "Adopt"})
    assert (completion.outcome, completion.connection.state) == (Outcome.ADOPTED, "AUTHORIZED")


def owned_by_a_record_of_what_is_gone(world: World, replaces: tuple[str, ...] = ()) -> Record:
    """Let somebody replace a connection by hand, an hour after it was made."""
    ask(world)
    record = replace(world.registry.records["crm"], replaces=replaces)
    del world.connections.stored["crm"]
    crm.pass_time(world)
    world.connections.make_by_hand("crm", BASIC)
    return world.registry.write(record)


def test_an_adoption_keeps_the_names_that_its_record_replaces(world: World) -> None:
    """They are deleted once it works."""
    owned_by_a_record_of_what_is_gone(world, ("old",))
    ask(world, properties={**BASIC, "OnExisting": "Adopt"})
    record = world.registry.records["crm"]
    assert record.connection_arn == world.connections.stored["crm"]["arn"]
    assert record.replaces == ("old",)


def test_an_adoption_that_is_refused_leaves_the_record_that_was_there(world: World) -> None:
    """Nothing half done."""
    before = owned_by_a_record_of_what_is_gone(world)
    world.secrets.texts.clear()
    with pytest.raises(SecretNotUsableError):
        ask(world, properties={**BASIC, "OnExisting": "Adopt"})
    assert replace(world.registry.records["crm"], stored=before.stored) == before


def test_an_adoption_whose_secret_is_missing_registers_nothing(world: World) -> None:
    """Nothing half done."""
    world.connections.make_by_hand("crm", BASIC)
    world.secrets.texts.clear()
    with pytest.raises(SecretNotUsableError):
        ask(world, properties={**BASIC, "OnExisting": "Adopt"})
    assert world.owners == {}
    assert "update" not in world.connections.calls


@pytest.mark.parametrize("on_existing", ["Fail", "Adopt"])
def test_what_a_stack_owns_is_never_a_messages(world: World, on_existing: str) -> None:
    """Adopt is for what nobody is registered for."""
    stack(world, "Create")
    world.connections.calls.clear()
    with pytest.raises(AlreadyExistsError, match=r"belongs to cloudformation/.* can Release it"):
        ask(world, properties={**BASIC, "OnExisting": on_existing})
    assert set(world.connections.calls) == {"describe"}


def test_two_logical_ids_of_one_stack_are_two_owners(world: World) -> None:
    """The second resource of that name is refused."""
    stack(world, "Create")
    with pytest.raises(AlreadyExistsError):
        stack(world, "Create", logical_resource_id="Other")


def test_after_a_crash_behind_create_the_connection_is_ours(world: World) -> None:
    """A claim with a connection not older than it: taken on, updated, told as created."""

    def crash(name: str) -> None:
        world.connections.after_create = None
        raise crm.lost_answer()

    world.connections.after_create = crash
    with pytest.raises(NetworkFailureError):
        ask(world)
    assert world.registry.records["crm"].connection_arn == ""
    assert ask(world).outcome is Outcome.CREATED
    assert world.registry.records["crm"].connection_arn == world.connections.stored["crm"]["arn"]


def test_a_connection_older_than_the_claim_is_not_ours(world: World) -> None:
    """The claim is dropped and the connection left alone."""
    world.connections.make_by_hand("crm", WITH_HEADER)
    world.time.seconds += 6
    world.registry.write(Record("crm", "requests", claimed_at=world.time.now, request_time=START))
    with pytest.raises(AlreadyExistsError):
        ask(world)
    assert world.owners == {}


def test_a_connection_within_the_grace_before_the_claim_is_ours(world: World) -> None:
    """EventBridge's clock may be a little behind ours."""
    world.connections.make_by_hand("crm", BASIC)
    world.time.seconds += 4
    world.registry.write(Record("crm", "requests", claimed_at=world.time.now, request_time=START))
    assert ask(world).outcome is Outcome.CREATED


def let_it_arrive_twice(world: World) -> None:
    """Let the next creation be carried out by its first try, and refused at its second."""

    def arrive_twice(name: str) -> None:
        world.connections.before_create = None
        world.connections.create({**BASIC, "Name": name})
        error = AlreadyExistsError(name)
        error.has_unknown_end = True
        raise error

    world.connections.before_create = arrive_twice


def test_an_answer_lost_on_create_does_not_become_already_exists(world: World) -> None:
    """EventBridge says that the connection exists because our own first try made it."""
    let_it_arrive_twice(world)
    assert ask(world).outcome is Outcome.CREATED


def test_a_lost_creation_is_ours_though_an_earlier_try_had_made_nothing(world: World) -> None:
    """The earlier claim is over; only this one covers what its first try created."""
    with crm.failing_before_creation(world, "creation throttled"), pytest.raises(ThrottlingError):
        ask(world)
    crm.pass_time(world)
    let_it_arrive_twice(world)
    assert ask(world).outcome is Outcome.CREATED


@pytest.mark.parametrize("failure", crm.FAILURES)
@pytest.mark.parametrize("end", ["Create", "Delete"])
def test_a_creation_that_is_carried_out_late_is_ours_through_a_failure(
    world: World, end: str, failure: str
) -> None:
    """Its call had no answer; a retry that made nothing ends no claim but its own."""
    world.connections.before_create = alpha.failing(crm.lost_answer())
    with pytest.raises(NetworkFailureError):
        ask(world)
    world.connections.before_create = None
    crm.pass_time(world, 10)
    with crm.failing_before_creation(world, failure), pytest.raises(ProvisionerError):
        ask(world)
    crm.pass_time(world, 10)
    world.connections.make_by_hand("crm", BASIC)  # the first call is carried out
    crm.pass_time(world, 40)
    ask(world, end)
    left = {"crm"} if end == "Create" else set()
    assert set(world.connections.stored) == set(world.owners) == left


def test_what_somebody_made_at_the_same_time_is_theirs(world: World) -> None:
    """Between our look, which found nothing, and our first try; the claim is taken back."""
    crm.let_somebody_overtake(world)
    with pytest.raises(AlreadyExistsError, match="at the same time"):
        ask(world)
    assert world.connections.stored["crm"]["properties"]["Description"] == "the CRM"
    assert not world.registry.records


def test_what_somebody_makes_over_another_owners_claim_is_theirs(world: World) -> None:
    """The claim says nothing of what this request may have created."""
    world.connections.before_create = alpha.failing(crm.lost_answer())
    with pytest.raises(NetworkFailureError):
        stack(world, "Create")
    crm.pass_time(world)
    before = replace(world.registry.records["crm"], stored=Stored())
    crm.let_somebody_overtake(world)
    with pytest.raises(AlreadyExistsError, match="at the same time"):
        ask(world)
    assert world.connections.stored["crm"]["properties"] == WITH_HEADER
    assert replace(world.registry.records["crm"], stored=Stored()) == before


def test_what_somebody_makes_while_ours_is_recreated_is_theirs(world: World) -> None:
    """Ours was deleted by hand, and no call of ours has an unknown end."""
    ask(world)
    del world.connections.stored["crm"]
    crm.pass_time(world)
    crm.let_somebody_overtake(world)
    with pytest.raises(AlreadyExistsError, match="at the same time"):
        ask(world, "Update")
    assert world.connections.stored["crm"]["properties"]["Description"] == "the CRM"


@pytest.mark.parametrize("how", ["stack", "an hour later"])
def test_who_was_throttled_before_it_created_anything_has_no_right_to_a_namesake(
    world: World, how: str
) -> None:
    """What somebody made since the failed try is theirs."""

    def throttle(_: str) -> None:
        world.secrets.before_read = None
        crm.let_somebody_overtake(world)
        raise ThrottlingError("later")

    world.secrets.before_read = throttle
    if how == "an hour later":
        with pytest.raises(ThrottlingError):
            ask(world)
        crm.pass_time(world)
    with pytest.raises(AlreadyExistsError):
        stack(world, "Create") if how == "stack" else ask(world)
    assert world.connections.stored["crm"]["properties"] == WITH_HEADER


def test_a_namesake_recreated_by_somebody_else_is_not_ours(world: World) -> None:
    """Another UUID in the ARN: not updated, not deleted."""
    ask(world)
    del world.connections.stored["crm"]
    world.connections.make_by_hand("crm", WITH_HEADER)
    with pytest.raises(AlreadyExistsError):
        ask(world, "Update")
    assert set(world.connections.calls) == {"describe"}


def test_a_connection_deleted_by_hand_is_recreated_by_an_update(world: World) -> None:
    """The new ARN says so."""
    before = ask(world).connection.arn
    del world.connections.stored["crm"]
    completion = ask(world, "Update")
    assert completion.outcome is Outcome.CREATED
    assert completion.connection.arn != before


def test_a_name_that_is_still_being_deleted_is_awaited(world: World) -> None:
    """AlreadyExists would be wrong: in a moment the name is free."""
    world.connections.make_by_hand("crm", BASIC)
    world.connections.stored["crm"]["states"] = ["DELETING", "DELETING", "GONE"]
    assert ask(world).outcome is Outcome.CREATED


def test_a_long_deletion_is_awaited_by_those_who_do_not_wait_for_a_state(world: World) -> None:
    """WaitTimeoutSeconds is about the new connection; the old one takes its time."""
    world.connections.make_by_hand("crm", BASIC)
    world.connections.stored["crm"]["states"] = ["DELETING"] * 30 + ["GONE"]
    before = world.time.seconds
    assert ask(world, properties={**BASIC, "WaitTimeoutSeconds": 0}).outcome is Outcome.CREATED
    assert world.time.seconds - before > LEAST_PATIENCE_SECONDS


@pytest.mark.parametrize("error", [SecretNotUsableError("x"), ServiceLimitExceededError("x")])
def test_a_create_that_can_never_work_leaves_no_claim(
    world: World, error: ProvisionerError
) -> None:
    """The name is free for whoever comes next."""

    def refuse(name: str) -> None:
        raise error

    world.connections.before_create = refuse
    with pytest.raises(type(error)):
        ask(world)
    assert world.owners == {}


def test_a_conflict_in_the_registry_begins_again(world: World) -> None:
    """A duplicate that was faster is followed, not fought."""

    def duplicate() -> None:
        world.registry.before_write = iter(())
        ask(world)

    world.registry.before_write = iter([duplicate])
    assert ask(world).outcome is Outcome.UNCHANGED
    assert world.connections.calls.count("create") == 1


def test_a_rename_leaves_the_old_connection_to_the_later_delete(world: World) -> None:
    """CloudFormation may still roll back to it."""
    stack(world, "Create")
    completion = stack(world, "Update", {**BASIC, "Name": "crm2"}, "crm")
    assert completion.connection.name == "crm2"
    assert set(world.connections.stored) == {"crm", "crm2"}
    stack(world, "Delete", BASIC, "crm")
    assert set(world.connections.stored) == {"crm2"}


def test_a_stack_without_name_gets_a_derived_one_that_stays(world: World) -> None:
    """Legible, unique to stack and resource, the same at every retry; kept on Update."""
    nameless = {name: value for name, value in BASIC.items() if name != "Name"}
    name = stack(world, "Create", nameless).connection.name
    assert name.startswith("shop-Connection-")
    assert stack(world, "Create", nameless).connection.name == name
    assert stack(world, "Update", {**nameless, "Revision": "2"}, name).connection.name == name
    stack(world, "Delete", nameless, name)
    assert world.connections.stored == {}


def test_an_update_whose_answer_was_lost_is_no_proof_of_the_old_state(world: World) -> None:
    """The roll-back must write, though the last write was never seen settled."""
    world.connections.states_after_write = ("UPDATING",) * 3 + ("AUTHORIZED",)
    alpha.run(world, alpha.message(variant=0, WaitTimeoutSeconds=0))
    world.time.seconds += 60
    update = world.connections.update

    def lose(properties: Mapping[str, Any]) -> None:
        update(properties)
        raise crm.lost_answer()

    with pytest.raises(NetworkFailureError):
        alpha.run(
            world,
            alpha.message("Update", variant=2, sent=10),
            connections=alpha.connections(world, update=lose),
        )
    world.time.seconds += 60
    alpha.run(world, alpha.message("Update", variant=0, sent=20))
    assert alpha.user(world) == "u0"


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

    refusing = alpha.connections(world, create=create)
    with pytest.raises(ServiceLimitExceededError) as raised:
        alpha.run(world, alpha.message(owner=alpha.STACK_A), connections=refusing)
    assert raised.value.created_name == "alpha"
    delete = replace(
        alpha.message("Delete", sent=5, owner=alpha.STACK_A),
        entry_point=CLOUDFORMATION,
        physical_resource_id="alpha",
    )
    alpha.run(world, delete)
    assert world.connections.describe("alpha") is None


def test_who_was_released_while_waiting_takes_nothing_back(world: World) -> None:
    """It was adopted by another owner meanwhile, as far as the registry's revisions tell."""
    world.connections.states_after_write = ("AUTHORIZING",) * 6 + ("AUTHORIZED",)

    def release_and_adopt() -> None:
        alpha.run(world, alpha.message("Release", entry_point=DIRECT), holder="h2")
        adoption = alpha.message(
            owner=alpha.STACK_B, entry_point=DIRECT, OnExisting="Adopt", WaitTimeoutSeconds=0
        )
        alpha.run(world, adoption, holder="h3")

    watched = alpha.watching(world, 2, release_and_adopt)
    with pytest.raises(AlreadyExistsError):
        alpha.run(world, alpha.message(owner=alpha.STACK_A), connections=watched, holder="h1")
    assert world.registry.records["alpha"].owner == alpha.STACK_B


def test_a_rename_that_settled_and_then_fails_tells_the_new_name(world: World) -> None:
    """Its answer was lost; the redelivery finds the secret gone."""
    world.time.seconds += 10
    rename = alpha.of_stack("Update", "old", sent=10)
    alpha.run(world, rename)
    world.secrets.texts.clear()
    with pytest.raises(SecretNotUsableError) as raised:
        alpha.run(world, rename)
    assert told(Failed(rename, raised.value)) == (False, "alpha")


def test_a_roll_back_that_fails_tells_the_id_it_came_with(world: World) -> None:
    """The older connection was there before; the newer one is still to be deleted."""
    alpha.run(world, alpha.of_stack("Create"))
    world.time.seconds += 1000
    roll_back = alpha.of_stack("Update", "new", sent=1000)
    world.secrets.texts.clear()
    with pytest.raises(SecretNotUsableError) as raised:
        alpha.run(world, roll_back)
    assert told(Failed(roll_back, raised.value)) == (False, "new")


def test_a_connection_that_failed_is_written_again_by_the_same_request(world: World) -> None:
    """Its endpoint may work by now."""
    world.connections.states_after_write = ("DEAUTHORIZED",)
    with pytest.raises(NotStabilizedError):
        crm.send(world)
    world.connections.states_after_write = ()
    crm.send(world)
    assert world.connections.stored["crm"]["states"] == ["AUTHORIZED"]


def test_a_create_whose_answer_was_lost_names_what_it_may_have_made(world: World) -> None:
    """A Delete of what was not made is ignored; what was made and is unnamed stays for ever."""

    def lose(_: str) -> None:
        raise crm.lost_answer()

    world.connections.after_create = lose
    with pytest.raises(NetworkFailureError) as raised:
        crm.send(world)
    assert raised.value.created_name == "crm"


def test_a_create_whose_secret_cannot_be_fetched_yet_names_what_it_claimed(world: World) -> None:
    """Its claim is kept; a Delete that is told another name would leave the claim behind."""
    world.secrets.before_read = alpha.failing(ThrottlingError("later"))
    with pytest.raises(ThrottlingError) as raised:
        ask(world)
    assert raised.value.created_name == "crm"


def test_what_was_created_is_named_though_a_conflict_came_after_it(world: World) -> None:
    """The second look, after the conflict, finds the registry out of order."""

    def conflict() -> None:
        world.registry.before_write = iter(())
        monkeypatch.setattr(FakeRegistry, "read", fail)
        raise ResourceConflictError("somebody was faster")

    def fail(*_: object) -> None:
        raise ServiceInternalError("out of order")

    world.registry.before_write = iter([lambda: None, conflict])
    with pytest.MonkeyPatch.context() as monkeypatch, pytest.raises(ServiceInternalError) as raised:
        crm.send(world)
    assert raised.value.created_name == "crm"


def test_what_a_dead_holder_may_have_written_is_written_again(world: World) -> None:
    """Its lease was never given back: the connection may be in any state between two requests."""
    crm.send(world)
    record = world.registry.records["crm"]
    until = world.time.now - timedelta(seconds=1)
    world.registry.write(replace(record, lease_holder="dead", leased_until=until))
    assert crm.send(world) is Outcome.UPDATED


def test_a_name_that_goes_on_being_deleted_is_a_conflict(world: World) -> None:
    """It comes back; the name is not taken."""
    world.connections.make_by_hand("crm", BASIC)
    world.connections.stored["crm"]["states"] = ["DELETING"]
    with pytest.raises(ResourceConflictError):
        crm.send(world)


def test_a_private_connection_on_its_way_is_waited_for_though_nothing_is_written(
    world: World,
) -> None:
    """AUTHORIZED is not yet ACTIVE."""
    world.connections.states_after_write = ("CREATING", "ACTIVE")
    private = {**BASIC, "InvocationConnectivityParameters": PRIVATE}
    ask(world, properties=private)
    crm.pass_time(world)
    world.connections.stored["crm"]["states"] = ["AUTHORIZED", "AUTHORIZED", "AUTHORIZED", "ACTIVE"]
    world.connections.calls.clear()
    completion = ask(world, "Update", private)
    assert (completion.outcome, completion.connection.state) == (Outcome.UNCHANGED, "ACTIVE")
    assert set(world.connections.calls) == {"describe"}


@pytest.mark.parametrize(("seconds", "named"), [(0, "crm"), (5, "crm"), (6, "")])
def test_a_failure_names_the_connection_where_its_request_may_have_made_it(
    world: World, seconds: int, named: str
) -> None:
    """A record that is younger than the request, but for the clocks' difference."""
    ask(world)
    world.secrets.texts.clear()
    with pytest.raises(SecretNotUsableError) as raised:
        ask(
            world,
            "Update",
            {
                **BASIC,
                "AuthParameters": {"BasicAuthParameters": {"Username": "x", "Password": PASSWORD}},
            },
            sent=world.time.now + timedelta(seconds=seconds),
        )
    assert raised.value.created_name == named


@pytest.mark.parametrize("is_its", [True, False])
def test_a_rollback_to_a_resource_without_name_means_its_derived_name(
    world: World, is_its: bool
) -> None:
    """CloudFormation sends the newer name as its id; another's of the derived name stays his."""
    nameless = {name: each for name, each in BASIC.items() if name != "Name"}
    derived = stack(world, "Create", nameless).connection.name
    crm.pass_time(world, 60)
    renamed = stack(world, "Update", {**nameless, "Name": "crm"}, derived)
    assert renamed.connection.name == "crm"
    if not is_its:
        record = world.registry.records[derived]
        world.registry.records[derived] = replace(record, owner="requests")
    crm.pass_time(world, 60)
    world.secrets.rotate("connections/crm", '{"password": "battery staple"}')
    rolled_back = stack(world, "Update", nameless, "crm")
    assert rolled_back.connection.name == (derived if is_its else "crm")
    assert set(world.connections.stored) == {derived, "crm"}
    written, other = (derived, "crm") if is_its else ("crm", derived)
    assert password_of(world, written) == "battery staple"
    assert password_of(world, other) == "correct horse"


def test_a_stack_without_name_is_created_without_asking_the_registry_first(world: World) -> None:
    """Hardly any name is known; the claim's condition tells as much as a look would."""
    nameless = {name: each for name, each in BASIC.items() if name != "Name"}
    fail = alpha.failing(AssertionError("read"))
    world.registry.read = fail  # type: ignore[method-assign]
    assert stack(world, "Create", nameless).outcome is Outcome.CREATED


def test_a_create_that_arrives_late_is_the_requests_own(world: World) -> None:
    """Its answer was lost, and no look showed it before the next delivery made its own call."""

    def lose(_: str) -> None:
        raise crm.lost_answer()

    def arrive(name: str) -> None:
        world.connections.before_create = None
        world.connections.make_by_hand(name, BASIC)

    world.connections.before_create = lose
    with pytest.raises(NetworkFailureError):
        ask(world)
    crm.pass_time(world, 60)
    world.connections.before_create = arrive
    assert ask(world).outcome is Outcome.CREATED
    assert world.connections.stored["crm"]["arn"] == world.registry.records["crm"].connection_arn


def test_a_create_during_the_end_of_an_own_deletion_is_no_one_elses(world: World) -> None:
    """The Delete lost its answer: Describe shows nothing any more, and yet the name is not free."""
    ask(world)
    before = world.connections.stored["crm"]

    def lose(name: str) -> None:
        del world.connections.stored[name]
        raise crm.lost_answer()

    def refuse(name: str) -> None:
        world.connections.before_create = None
        raise AlreadyExistsError(name)

    crm.pass_time(world)
    world.connections.delete = lose  # type: ignore[method-assign]
    with pytest.raises(NetworkFailureError):
        ask(world, "Delete", {"Name": "crm"})
    crm.pass_time(world, 60)
    world.connections.before_create = refuse
    completion = ask(world)
    assert completion.outcome is Outcome.CREATED
    assert completion.connection.arn != before["arn"]


@pytest.mark.parametrize(
    ("is_created", "named"), [(True, "crm"), (False, "")], ids=["creation", "update"]
)
def test_a_failure_names_what_an_earlier_request_had_not_finished_making(
    world: World, is_created: bool, named: str
) -> None:
    """A stack forgets a name that it was never told, and the connection would stay for ever."""
    if not is_created:
        ask(world)
        crm.pass_time(world)
    world.connections.states_after_write = ("AUTHORIZING",)
    ask(world, "Update", {**OAUTH, "WaitTimeoutSeconds": 0})
    crm.pass_time(world)
    world.secrets.texts.clear()
    with pytest.raises(SecretNotUsableError) as raised:
        ask(world, "Update", OAUTH)
    assert raised.value.created_name == named
