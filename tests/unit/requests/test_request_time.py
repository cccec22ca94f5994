"""When a request was made: what its ResponseURL tells, never later than its arrival."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.requests.request_time import signing_time

ARRIVAL = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
EARLIER = datetime(2026, 11, 22, 13, 5, 7, tzinfo=UTC)
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
