"""Any entry point's event becomes one form, before anything in it is believed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.requests.connection_name import derived_name
from handler.requests.entry_point import (
    CLOUDFORMATION,
    DIRECT,
    MAINTENANCE_QUEUE,
    REQUEST_QUEUE,
    EntryPoint,
)
from handler.requests.unchecked_request import (
    UncheckedRequest,
    read_custom_resource,
    read_document,
)
from tests.support.bad_requests import BASIC, CANARY
from tests.support.entry_point import stack_event
from tests.support.fakes import START
from tests.support.response_url_server import ResponseUrlServer
from tests.support.stack_requests import EVENT, STACK_ID


def asked(document: object, entry_point: EntryPoint = DIRECT) -> UncheckedRequest:
    """Read a message or a direct invocation."""
    return read_document(document, entry_point, "of the entry point", START)


def told(document: object) -> list[str]:
    """Give what is wrong with an envelope."""
    return [str(violation) for violation in asked(document).violations]


def test_an_envelope_is_read_member_by_member() -> None:
    """Type, id, owner, properties, token."""
    document = {"RequestType": "Update", "RequestId": "mine", "Owner": "team-a", "TaskToken": "t"}
    found = asked({**document, "ResourceProperties": BASIC}, REQUEST_QUEUE)
    assert found == UncheckedRequest(
        REQUEST_QUEUE, "Update", "mine", "requests/team-a", START, BASIC, task_token="t"
    )


@pytest.mark.parametrize("extra", [{}, {"RequestId": "mine"}, {"TaskToken": "t"}])
def test_a_bare_document_is_a_create(extra: dict[str, str]) -> None:
    """What the AWS CLI's skeleton prints, filled in; also with an id or a token beside."""
    found = asked({**BASIC, **extra})
    assert (found.request_type, found.properties) == ("Create", BASIC)
    assert found.request_id == extra.get("RequestId", "of the entry point")
    assert found.task_token == extra.get("TaskToken", "")
    assert found.violations == ()


@pytest.mark.parametrize("member", ["RequestType", "ResourceProperties"])
def test_half_an_envelope_is_no_bare_document(member: str) -> None:
    """What is missing is told, not guessed."""
    found = asked({member: "Create", **BASIC})
    other = {"RequestType": found.properties, "ResourceProperties": found.request_type}
    assert other[member] is None
    assert {violation.path for violation in found.violations} == set(BASIC)


@pytest.mark.parametrize("document", [None, [], "text", 5, [BASIC]])
def test_what_is_no_object_asks_nothing(document: object) -> None:
    """It is answered all the same."""
    found = asked(document)
    assert (found.is_object, found.request_id, found.properties) == (
        False,
        "of the entry point",
        None,
    )
    assert (found.known_request_type, found.name, found.task_token) == ("", "", "")
    assert found.owner == ""  # nobody knows for whom it was sent


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"Name": "crm"}, ["Name: unknown member"]),
        ({"CrHelperData": CANARY}, ["CrHelperData: unknown member"]),
        ({f"{CANARY} x": 1}, ["(a member whose name is not shown): unknown member"]),
        ({"RequestId": ""}, ["RequestId: must be a string of 1 to 256 characters"]),
        ({"RequestId": "r" * 256}, []),
        ({"RequestId": "r" * 257}, ["RequestId: must be a string of 1 to 256 characters"]),
        ({"RequestId": None}, ["RequestId: must be a string of 1 to 256 characters"]),
        ({"TaskToken": [CANARY]}, ["TaskToken: must be a string of 1 to 2048 characters"]),
        ({"TaskToken": "t" * 2048}, []),
        ({"TaskToken": "t" * 2049}, ["TaskToken: must be a string of 1 to 2048 characters"]),
    ],
)
def test_everything_wrong_with_an_envelope_is_told(
    members: dict[str, object], expected: list[str]
) -> None:
    """Unknown members, and those of another type or length; no value."""
    assert told({"RequestType": "Create", "ResourceProperties": {}, **members}) == expected


@pytest.mark.parametrize("request_id", ["", "r" * 257, None, [1]])
def test_an_unusable_request_id_gives_way_to_the_entry_points(request_id: object) -> None:
    """The answer must go by some id."""
    assert (
        asked({"RequestType": "Create", "RequestId": request_id}).request_id == "of the entry point"
    )


@pytest.mark.parametrize(
    ("request_type", "entry_point", "known"),
    [
        ("Create", DIRECT, "Create"),
        ("Release", DIRECT, "Release"),
        ("Release", REQUEST_QUEUE, ""),
        ("Describe", CLOUDFORMATION, ""),
        (CANARY, DIRECT, ""),
        ([CANARY], DIRECT, ""),
        (None, DIRECT, ""),
    ],
)
def test_an_unknown_request_type_is_not_repeated(
    request_type: object, entry_point: EntryPoint, known: str
) -> None:
    """Logs, metrics and results get a type of this entry point or none."""
    assert asked({"RequestType": request_type}, entry_point).known_request_type == known


def test_the_entry_points_differ_in_what_a_failure_means() -> None:
    """Only a message comes back; only a stack has to be let go."""
    entry_points = (CLOUDFORMATION, REQUEST_QUEUE, DIRECT)
    assert [entry_point.waits_again for entry_point in entry_points] == [False, True, False]
    assert [entry_point.delete_always_succeeds for entry_point in entry_points] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("request_type", ["Refresh", "Reconcile", "Create"])
