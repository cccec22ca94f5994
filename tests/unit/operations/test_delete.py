"""Delete: what goes, what stays, and what is remembered of it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from handler.connections.record import Deletion, Record
from handler.connections.state import Connection
from handler.errors import (
    AccessDeniedError,
    NetworkFailureError,
    NotFoundError,
    NotStabilizedError,
    ResourceConflictError,
    SupersededError,
)
from handler.operations.completion import Completion, Outcome
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import DIRECT
from handler.requests.request import check
from handler.requests.unchecked_request import read_custom_resource, read_document
from handler.settings import DELETION_LIFETIME, LONGEST_LAG
from tests.support import alpha, crm
from tests.support.crm import BASIC, WITH_HEADER
from tests.support.fakes import RULES, START, World, make_world
from tests.support.lag import Lag
from tests.support.lives import KilledError

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/9f0c"
MADE_UP = "shop-Connection-1A2B3C4D5E6F"
OTHER_OWNER = (
    "cloudformation/arn:aws:cloudformation:us-east-1:123456789012:stack/other/1/Connection"
)


def stack(
    world: World,
    request_type: str,
    physical_resource_id: str = "",
    sent: datetime | None = None,
    logical_resource_id: str = "Connection",
    **properties: Any,
) -> Completion:
    """Carry out a custom resource's request."""
    event = {
        "RequestType": request_type,
        "RequestId": "request",
        "StackId": STACK_ID,
        "LogicalResourceId": logical_resource_id,
        "PhysicalResourceId": physical_resource_id,
        "ResourceProperties": BASIC | properties,
    }
    asked = read_custom_resource(event, "", sent or world.time.now)
    return carry_out(world.ports, check(asked, RULES))


def request(
    world: World, request_type: str, sent: datetime | None = None, **properties: Any
) -> Completion:
    """Carry out a direct request."""
    given = {"Name": "crm"} if request_type == "Delete" else BASIC
    document = {"RequestType": request_type, "ResourceProperties": given | properties}
    asked = read_document(document, DIRECT, "request", sent or world.time.now)
    return carry_out(world.ports, check(asked, RULES))


def test_a_deletion_keeps_owner_time_and_arn_and_nothing_else(world: World) -> None:
    """No properties, no versions: it owns nothing and remembers no reference."""
    arn = request(world, "Create").connection.arn
    world.time.seconds += 60
    sent = world.time.now
    request(world, "Delete")
    assert world.registry.records == {}
    expires_at = world.time.now + DELETION_LIFETIME
    expected = Deletion("crm", "requests", sent, expires_at, arn)
    assert list(world.registry.deletions.values()) == [expected]


def test_deleting_twice_succeeds(world: World) -> None:
    """A message comes twice; the second time there is nothing to do."""
    arn = request(world, "Create").connection.arn
    assert request(world, "Delete").outcome is Outcome.DELETED
    world.connections.calls.clear()
    deleted = Completion(Outcome.DELETED, Connection("crm", arn))
    assert request(world, "Delete") == deleted
    assert "delete" not in world.connections.calls


def test_deleting_what_never_was_fails_each_time(world: World) -> None:
    """A misspelled name is not deleted by asking again, or by a redrive."""
    for _ in range(2):
        with pytest.raises(NotFoundError, match="was not made here, or is gone"):
            request(world, "Delete")
    ignored = Completion(Outcome.DELETED, Connection(MADE_UP), is_ignored=True)
    assert [stack(world, "Delete", MADE_UP) for _ in range(2)] == [ignored] * 2
    assert "delete" not in world.connections.calls


def test_a_late_create_does_not_resurrect_what_was_deleted(world: World) -> None:
    """It was sent before the Delete, whenever it comes within a day."""
    sent = world.time.now
    world.time.seconds += 10
    with pytest.raises(NotFoundError):
        request(world, "Delete")
    world.time.seconds += DELETION_LIFETIME.total_seconds() - 1
    world.time.deadline = world.time.seconds + 890
    with pytest.raises(SupersededError):
        request(world, "Create", sent)
    assert world.connections.stored == {}


