"""What every request leaves behind, whatever becomes of it: metrics, and the last failure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from handler.connections.record import Record
from handler.entrypoints import execution
from handler.entrypoints.execution import Failed, Succeeded, execute
from handler.errors import (
    AccessDeniedError,
    ProvisionerError,
    SecretNotUsableError,
    ServiceInternalError,
    ThrottlingError,
)
from handler.requests.entry_point import (
    DIRECT,
    MAINTENANCE_QUEUE,
    REQUEST_QUEUE,
    REQUESTS_ALIAS,
    EntryPoint,
)
from handler.requests.unchecked_request import UncheckedRequest, read_document
from tests.support.crm import BASIC, ask
from tests.support.entry_point import CANARY
from tests.support.fakes import ACCOUNT, RULES, START, World, make_world
from tests.support.function_output import FunctionOutput

CRM = "connections/crm"
NEW = '{"user": "ada", "password": "battery staple", "key": "k-2"}'
REFRESH: dict[str, Any] = {"Name": "crm"}


@pytest.fixture
def world() -> World:
    """Give an account with one connection, whose secret has rotated since."""
    world = make_world()
    ask(world)
    world.time.seconds += 3600
    world.time.deadline += 3600
    world.secrets.rotate(CRM, NEW)
    return world


def run(
    world: World,
    request_type: str = "Refresh",
    properties: Mapping[str, Any] | None = None,
    comes_back: Callable[[ProvisionerError], bool] = lambda error: error.is_transient,
    entry_point: EntryPoint = MAINTENANCE_QUEUE,
    **members: str,
) -> Succeeded | Failed:
    """Handle a message."""
    given = {"RequestType": request_type, "ResourceProperties": properties or REFRESH, **members}
    asked = read_document(given, entry_point, "request-1", world.time.now)
    invocation: Any = SimpleNamespace(ports=world.ports, rules=RULES)
    return execute(asked, invocation, comes_back)


def counted(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Give the metrics printed since, in order."""
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    told = [line["_aws"]["CloudWatchMetrics"][0]["Metrics"] for line in lines if "_aws" in line]
    return [metric["Name"] for metrics in told for metric in metrics]


def last_failure(world: World) -> Any:
    """Give what List shows of the last failure of maintenance."""
    asked = read_document({"RequestType": "List"}, DIRECT, "r", world.time.now)
    invocation: Any = SimpleNamespace(ports=world.ports, rules=RULES)
    handled = execute(asked, invocation)
    assert isinstance(handled, Succeeded)
    (shown,) = handled.result["Connections"]
    return shown.get("LastFailure")


def fail_to_fetch(world: World, error: ProvisionerError) -> Callable[[], None]:
    """Let Secrets Manager refuse; give what ends it."""

    def refuse(_: str) -> None:
        raise error

    world.secrets.before_read = refuse

    def end() -> None:
        world.secrets.before_read = None

    return end


