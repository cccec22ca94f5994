"""What each request leaves behind: one log line with these members, and these metrics."""

from typing import Any

import pytest

from handler.connections.state import Connection
from handler.entrypoints.log_and_metrics import observe_failure, observe_success
from handler.errors import InvalidRequestError, ProvisionerError, SupersededError
from handler.operations.completion import Completion, Outcome
from handler.requests.entry_point import DIRECT
from handler.requests.unchecked_request import UncheckedRequest, read_document
from handler.settings import MOST_LOGGED_MEMBERS
from tests.support.crm import BASIC, PRIVATE
from tests.support.fakes import START
from tests.support.function_output import FunctionOutput

CRM = Connection("crm", "arn", "AUTHORIZED")
LINE = {
    "entry_point": "direct",
    "request_type": "Create",
    "correlation_id": "request-1",
    "owner": "requests",
    "connection_name": "crm",
    "duration_ms": 12,
    "members": ["AuthParameters", "AuthorizationType", "Name"],
}
SUCCEEDED = {
    "level": "INFO",
    "message": "request succeeded",
    **LINE,
    "outcome": "Created",
    "connection_state": "AUTHORIZED",
    "connection_arn": "arn",
    "is_ignored": False,
    "drift": [],
}
MILLISECONDS = 12.4


def request(
    request_type: str = "Create", properties: dict[str, Any] | None = None
) -> UncheckedRequest:
    """Make a request."""
    document = {"RequestType": request_type, "ResourceProperties": properties or BASIC}
    return read_document(document, DIRECT, "request-1", START)


def line(output: FunctionOutput) -> dict[str, Any]:
    """Give the only log line, without what Powertools adds to every line."""
    (found,) = output.lines
    return {
        name: each
        for name, each in found.items()
        if name not in ("location", "timestamp", "service")
    }


def metrics(output: FunctionOutput) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """Give dimensions and metrics of each document."""
    return [
        (
            {name: each for name, each in found["dimensions"].items() if name != "service"},
            {name: value for name, (value, _) in found["metrics"].items()},
        )
        for found in output.metrics
    ]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_success_is_one_line_and_counts_under_its_outcome(
    outcome: Outcome, output: FunctionOutput
) -> None:
    """A connection that was written and works also tells how long that took."""
    observe_success(request(), Completion(outcome, CRM), MILLISECONDS)
    assert line(output) == {**SUCCEEDED, "outcome": str(outcome)}
    is_settled = outcome in ("Created", "Updated", "Adopted", "Refreshed")
    durations = {"TimeToSettled": 12} if is_settled else {}
    is_changed = outcome in ("Adopted", "Released")
    changed: list[Any] = [({}, {"OwnershipChanged": 1})] if is_changed else []
    first = ({"RequestType": "Create"}, {f"Connection{outcome}": 1, **durations})
    assert metrics(output) == [first, *changed]


@pytest.mark.parametrize(
    ("properties", "state", "is_settled"),
    [
        (BASIC, "AUTHORIZED", True),
        (BASIC, "AUTHORIZING", False),
        (BASIC, "", False),
        ({**BASIC, "InvocationConnectivityParameters": PRIVATE}, "AUTHORIZED", False),
        ({**BASIC, "InvocationConnectivityParameters": PRIVATE}, "ACTIVE", True),
    ],
)
def test_only_what_works_has_a_time_to_settle(
    properties: dict[str, Any], state: str, is_settled: bool, output: FunctionOutput
) -> None:
    """Who did not wait would spoil the average."""
    done = Completion(Outcome.CREATED, Connection("crm", "arn", state))
    observe_success(request(properties=properties), done, MILLISECONDS)
    ((_, found),) = metrics(output)
    assert ("TimeToSettled" in found) == is_settled


def test_an_ignored_delete_is_counted_as_that(output: FunctionOutput) -> None:
    """Nothing was deleted."""
    ignored = Completion(Outcome.DELETED, Connection("crm"), is_ignored=True)
    observe_success(request("Delete", {"Name": "crm"}), ignored, MILLISECONDS)
    found = line(output)
    told = (found["is_ignored"], found["outcome"], found["connection_state"])
    assert told == (True, "Deleted", "")
    assert metrics(output) == [({"RequestType": "Delete"}, {"DeleteIgnored": 1})]


def test_drift_is_a_warning_and_counted(output: FunctionOutput) -> None:
    """The runbook looks for warnings."""
    drifted = Completion(Outcome.UNCHANGED, CRM, details={"Drift": ["Changed"]})
    observe_success(request("Reconcile", {"Name": "crm"}), drifted, MILLISECONDS)
    found = line(output)
    assert (found["level"], found["drift"]) == ("WARNING", ["Changed"])
    assert metrics(output) == [
        ({"RequestType": "Reconcile"}, {"ConnectionUnchanged": 1}),
        ({}, {"DriftFound": 1}),
    ]


@pytest.mark.parametrize(
    ("error", "is_final", "level", "message", "counted"),
    [
        (
            InvalidRequestError("never"),
            True,
            "ERROR",
            "request failed",
            [({"ErrorCode": "InvalidRequest"}, {"ConnectionFailed": 1})],
        ),
        (InvalidRequestError("never"), False, "WARNING", "request comes back", []),
        (
            SupersededError("never"),
            True,
            "INFO",
            "request superseded",
            [({"RequestType": "Create"}, {"ConnectionSuperseded": 1})],
        ),
    ],
)
def test_a_failure_is_one_line_and_counts_once_it_is_final(
    error: ProvisionerError,
    is_final: bool,
    level: str,
    message: str,
    counted: list[Any],
    output: FunctionOutput,
) -> None:
    """By its code; one that a newer request made pointless is none to look at."""
    observe_failure(request(), error, MILLISECONDS, is_final=is_final)
    outcome = {"error_code": error.code, "reason": "never"}
    assert line(output) == {"level": level, "message": message, **LINE, **outcome}
    assert metrics(output) == counted


def test_a_line_names_few_members_and_none_that_may_be_a_credential(
    output: FunctionOutput,
) -> None:
    """A sender may put its secret where a name belongs."""
    many = {f"Member{chr(65 + number // 26)}{chr(65 + number % 26)}": "" for number in range(60)}
    observe_failure(request(properties={**many, "s3cr3t!": ""}), InvalidRequestError("no"), 1)
    members = line(output)["members"]
    assert len(members) == MOST_LOGGED_MEMBERS
    assert members[0] == "(a member whose name is not shown)"
    assert members[1] == "MemberAA"
