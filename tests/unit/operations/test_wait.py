"""Waiting: for a usable state, for what is dropped to be gone, and for how long."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from handler.connections.state import Connection
from handler.errors import (
    AlreadyExistsError,
    NetworkFailureError,
    NotStabilizedError,
    ThrottlingError,
)
from handler.operations.completion import Outcome
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import (
    CLOUDFORMATION,
    DIRECT,
    REQUEST_QUEUE,
    EntryPoint,
)
from handler.requests.request import check
from tests.support import alpha, crm
from tests.support.crm import BASIC, HEADER, PRIVATE, WITH_HEADER, ask, password_of, stack
from tests.support.fakes import RULES, FakeConnections, World, make_world
from tests.support.faulty_ports import Storm, stormy
from tests.support.lives import properties_of


@pytest.mark.parametrize("variant", [5, 2])
def test_a_namesake_made_while_we_wait_is_left_alone(world: World, variant: int) -> None:
    """What looks like our leftovers is somebody else's, and so is what looks well."""
    world.connections.states_after_write = ("AUTHORIZING",) * 4 + ("AUTHORIZED",)

    def replace_it() -> None:
        del world.connections.stored["alpha"]
        world.connections.make_by_hand("alpha", properties_of("alpha", variant))

    watched = alpha.watching(world, 3, replace_it)
    watched.clears_on_empty = False
    with pytest.raises(AlreadyExistsError):
        alpha.run(world, alpha.message(variant=0, sent=1), connections=watched)
    assert not {"deauthorize", "update"} & set(watched.calls)


def test_a_deauthorization_whose_answer_was_lost_is_no_end() -> None:
    """It was the function's own, on the way to a connection without leftovers."""
    world = make_world()
    world.connections.clears_on_empty = False
    carry_out(world.ports, check(alpha.message(variant=1), RULES))

    class Lost(FakeConnections):
        def deauthorize(self, name: str) -> None:
            super().deauthorize(name)
            raise crm.lost_answer()

    lost = Lost(world.time, world.connections.stored, clears_on_empty=False)
    update = alpha.message("Update", variant=2, sent=1)
    with pytest.raises(NetworkFailureError):
        carry_out(replace(world.ports, connections=lost), check(update, RULES))
    assert carry_out(world.ports, check(update, RULES)).connection.state == "AUTHORIZED"


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


def test_a_description_that_stays_is_not_written_over_at_each_reconcile(world: World) -> None:
    """It is reported; what failed before it wrote anything leaves no doubt about a write."""
    ask(world, properties=WITH_HEADER)
    world.connections.clears_on_empty = False
    with pytest.raises(NotStabilizedError, match="Description"):
        ask(world, "Update", BASIC)
    world.connections.calls.clear()
    for _ in range(2):
        crm.pass_time(world)
        found = ask(world, "Reconcile", {"Name": "crm", "ReconcileMode": "Report"})
        assert found.details == {"Drift": ["Changed"]}
    assert set(world.connections.calls) == {"describe"}


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
@pytest.mark.parametrize("entry_point", [DIRECT, REQUEST_QUEUE])
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


@pytest.mark.parametrize(("entry_point", "is_transient"), [(DIRECT, False), (REQUEST_QUEUE, True)])
def test_running_out_of_time_tells_the_state(
    world: World, entry_point: EntryPoint, is_transient: bool
) -> None:
    """Final for who waits, transient on the queue."""
    world.connections.states_after_write = ("AUTHORIZING",)
    with pytest.raises(NotStabilizedError, match=r"30 s; it is AUTHORIZING") as raised:
        ask(world, entry_point=entry_point)
    assert raised.value.is_transient is is_transient
    assert 29 < sum(world.time.slept) < 31


def test_a_wait_of_one_second_is_waited_for(world: World) -> None:
    """Only 0 takes the state as it is."""
    world.connections.states_after_write = ("AUTHORIZING",)
    with pytest.raises(NotStabilizedError, match=r"1 s; it is AUTHORIZING"):
        ask(world, properties={**BASIC, "WaitTimeoutSeconds": 1})


def test_a_wait_tells_what_it_saw_last(world: World) -> None:
    """However it ends: a stack's answer adds it to any other error."""
    world.connections.states_after_write = ("AUTHORIZING",)
    world.connections.state_reason = "Could not connect"
    began = world.time.seconds
    ports = stormy(world, Storm("throttled", ["describe"], began + 10, began + 3600))
    with pytest.raises(ThrottlingError):
        carry_out(ports, check(alpha.message(), RULES))
    assert ports.progress.seen
    assert ports.progress.seen.state_and_reason == "AUTHORIZING: Could not connect"


def test_a_message_that_comes_back_waits_on_without_a_write(world: World) -> None:
    """The second delivery finds the connection authorized and tells that it was created."""
    world.connections.states_after_write = ("AUTHORIZING",)
    with pytest.raises(NotStabilizedError):
        ask(world, entry_point=REQUEST_QUEUE)
    world.connections.stored["crm"]["states"] = ["AUTHORIZED"]
    world.connections.calls.clear()
    assert ask(world, entry_point=REQUEST_QUEUE).outcome is Outcome.CREATED
    assert set(world.connections.calls) == {"describe"}


def test_no_time_to_wait_takes_the_state_as_it_is(world: World) -> None:
    """WaitTimeoutSeconds 0 is success with the state reached."""
    world.connections.states_after_write = ("AUTHORIZING",)
    completion = ask(world, properties={**BASIC, "WaitTimeoutSeconds": 0})
    assert completion.connection.state == "AUTHORIZING"
    assert world.time.slept == []


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
