"""Reconcile finds what events missed and what was done behind our back, and mends what it may."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handler.connections.record import Deletion, MaintenanceFailure
from handler.connections.state import Connection, Write
from handler.errors import (
    InvalidRequestError,
    NotFoundError,
    NotStabilizedError,
    ResourceConflictError,
)
from handler.operations.completion import Completion, Outcome
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import (
    DIRECT,
    MAINTENANCE_QUEUE,
    REQUEST_QUEUE,
    EntryPoint,
)
from handler.requests.request import check
from handler.requests.unchecked_request import read_document
from handler.settings import DELETION_LIFETIME
from tests.support.crm import BASIC, OAUTH, PRIVATE, WITH_HEADER, ask, password_of
from tests.support.fakes import PAGE, RULES, START, World, make_world

CRM = "connections/crm"
WRITES = {"create", "update", "delete", "deauthorize"}


@pytest.fixture
def world() -> World:
    """Give an account with one connection, which is as it was left."""
    world = make_world()
    ask(world, properties=WITH_HEADER)
    world.time.seconds += 3600
    world.connections.calls.clear()
    return world


def reconcile(
    world: World,
    properties: Mapping[str, Any] | None = None,
    entry_point: EntryPoint = MAINTENANCE_QUEUE,
) -> Completion:
    """Carry out a Reconcile, of crm unless told otherwise."""
    document = {
        "RequestType": "Reconcile",
        "ResourceProperties": {"Name": "crm"} if properties is None else properties,
    }
    asked = read_document(document, entry_point, "request-1", world.time.now)
    return carry_out(world.ports, check(asked, RULES))


def written(world: World) -> set[str]:
    """Give the writes to EventBridge."""
    return WRITES & set(world.connections.calls)


def gone(world: World) -> None:
    """Delete the connection behind our back."""
    del world.connections.stored["crm"]


def changed(world: World) -> None:
    """Change the connection behind our back, in a way that it does not show."""
    world.connections.stored["crm"]["modified"] += timedelta(minutes=1)


def described(world: World) -> None:
    """Change what the connection shows, and nothing else."""
    world.connections.stored["crm"]["properties"]["Description"] = "somebody else's"


def deauthorized(world: World) -> None:
    """Let the connection lose its authorization."""
    world.connections.stored["crm"]["states"] = ["DEAUTHORIZED"]


def unreachable(world: World) -> None:
    """Let the connection lose its way."""
    world.connections.stored["crm"]["states"] = ["FAILED_CONNECTIVITY"]


FINDINGS: dict[str, tuple[Callable[[World], None], str, str]] = {
    "Gone": (gone, "Created", "create"),
    "Changed": (changed, "Updated", "update"),
    "Changed, and it shows": (described, "Updated", "update"),
    "Deauthorized": (deauthorized, "Updated", "update"),
    "FailedConnectivity": (unreachable, "Updated", "update"),
}


@pytest.mark.parametrize("finding", FINDINGS)
def test_a_report_tells_and_touches_nothing(world: World, finding: str) -> None:
    """The default: somebody may have had a reason."""
    bring_about, _, _ = FINDINGS[finding]
    bring_about(world)
    before = dict(world.registry.records)
    completion = reconcile(world)
    assert completion.details == {"Drift": [finding.partition(",")[0]]}
    assert (completion.outcome, completion.is_silent) == (Outcome.UNCHANGED, False)
    assert not written(world)
    assert world.registry.records == before


@pytest.mark.parametrize("finding", FINDINGS)
def test_a_repair_tells_and_mends(world: World, finding: str) -> None:
    """Afterwards the connection is as its owner asked, and a second look finds nothing."""
    bring_about, outcome, call = FINDINGS[finding]
    bring_about(world)
    before = world.registry.records["crm"]
    world.is_repairing = True
    completion = reconcile(world)
    assert completion.details == {"Drift": [finding.partition(",")[0]]}
    assert (completion.outcome, written(world)) == (outcome, {call})
    assert (completion.connection.name, completion.connection.state) == ("crm", "AUTHORIZED")
    after = world.registry.records["crm"]
    assert (after.owner, after.request_time) == (before.owner, before.request_time)
    assert after.properties == before.properties
    stored = world.connections.stored["crm"]["properties"]
    assert stored["Description"] == WITH_HEADER["Description"]
    assert reconcile(world).is_silent


@pytest.mark.parametrize("is_repairing", [False, True])
def test_a_secrets_version_that_is_behind_is_always_written(
    world: World, is_repairing: bool
) -> None:
    """Its event was missed; following its secret is what a connection is here for."""
    world.is_repairing = is_repairing
    world.secrets.rotate(CRM, '{"password": "battery staple"}')
    completion = reconcile(world)
    assert completion.details == {"Drift": ["SecretVersionBehind"]}
    assert completion.outcome is Outcome.REFRESHED
    assert password_of(world) == "battery staple"
    assert world.registry.records["crm"].refreshed_at == world.time.now


@pytest.mark.parametrize("is_repairing", [False, True])
def test_what_somebody_else_made_anew_is_never_touched(world: World, is_repairing: bool) -> None:
    """A namesake is not ours, in whatever state, and whatever its secret."""
    world.is_repairing = is_repairing
    gone(world)
    world.connections.make_by_hand("crm", BASIC)
    deauthorized(world)
    world.secrets.rotate(CRM, '{"password": "battery staple"}')
    before = dict(world.registry.records)
    completion = reconcile(world)
    registered = world.registry.records["crm"].registered_connection
    told = {"Drift": ["Recreated"]}
    assert completion == Completion(Outcome.UNCHANGED, registered, "requests", details=told)
    assert not written(world)
    assert world.registry.records == before


def test_nothing_found_is_silent(world: World) -> None:
    """No result event for each connection and day; nothing written, here or there."""
    before = dict(world.registry.records)
    seen = world.connections.describe("crm")
    assert seen
    assert reconcile(world) == Completion(Outcome.UNCHANGED, seen, "requests", is_silent=True)
    assert not written(world)
    assert world.registry.records == before


def test_all_that_is_wrong_is_told(world: World) -> None:
    """Not only the first of it."""
    deauthorized(world)
    changed(world)
    described(world)
    assert reconcile(world).details == {"Drift": ["Deauthorized", "Changed"]}


def test_a_claim_is_left_to_its_create(world: World) -> None:
    """What was never made cannot be gone."""
    record = world.registry.records["crm"]
    gone(world)
    world.registry.records["crm"] = replace(record, connection_arn="", properties={})
    world.is_repairing = True
    silent = Completion(Outcome.UNCHANGED, Connection("crm"), "requests", is_silent=True)
    assert reconcile(world) == silent
    assert world.connections.calls == []


def test_a_deletion_is_left_alone(world: World) -> None:
    """What was deleted is not missed."""
    ask(world, "Delete", {"Name": "crm"})
    world.connections.calls.clear()
    world.is_repairing = True
    silent = Completion(Outcome.UNCHANGED, Connection("crm"), is_silent=True)
    assert reconcile(world) == silent
    assert world.connections.calls == []


def test_what_nobody_registered_is_not_found(world: World) -> None:
    """Whoever names it is mistaken."""
    with pytest.raises(NotFoundError, match="nobody is registered for other"):
        reconcile(world, {"Name": "other"}, DIRECT)


def test_what_was_released_since_its_page_was_handed_on_is_no_failure(world: World) -> None:
    """A message that names nobody's connection is silent."""
    assert reconcile(world, {"Name": "other"}).is_silent


