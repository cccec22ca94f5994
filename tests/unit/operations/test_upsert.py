"""The use cases against in-memory ports: what is written, whose it is, and what is told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handler.connections.ownership import Record
from handler.connections.state import Connection
from handler.errors import (
    AlreadyExistsError,
    InvalidRequestError,
    NetworkFailureError,
    NotFoundError,
    NotStabilizedError,
    ProvisionerError,
    ResourceConflictError,
    SecretNotUsableError,
    ServiceLimitExceededError,
)
from handler.operations.outcome import Outcome
from handler.requests.request import check
from handler.requests.unchecked_request import (
    CLOUDFORMATION,
    DIRECT,
    QUEUE,
    EntryPoint,
    read_document,
)
from handler.settings import LEAST_PATIENCE_SECONDS
from tests.support.bad_requests import secret_arn
from tests.support.crm import (
    BASIC,
    HEADER,
    PASSWORD,
    WITH_HEADER,
    ask,
    password_of,
    stack,
)
from tests.support.fakes import RULES, START, World, make_world

WHOLE = "{{resolve:secretsmanager:connections/crm}}"
PRIVATE = {
    "ResourceParameters": {
        "ResourceConfigurationArn": "arn:aws:vpc-lattice:us-east-1:123456789012:"
        "resourceconfiguration/rcfg-0123456789abcdef0"
    }
}


@pytest.fixture
def world() -> World:
    """Give an empty account."""
    return make_world()


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


def test_a_secret_used_twice_by_one_request_is_one_source(world: World) -> None:
    """The adapter is asked for one source only, however many keys are taken of it."""
    user = PASSWORD.replace("password", "user")
    both = {"BasicAuthParameters": {"Username": user, "Password": PASSWORD}}
    ask(world, properties={**BASIC, "AuthParameters": both})
    assert set(world.secrets.reads) == {"connections/crm"}
    stored = world.connections.stored["crm"]["properties"]["AuthParameters"]
    assert stored["BasicAuthParameters"]["Username"] == "ada"


@pytest.mark.parametrize("clears_on_empty", [True, False])
def test_what_the_request_dropped_is_gone(world: World, clears_on_empty: bool) -> None:
    """Whether EventBridge takes {} for none or for nothing said, the header goes."""
    ask(world, properties={**WITH_HEADER, "Description": "x"})
    world.connections.clears_on_empty = clears_on_empty
    ask(world, "Update", {**BASIC, "Description": "x"})
    stored = world.connections.stored["crm"]["properties"]["AuthParameters"]
    assert not stored.get("InvocationHttpParameters", {}).get("HeaderParameters")
    assert ("deauthorize" in world.connections.calls) is not clears_on_empty
    assert password_of(world) == "correct horse"


def test_a_dropped_description_that_stays_is_told(world: World) -> None:
    """What cannot be removed is not called success."""
    ask(world, properties=WITH_HEADER)
    world.connections.clears_on_empty = False
    with pytest.raises(NotStabilizedError, match="Description"):
        ask(world, "Update", BASIC)


def test_a_connection_is_written_again_once_it_is_deauthorized(world: World) -> None:
    """While it is DEAUTHORIZING, EventBridge refuses, or keeps what it was to drop."""
    ask(world, properties=WITH_HEADER)
    world.connections.clears_on_empty = False
    deauthorize, update = world.connections.deauthorize, world.connections.update
    before_update: list[str] = []

    def slowly_deauthorize(name: str) -> None:
        deauthorize(name)
        world.connections.stored[name]["states"] = ["DEAUTHORIZING"] * 3 + ["DEAUTHORIZED"]

    def note_and_update(properties: Mapping[str, Any]) -> Connection:
        before_update.append(world.connections.stored["crm"]["states"][0])
        return update(properties)

    world.connections.deauthorize = slowly_deauthorize  # type: ignore[method-assign]
    world.connections.update = note_and_update  # type: ignore[method-assign]
    ask(world, "Update", {**BASIC, "Description": "the CRM"})
    assert before_update == ["AUTHORIZED", "DEAUTHORIZED"]


def test_a_header_that_even_deauthorizing_leaves_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would go on being sent."""
    ask(world, properties=WITH_HEADER)
    world.connections.clears_on_empty = False
    kept = world.connections.stored["crm"]["properties"]["AuthParameters"]

    def update(_: object) -> Connection:
        world.connections.stored["crm"]["properties"]["AuthParameters"] = kept
        world.connections.stored["crm"]["states"] = ["AUTHORIZED"]
        return Connection("crm", state="AUTHORIZED")

    monkeypatch.setattr(world.connections, "update", update)
    with pytest.raises(NotStabilizedError, match="HeaderParameters"):
        ask(world, "Update", {**BASIC, "Description": "the CRM"})


