"""What a write's own answer tells: fewer looks and fewer writes, and nothing is overlooked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from handler.connections.record import Record
from handler.connections.state import Connection
from handler.errors import NotFoundError, ProvisionerError, ThrottlingError
from handler.operations.completion import Completion, Outcome
from handler.requests.entry_point import MAINTENANCE_QUEUE
from tests.support.crm import BASIC, OAUTH, PRIVATE, WITH_HEADER, ask, pass_time, password_of
from tests.support.fakes import World
from tests.support.lag import Lag


def later(world: World, seconds: float = 60) -> World:
    """Let time pass, and forget what was called before."""
    pass_time(world, seconds)
    world.connections.calls.clear()
    world.registry.writes.clear()
    return world


def refreshed(world: World, properties: Mapping[str, Any] = BASIC) -> Completion:
    """Create a connection, rotate its secret a minute later, and refresh it."""
    ask(world, "Create", properties)
    world.secrets.rotate("connections/crm", '{"password": "battery staple"}')
    return ask(later(world), "Refresh", {"Name": "crm"}, MAINTENANCE_QUEUE)


def drift(world: World) -> list[str]:
    """Reconcile; give what it finds."""
    done = ask(world, "Reconcile", {"Name": "crm"}, MAINTENANCE_QUEUE)
    found: list[str] = done.details.get("Drift", [])
    return found


def test_a_creation_that_is_authorized_at_once_is_looked_at_once(world: World) -> None:
    """The claim and the end are all that the registry is told."""
    created = ask(world)
    assert created.outcome is Outcome.CREATED
    assert created.connection == world.connections.describe("crm")
    assert world.connections.calls == ["describe", "create", "describe", "describe"]
    claim, end = world.registry.writes
    assert claim.lease_holder
    assert not end.lease_holder
    assert end.pending_write is None
    assert end.last_modified_time == created.connection.last_modified_time


def test_a_private_connection_is_not_usable_before_it_is_active(world: World) -> None:
    """Though the write's own answer said ACTIVE, it may be authorized anew on its way."""

    def authorize(name: str) -> None:
        world.connections.stored[name]["states"] = ["AUTHORIZED", "ACTIVE"]

    world.connections.states_after_write = ("ACTIVE",)
    world.connections.after_create = authorize
    private = {**BASIC, "InvocationConnectivityParameters": PRIVATE}
    assert ask(world, properties=private).connection.state == "ACTIVE"


def test_an_update_that_is_authorized_at_once_is_looked_at_once(world: World) -> None:
    """Its answer cannot tell LastModifiedTime, and the requester may read it."""
    ask(world)
    updated = ask(later(world), "Update", WITH_HEADER)
    assert world.connections.calls == ["describe", "update", "describe"]
    assert len(world.registry.writes) == 2
    assert updated.connection == world.connections.describe("crm")


def test_a_look_that_fails_leaves_the_write_to_be_waited_for(world: World) -> None:
    """What was written is registered in any case."""
    describe = world.connections.describe

    def fail_once(name: str) -> Connection | None:
        world.connections.describe = describe  # type: ignore[method-assign]
        raise ThrottlingError(name)

    def after_create(_: str) -> None:
        world.connections.describe = fail_once  # type: ignore[method-assign]

    world.connections.after_create = after_create
    assert ask(world).connection.state == "AUTHORIZED"
    assert [bool(each.pending_write) for each in world.registry.writes] == [False, True, False]


def test_a_refresh_that_is_authorized_at_once_believes_the_answer(world: World) -> None:
    """Nothing but the credential changed, and its result's times are nobody's."""
    done = refreshed(world)
    assert done.outcome is Outcome.REFRESHED
    assert world.connections.calls == ["describe", "update"]
    assert password_of(world) == "battery staple"
    seen = world.connections.describe("crm")
    assert seen
    times = {"last_modified_time": None, "last_authorized_time": None}
    assert done.connection == replace(seen, **times)  # type: ignore[arg-type]
    assert len(world.registry.writes) == 2
    assert world.registry.records["crm"].refreshed_at == world.time.now