def test_a_writer_is_waited_for(world: World) -> None:
    """What is in the middle of a change is compared when it is over."""
    until = world.time.now + timedelta(days=1)
    record = world.registry.records["crm"]
    world.registry.write(replace(record, lease_holder="other", leased_until=until))
    with pytest.raises(ResourceConflictError):
        reconcile(world)
    assert world.connections.calls == []


def test_a_repair_is_waited_for_until_it_works() -> None:
    """What an OAuth connection answers to the update is AUTHORIZING."""
    world = make_world()
    ask(world, properties=OAUTH)
    world.time.seconds += 600
    deauthorized(world)
    world.is_repairing = True
    world.connections.states_after_write = ("AUTHORIZING", "AUTHORIZING", "AUTHORIZED")
    completion = reconcile(world)
    assert completion.details == {"Drift": ["Deauthorized"]}
    assert completion.connection.state == "AUTHORIZED"
    assert world.registry.records["crm"].pending_write is None


def test_a_repair_that_does_not_help_is_a_failure(world: World) -> None:
    """On the queue it comes back, since a vendor may need its time."""
    deauthorized(world)
    world.is_repairing = True
    world.connections.states_after_write = ("DEAUTHORIZED",)
    with pytest.raises(NotStabilizedError) as raised:
        reconcile(world)
    assert raised.value.is_transient


@pytest.mark.parametrize("mode", ["Report", "Repair"])
def test_a_reconcile_may_choose_its_mode(world: World, mode: str) -> None:
    """Whatever the installation's is: to mend one connection now, or to leave it as it is."""
    deauthorized(world)
    world.is_repairing = mode == "Report"
    completion = reconcile(world, {"Name": "crm", "ReconcileMode": mode})
    assert completion.details == {"Drift": ["Deauthorized"]}
    assert written(world) == ({"update"} if mode == "Repair" else set())