def test_a_header_replaced_by_another_is_gone(world: World) -> None:
    """A list says all there shall be."""
    ask(world, properties=WITH_HEADER)
    other = {"HeaderParameters": [{**HEADER, "Key": "X-Other"}]}
    auth_parameters = {**BASIC["AuthParameters"], "InvocationHttpParameters": other}
    ask(world, "Update", {**WITH_HEADER, "AuthParameters": auth_parameters})
    stored = world.connections.stored["crm"]["properties"]["AuthParameters"]
    keys = [each["Key"] for each in stored["InvocationHttpParameters"]["HeaderParameters"]]
    assert keys == ["X-Other"]


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


def test_an_oauth_connection_is_awaited_until_authorized(world: World) -> None:
    """AUTHORIZING is no success yet; the looks come at growing intervals."""
    world.connections.states_after_write = ("AUTHORIZING", "AUTHORIZING", "AUTHORIZED")
    assert ask(world).connection.state == "AUTHORIZED"
    assert world.time.slept == sorted(world.time.slept)
    assert len(world.time.slept) == 2


def test_authorized_is_only_a_station_for_a_private_connection(world: World) -> None:
    """Private connections are usable when ACTIVE."""
    world.connections.states_after_write = ("AUTHORIZED", "AUTHORIZED", "ACTIVE")
    completion = ask(world, properties={**BASIC, "InvocationConnectivityParameters": PRIVATE})
    assert completion.connection.state == "ACTIVE"


@pytest.mark.parametrize("state", ["DEAUTHORIZED", "FAILED_CONNECTIVITY"])
@pytest.mark.parametrize("entry_point", [DIRECT, QUEUE])
def test_a_connection_that_failed_is_a_final_failure(
    world: World, state: str, entry_point: EntryPoint
) -> None:
    """The reason is EventBridge's own, and the created name is told."""
    world.connections.states_after_write = ("AUTHORIZING", state)
    world.connections.state_reason = "invalid_client"
    with pytest.raises(NotStabilizedError, match=f"{state}: invalid_client") as raised:
        ask(world, entry_point=entry_point)
    assert not raised.value.is_transient
    assert raised.value.created_name == "crm"


@pytest.mark.parametrize(("entry_point", "is_transient"), [(DIRECT, False), (QUEUE, True)])
def test_running_out_of_time_tells_the_state(
    world: World, entry_point: EntryPoint, is_transient: bool
) -> None:
    """Final for who waits, transient on the queue."""
    world.connections.states_after_write = ("AUTHORIZING",)
    with pytest.raises(NotStabilizedError, match=r"30 s; it is AUTHORIZING") as raised:
        ask(world, entry_point=entry_point)
    assert raised.value.is_transient is is_transient
    assert 29 < sum(world.time.slept) < 31


def test_a_message_that_comes_back_waits_on_without_a_write(world: World) -> None:
    """The second delivery finds the connection authorized and tells that it was created."""
    world.connections.states_after_write = ("AUTHORIZING",)
    with pytest.raises(NotStabilizedError):
        ask(world, entry_point=QUEUE)
    world.connections.stored["crm"]["states"] = ["AUTHORIZED"]
    world.connections.calls.clear()
    assert ask(world, entry_point=QUEUE).outcome is Outcome.CREATED
    assert set(world.connections.calls) == {"describe"}


