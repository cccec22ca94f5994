"""The result that every entry point gives: always the same members, in the same form."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from handler.connections.state import Connection
from handler.entrypoints.result import (
    attributes,
    failure,
    success,
)
from handler.errors import NotStabilizedError, ProvisionerError, ResourceConflictError
from handler.operations.completion import Completion, Outcome
from handler.requests.entry_point import DIRECT
from handler.requests.unchecked_request import UncheckedRequest
from tests.support.attributes import ATTRIBUTES
from tests.support.bad_requests import BASIC, CANARY
from tests.support.fakes import START

UUID = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
ARN = f"arn:aws:events:us-east-1:123456789012:connection/crm/{UUID}"
CET = timezone(timedelta(hours=1))
FULL = Connection(
    name="crm",
    arn=ARN,
    state="AUTHORIZED",
    state_reason="fine",
    authorization_type="BASIC",
    secret_arn="arn:aws:secretsmanager:us-east-1:123456789012:secret:events!connection/crm/0f",
    creation_time=datetime(2026, 1, 1, 1, 0, tzinfo=CET),
    last_modified_time=datetime(2026, 1, 1, 0, 0, 1, 250_000, tzinfo=UTC),
    last_authorized_time=datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC),
    properties={"AuthParameters": CANARY},
)
ASKED = UncheckedRequest(DIRECT, "Create", "request-1", "requests", START, BASIC)


def test_the_attributes_are_those_of_the_contract() -> None:
    """Times in UTC, wherever they came from; no property of the connection."""
    assert attributes(Completion(Outcome.CREATED, FULL)) == {
        "Name": "crm",
        "ConnectionArn": ARN,
        "Arn": ARN,
        "ArnForPolicy": ARN.removesuffix(f"/{UUID}"),
        "ConnectionState": "AUTHORIZED",
        "StateReason": "fine",
        "SecretArn": FULL.secret_arn,
        "AuthorizationType": "BASIC",
        "CreationTime": "2026-01-01T00:00:00Z",
        "LastModifiedTime": "2026-01-01T00:00:01.250000Z",
        "LastAuthorizedTime": "2026-01-01T00:00:02Z",
        "Outcome": "Created",
    }


def test_every_attribute_is_there_though_there_is_no_connection() -> None:
    """Fn::GetAtt of a missing one would fail the stack."""
    found = attributes(Completion(Outcome.DELETED, Connection("crm")))
    assert list(found) == ATTRIBUTES
    assert {name: value for name, value in found.items() if value} == {
        "Name": "crm",
        "Outcome": "Deleted",
    }


def test_a_connections_properties_are_not_in_its_repr() -> None:
    """A traceback or a log line shows state and ARN only."""
    assert CANARY not in repr(Completion(Outcome.CREATED, FULL))


@pytest.mark.parametrize("name", ["crm", "connection", "a.b-c_d"])
@pytest.mark.parametrize("end", [f"/{UUID}", ""])
def test_iam_gets_the_arn_without_the_uuid(name: str, end: str) -> None:
    """As the native resource's ArnForPolicy; emulators have no UUID in the first place."""
    arn = f"arn:aws-cn:events:cn-north-1:123456789012:connection/{name}"
    found = attributes(Completion(Outcome.CREATED, Connection(name, arn + end)))
    assert found["ArnForPolicy"] == arn


@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_outcome_is_told_by_its_name(outcome: Outcome) -> None:
    """The words of the contract."""
    told = success(ASKED, Completion(outcome, FULL))["Outcome"]
    assert told == outcome.name.capitalize()


def test_a_success_tells_what_there_is() -> None:
    """Request and connection; what AWS gives none of is left out."""
    assert success(ASKED, Completion(Outcome.VALIDATED, Connection("crm"))) == {
        "RequestId": "request-1",
        "RequestType": "Create",
        "Owner": "requests",
        "Status": "SUCCESS",
        "Name": "crm",
        "Outcome": "Validated",
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ResourceConflictError("busy"), "ResourceConflict"),
        (NotStabilizedError("busy", is_transient=True), "NotStabilized"),
    ],
)
def test_a_failure_tells_code_and_reason(error: ProvisionerError, code: str) -> None:
    """And the name asked for."""
    assert failure(ASKED, error) == {
        "RequestId": "request-1",
        "RequestType": "Create",
        "Owner": "requests",
        "Status": "FAILED",
        "Name": "bad-request",
        "ErrorCode": code,
        "Reason": "busy",
    }


def test_a_failure_of_nonsense_repeats_none_of_it() -> None:
    """No name, no type, no value."""
    nonsense = UncheckedRequest(
        DIRECT, [CANARY], "request-1", "requests", START, {"Name": [CANARY]}
    )
    assert failure(nonsense, ResourceConflictError("busy")) == {
        "RequestId": "request-1",
        "RequestType": "",
        "Owner": "requests",
        "Status": "FAILED",
        "ErrorCode": "ResourceConflict",
        "Reason": "busy",
    }