def test_a_believed_answer_tells_when_it_was_authorized(world: World) -> None:
    """Of the times, it alone is surely this write's."""
    ask(world)
    update = world.connections.update
    authorized = world.time.now.replace(microsecond=7)
    world.connections.update = lambda given: replace(  # type: ignore[assignment,method-assign]
        update(given), last_authorized_time=authorized
    )
    world.secrets.rotate("connections/crm", '{"password": "battery staple"}')
    done = ask(later(world), "Refresh", {"Name": "crm"}, MAINTENANCE_QUEUE)
    assert done.connection.last_authorized_time == authorized


def test_a_believed_answer_gives_no_reason_from_before(world: World) -> None:
    """EventBridge may have had one for the state before; the answer tells none."""
    world.connections.state_reason = "the credential is about to expire"
    assert refreshed(world).connection.state_reason == ""


def test_an_owners_update_is_no_refresh(world: World) -> None:
    """Though it writes another version: LastRefreshTime tells of rotations."""
    ask(world)
    world.secrets.rotate("connections/crm", '{"password": "battery staple"}')
    ask(later(world), "Update", WITH_HEADER)
    assert world.registry.records["crm"].refreshed_at is None


def test_a_repair_without_another_version_is_no_refresh(world: World) -> None:
    """Neither is what a Reconcile mends."""
    ask(world)
    world.connections.deauthorize("crm")
    ask(later(world), "Refresh", {"Name": "crm"}, MAINTENANCE_QUEUE)
    assert world.registry.records["crm"].refreshed_at is None


def test_an_update_of_what_is_gone_begins_again_though_it_is_still_shown(world: World) -> None:
    """Describe may show a connection for a while after its deletion."""
    ask(world)
    update, describe = world.connections.update, world.connections.describe
    shown: list[Connection | None] = []

    def refuse(_: Mapping[str, Any]) -> Connection:
        world.connections.update = update  # type: ignore[method-assign]
        shown.extend([describe("crm")] * 2)
        del world.connections.stored["crm"]
        raise NotFoundError("events:UpdateConnection on connection crm failed")

    world.connections.update = refuse  # type: ignore[assignment,method-assign]
    world.connections.describe = (  # type: ignore[method-assign]
        lambda name: shown.pop() if shown else describe(name)
    )
    assert ask(later(world), "Update", WITH_HEADER).outcome is Outcome.CREATED


@pytest.mark.parametrize("is_gone", [True, False])
def test_an_update_of_what_is_gone_begins_again_and_of_what_lacks_something_fails(
    world: World, is_gone: bool
) -> None:
    """NotFound means the connection, or something that it refers to."""
    ask(world)
    update = world.connections.update

    def refuse(_: Mapping[str, Any]) -> Connection:
        world.connections.update = update  # type: ignore[method-assign]
        if is_gone:
            del world.connections.stored["crm"]
        raise NotFoundError("events:UpdateConnection on connection crm failed")

    world.connections.update = refuse  # type: ignore[assignment,method-assign]
    if is_gone:
        assert ask(later(world), "Update", WITH_HEADER).outcome is Outcome.CREATED
    else:
        with pytest.raises(NotFoundError, match="UpdateConnection"):
            ask(later(world), "Update", WITH_HEADER)


def test_a_refresh_of_what_settles_later_waits_for_it(world: World) -> None:
    """The answer of an OAuth connection's update is AUTHORIZING."""
    done = refreshed(world, OAUTH)
    assert done.connection == world.connections.describe("crm")
    assert world.registry.records["crm"].answered_write is None


def test_a_refresh_of_a_deauthorized_connection_looks_at_it(world: World) -> None:
    """It gets another secret at EventBridge, which the answer does not name."""
    ask(world)
    world.connections.deauthorize("crm")
    later(world)
    for _ in range(3):
        world.connections.describe("crm")
    done = ask(world, "Refresh", {"Name": "crm"}, MAINTENANCE_QUEUE)
    assert done.connection == world.connections.describe("crm")


def test_a_namesake_made_meanwhile_is_not_taken_for_the_refreshed_one(world: World) -> None:
    """The update may hit it; its answer tells another ARN."""
    ask(world)
    world.secrets.rotate("connections/crm", '{"password": "battery staple"}')

    def swap(_: object) -> None:
        world.secrets.before_read = None
        del world.connections.stored["crm"]
        world.connections.make_by_hand("crm", BASIC)

    world.secrets.before_read = swap
    with pytest.raises(ProvisionerError):
        ask(world, "Refresh", {"Name": "crm"}, MAINTENANCE_QUEUE)