def test_a_late_create_of_a_cancelled_stack_leaves_no_orphan(world: World) -> None:
    """CloudFormation made an id up, for no answer came; its Delete overtook the Create."""
    sent = world.time.now
    world.time.seconds += 10
    completion = stack(world, "Delete", MADE_UP)
    assert (completion.outcome, completion.is_ignored) == (Outcome.DELETED, True)
    with pytest.raises(SupersededError):
        stack(world, "Create", sent=sent)
    assert world.connections.stored == {}


def test_another_owners_deletion_is_in_nobodys_way(world: World) -> None:
    """A cancelled stack leaves no orphan, though another stack had deleted that name before."""
    stack(world, "Delete", MADE_UP, logical_resource_id="Other")
    sent = world.time.now
    world.time.seconds += 10
    stack(world, "Delete", MADE_UP)
    with pytest.raises(SupersededError):
        stack(world, "Create", sent=sent)
    assert world.connections.stored == {}


def test_no_other_owners_delete_writes_to_a_connections_item(world: World) -> None:
    """784 of them once filled it, after which its own owner could not write."""
    request(world, "Create")
    before = world.registry.records["crm"]
    for number in range(20):
        stack(world, "Delete", "crm", logical_resource_id=f"Other{number}")
    assert world.registry.records == {"crm": before}
    assert len(world.registry.deletions) == 20


@pytest.mark.parametrize("late", [False, True])
def test_a_stacks_late_delete_is_success_and_deletes_nothing(world: World, late: bool) -> None:
    """Nothing of that request's own is left: the newer one's connection stays."""
    stack(world, "Create")
    sent = world.time.now
    world.time.seconds += 10
    stack(world, "Update", "crm", Description="newer")
    world.time.seconds += 10
    completion = stack(world, "Delete", "crm", sent if late else world.time.now)
    assert (completion.outcome, completion.is_ignored) == (Outcome.DELETED, late)
    assert ("crm" in world.connections.stored) is late


def test_a_create_of_the_deletes_own_second_stays_away(world: World) -> None:
    """CloudFormation signs in whole seconds: the Create is the older one."""
    stack(world, "Delete", MADE_UP)
    with pytest.raises(SupersededError):
        stack(world, "Create", sent=world.time.now)
    assert world.connections.stored == {}


def test_a_deletion_is_remembered_through_another_owners_connection(world: World) -> None:
    """Its late Create must not come to life when the name is free once more."""
    sent = world.time.now
    request(world, "Create")
    world.time.seconds += 10
    request(world, "Delete")
    stack(world, "Create")
    stack(world, "Delete", "crm")
    with pytest.raises(SupersededError):
        request(world, "Create", sent)
    assert world.connections.stored == {}


def test_ones_own_forgotten_deletion_is_renewed(world: World) -> None:
    """The name was used and deleted days ago; the new Delete must count as well."""
    request(world, "Create")
    request(world, "Delete")
    world.time.seconds += DELETION_LIFETIME.total_seconds() + 1
    world.time.deadline = world.time.seconds + 890
    sent = world.time.now
    world.time.seconds += 10
    with pytest.raises(NotFoundError):
        request(world, "Delete")
    with pytest.raises(SupersededError):
        request(world, "Create", sent)


def test_a_new_create_is_free(world: World) -> None:
    """A deletion refuses only what is older."""
    request(world, "Create")
    world.time.seconds += 1
    request(world, "Delete")
    world.time.seconds += 1
    assert request(world, "Create").outcome is Outcome.CREATED
    assert world.owners == {"crm": "requests"}


def test_a_deletion_is_in_nobody_elses_way(world: World) -> None:
    """Its name is free for every other owner, whenever that one asked."""
    sent = world.time.now
    world.time.seconds += 10
    stack(world, "Delete", MADE_UP)
    assert request(world, "Create", sent).outcome is Outcome.CREATED