def test_no_time_to_wait_takes_the_state_as_it_is(world: World) -> None:
    """WaitTimeoutSeconds 0 is success with the state reached."""
    world.connections.states_after_write = ("AUTHORIZING",)
    completion = ask(world, properties={**BASIC, "WaitTimeoutSeconds": 0})
    assert completion.connection.state == "AUTHORIZING"
    assert world.time.slept == []


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


def test_deleting_what_was_adopted_releases_it(world: World) -> None:
    """It stands as it did, and nobody is registered."""
    world.connections.make_by_hand("crm", BASIC)
    ask(world, properties={**BASIC, "OnExisting": "Adopt"})
    assert ask(world, "Delete", {"Name": "crm"}).outcome is Outcome.RELEASED
    assert "crm" in world.connections.stored
    assert world.owners == {}


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


def test_a_lease_of_somebody_else_is_awaited(world: World) -> None:
    """While another invocation writes, the request waits; the lease of a crashed one expires."""
    until = START + timedelta(seconds=20)
    other = Record("crm", "cloudformation/other/X", claimed_at=START, request_time=START)
    world.registry.write(replace(other, lease_holder="other", leased_until=until))
    assert ask(world).outcome is Outcome.CREATED
    assert world.time.now >= until


def test_a_lease_that_outlasts_the_patience_is_a_conflict(world: World) -> None:
    """Transient: the request may come back."""
    until = START + timedelta(seconds=900)
    other = Record("crm", "cloudformation/other/X", claimed_at=START, request_time=START)
    world.registry.write(replace(other, lease_holder="other", leased_until=until))
    with pytest.raises(ResourceConflictError, match="is being changed by"):
        ask(world)
    assert world.connections.calls == []


def test_after_a_crash_behind_create_the_connection_is_ours(world: World) -> None:
    """A claim with a connection not older than it: taken on, updated, told as created."""

    def crash(name: str) -> None:
        world.connections.after_create = None
        raise NetworkFailureError("no answer")

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


def test_an_answer_lost_on_create_does_not_become_already_exists(world: World) -> None:
    """EventBridge says that the connection exists because our own first try made it."""
    calls = iter([True])

    def arrive_twice(name: str) -> None:
        if next(calls, False):
            world.connections.create({**BASIC, "Name": name})
            error = AlreadyExistsError(name)
            error.has_unknown_end = True
            raise error

    world.connections.before_create = arrive_twice
    assert ask(world).outcome is Outcome.CREATED


def test_what_somebody_made_at_the_same_time_is_theirs(world: World) -> None:
    """Between our look, which found nothing, and our first try; the claim is taken back."""

    def overtake(name: str) -> None:
        world.connections.before_create = None
        world.connections.make_by_hand(name, WITH_HEADER)

    world.connections.before_create = overtake
    with pytest.raises(AlreadyExistsError, match="at the same time"):
        ask(world)
    assert world.connections.stored["crm"]["properties"]["Description"] == "the CRM"
    assert not world.registry.records


def test_a_namesake_recreated_by_somebody_else_is_not_ours(world: World) -> None:
    """Another UUID in the ARN: not updated, not deleted."""
    ask(world)
    del world.connections.stored["crm"]
    world.connections.make_by_hand("crm", WITH_HEADER)
    with pytest.raises(AlreadyExistsError):
        ask(world, "Update")
    assert set(world.connections.calls) == {"describe"}


def test_deleting_leaves_a_recreated_namesake_alone(world: World) -> None:
    """Ours is gone already, the other one stays."""
    stack(world, "Create")
    del world.connections.stored["crm"]
    world.connections.make_by_hand("crm", WITH_HEADER)
    assert stack(world, "Delete", BASIC, "crm").outcome is Outcome.DELETED
    assert "crm" in world.connections.stored
    assert world.owners == {}


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


