"""Whose a connection is, in every situation there can be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handler.lifecycle import Connection
from handler.ownership import Record, Standing, instant, is_same, standing
from tests.fakes import START

ARN, NAMESAKE_ARN = "arn:aws:events:…/crm/0001", "arn:aws:events:…/crm/0002"
OWNED = Record("crm", "me", claimed_at=START, connection_arn=ARN, request_time=START)
CLAIM = Record("crm", "me", claimed_at=START, request_time=START)
OTHERS = replace(OWNED, owner="other")
OTHERS_CLAIM = replace(CLAIM, owner="other")
OURS = Connection("crm", ARN, creation_time=START)
NAMESAKE = Connection("crm", NAMESAKE_ARN, creation_time=START + timedelta(hours=1))
JUST_BEFORE = Connection("crm", ARN, creation_time=START - timedelta(seconds=5))
OLDER = Connection("crm", ARN, creation_time=START - timedelta(seconds=5, microseconds=1))
TIMELESS = Connection("crm", ARN)
SOON, LATER = START + timedelta(seconds=899), START + timedelta(seconds=900)


TOMBSTONE = replace(OWNED, connection_arn="", deleted_at=START)
OTHERS_TOMBSTONE = replace(OTHERS, connection_arn="", deleted_at=START)


@pytest.mark.parametrize(
    ("record", "connection", "expected"),
    [
        (None, None, Standing.FREE),
        (None, OURS, Standing.UNOWNED),
        # registered with an ARN
        (OWNED, None, Standing.FREE),
        (OWNED, OURS, Standing.OWN),
        (OWNED, OLDER, Standing.OWN),
        (OWNED, NAMESAKE, Standing.UNOWNED),
        # claimed, but the registry never learned what came of it
        (CLAIM, None, Standing.FREE),
        (CLAIM, OURS, Standing.OWN),
        (CLAIM, NAMESAKE, Standing.OWN),
        (CLAIM, JUST_BEFORE, Standing.OWN),
        (CLAIM, OLDER, Standing.UNOWNED),
        (CLAIM, TIMELESS, Standing.UNOWNED),
        # registered for somebody else
        (OTHERS, None, Standing.FOREIGN),
        (OTHERS, OURS, Standing.FOREIGN),
        (OTHERS, NAMESAKE, Standing.FOREIGN),
        # claimed by somebody else
        (OTHERS_CLAIM, None, Standing.FREE),
        (OTHERS_CLAIM, OURS, Standing.FOREIGN),
        (OTHERS_CLAIM, OLDER, Standing.UNOWNED),
        (OTHERS_CLAIM, TIMELESS, Standing.UNOWNED),
        # deleted, whoever it was
        (TOMBSTONE, None, Standing.FREE),
        (TOMBSTONE, OURS, Standing.UNOWNED),
        (OTHERS_TOMBSTONE, None, Standing.FREE),
        (OTHERS_TOMBSTONE, OURS, Standing.UNOWNED),
    ],
)
def test_a_name_stands_to_me_as_registry_and_eventbridge_say(
    record: Record | None, connection: Connection | None, expected: Standing
) -> None:
    """Nothing is guessed: an ARN decides, else the times of claim and creation."""
    assert standing(record, connection, "me") is expected


@pytest.mark.parametrize(
    ("owner", "age_seconds", "deleted_hours_ago", "expected"),
    [
        ("me", 1, None, True),
        ("me", 0, None, False),
        ("me", -1, None, False),
        ("you", 1, None, False),
        ("me", 1, 0, True),
        ("me", 1, 23.9, True),
        ("me", 1, 24, False),
        ("you", 1, 0, False),
    ],
)
def test_only_a_newer_request_of_the_same_owner_supersedes(
    owner: str, age_seconds: float, deleted_hours_ago: float | None, expected: bool
) -> None:
    """A tombstone does so for a day, a living record as long as it lives."""
    now = START + timedelta(days=30)
    deleted_at = None if deleted_hours_ago is None else now - timedelta(hours=deleted_hours_ago)
    record = replace(OWNED, request_time=START, deleted_at=deleted_at)
    asked_at = START - timedelta(seconds=age_seconds)
    assert record.supersedes(owner, asked_at, now) is expected


@pytest.mark.parametrize(
    ("holder", "seconds", "expected"),
    [("you", 1, True), ("you", 0, False), ("you", -1, False), ("me", 1, False)],
)
def test_a_lease_holds_others_off_until_it_expires(
    holder: str, seconds: float, expected: bool
) -> None:
    """The holder itself may go on, and nobody waits for a lease that has run out."""
    until = START + timedelta(seconds=seconds)
    record = replace(OWNED, lease_holder=holder, leased_until=until)
    assert record.is_leased_to_other("me", START) is expected
    assert not OWNED.is_leased_to_other("me", START)


@pytest.mark.parametrize(
    ("record", "connection", "expected"),
    [
        (OWNED, OURS, True),
        (OWNED, NAMESAKE, False),
        (OWNED, TIMELESS, True),
        (CLAIM, OURS, True),
        (CLAIM, JUST_BEFORE, True),
        (CLAIM, OLDER, False),
        (CLAIM, TIMELESS, False),
    ],
)
def test_a_namesake_is_not_the_same(record: Record, connection: Connection, expected: bool) -> None:
    """Another UUID in the ARN, or older than the claim by more than clocks differ."""
    assert is_same(record, connection) is expected


def test_an_adopted_connection_is_owned_like_any_other() -> None:
    """Only its Delete differs."""
    assert standing(replace(OWNED, is_adopted=True), OURS, "me") is Standing.OWN


def test_instants_are_utc() -> None:
    """So that they compare with EventBridge's."""
    assert instant(0.5) == datetime(1970, 1, 1, microsecond=500_000, tzinfo=UTC)
