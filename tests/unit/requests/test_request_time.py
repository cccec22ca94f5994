"""When a request was made: what it or its ResponseURL tells, never later than its arrival."""

from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import ProvisionerError
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import DIRECT, REQUEST_QUEUE, EntryPoint
from handler.requests.request import check
from handler.requests.request_time import request_time, signing_time
from handler.requests.unchecked_request import read_custom_resource
from tests.support.bad_requests import BASIC, CANARY, PASSWORD, USERNAME, changed, secret
from tests.support.envelopes import asked, told
from tests.support.fakes import RULES, START, make_world

ARRIVAL = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
EARLIER = datetime(2026, 11, 22, 13, 5, 7, tzinfo=UTC)
CRM = changed(BASIC, {USERNAME: "ada", PASSWORD: secret("password", "connections/crm")})
NO_TIME = "RequestTime: must be an ISO 8601 time with a zone, such as 2026-11-28T17:00:00Z"
BUCKET = "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/key"


def seconds(time: datetime) -> int:
    """Give the seconds since the epoch."""
    return int(time.timestamp())


@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Date=20261122T130507Z",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20261122T130507Z&X-Amz-Expires=7200",
        f"Expires={seconds(EARLIER + timedelta(hours=2))}",
        f"AWSAccessKeyId=A&Expires={seconds(EARLIER + timedelta(hours=2))}&Signature=s%3D",
        f"X-Amz-Date=20261122T130507Z&Expires={seconds(ARRIVAL)}",
        f"X-Amz-Date=&Expires={seconds(EARLIER + timedelta(hours=2))}",
    ],
)
def test_the_signature_tells_the_time(query: str) -> None:
    """Of either version: the fourth dates it, the second tells only its end, two hours later."""
    assert signing_time(f"{BUCKET}?{query}", ARRIVAL) == EARLIER


@pytest.mark.parametrize(
    "query",
    [
        "",
        "X-Amz-Date",
        "X-Amz-Date=yesterday",
        "X-Amz-Date=20261399T130507Z",
        "X-Amz-Date=20261122T130507Z0",
        "Expires=soon",
        "Expires=-99999999999999",
        "Expires=99999999999999999999",
        "Expires=" + "9" * 5000,
        "Expires=-62135596800",
        "Expires=1.5",
        "Expires=%00",
        "x-amz-date=20261122T130507Z",
    ],
)
def test_what_tells_no_time_counts_from_its_arrival(query: str) -> None:
    """An emulator signs nothing, and a forged date must not end a request."""
    assert signing_time(f"{BUCKET}?{query}", ARRIVAL) == ARRIVAL


@pytest.mark.parametrize(
    "query", ["X-Amz-Date=20261122T140001Z", "X-Amz-Date=99991231T235959Z", "Expires=9999999999"]
)
def test_nothing_was_signed_after_it_arrived(query: str) -> None:
    """A time in the future would supersede everything that is asked until then."""
    assert signing_time(f"{BUCKET}?{query}", ARRIVAL) == ARRIVAL


@given(st.text(alphabet="XAmzDateExpires-=&%0123456789TZ;", max_size=60))
def test_any_query_gives_a_time_not_after_the_arrival(query: str) -> None:
    """Whatever somebody writes behind the question mark."""
    assert signing_time(f"{BUCKET}?{query}", ARRIVAL) <= ARRIVAL


def test_the_same_delivery_has_the_same_time_whenever_it_arrives() -> None:
    """Lambda's retries come minutes later, and must not become newer than what was asked since."""
    url = f"{BUCKET}?X-Amz-Date=20261122T130507Z"
    later = ARRIVAL + timedelta(minutes=50)
    assert signing_time(url, ARRIVAL) == signing_time(url, later)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-12-31T23:59:59Z", START - timedelta(seconds=1)),
        ("2026-01-01T01:59:00+02:00", START - timedelta(minutes=1)),
        ("2025-12-31T23:59:59.999+00:00", START - timedelta(milliseconds=1)),
        ("20251231T235959Z", START - timedelta(seconds=1)),
        ("2026-01-01T00:00:01Z", START),
        ("2999-01-01T00:00:00Z", START),
    ],
)
@pytest.mark.parametrize(
    "entry_point", [REQUEST_QUEUE, DIRECT], ids=lambda entry_point: entry_point.name
)
def test_a_request_is_as_old_as_it_says_and_never_newer_than_it_is(
    text: str, expected: datetime, entry_point: EntryPoint
) -> None:
    """A redrive, a retry or a fan-out stays old; nobody outlasts what is asked later."""
    found = asked(
        {"RequestType": "Create", "ResourceProperties": BASIC, "RequestTime": text}, entry_point
    )
    assert found.request_time == expected
    assert found.request_time.tzinfo is UTC
    assert found.violations == ()


@pytest.mark.parametrize(
    "text",
    [
        *("soon", "", "-5", "1764000000000", "2026-01-01", "2026-01-01T00:00:00", "٢٠٢٦-01-01"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00" * 2, "1969-12-31T00:00:00Z"),
        *(5, None, [CANARY], {"Time": CANARY}, "9" * 5000),
    ],
)
def test_a_time_that_is_none_is_told(text: object) -> None:
    """Guessed, it might undo what was asked since."""
    document = {"RequestType": "Create", "ResourceProperties": BASIC, "RequestTime": text}
    assert told(document) == told({**BASIC, "RequestTime": text}) == [NO_TIME]
    assert asked(document).request_time == START


def test_an_invocation_that_lambda_retries_does_not_undo_a_newer_one() -> None:
    """Lambda tells no retry from a first try; the request itself says when it was made."""
    world = make_world()
    late = {"RequestType": "Update", "RequestTime": START.isoformat(), "ResourceProperties": CRM}
    newer = {**late, "RequestTime": (START + timedelta(seconds=60)).isoformat()}
    carry_out(world.ports, check(asked(newer, arrival=START + timedelta(seconds=61)), RULES))
    written = deepcopy(world.connections.stored)
    changed = {**late, "ResourceProperties": {**CRM, "Description": "of long ago"}}
    retried = asked(changed, arrival=START + timedelta(seconds=120))
    with suppress(ProvisionerError):
        carry_out(world.ports, check(retried, RULES))
    assert world.connections.stored == written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:00.5Z", datetime(1970, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        ("1970-01-01T00:00:01Z", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00." + "0" * 19 + "Z", START),
        ("2026-01-01T00:00:00." + "0" * 20 + "Z", None),
    ],
)
def test_a_time_lies_after_the_epoch_and_is_short(text: str, expected: datetime | None) -> None:
    """Forty characters hold more than anybody needs."""
    assert request_time({"RequestTime": text}) == expected


def test_an_event_without_a_response_url_counts_from_its_arrival() -> None:
    """Nobody can be answered, either."""
    event = {
        "RequestType": "Create",
        "RequestId": "r",
        "StackId": "s/t/u",
        "LogicalResourceId": "L",
    }
    assert read_custom_resource(event, "", ARRIVAL).request_time == ARRIVAL