@pytest.mark.parametrize("description", ["the CRM", "by hand"])
def test_what_was_changed_by_hand_is_looked_at_after_it_is_written(
    world: World, description: str
) -> None:
    """The answer does not tell what of the change is left, be it a text or a credential."""
    ask(world, properties={**BASIC, "Description": "the CRM"})
    later(world).connections.update({"Name": "crm", "Description": description})
    about = {"Name": "crm", "ReconcileMode": "Repair"}
    done = ask(later(world), "Reconcile", about, MAINTENANCE_QUEUE)
    assert done.connection == world.connections.describe("crm")


def test_whoever_asks_for_a_refresh_is_told_its_time(world: World) -> None:
    """Only maintenance has nobody who waits."""
    ask(world)
    later(world).secrets.rotate("connections/crm", '{"password": "battery staple"}')
    assert ask(world, "Refresh", {"Name": "crm"}).connection.last_modified_time


@pytest.mark.parametrize("looks_before", [0, 1])
def test_a_change_by_hand_after_a_refresh_is_found(world: World, looks_before: int) -> None:
    """Whether a Reconcile saw the connection between them or not."""
    refreshed(world)
    for _ in range(looks_before):
        assert drift(later(world)) == []
    later(world).connections.update(
        {**BASIC, "AuthParameters": {"BasicAuthParameters": {"Password": "by hand"}}}
    )
    assert drift(later(world)) == ["Changed"]


def test_a_refresh_that_follows_at_once_is_not_misled_by_what_is_still_shown(world: World) -> None:
    """A second rotation is applied, too, and the connection is called neither gone nor changed."""
    refreshed(world)
    world.secrets.rotate("connections/crm", '{"password": "third"}', "version-3")
    done = ask(world, "Refresh", {"Name": "crm"}, MAINTENANCE_QUEUE)
    assert done.outcome is Outcome.REFRESHED
    assert password_of(world) == "third"
    assert drift(later(world)) == []


def test_a_time_that_is_shown_late_is_not_noted(world: World) -> None:
    """What Describe shows after a believed answer is believed once it shows that write."""
    world.connections.lag = Lag(modified_seconds=2)
    refreshed(world)
    assert drift(world) == []
    assert drift(later(world)) == []


def test_a_redelivered_refresh_finds_nothing_to_do(world: World) -> None:
    """It is not taken for one that is unfinished."""
    refreshed(world)
    about = {"Name": "crm", "SecretId": "connections/crm", "VersionId": "version-2"}
    done = ask(later(world), "Refresh", about, MAINTENANCE_QUEUE)
    assert done.outcome is Outcome.UNCHANGED
    assert world.connections.calls == []


def test_a_delete_right_after_a_refresh_believes_that_it_is_gone(world: World) -> None:
    """The refreshed connection was shown just before."""
    refreshed(world)
    world.connections.calls.clear()
    slept = len(world.time.slept)
    assert ask(world, "Delete", {"Name": "crm"}).outcome is Outcome.DELETED
    assert world.connections.calls == ["describe", "delete", "describe"]
    assert len(world.time.slept) == slept


def test_what_a_refresh_wrote_is_no_update_of_the_owner(world: World) -> None:
    """Its next request finds everything as it asked."""
    refreshed(world)
    assert ask(later(world), "Update", BASIC).outcome is Outcome.UNCHANGED
    assert "update" not in world.connections.calls


def test_a_creation_of_an_unknown_name_does_not_read_the_registry(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim's condition finds out whether somebody knows it."""
    reads: list[str] = []
    read = world.registry.read

    def observed(name: str) -> Record | None:
        reads.append(name)
        return read(name)

    monkeypatch.setattr(world.registry, "read", observed)
    ask(world)
    assert reads == []
    assert ask(later(world)).outcome is Outcome.UNCHANGED
    assert reads == ["crm"]


def test_a_creation_of_a_registered_name_that_is_gone_reads_the_registry(world: World) -> None:
    """Its claim is refused; then the record decides."""
    ask(world)
    del world.connections.stored["crm"]
    later(world).connections.existed["crm"].forget()
    again = ask(world)
    assert again.outcome is Outcome.CREATED
    assert world.registry.records["crm"].connection_arn == again.connection.arn