def test_a_maintenance_message_acts_for_nobody(request_type: str) -> None:
    """Logs and results name no owner that did not ask, not even where it is refused."""
    found = asked({"RequestType": request_type}, MAINTENANCE_QUEUE)
    assert (found.owner, found.acts_for) == ("", "")


def test_neither_properties_nor_token_are_in_the_repr() -> None:
    """A traceback or a log line tells nothing."""
    found = asked({"RequestType": "Create", "TaskToken": CANARY, "ResourceProperties": [CANARY]})
    assert CANARY not in repr(found)


def test_a_custom_resource_is_its_stacks_and_logical_ids() -> None:
    """Two resources of one stack are two owners."""
    found = read_custom_resource(EVENT, "", START)
    assert found.owner == f"cloudformation/{STACK_ID}/Connection"
    assert (found.entry_point, found.request_type, found.request_id) == (
        CLOUDFORMATION,
        "Create",
        "request-1",
    )
    assert found.physical_resource_id == ""


@pytest.mark.parametrize(
    ("name", "physical_resource_id", "expected"),
    [
        ("crm", "", "crm"),
        ("crm", "old", "crm"),
        ("n", "old", "n"),
        ("n" * 64, "old", "n" * 64),
        (None, "old", "old"),
        (5, "old", "old"),
        ("", "old", "old"),
        ("n" * 65, "old", "old"),
        (f"{CANARY}!", "old", "old"),
        ("n\n", "old", "old"),
        ("n\u00e9", "old", "old"),
    ],
)
def test_an_answer_goes_by_the_best_name_there_is(
    name: object, physical_resource_id: str, expected: str
) -> None:
    """The one asked for, so far as it is one; else CloudFormation's id; else the derived one."""
    event = {**EVENT, "ResourceProperties": {"Name": name}}
    if physical_resource_id:
        event["PhysicalResourceId"] = physical_resource_id
    assert read_custom_resource(event, "", START).name == expected


def test_an_id_that_is_no_name_is_not_shown_as_one() -> None:
    """CloudFormation gets it back as it is; a log line shows what could be a name."""
    event = {**EVENT, "PhysicalResourceId": f"{CANARY}!", "ResourceProperties": {}}
    found = read_custom_resource(event, "", START)
    assert found.physical_resource_id == f"{CANARY}!"
    assert found.name == found.derived_name


@pytest.mark.parametrize("properties", [{}, None, [], {"Name": 5}])
def test_without_any_name_it_is_the_derived_one(properties: object) -> None:
    """The same for every delivery of one request."""
    event = {**EVENT, "ResourceProperties": properties}
    name = read_custom_resource(event, "", START).name
    assert name == read_custom_resource({**event, "RequestId": "request-2"}, "", START).name
    assert name.startswith("shop-Connection-")


def test_derived_names_differ_with_stack_resource_and_incarnation() -> None:
    """A stack deleted and made again has the same name, but another id."""
    names = {
        derived_name(STACK_ID, "Connection", ""),
        derived_name(STACK_ID, "Other", ""),
        derived_name(STACK_ID.replace("shop", "store"), "Connection", ""),
        derived_name(STACK_ID.replace("9f0c", "1e2d"), "Connection", ""),
    }
    assert len(names) == 4


IDENTIFIERS = st.one_of(st.from_regex(r"[A-Za-z0-9]{1,255}", fullmatch=True), st.text())
PREFIXES = st.from_regex(r"[A-Za-z0-9._-]{0,40}", fullmatch=True)


@given(IDENTIFIERS, IDENTIFIERS, PREFIXES)
def test_a_derived_name_is_one_that_eventbridge_takes(
    stack: str, logical: str, prefix: str
) -> None:
    """However long stack and resource are called: prefix first, hash last, 64 at most."""
    stack_id = f"arn:aws:cloudformation:us-east-1:123456789012:stack/{stack}/9f0c"
    name = derived_name(stack_id, logical, prefix)
    assert re.fullmatch(r"[.\-_A-Za-z0-9]{1,64}", name)
    assert name.startswith(prefix)
    assert re.search(r"-[0-9a-f]{8}$", name)
    assert name == derived_name(stack_id, logical, prefix)


def test_long_names_that_begin_alike_stay_apart() -> None:
    """The hash is of what was cut off, too, and is never cut off itself."""
    names = {derived_name(STACK_ID, "L" * 200 + end, "p" * 40) for end in "AB"}
    assert len(names) == 2
    assert {len(name) for name in names} == {64}


def test_a_derived_name_leaves_out_what_no_name_may_hold() -> None:
    """Letters of other alphabets and half a character are not an error either."""
    assert derived_name("arn/é shop!/1", "\ud800C", "").startswith("shop-C-")


def test_an_odd_stack_id_still_gives_a_name() -> None:
    """An answer needs one, whatever came."""
    assert derived_name("odd", "Connection", "").startswith("stack-Connection-")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/?X-Amz-Date=20251231T235900Z", "2025-12-31T23:59:00+00:00"),
        ("https://h/?Expires=1767225600", "2025-12-31T22:00:00+00:00"),
        ("https://h/?X-Amz-Date=20270101T000000Z", "2026-01-01T00:00:00+00:00"),
        ("https://h/?X-Amz-Date=nonsense", "2026-01-01T00:00:00+00:00"),
        ("https://h/", "2026-01-01T00:00:00+00:00"),
    ],
)
def test_a_stacks_request_is_as_old_as_its_signature(url: str, expected: str) -> None:
    """A late delivery stays old; none is newer than its arrival."""
    event = stack_event(ResponseUrlServer("https://h"), ResponseURL=url)
    assert read_custom_resource(event, "", START).request_time.isoformat() == expected