def test_a_deletion_that_had_its_day_refuses_nothing(world: World) -> None:
    """No request is delivered that late; DynamoDB clears it away some time later."""
    sent = world.time.now
    world.time.seconds += 10
    with pytest.raises(NotFoundError):
        request(world, "Delete")
    world.time.seconds += DELETION_LIFETIME.total_seconds()
    world.time.deadline = world.time.seconds + 890
    assert request(world, "Create", sent).outcome is Outcome.CREATED


def test_a_late_delete_deletes_nothing(world: World) -> None:
    """The connection was asked for again since."""
    request(world, "Create")
    sent = world.time.now
    world.time.seconds += 10
    request(world, "Update", Description="newer")
    with pytest.raises(SupersededError, match=r"^a newer request for crm was carried out$"):
        request(world, "Delete", sent)
    assert "delete" not in world.connections.calls
    assert world.owners == {"crm": "requests"}


@pytest.mark.parametrize("record", ["none", "foreign"])
def test_a_stacks_delete_of_what_is_not_its_own_touches_nothing(world: World, record: str) -> None:
    """Made by hand, or another owner's: nothing of the stack's own is left, so that it can go."""
    if record == "none":
        world.connections.make_by_hand("crm", BASIC)
    else:
        request(world, "Create")
        world.connections.calls.clear()
    completion = stack(world, "Delete", "crm")
    assert (completion.outcome, completion.is_ignored) == (Outcome.DELETED, True)
    assert "delete" not in world.connections.calls
    assert "crm" in world.connections.stored


def test_a_delete_that_waits_for_a_writer_deletes_what_that_made(world: World) -> None:
    """CloudFormation cancels a stack while its Create still runs: no orphan."""
    stack(world, "Create")
    running = world.registry.records["crm"]
    until = world.time.now + timedelta(seconds=20)
    world.registry.write(replace(running, lease_holder="the Create", leased_until=until))
    world.time.seconds += 1
    assert stack(world, "Delete", MADE_UP).outcome is Outcome.DELETED
    assert world.time.now >= until
    assert world.connections.stored == {}


def test_a_writer_that_outlasts_the_patience_is_a_conflict(world: World) -> None:
    """Nothing is deleted under its hands."""
    request(world, "Create")
    running = world.registry.records["crm"]
    until = world.time.now + timedelta(hours=1)
    world.registry.write(replace(running, lease_holder="other", leased_until=until))
    with pytest.raises(ResourceConflictError, match="crm is being changed by requests"):
        request(world, "Delete")
    assert "delete" not in world.connections.calls


def test_a_delete_does_not_wait_for_what_the_last_write_would_show(world: World) -> None:
    """That was seen before, so that the connection is gone once Describe does not find it."""
    world.connections.states_after_write = ("AUTHORIZING",)
    request(world, "Create", WaitTimeoutSeconds=0)
    assert world.registry.records["crm"].pending_write
    world.connections.states_after_write = ()
    before = world.time.now
    assert request(world, "Delete").outcome is Outcome.DELETED
    assert world.time.now - before < LONGEST_LAG


def test_a_delete_whose_answer_was_lost_is_finished_at_the_next_try(world: World) -> None:
    """The connection is gone, the registration still there; then that goes, too."""
    request(world, "Create")
    delete = world.connections.delete

    def lose(name: str) -> None:
        world.connections.delete = delete  # type: ignore[method-assign]
        delete(name)
        raise crm.lost_answer()

    world.connections.delete = lose  # type: ignore[method-assign]
    with pytest.raises(NetworkFailureError):
        request(world, "Delete")
    assert world.owners == {"crm": "requests"}
    assert request(world, "Delete").outcome is Outcome.DELETED
    assert (world.owners, world.connections.stored) == ({}, {})


