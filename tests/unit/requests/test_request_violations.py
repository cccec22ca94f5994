"""Every bad request is told everything that is wrong with it, in one error, without a value."""

import json
import re

import pytest

from handler.entrypoints.result import failure
from handler.errors import InvalidRequestError
from handler.requests.entry_point import (
    CLOUDFORMATION,
    DIRECT,
    REQUEST_QUEUE,
    EntryPoint,
)
from handler.requests.request import check
from handler.requests.unchecked_request import UncheckedRequest, read_document
from tests.support.bad_requests import BAD_REQUESTS, BASIC, CANARY, HEADERS, BadRequest, changed
from tests.support.fakes import RULES, START

PATH = re.compile(r"(?:^|\(\d+\) )([A-Z][\w.\[\]]*): ")
LARGEST_REASON = 100_000  # an event on a bus holds 256 KB, with the reason escaped as JSON
IDS = [f"{number}: {each.kind}" for number, each in enumerate(BAD_REQUESTS)]


def refused(asked: UncheckedRequest) -> InvalidRequestError:
    """Give the one error of a request."""
    with pytest.raises(InvalidRequestError) as raised:
        check(asked, RULES)
    return raised.value


def test_there_are_many_of_many_kinds() -> None:
    """What is promised of them is promised of enough."""
    assert len(BAD_REQUESTS) >= 50
    assert len({bad.kind for bad in BAD_REQUESTS}) >= 15
    assert sum(CANARY in json.dumps(bad.request) for bad in BAD_REQUESTS) >= 50


@pytest.mark.parametrize(
    "entry_point", [DIRECT, REQUEST_QUEUE], ids=lambda entry_point: entry_point.name
)
@pytest.mark.parametrize("bad", BAD_REQUESTS, ids=IDS)
def test_one_error_names_every_wrong_path_and_no_value(
    bad: BadRequest, entry_point: EntryPoint
) -> None:
    """And no path that is right."""
    asked = read_document(bad.request, entry_point, "request-1", START)
    error = refused(asked)
    expected = set(bad.paths)
    if entry_point is REQUEST_QUEUE and asked.request_type == "Release":
        expected.add("RequestType")
    assert set(PATH.findall(error.reason)) == expected
    assert not error.is_transient
    assert CANARY not in f"{error!r} {json.dumps(failure(asked, error))} {asked!r}"


@pytest.mark.parametrize(
    "bad",
    [
        bad
        for bad in BAD_REQUESTS
        if isinstance(bad.request, dict)
        and set(bad.request) == {"RequestType", "ResourceProperties"}
        and bad.request["RequestType"] in ("Create", "Update")
        and bad.paths != ("Name",)
        and bad.kind not in ("WaitTimeoutSeconds", "several violations", "boolean expected")
    ],
    ids=lambda bad: bad.kind,
)
def test_cloudformations_requests_are_judged_alike(bad: BadRequest) -> None:
    """But for the name, which may be derived, and for what its entry point takes otherwise."""
    request: dict[str, object] = dict(bad.request) if isinstance(bad.request, dict) else {}
    properties, owner = request["ResourceProperties"], "cloudformation/stack/Connection"
    asked = UncheckedRequest(
        CLOUDFORMATION, "Create", "r", owner, START, properties, derived_name="derived"
    )
    error = refused(asked)
    assert set(bad.paths) - {"Name"} <= set(PATH.findall(error.reason))
    assert CANARY not in error.reason


@pytest.mark.parametrize(
    "value",
    [[1] * 20_000, [{"Key": " ", "Value": 1}] * 5_000, [{f"k{n}": 1 for n in range(10_000)}]],
    ids=["items", "parameters", "members"],
)
def test_however_much_is_wrong_the_error_can_be_told(value: list[object]) -> None:
    """A reason that no event can carry would never reach its sender."""
    request = changed(BASIC, {HEADERS: value})
    error = refused(read_document(request, REQUEST_QUEUE, "request-1", START))
    assert error.reason.removeprefix("(1) ").startswith(HEADERS)
    assert len(error.reason) < LARGEST_REASON