def test_a_stacks_delete_of_what_is_not_its_own_succeeds_and_touches_nothing(
    world: World,
) -> None:
    """Nothing of its own is left, so that the stack can go."""
    world.connections.make_by_hand("crm", BASIC)
    completion = stack(world, "Delete", BASIC, "crm")
    assert completion.is_ignored
    assert "crm" in world.connections.stored


def test_a_delete_with_an_id_made_up_by_cloudformation_finds_the_connection(world: World) -> None:
    """No answer reached CloudFormation, but the connection was made."""
    stack(world, "Create")
    assert not stack(world, "Delete", BASIC, "shop-Connection-1ABC").is_ignored
    assert world.connections.stored == {}


def test_a_delete_with_a_made_up_id_finds_a_derived_name(world: World) -> None:
    """The same where the properties have no name."""
    nameless = {name: value for name, value in BASIC.items() if name != "Name"}
    stack(world, "Create", nameless)
    stack(world, "Delete", nameless, "shop-Connection-1ABC")
    assert world.connections.stored == {}


def test_a_stacks_delete_works_with_properties_that_never_would(world: World) -> None:
    """A Create that was refused is followed by a Delete with the same properties."""
    hopeless: dict[str, Any] = {"Name": ["no", "name"], "AuthParameters": "none", "Extra": 1}
    assert stack(world, "Delete", hopeless, "crm").is_ignored


def test_deleting_waits_until_the_connection_is_gone(world: World) -> None:
    """DELETING is not gone."""
    ask(world)
    world.connections.looks_while_deleting = 3
    assert ask(world, "Delete", {"Name": "crm"}).outcome is Outcome.DELETED
    assert world.connections.stored == {}
    assert world.owners == {}


def test_a_delete_that_takes_too_long_keeps_the_registration(world: World) -> None:
    """The next Delete goes on with it."""
    ask(world)
    world.connections.looks_while_deleting = 1000
    with pytest.raises(NotStabilizedError, match="DELETING"):
        ask(world, "Delete", {"Name": "crm"})
    assert "crm" in world.registry.records


def test_a_message_cannot_delete_what_it_does_not_own(world: World) -> None:
    """NotFound, where CloudFormation gets SUCCESS."""
    stack(world, "Create")
    with pytest.raises(NotFoundError):
        ask(world, "Delete", {"Name": "crm"})
    assert "crm" in world.connections.stored


def test_describing_shows_the_connection_and_changes_nothing(world: World) -> None:
    """Whoever owns it."""
    stack(world, "Create")
    written = len(world.registry.writes)
    completion = ask(world, "Describe", {"Name": "crm"})
    assert (completion.outcome, completion.connection.state) == (Outcome.DESCRIBED, "AUTHORIZED")
    assert len(world.registry.writes) == written


def test_describing_what_is_not_there_is_not_found(world: World) -> None:
    """An error, not an empty answer."""
    with pytest.raises(NotFoundError):
        ask(world, "Describe", {"Name": "crm"})


def test_validating_does_everything_but_write(world: World) -> None:
    """References are resolved, the name is looked at, nothing is written."""
    assert ask(world, "Validate").outcome is Outcome.VALIDATED
    assert world.secrets.reads
    assert (world.registry.writes, world.connections.stored) == ([], {})


def test_validating_finds_what_a_create_would_meet(world: World) -> None:
    """A missing secret, a name that is taken."""
    stack(world, "Create")
    with pytest.raises(AlreadyExistsError):
        ask(world, "Validate")
    world.secrets.texts.clear()
    with pytest.raises(SecretNotUsableError):
        ask(world, "Validate", {**BASIC, "Name": "other"})