def test_a_rotation_that_failed_does_not_look_well(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """It showed AUTHORIZED, at the old version, and nothing else."""
    end = fail_to_fetch(world, AccessDeniedError("the key's policy refuses"))
    failed_at = world.time.now
    run(world)
    assert counted(capsys) == ["ConnectionFailed", "RefreshFailed"]
    assert last_failure(world) == {
        "ErrorCode": "AccessDenied",
        "Reason": "the key's policy refuses",
        "Time": failed_at.isoformat().replace("+00:00", "Z"),
    }
    end()
    run(world)
    assert last_failure(world) is None


@pytest.mark.parametrize("request_type", ["Refresh", "Reconcile"])
def test_success_clears_the_failure_also_where_nothing_was_to_do(
    world: World, request_type: str
) -> None:
    """The secret was set back by hand: all is well, at the version that was there before."""
    end = fail_to_fetch(world, AccessDeniedError("x"))
    run(world)
    end()
    world.secrets.versions.clear()
    assert isinstance(run(world, request_type), Succeeded)
    assert last_failure(world) is None


def test_moving_current_back_clears_the_failure(world: World) -> None:
    """The event names the version that is applied; the connection is looked at all the same."""
    event = {**REFRESH, "SecretId": CRM, "AccountId": ACCOUNT}
    end = fail_to_fetch(world, SecretNotUsableError("no such key"))
    run(world, properties={**event, "VersionId": world.secrets.versions[CRM]})
    assert last_failure(world)
    end()
    world.secrets.versions.clear()
    (applied,) = world.registry.records["crm"].secret_versions.values()
    assert isinstance(run(world, properties={**event, "VersionId": applied}), Succeeded)
    assert last_failure(world) is None


def test_an_event_for_what_is_applied_keeps_the_failure_of_a_lost_connection(world: World) -> None:
    """The version is right, and the connection is not there."""
    run(world)
    del world.connections.stored["crm"]
    run(world)
    (applied,) = world.registry.records["crm"].secret_versions.values()
    event = {**REFRESH, "SecretId": CRM, "AccountId": ACCOUNT, "VersionId": applied}
    assert isinstance(run(world, properties=event), Failed)
    assert last_failure(world)["ErrorCode"] == "NotFound"


@pytest.mark.parametrize(("is_deleted", "level"), [(True, "WARNING"), (False, "INFO")])
def test_drift_is_logged_where_trouble_is_looked_for(
    world: World, caplog: pytest.LogCaptureFixture, *, is_deleted: bool, level: str
) -> None:
    """The runbook's filter finds errors and warnings; a DriftAlarm leads there, too."""
    run(world)
    if is_deleted:
        del world.connections.stored["crm"]
    caplog.clear()
    run(world, "Reconcile")
    (line,) = [each for each in caplog.records if each.message == "request succeeded"]
    assert (line.levelname, bool(line.__dict__["drift"])) == (level, is_deleted)


def test_an_owners_success_clears_the_failure_as_well(world: World) -> None:
    """The connection is as asked, and its secrets were fetched."""
    end = fail_to_fetch(world, AccessDeniedError("x"))
    run(world)
    end()
    ask(world, "Update", BASIC)
    assert last_failure(world) is None


def test_what_was_found_drifted_keeps_the_failure(world: World) -> None:
    """Nothing was mended by finding it."""
    world.connections.states_after_write = ("DEAUTHORIZED",)
    run(world, comes_back=lambda _: False)
    before = last_failure(world)
    assert before["ErrorCode"] == "NotStabilized"
    assert isinstance(
        run(world, "Reconcile", {"Name": "crm", "ReconcileMode": "Report"}), Succeeded
    )
    assert last_failure(world) == before


@pytest.mark.parametrize(
    "properties",
    [{"Name": "nobodys"}, {"Name": "crm", "Extra": 1}, {"Name": "-"}],
    ids=["not registered", "not checked", "no name"],
)
def test_a_wrong_refresh_rings_nothing_and_writes_nothing(
    properties: dict[str, Any], world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The alarm is for connections that may lag behind their secret."""
    before = dict(world.registry.records)
    assert isinstance(run(world, properties=properties), Failed)
    assert "RefreshFailed" not in counted(capsys)
    assert world.registry.records == before


def test_what_comes_back_is_no_failure_yet(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Throttled for a moment: the alarm would ring for a rotation that succeeds."""
    fail_to_fetch(world, ThrottlingError("slow down"))
    run(world)
    assert (counted(capsys), last_failure(world)) == ([], None)
    capsys.readouterr()
    run(world, comes_back=lambda _: False)
    assert counted(capsys) == ["ConnectionFailed", "RefreshFailed"]
    assert last_failure(world)["ErrorCode"] == "Throttling"


def test_a_rotation_that_still_moves_rings_no_alarm(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """A private connection may take many minutes, and came back, and rang, each time."""
    world.connections.states_after_write = ("AUTHORIZING",) * 500 + ("AUTHORIZED",)
    run(world)
    assert (counted(capsys), last_failure(world)) == ([], None)


def test_a_broken_connection_rings_at_once(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The new credential was written and does not work: nobody should wait for the last try."""
    world.connections.states_after_write = ("DEAUTHORIZED",)
    run(world)
    assert counted(capsys) == ["RefreshFailed"]
    assert last_failure(world)["ErrorCode"] == "NotStabilized"


@pytest.mark.parametrize(
    "properties",
    [{"SecretId": CRM, "VersionId": "v-2"}, {"ParameterName": "/connections/crm"}],
    ids=["secret", "parameter"],
)
def test_a_rotation_that_reached_no_connection_rings(
    properties: dict[str, Any],
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It names none in whose item the failure could be kept, and all may lag behind."""

    def refuse(*_: object) -> None:
        raise AccessDeniedError("the queue's key refuses")

    monkeypatch.setattr(world.requests, "send", refuse)
    before = dict(world.registry.records)
    assert isinstance(run(world, properties=properties), Failed)
    assert counted(capsys) == ["ConnectionFailed", "RefreshFailed"]
    assert world.registry.records == before


@pytest.mark.parametrize("entry_point", [MAINTENANCE_QUEUE, DIRECT], ids=lambda each: each.name)
@pytest.mark.parametrize("request_type", ["Refresh", "Reconcile"])
def test_a_failure_of_maintenance_names_the_connections_owner(
    request_type: str, entry_point: EntryPoint, world: World
) -> None:
    """Its success does, and whoever watches the results wants to tell them."""
    record = world.registry.records["crm"]
    world.registry.records["crm"] = replace(record, owner="requests/team-a")
    fail_to_fetch(world, AccessDeniedError("x"))
    handled = run(world, request_type, entry_point=entry_point)
    assert isinstance(handled, Failed)
    assert handled.result["Owner"] == "requests/team-a"


@pytest.mark.parametrize(
    ("request_type", "properties"),
    [
        ("List", {"Extra": ""}),
        ("List", {"NextToken": "WyJhIiwiYiJd"}),
        ("Reconcile", {"ReconcileMode": "Report"}),
        ("Refresh", {"SecretId": CRM}),
        ("Refresh", {"Name": "nobodys"}),
    ],
)
def test_what_acts_for_nobody_names_no_owner(
    request_type: str, properties: dict[str, Any], world: World
) -> None:
    """An administrator's request that selects connections acts on those of any owner."""
    handled = run(world, request_type, properties, entry_point=DIRECT)
    assert "Owner" not in handled.result


def test_a_failure_is_reported_though_the_registry_cannot_keep_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The alarm rings; nobody knows whose connection it is."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    fail_to_fetch(world, AccessDeniedError("the key's policy refuses"))
    read = world.registry.read
    reads = iter([read])

    def read_once(name: str) -> Record | None:
        return next(reads, fail)(name)

    world.registry.read = read_once  # type: ignore[method-assign]
    handled = run(world)
    assert counted(capsys) == ["ConnectionFailed", "RefreshFailed"]
    assert handled.result["ErrorCode"] == "AccessDenied"
    assert "Owner" not in handled.result


def test_a_failure_is_not_written_under_somebody_elses_lease(world: World) -> None:
    """The holder would have to begin again."""
    record = world.registry.records["crm"]
    until = world.time.now.replace(year=2100)
    leased = world.registry.write(replace(record, lease_holder="another", leased_until=until))
    run(world, comes_back=lambda _: False)
    assert world.registry.records["crm"] == leased


@pytest.mark.parametrize("entry_point", [REQUEST_QUEUE, REQUESTS_ALIAS], ids=lambda each: each.name)
def test_a_producers_refresh_leaves_nothing_with_another_owner(
    world: World, entry_point: EntryPoint, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a failure in its item, which would disturb its writes, nor an alarm."""
    before = world.registry.records["crm"]
    handled = run(world, entry_point=entry_point, Owner="team-a")
    assert isinstance(handled, Failed)
    assert handled.result["ErrorCode"] == "NotFound"
    assert world.registry.records["crm"] == before
    assert counted(capsys) == ["ConnectionFailed"]


def test_a_producers_own_refresh_that_fails_is_kept_and_rings(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """As one that the function began."""
    fail_to_fetch(world, AccessDeniedError("the key's policy refuses"))
    run(world, entry_point=REQUEST_QUEUE)
    assert counted(capsys) == ["ConnectionFailed", "RefreshFailed"]
    assert last_failure(world)["ErrorCode"] == "AccessDenied"


def test_a_superseded_request_is_counted_as_that(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is nobody's mistake, and rings nothing."""
    world.time.seconds -= 7200
    handled = run(world, "Update", BASIC, entry_point=REQUEST_QUEUE)
    assert isinstance(handled, Failed)
    assert (handled.result["Status"], handled.result["ErrorCode"]) == ("FAILED", "Superseded")
    assert counted(capsys) == ["ConnectionSuperseded"]


def test_no_repr_shows_token_or_properties() -> None:
    """Tracebacks of test tools and debuggers print them."""
    secret = {"Password": CANARY}
    asked = UncheckedRequest(
        REQUEST_QUEUE, "Create", "r", "requests", START, secret, task_token=CANARY
    )
    assert CANARY not in repr(Failed(asked, ServiceInternalError("x")))


def test_a_request_tells_how_long_it_took(
    world: World, monkeypatch: pytest.MonkeyPatch, output: FunctionOutput
) -> None:
    """In whole milliseconds."""
    ticks = iter([10.0, 12.5])
    monkeypatch.setattr(execution, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    run(world)
    (line,) = output.lines
    assert line["duration_ms"] == 2500