def test_a_delete_killed_before_it_was_noted_is_finished_at_the_next_delivery(
    world: World,
) -> None:
    """The lease of the killed one has run out by then."""
    request(world, "Create")

    def kill() -> None:
        raise KeyboardInterrupt

    world.registry.before_write = iter([lambda: None, kill])
    with pytest.raises(KeyboardInterrupt):
        request(world, "Delete")
    world.time.seconds += 1000
    world.time.deadline = world.time.seconds + 890
    world.holder = "the next"
    assert request(world, "Delete").outcome is Outcome.DELETED
    assert (world.owners, world.connections.stored) == ({}, {})


def test_a_delete_that_takes_too_long_says_so_and_keeps_the_registration(world: World) -> None:
    """Nobody else may take the name meanwhile, and the lease is given back."""
    request(world, "Create")
    world.connections.looks_while_deleting = 1000
    with pytest.raises(NotStabilizedError, match="crm was not gone within 30 s; it is DELETING"):
        request(world, "Delete")
    assert world.owners == {"crm": "requests"}
    assert world.registry.records["crm"].leased_until is None


def test_no_time_to_wait_takes_the_deletion_as_it_is(world: World) -> None:
    """WaitTimeoutSeconds: 0, as the CLI."""
    request(world, "Create")
    world.connections.looks_while_deleting = 1000
    completion = request(world, "Delete", WaitTimeoutSeconds=0)
    assert (completion.outcome, completion.connection.state) == (Outcome.DELETED, "DELETING")


@pytest.mark.parametrize("ask", [request, stack])
def test_a_recreated_namesake_is_left_alone(world: World, ask: Callable[..., Completion]) -> None:
    """Other UUID, other connection; ours is gone, and its registration with it."""
    ask(world, "Create")
    del world.connections.stored["crm"]
    world.connections.make_by_hand("crm", BASIC)
    delete = {"physical_resource_id": "crm"} if ask is stack else {}
    assert ask(world, "Delete", **delete).outcome is Outcome.DELETED
    assert "delete" not in world.connections.calls
    assert world.owners == {}


def test_what_was_adopted_is_released_and_a_late_adoption_stays_away(world: World) -> None:
    """The deletion tells a late Create that its owner let go."""
    world.connections.make_by_hand("crm", BASIC)
    sent = world.time.now
    request(world, "Create", OnExisting="Adopt")
    world.time.seconds += 10
    assert request(world, "Delete").outcome is Outcome.RELEASED
    with pytest.raises(SupersededError):
        request(world, "Create", sent, OnExisting="Adopt")
    assert "crm" in world.connections.stored


def test_a_rename_rolled_back_deletes_the_new_name_only(world: World) -> None:
    """CloudFormation cleans up by the new id, with the new properties."""
    stack(world, "Create")
    world.time.seconds += 10
    stack(world, "Update", "crm", Name="crm-v2")
    world.time.seconds += 10
    stack(world, "Update", "crm-v2")
    world.time.seconds += 10
    assert stack(world, "Delete", "crm-v2", Name="crm-v2").outcome is Outcome.DELETED
    assert set(world.connections.stored) == {"crm"}
    assert set(world.owners) == {"crm"}


def test_a_rename_that_never_arrived_leaves_the_old_name_alone(world: World) -> None:
    """The Delete of an id that was never ours acts on its properties' name, if that is ours."""
    stack(world, "Create")
    sent = world.time.now + timedelta(seconds=5)
    world.time.seconds += 10
    completion = stack(world, "Delete", "crm-v2", Name="crm-v2")
    assert completion.is_ignored
    assert set(world.connections.stored) == {"crm"}
    with pytest.raises(SupersededError):
        stack(world, "Update", "crm", sent, Name="crm-v2")


