"""What a request is told once its connection has settled, whoever wrote it."""

from collections.abc import Mapping
from typing import Any

import pytest

from handler.connections.record import Record
from handler.connections.state import Write
from handler.operations.completion import Outcome, final_outcome, outcome_after_write
from handler.requests.entry_point import DIRECT
from handler.requests.request import Request, check
from handler.requests.unchecked_request import read_document
from tests.support.crm import BASIC
from tests.support.fakes import RULES, START

OTHER = {**BASIC, "Description": "other"}


def request(request_type: str = "Update") -> Request:
    """Make a checked request."""
    given = BASIC if request_type in ("Create", "Update") else {"Name": "crm"}
    document = {"RequestType": request_type, "ResourceProperties": given}
    return check(read_document(document, DIRECT, "request-1", START), RULES)


def record(
    pending: str | None, properties: Mapping[str, Any] = BASIC, *, is_adopted: bool = False
) -> Record:
    """Make a record whose last write has not settled, unless there was none."""
    write = Write(pending, START, "AUTHORIZING") if pending else None
    return Record(
        "crm",
        "requests",
        claimed_at=START,
        request_time=START,
        properties=properties,
        pending_write=write,
        is_adopted=is_adopted,
    )


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (record(None, {}), Outcome.CREATED),
        (record(None, {}, is_adopted=True), Outcome.ADOPTED),
        (record(None), Outcome.UPDATED),
        (record(None, OTHER), Outcome.UPDATED),
        # The same request again, after one that did not settle, is told what that one was for.
        (record("Created"), Outcome.CREATED),
        (record("Adopted"), Outcome.ADOPTED),
        (record("Updated"), Outcome.UPDATED),
        (record("Created", OTHER), Outcome.UPDATED),
        # A Refresh in between was not the requester's.
        (record("Refreshed"), Outcome.UPDATED),
    ],
)
def test_a_write_is_told_as_what_its_requester_asked_for(before: Record, expected: Outcome) -> None:
    """Also where the requester's own earlier try made the write."""
    assert outcome_after_write(request(), before) is expected


@pytest.mark.parametrize("request_type", ["Refresh", "Reconcile"])
@pytest.mark.parametrize("pending", [None, "Created", "Refreshed"])
def test_what_maintenance_writes_is_refreshed(request_type: str, pending: str | None) -> None:
    """Whatever was on its way."""
    assert outcome_after_write(request(request_type), record(pending)) is Outcome.REFRESHED


@pytest.mark.parametrize(
    ("request_type", "pending", "expected"),
    [
        ("Update", None, Outcome.UNCHANGED),
        ("Update", "Created", Outcome.CREATED),
        ("Update", "Refreshed", Outcome.UNCHANGED),
        ("Refresh", "Refreshed", Outcome.REFRESHED),
        ("Refresh", None, Outcome.UNCHANGED),
    ],
)
def test_a_connection_that_settled_is_told_as_its_last_write(
    request_type: str, pending: str | None, expected: Outcome
) -> None:
    """Unless that was somebody else's."""
    assert final_outcome(request(request_type), record(pending)) is expected
