"""Maintenance beside everything else: what a Refresh or a Reconcile must neither lose nor undo."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handler.connections.state import Connection, Write
from handler.errors import (
    NotFoundError,
    NotStabilizedError,
    ProvisionerError,
    ServiceInternalError,
    SupersededError,
    ThrottlingError,
)
from handler.operations.completion import Completion, Outcome
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import (
    DIRECT,
    MAINTENANCE_QUEUE,
    EntryPoint,
)
from handler.requests.request import check
from handler.requests.unchecked_request import read_document
from tests.support import crm
from tests.support.crm import WITH_HEADER, ask, pass_time, password_of
from tests.support.fakes import RULES, START, FakeConnections, World, make_world

CRM = "connections/crm"
OAUTH = ("AUTHORIZING",) * 60


@pytest.fixture
def world() -> World:
    """Give an account with one connection, made an hour ago."""
    world = make_world()
    ask(world, properties=WITH_HEADER)
    pass_time(world)
    return world


def maintain(
    world: World, request_type: str, entry_point: EntryPoint = MAINTENANCE_QUEUE, **properties: Any
) -> Completion:
    """Carry out a Refresh or a Reconcile of crm."""
    document = {"RequestType": request_type, "ResourceProperties": {"Name": "crm", **properties}}
    asked = read_document(document, entry_point, "request-1", world.time.now)
    return carry_out(world.ports, check(asked, RULES))


def rotate(world: World, version: str = "version-2") -> None:
    """Give the secret another value."""
    world.secrets.texts[CRM] = f'{{"user": "ada", "password": "{version}"}}'
    world.secrets.versions[CRM] = version


def broken_off(world: World) -> None:
    """Let the next creation arrive, and its answer be lost."""

    def lose(_: str) -> None:
        world.connections.after_create = None
        raise crm.lost_answer()

    world.connections.after_create = lose


def refused(world: World) -> None:
    """Let the next creation be throttled."""

    def refuse(_: str) -> None:
        world.connections.before_create = None
        raise ThrottlingError("later")

    world.connections.before_create = refuse


@pytest.mark.parametrize("trouble", [broken_off, refused])
def test_a_repair_that_breaks_off_is_finished_when_it_comes_back(
    world: World, trouble: Any
) -> None:
    """Its message knows a name only; the registry alone knows what the owner asked for."""
    world.is_repairing = True
    del world.connections.stored["crm"]
    trouble(world)
    with pytest.raises(ProvisionerError):
        maintain(world, "Reconcile")
    assert world.registry.records["crm"].properties
    maintain(world, "Reconcile")
    assert password_of(world) == "correct horse"
    rotate(world)
    assert maintain(world, "Refresh").outcome is Outcome.REFRESHED
    assert password_of(world) == "version-2"


def test_a_refresh_waits_for_a_repair_that_broke_off(world: World) -> None:
    """It is no failure that anybody need hear of."""
    world.is_repairing = True
    del world.connections.stored["crm"]
    refused(world)
    with pytest.raises(ThrottlingError):
        maintain(world, "Reconcile")
    with pytest.raises(ServiceInternalError, match=r"^crm is still being repaired$"):
        maintain(world, "Refresh")


def test_a_refresh_waits_for_no_repair_whose_name_somebody_took(world: World) -> None:
    """It would wait for ever."""
    world.is_repairing = True
    del world.connections.stored["crm"]
    refused(world)
    with pytest.raises(ThrottlingError):
        maintain(world, "Reconcile")
    world.connections.before_create = None
    pass_time(world)
    world.connections.make_by_hand("crm", WITH_HEADER)
    with pytest.raises(NotFoundError, match="was deleted or replaced outside this provisioner"):
        maintain(world, "Refresh")


def test_a_repair_that_somebody_was_faster_than_touches_nothing(world: World) -> None:
    """The name was taken between our look and our creation: it is theirs, and stays so."""
    world.is_repairing = True
    del world.connections.stored["crm"]
    crm.let_somebody_overtake(world)
    assert maintain(world, "Reconcile").details == {"Drift": ["Recreated"]}
    assert ask(world, "Delete", {"Name": "crm"}, DIRECT).outcome is Outcome.DELETED
    assert world.connections.describe("crm")


def deleting_for_long(world: World) -> None:
    """Send a Delete whose end nobody sees."""
    world.connections.looks_while_deleting = 1000
    with pytest.raises(NotStabilizedError):
        ask(world, "Delete", {"Name": "crm"}, DIRECT)


def test_what_is_being_deleted_is_not_repaired(world: World) -> None:
    """Its Delete ran out of time, and came to its end later."""
    deleting_for_long(world)
    del world.connections.stored["crm"]
    pass_time(world)
    world.is_repairing = True
    arn = world.registry.records["crm"].connection_arn
    completion = maintain(world, "Reconcile")
    assert completion.is_silent
    assert (completion.connection.name, completion.connection.arn) == ("crm", arn)
    assert not world.connections.stored
    assert world.owners == {}
    (deletion,) = world.registry.read_deletions("crm")
    assert deletion.connection_arn == arn
    with pytest.raises(SupersededError):  # sent before the Delete, though it comes after it
        ask(world, "Create", sent=deletion.request_time - timedelta(seconds=1))


def test_what_is_still_being_deleted_stays_registered(world: World) -> None:
    """Until it is gone, whoever owns it may ask for it again."""
    deleting_for_long(world)
    world.connections.stored["crm"]["states"] = ["AUTHORIZED"]
    pass_time(world)
    completion = maintain(world, "Reconcile")
    assert (completion.is_silent, completion.connection.state) == (True, "AUTHORIZED")
    assert list(world.owners) == ["crm"]


def test_what_is_being_deleted_is_not_refreshed(world: World) -> None:
    """Nor is its end anything to raise an alarm for."""
    deleting_for_long(world)
    del world.connections.stored["crm"]
    pass_time(world)
    rotate(world)
    completion = maintain(world, "Refresh")
    assert (completion.outcome, completion.connection.name) == (Outcome.UNCHANGED, "crm")


def test_what_is_being_deleted_gets_no_new_secret(world: World) -> None:
    """Its Delete was asked for, and EventBridge still shows it."""
    deleting_for_long(world)
    world.connections.stored["crm"]["states"] = ["AUTHORIZED"]
    world.connections.calls.clear()
    rotate(world)
    completion = maintain(world, "Refresh")
    assert (completion.outcome, completion.connection.state) == (Outcome.UNCHANGED, "AUTHORIZED")
    assert "update" not in world.connections.calls


def test_a_delete_that_never_ended_is_taken_back_by_an_update(world: World) -> None:
    """Somebody wants the connection again, and it is still there: from now on it is kept."""
    deleting_for_long(world)
    world.connections.stored["crm"]["states"] = ["AUTHORIZED"]
    assert ask(world, "Update", WITH_HEADER).outcome is Outcome.UPDATED
    rotate(world)
    assert maintain(world, "Refresh").outcome is Outcome.REFRESHED


def test_a_refresh_comes_back_until_what_it_wrote_has_settled() -> None:
    """Though the owner did not wait, and never will."""
    world = make_world()
    ask(world, properties={**WITH_HEADER, "WaitTimeoutSeconds": 0})
    pass_time(world)
    rotate(world)
    world.connections.states_after_write = OAUTH
    for _ in range(2):
        with pytest.raises(NotStabilizedError) as raised:
            maintain(world, "Refresh")
        assert raised.value.is_transient
    world.connections.stored["crm"]["states"] = ["AUTHORIZED"]
    assert maintain(world, "Refresh").outcome is Outcome.REFRESHED
    assert maintain(world, "Refresh").outcome is Outcome.UNCHANGED


def test_a_create_that_a_refresh_overtook_has_nothing_left_to_do(world: World) -> None:
    """The connection is as it asked, with the newer credential."""
    rotate(world)
    world.connections.states_after_write = OAUTH
    with pytest.raises(NotStabilizedError):
        maintain(world, "Refresh")
    world.connections.stored["crm"]["states"] = ["AUTHORIZED"]
    assert ask(world, properties=WITH_HEADER).outcome is Outcome.UNCHANGED


def test_a_connection_that_nobody_waited_for_has_its_time_noted() -> None:
    """Else a credential changed by hand would never be found."""
    world = make_world()
    ask(world, properties={**WITH_HEADER, "WaitTimeoutSeconds": 0})
    world.registry.records["crm"] = replace(
        world.registry.records["crm"],
        pending_write=Write("Created", START, "AUTHORIZED"),
        last_modified_time=None,
    )
    pass_time(world)
    assert maintain(world, "Reconcile").is_silent
    world.connections.stored["crm"]["modified"] += timedelta(minutes=1)
    assert maintain(world, "Reconcile").details == {"Drift": ["Changed"]}


@pytest.mark.parametrize("request_type", ["Refresh", "Reconcile"])
def test_a_delete_between_two_looks_is_no_finding(
    world: World, request_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record was read before it, the connection after it."""
    describe = FakeConnections.describe

    def overtaken(self: FakeConnections, name: str) -> Connection | None:
        monkeypatch.setattr(FakeConnections, "describe", describe)
        ask(world, "Delete", {"Name": "crm"}, DIRECT)
        return describe(self, name)

    monkeypatch.setattr(FakeConnections, "describe", overtaken)
    about: dict[str, Any] = {"SecretId": CRM} if request_type == "Refresh" else {}
    completion = maintain(world, request_type, **about)
    assert (completion.outcome, completion.details) == (Outcome.UNCHANGED, {})