def test_a_deletions_time_is_never_set_back(world: World) -> None:
    """An older Delete that comes late leaves the newer one's time as it is."""
    request(world, "Create")
    request(world, "Delete", START + timedelta(hours=1))
    before = world.registry.read_deletion("crm", "requests")
    request(world, "Delete", START + timedelta(minutes=1))
    after = world.registry.read_deletion("crm", "requests")
    assert before
    assert after
    assert after.request_time == before.request_time
    assert after.connection_arn == before.connection_arn


def test_a_stack_that_owns_nothing_does_not_wait_for_others(world: World) -> None:
    """Its Delete is noted beside the lease of another."""
    killed = alpha.connections(world, create=alpha.failing(KilledError()))
    with pytest.raises(KilledError):
        alpha.deliver(world, alpha.message(owner=alpha.STACK_A), "h1", connections=killed)
    world.time.seconds += 3
    delete = alpha.of_stack("Delete", "alpha", sent=9, ServiceTimeout="600")
    assert alpha.deliver(world, delete, "h2").is_ignored


def test_another_owners_deletion_does_not_free_the_name_for_a_late_create() -> None:
    """Two cancelled stacks that asked for one name: the first one's Create comes last."""
    world = make_world()
    for owner in ("first", "second"):
        delete = replace(alpha.message("Delete", sent=2), owner=owner)
        with suppress(NotFoundError):
            carry_out(world.ports, check(delete, RULES))
    late = replace(alpha.message(sent=1), owner="first")
    with pytest.raises(SupersededError):
        carry_out(world.ports, check(late, RULES))


def test_an_older_delete_does_not_set_back_the_time_of_a_newer_one() -> None:
    """Both under another owner's record; the Create that comes last was sent between them."""
    world = make_world()
    carry_out(world.ports, check(alpha.message(), RULES))
    for sent in (5, 2):
        with suppress(NotFoundError):
            delete = replace(alpha.message("Delete", sent=sent), owner="late")
            carry_out(world.ports, check(delete, RULES))
    carry_out(world.ports, check(alpha.message("Delete", sent=9), RULES))
    late = replace(alpha.message(sent=3), owner="late")
    with pytest.raises(SupersededError):
        carry_out(world.ports, check(late, RULES))


def test_deleting_what_was_adopted_releases_it(world: World) -> None:
    """It stands as it did, and nobody is registered."""
    world.connections.make_by_hand("crm", BASIC)
    crm.ask(world, properties={**BASIC, "OnExisting": "Adopt"})
    seen = world.connections.describe("crm")
    assert seen
    assert crm.ask(world, "Delete", {"Name": "crm"}) == Completion(Outcome.RELEASED, seen)
    assert "crm" in world.connections.stored
    assert world.owners == {}
    (deletion,) = world.registry.deletions.values()
    assert deletion.connection_arn == ""


def test_deleting_leaves_a_recreated_namesake_alone(world: World) -> None:
    """Ours is gone already, the other one stays."""
    crm.stack(world, "Create")
    arn = world.connections.stored.pop("crm")["arn"]
    world.connections.make_by_hand("crm", WITH_HEADER)
    deleted = Completion(Outcome.DELETED, Connection("crm", arn))
    assert crm.stack(world, "Delete", BASIC, "crm") == deleted
    (deletion,) = world.registry.deletions.values()
    assert deletion.connection_arn == arn
    assert "crm" in world.connections.stored
    assert world.owners == {}


def test_a_stacks_delete_of_what_is_not_its_own_succeeds_and_touches_nothing(
    world: World,
) -> None:
    """Nothing of its own is left, so that the stack can go."""
    world.connections.make_by_hand("crm", BASIC)
    completion = crm.stack(world, "Delete", BASIC, "crm")
    assert completion.is_ignored
    assert "crm" in world.connections.stored


def test_a_delete_with_an_id_made_up_by_cloudformation_finds_the_connection(world: World) -> None:
    """No answer reached CloudFormation, but the connection was made."""
    crm.stack(world, "Create")
    assert not crm.stack(world, "Delete", BASIC, "shop-Connection-1ABC").is_ignored
    assert world.connections.stored == {}