def test_releasing_drops_the_registration_and_nothing_else(world: World) -> None:
    """After DeletionPolicy: Retain, before an adoption."""
    stack(world, "Create")
    assert ask(world, "Release", {"Name": "crm"}).outcome is Outcome.RELEASED
    assert world.owners == {}
    assert "crm" in world.connections.stored
    adopted = ask(world, properties={**BASIC, "OnExisting": "Adopt"})
    assert adopted.outcome is Outcome.ADOPTED


def test_releasing_what_nobody_owns_is_not_found(world: World) -> None:
    """There is nothing to drop."""
    with pytest.raises(NotFoundError):
        ask(world, "Release", {"Name": "crm"})


def test_every_unusable_reference_is_told_at_once(world: World) -> None:
    """Two keys are absent: one error with both paths, and no value."""
    both = {
        "BasicAuthParameters": {
            "Username": PASSWORD.replace("password", "nope"),
            "Password": PASSWORD.replace("password", "neither"),
        }
    }
    with pytest.raises(SecretNotUsableError) as raised:
        ask(world, properties={**BASIC, "AuthParameters": both})
    assert 'Username: "{{resolve:' in raised.value.reason
    assert 'no key "neither"' in raised.value.reason
    assert "correct horse" not in raised.value.reason


def test_a_value_that_eventbridge_would_refuse_is_told_without_the_value(world: World) -> None:
    """A colon in a password is found here, not by AWS, whose message would echo it."""
    world.secrets.texts["connections/crm"] = '{"password": "with:colon"}'
    with pytest.raises(SecretNotUsableError, match=r"Password: the referenced value must match"):
        ask(world)
    assert "create" not in world.connections.calls


@pytest.mark.parametrize(
    "reference", [WHOLE, {"ValueFrom": secret_arn("connections/crm-Ab12Cd")}, f"Bearer {WHOLE}"]
)
@pytest.mark.parametrize("text", ['{"password": "p"}', '["p"]', '\ufeff{"password": "p"}'])
def test_a_whole_json_secret_lacks_a_key_wherever_it_is_referred_to(
    world: World, reference: object, text: str
) -> None:
    """Also in a body, which takes any text."""
    world.secrets.texts["connections/crm"] = text
    parameters = {"BodyParameters": [{"Key": "k", "Value": reference}]}
    block = {"BasicAuthParameters": {"Username": reference, "Password": WHOLE}}
    block["InvocationHttpParameters"] = parameters  # type: ignore[assignment]
    with pytest.raises(SecretNotUsableError) as raised:
        ask(world, properties={**BASIC, "AuthParameters": block})
    problem = "the secret holds JSON, so the reference must name a key of it"
    assert raised.value.reason.count(problem) == 3
    assert "BodyParameters[0].Value: " in raised.value.reason
    assert "create" not in world.connections.calls


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("Username", SecretNotUsableError),
        ("Password", InvalidRequestError),
        ("Value", SecretNotUsableError),
    ],
)
def test_an_empty_value_leaves_no_literal_credential(
    world: World, path: str, refusal: type[ProvisionerError]
) -> None:
    """The text around it would be the credential."""
    world.secrets.texts["connections/crm"] = '{"password": "p", "empty": ""}'
    text = "CANARY" + PASSWORD.replace("password", "empty")
    basic = {"Username": "ada", "Password": PASSWORD} | {path: text}
    value = basic.pop("Value", PASSWORD)
    parameters = {"HeaderParameters": [{"Key": "k", "Value": value}]}
    blocks = {"BasicAuthParameters": basic, "InvocationHttpParameters": parameters}
    with pytest.raises(refusal) as raised:
        ask(world, properties={**BASIC, "AuthParameters": blocks})
    assert f"{path}: " in raised.value.reason
    assert "CANARY" not in raised.value.reason


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("with:colon", WHOLE),
        ('{"a":' * 12_000, WHOLE),
        ('{"password": "with:colon"}', PASSWORD),
        ('{"with": "colon"}', "{{resolve:ssm-secure:/connections/crm}}"),
    ],
)
def test_where_no_key_is_lacking_none_is_asked_for(world: World, text: str, reference: str) -> None:
    """It is no JSON, has its key, or is a parameter, of which no key can be named."""
    world.secrets.texts |= {"connections/crm": text, "/connections/crm": text}
    block = {"BasicAuthParameters": {"Username": "ada", "Password": reference}}
    with pytest.raises(SecretNotUsableError, match=r"Password: the referenced value must "):
        ask(world, properties={**BASIC, "AuthParameters": block})