def test_a_report_does_not_wait_for_what_a_refresh_left_broken(world: World) -> None:
    """The Refresh itself comes back and tries again; its failures cause events of their own."""
    deauthorized(world)
    record = world.registry.records["crm"]
    world.registry.write(replace(record, pending_write=Write(Outcome.REFRESHED, START, "")))
    assert reconcile(world).details == {"Drift": ["Deauthorized"]}
    assert not written(world)


@pytest.mark.parametrize("is_changed", [True, False])
def test_a_failure_stays_on_record_until_nothing_is_found(world: World, is_changed: bool) -> None:
    """A report of what is wrong mends nothing; List goes on showing why a Refresh failed."""
    failure = MaintenanceFailure("SecretNotUsable", "it is not there", world.time.now)
    record = world.registry.records["crm"]
    world.registry.write(replace(record, maintenance_failure=failure))
    if is_changed:
        changed(world)
    reconcile(world)
    left = world.registry.records["crm"].maintenance_failure
    assert left == (failure if is_changed else None)


def test_what_nobody_waited_for_is_looked_at_once(world: World) -> None:
    """One call for each connection and day; its time is noted, so that a change is found later."""
    world.time.deadline += 7200
    world.connections.states_after_write = ("AUTHORIZING", "AUTHORIZED")
    ask(world, "Update", {**BASIC, "WaitTimeoutSeconds": 0})
    world.time.seconds += 3600
    world.connections.calls.clear()
    assert reconcile(world).is_silent
    assert world.connections.calls == ["describe"]
    changed(world)
    assert reconcile(world).details == {"Drift": ["Changed"]}


def test_what_a_refresh_left_unsettled_is_waited_for(world: World) -> None:
    """Its process was killed while it waited: nobody else would see it settle."""
    world.time.deadline += 3600
    record = world.registry.records["crm"]
    write = Write(Outcome.REFRESHED, world.time.now, "AUTHORIZING", "AUTHORIZED", START)
    world.registry.write(replace(record, pending_write=write, last_modified_time=None))
    world.connections.stored["crm"]["states"] = ["AUTHORIZING"] * 5 + ["AUTHORIZED"]
    completion = reconcile(world)
    assert (completion.outcome, completion.connection.state) == (Outcome.UPDATED, "AUTHORIZED")
    assert world.registry.records["crm"].pending_write is None
    assert not written(world)


def test_all_connections_are_compared_by_one_message_each(world: World) -> None:
    """
    Every page in one invocation: messages that send messages are what Lambda cuts off as a loop.
    """
    for number in range(2 * PAGE):
        ask(world, properties={**BASIC, "Name": f"connection-{number}"})
    ask(world, "Delete", {"Name": "connection-1"})
    completion = reconcile(world, {"ReconcileMode": "Report"})
    assert (completion.outcome, completion.is_silent) == (Outcome.UNCHANGED, True)
    sent = world.requests.sent
    assert {(each["RequestType"], each["RequestId"]) for each in sent} == {
        ("Reconcile", "request-1")
    }
    assert completion.details == {"ConnectionCount": 2 * PAGE} == {"ConnectionCount": len(sent)}
    about = [each["ResourceProperties"] for each in sent]
    assert about == [{"Name": name, "ReconcileMode": "Report"} for name in sorted(world.owners)]


def test_three_thousand_connections_are_compared_without_a_chain_of_invocations() -> None:
    """Lambda ends the sixteenth invocation in a row; here none is further than the second."""
    world = make_world()
    texts = {f"connections/{number}": '{"key": "k"}' for number in range(2)}
    world.secrets.texts |= texts
    parameters = [
        {"Key": f"k{number}", "Value": f"{{{{resolve:secretsmanager:{name}:SecretString:key}}}}"}
        for number, name in enumerate(texts)
    ]
    invocation = {"InvocationHttpParameters": {"QueryStringParameters": parameters}}
    auth_parameters = {**BASIC["AuthParameters"], **invocation}
    ask(world, properties={**BASIC, "AuthParameters": auth_parameters})
    seeded, stored = world.registry.records.pop("crm"), world.connections.stored.pop("crm")
    for number in range(3000):
        name = f"connection-{number}"
        properties = {**seeded.properties, "Name": name}
        world.registry.records[name] = replace(seeded, name=name, properties=properties)
        world.connections.stored[name] = {**stored, "states": ["AUTHORIZED"]}
    world.time.seconds += 3600
    world.time.deadline += 3600
    waiting: list[tuple[int, Mapping[str, Any]]] = [(1, {})]
    invocations: Counter[int] = Counter()
    while waiting:
        lineage, about = waiting.pop()
        invocations[lineage] += 1
        assert reconcile(world, about).is_silent
        sent, world.requests.sent = world.requests.sent, []
        waiting += [(lineage + 1, each["ResourceProperties"]) for each in sent]
    assert invocations == {1: 1, 2: 3000}