def test_a_delete_with_a_made_up_id_finds_a_derived_name(world: World) -> None:
    """The same where the properties have no name."""
    nameless = {name: value for name, value in BASIC.items() if name != "Name"}
    crm.stack(world, "Create", nameless)
    crm.stack(world, "Delete", nameless, "shop-Connection-1ABC")
    assert world.connections.stored == {}


def test_a_stacks_delete_works_with_properties_that_never_would(world: World) -> None:
    """A Create that was refused is followed by a Delete with the same properties."""
    hopeless: dict[str, Any] = {"Name": ["no", "name"], "AuthParameters": "none", "Extra": 1}
    assert crm.stack(world, "Delete", hopeless, "crm").is_ignored


def test_deleting_waits_until_the_connection_is_gone(world: World) -> None:
    """DELETING is not gone."""
    crm.ask(world)
    world.connections.looks_while_deleting = 3
    assert crm.ask(world, "Delete", {"Name": "crm"}).outcome is Outcome.DELETED
    assert world.connections.stored == {}
    assert world.owners == {}


def test_a_delete_that_takes_too_long_keeps_the_registration(world: World) -> None:
    """The next Delete goes on with it."""
    crm.ask(world)
    world.connections.looks_while_deleting = 1000
    with pytest.raises(NotStabilizedError, match="DELETING"):
        crm.ask(world, "Delete", {"Name": "crm"})
    assert "crm" in world.registry.records


def test_a_message_cannot_delete_what_it_does_not_own(world: World) -> None:
    """NotFound, where CloudFormation gets SUCCESS."""
    crm.stack(world, "Create")
    with pytest.raises(NotFoundError):
        crm.ask(world, "Delete", {"Name": "crm"})
    assert "crm" in world.connections.stored


def test_a_failed_create_of_a_stack_is_deleted_by_its_rollback(world: World) -> None:
    """The connection was made, did not settle, and goes with the Delete that follows."""
    world.connections.states_after_write = ("DEAUTHORIZED",)
    with pytest.raises(NotStabilizedError) as raised:
        crm.stack(world, "Create")
    crm.stack(world, "Delete", BASIC, raised.value.created_name)
    assert (world.connections.stored, world.owners) == ({}, {})


def test_nobody_deletes_while_somebody_writes(world: World) -> None:
    """It waits, and comes back."""
    crm.send(world)
    until = world.time.now + timedelta(hours=1)
    record = world.registry.records["crm"]
    world.registry.write(replace(record, lease_holder="other", leased_until=until))
    with pytest.raises(ResourceConflictError):
        crm.send(world, "Delete", sent=1)
    assert "delete" not in world.connections.calls


def test_a_delete_older_than_what_was_applied_deletes_nothing(world: World) -> None:
    """A redriven one, for example."""
    crm.send(world, sent=2)
    with pytest.raises(SupersededError):
        crm.send(world, "Delete", sent=1)
    assert "crm" in world.connections.stored


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_late_create_does_not_resurrect(is_seen: bool, world: World) -> None:
    """Whether the Delete found something or not."""
    if is_seen:
        crm.send(world)
    with suppress(NotFoundError):
        crm.send(world, "Delete", sent=2)
    with pytest.raises(SupersededError):
        crm.send(world, sent=1)
    assert world.connections.stored == {}


def test_a_delete_counts_from_the_moment_it_began(world: World) -> None:
    """Its process was killed before it could write the deletion; the connection is gone."""
    crm.send(world)
    calls = iter([lambda: None])  # the lease; then the process ends

    def killed() -> None:
        raise KeyboardInterrupt

    world.registry.before_write = chain(calls, iter([killed]))
    with pytest.raises(KeyboardInterrupt):
        crm.send(world, "Delete", sent=2)
    world.time.seconds += 1000
    with pytest.raises(SupersededError):
        crm.send(world, "Update", sent=1, user="late")
    assert world.connections.stored == {}