def test_a_plain_parameter_is_no_password(world: World) -> None:
    """Only the fetched parameter tells whether it is a SecureString."""
    arn = "arn:aws:ssm:us-east-1:123456789012:parameter/connections/crm"
    world.secrets.texts["/connections/crm"] = "open"
    world.secrets.plain.add("/connections/crm")
    block = {"BasicAuthParameters": {"Username": "ada", "Password": {"ValueFrom": arn}}}
    with pytest.raises(SecretNotUsableError, match="SecureString"):
        ask(world, properties={**BASIC, "AuthParameters": block})


def test_a_securestring_is_no_plain_value(world: World) -> None:
    """DescribeConnection would show it to everybody."""
    world.secrets.texts["/connections/token"] = "t-1"
    arn = "arn:aws:ssm:us-east-1:123456789012:parameter/connections/token"
    header = {"Key": "X-Token", "Value": {"ValueFrom": arn}, "IsValueSecret": False}
    parameters = {"InvocationHttpParameters": {"HeaderParameters": [header]}}
    properties = {**BASIC, "AuthParameters": {**BASIC["AuthParameters"], **parameters}}
    with pytest.raises(SecretNotUsableError, match="IsValueSecret must not be false"):
        ask(world, properties=properties)


def test_what_an_update_refers_to_and_is_not_there_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NotFound may be about a key or a resource configuration, for which no new look helps."""

    def refuse(_: object) -> None:
        raise NotFoundError("no such key")

    ask(world)
    monkeypatch.setattr(world.connections, "update", refuse)
    with pytest.raises(NotFoundError, match="key"):
        ask(world, "Update", WITH_HEADER)


def test_a_failed_create_of_a_stack_is_deleted_by_its_rollback(world: World) -> None:
    """The connection was made, did not settle, and goes with the Delete that follows."""
    world.connections.states_after_write = ("DEAUTHORIZED",)
    with pytest.raises(NotStabilizedError) as raised:
        stack(world, "Create")
    stack(world, "Delete", BASIC, raised.value.created_name)
    assert (world.connections.stored, world.owners) == ({}, {})


def test_a_prefix_is_demanded_of_every_name(world: World) -> None:
    """IAM says the same; here it is a clear error."""
    rules = replace(RULES, connection_name_prefix="team-")
    document = {"RequestType": "Delete", "ResourceProperties": {"Name": "crm"}}
    with pytest.raises(InvalidRequestError, match="Name: must begin with team-"):
        check(read_document(document, DIRECT, "r", START), rules)


def test_a_connection_deleted_while_it_is_awaited_is_created_again(world: World) -> None:
    """Somebody deletes between our Create and our next look: the request begins again."""
    world.connections.states_after_write = ("AUTHORIZING", "GONE")
    world.connections.after_create = lambda name: setattr(
        world.connections, "states_after_write", ()
    )
    world.connections.stored.pop("crm", None)
    assert isinstance(ask(world).connection, Connection)


def test_service_timeout_bounds_the_wait(world: World) -> None:
    """An answer after CloudFormation's own time-out would reach nobody."""
    world.connections.states_after_write = ("AUTHORIZING",)
    with pytest.raises(NotStabilizedError, match="90 s"):
        stack(world, "Create", {**BASIC, "ServiceToken": "arn", "ServiceTimeout": "120"})
    assert CLOUDFORMATION.longest_wait_seconds == 2400