def test_no_connections_need_no_messages() -> None:
    """An installation that nobody uses yet is compared every day, too."""
    world = make_world()
    assert reconcile(world, {}).is_silent
    assert world.requests.sent == []


def test_a_direct_reconcile_gives_what_it_found(world: World) -> None:
    """The same, for whoever looks into one connection."""
    changed(world)
    assert reconcile(world, entry_point=DIRECT).details == {"Drift": ["Changed"]}


@pytest.mark.parametrize("kind", ["secret rotated", "changed", "gone", "well"])
@pytest.mark.parametrize("mode", ["Repair", "Report"])
def test_a_token_endpoint_that_is_no_longer_allowed_is_not_repaired(
    world: World, kind: str, mode: str
) -> None:
    """The list is checked again before an older request is written; nothing is fetched either."""
    world.time.deadline += 7200
    ask(world, properties={**OAUTH, "Name": "oauth"})
    world.time.seconds += 3600
    if kind == "secret rotated":
        world.secrets.rotate(CRM, '{"password": "battery staple"}')
    elif kind == "changed":
        world.connections.stored["oauth"]["modified"] += timedelta(minutes=1)
    elif kind == "gone":
        del world.connections.stored["oauth"]
    world.connections.calls.clear()
    world.secrets.reads.clear()
    before = world.registry.records["oauth"]
    rules = replace(RULES, allowed_authorization_hosts=("*.auth0.com",))
    given = {"Name": "oauth", "ReconcileMode": mode}
    document = {"RequestType": "Reconcile", "ResourceProperties": given}
    asked = read_document(document, MAINTENANCE_QUEUE, "request-1", world.time.now)
    ports = replace(world.ports, rules=rules)
    if kind == "gone" and mode == "Report":
        assert carry_out(ports, check(asked, rules)).details["Drift"] == ["Gone"]
    else:
        with pytest.raises(InvalidRequestError, match="its host is not allowed"):
            carry_out(ports, check(asked, rules))
    assert not written(world)
    assert world.secrets.reads == []
    assert world.registry.records["oauth"] == before


@pytest.mark.parametrize("mode", ["", "Report", "Repair"])
def test_what_a_reconcile_sends_is_taken_by_the_maintenance_queue(world: World, mode: str) -> None:
    """And by no other queue."""
    reconcile(world, {"ReconcileMode": mode} if mode else {}, DIRECT)
    (document,) = world.requests.sent
    asked = read_document(document, MAINTENANCE_QUEUE, "message-1", world.time.now)
    checked = check(asked, RULES)
    assert (checked.name, checked.selection.reconcile_mode) == ("crm", mode)
    assert carry_out(world.ports, checked).outcome is Outcome.UNCHANGED
    with pytest.raises(InvalidRequestError):
        check(read_document(document, REQUEST_QUEUE, "message-1", world.time.now), RULES)


def test_a_reconcile_of_all_says_how_many_got_a_message(world: World) -> None:
    """And when it was asked for, so that none undoes a newer request."""
    ask(world, properties={**BASIC, "Name": "A"})
    done = reconcile(world, {})
    details = {"ConnectionCount": 2}
    assert world.requests.times == {world.time.now}
    silent = Completion(Outcome.UNCHANGED, Connection(""), is_silent=True, details=details)
    assert done == silent


def test_a_private_connection_on_its_way_is_not_registered_as_settled(world: World) -> None:
    """AUTHORIZED is not yet ACTIVE."""
    record = world.registry.records["crm"]
    pending = Write("Updated", world.time.now - timedelta(hours=1), "AUTHORIZING")
    private = {**WITH_HEADER, "InvocationConnectivityParameters": PRIVATE}
    world.registry.write(replace(record, properties=private, pending_write=pending))
    world.connections.stored["crm"]["properties"]["InvocationConnectivityParameters"] = PRIVATE
    reconcile(world)
    assert world.registry.records["crm"].pending_write == pending


def test_what_another_owner_just_deleted_is_not_called_recreated(world: World) -> None:
    """Describe may show it for a while, though the name has a new connection."""
    deleted_arn = world.connections.stored["crm"]["arn"]
    expires_at = world.time.now + DELETION_LIFETIME
    world.registry.write_deletion(Deletion("crm", "team-b", START, expires_at, deleted_arn))
    world.registry.write(replace(world.registry.records["crm"], connection_arn="arn of ours"))
    with pytest.raises(ResourceConflictError, match="still shown after its deletion"):
        reconcile(world)