def test_a_delete_is_remembered_under_another_owners_record(world: World) -> None:
    """When that one is gone, a Create from before it does not resurrect."""
    owned = Record("crm", "cloudformation/other/X", START, START, connection_arn="arn")
    world.registry.write(owned)
    with pytest.raises(NotFoundError):
        crm.send(world, "Delete", sent=2)
    world.registry.remove(world.registry.records["crm"])
    with pytest.raises(SupersededError):
        crm.send(world, sent=1)


def test_a_second_delete_of_what_was_released_deletes_nothing(world: World) -> None:
    """Told as Deleted, somebody relied on the end of a connection that stands."""
    world.connections.make_by_hand("crm", BASIC)
    crm.ask(world, properties={**BASIC, "OnExisting": "Adopt"})
    world.time.seconds += 10
    assert crm.ask(world, "Delete", {"Name": "crm"}).outcome is Outcome.RELEASED
    world.time.seconds += 10
    with pytest.raises(NotFoundError):
        crm.ask(world, "Delete", {"Name": "crm"})
    assert "crm" in world.connections.stored


def test_a_name_that_no_connection_can_have_is_not_found() -> None:
    """A program's; a stack's or Terraform's Delete of it ends."""
    world = make_world()
    asked = replace(
        read_document(
            {"RequestType": "Delete", "ResourceProperties": {"Name": "crm"}},
            DIRECT,
            "request-1",
            START,
        ),
        owner="",
    )
    with pytest.raises(NotFoundError, match=r"^no connection can have this name or this owner$"):
        carry_out(world.ports, check(asked, RULES))


def test_what_a_failed_registration_left_is_deleted_though_it_does_not_show_yet(
    world: World,
) -> None:
    """A Delete of a second later waits until Describe shows it."""
    world.connections.lag = Lag(existence_seconds=4.0)
    world.registry.before_write = iter([lambda: None, alpha.failing(AccessDeniedError("no"))])
    with pytest.raises(AccessDeniedError):
        crm.ask(world)
    world.time.seconds += 1
    assert crm.ask(world, "Delete", {"Name": "crm"}).outcome is Outcome.DELETED
    assert (world.connections.stored, world.owners) == ({}, {})


def test_a_delete_after_a_failed_registration_ends_when_the_connection_is_gone(
    world: World,
) -> None:
    """What its lease's holder may have written was seen before."""
    world.registry.before_write = iter([lambda: None, alpha.failing(AccessDeniedError("no"))])
    with pytest.raises(AccessDeniedError):
        crm.ask(world)
    crm.ask(world, "Delete", {"Name": "crm"})
    assert world.time.slept == []


@pytest.mark.parametrize("end", ["killed", "answer lost"])
def test_a_delete_that_comes_again_spares_what_somebody_made_meanwhile(
    world: World, end: str
) -> None:
    """Also where the first one deleted what was never registered with its ARN."""
    world.registry.before_write = iter([lambda: None, alpha.failing(KilledError())])
    with pytest.raises(KilledError):
        alpha.deliver(world, alpha.message(), "h1")
    crm.pass_time(world, 1000)
    delete = world.connections.delete

    def delete_and_end(name: str) -> None:
        world.connections.delete = delete  # type: ignore[method-assign]
        delete(name)
        if end == "killed":
            raise KilledError
        raise crm.lost_answer()

    world.connections.delete = delete_and_end  # type: ignore[method-assign]
    with pytest.raises((KilledError, NetworkFailureError)):
        alpha.deliver(world, alpha.message("Delete", sent=1000), "h2")
    world.connections.describe("alpha")
    crm.pass_time(world, 60)
    world.connections.make_by_hand("alpha", WITH_HEADER)
    crm.pass_time(world, 1000)
    with suppress(NotFoundError):
        alpha.deliver(world, alpha.message("Delete", sent=1000), "h3")
    assert "alpha" in world.connections.stored