def test_an_event_whose_version_is_not_to_be_seen_yet_comes_back(world: World) -> None:
    """Secrets Manager is eventually consistent: the old value, read once more, is no answer."""
    world.secrets.versions[CRM] = "version-1"
    with pytest.raises(ServiceInternalError):
        maintain(world, "Refresh", SecretId=CRM, VersionId="version-2")
    rotate(world)
    refreshed = maintain(world, "Refresh", SecretId=CRM, VersionId="version-2")
    assert refreshed.outcome is Outcome.REFRESHED


def test_an_event_of_long_ago_does_not_come_back_for_ever(world: World) -> None:
    """It was overtaken by a newer rotation, as its message's age says."""
    document = {
        "RequestType": "Refresh",
        "ResourceProperties": {"Name": "crm", "SecretId": CRM, "VersionId": "version-0"},
    }
    asked = read_document(document, MAINTENANCE_QUEUE, "request-1", world.time.now)
    pass_time(world, 400)
    assert carry_out(world.ports, check(asked, RULES)).outcome is Outcome.UNCHANGED


def test_an_event_overtaken_by_what_was_applied_since_is_done(world: World) -> None:
    """What was written after it was sent is newer than it."""
    early = world.time.now
    pass_time(world, 10)
    rotate(world, "version-3")
    maintain(world, "Refresh")
    properties: Mapping[str, Any] = {"Name": "crm", "SecretId": CRM, "VersionId": "version-2"}
    document = {"RequestType": "Refresh", "ResourceProperties": properties}
    asked = read_document(document, MAINTENANCE_QUEUE, "request-1", early)
    assert carry_out(world.ports, check(asked, RULES)).outcome is Outcome.UNCHANGED


def test_the_wait_of_a_refresh_goes_along_to_each_connection(world: World) -> None:
    """Whoever said how long to wait meant the connections."""
    document = {
        "RequestType": "Refresh",
        "ResourceProperties": {"SecretId": CRM, "WaitTimeoutSeconds": 60},
    }
    with suppress(ProvisionerError):
        asked = read_document(document, MAINTENANCE_QUEUE, "request-1", world.time.now)
        carry_out(world.ports, check(asked, RULES))
    (sent,) = world.requests.sent
    assert sent["ResourceProperties"]["WaitTimeoutSeconds"] == 60
