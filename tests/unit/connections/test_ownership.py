"""Whose a connection is, in every situation there can be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handler.clock import instant
from handler.connections.ownership import (
    Standing,
    already_exists,
    is_same,
    is_visible,
    standing,
)
from handler.connections.record import NEVER, Record, Stored
from handler.connections.state import Connection
from tests.support.fakes import START

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
    ],
)
def test_a_name_stands_to_me_as_registry_and_eventbridge_say(
    record: Record | None, connection: Connection | None, expected: Standing
) -> None:
    """Nothing is guessed: an ARN decides, else the times of claim and creation."""
    assert standing(record, connection, "me") is expected


@pytest.mark.parametrize(
    ("owner", "age_seconds", "expected"),
    [("me", 1, True), ("me", 0, False), ("me", -1, False), ("you", 1, False)],
)
def test_only_a_newer_request_of_the_same_owner_supersedes(
    owner: str, age_seconds: float, expected: bool
) -> None:
    """Of the same time, the later one to come counts."""
    asked_at = START - timedelta(seconds=age_seconds)
    assert OWNED.supersedes(owner, asked_at) is expected


@pytest.mark.parametrize(("age_seconds", "expected"), [(1, True), (0, True), (-1, False)])
def test_a_deletion_refuses_what_is_older_or_of_the_same_time(
    age_seconds: float, expected: bool
) -> None:
    """A stack's times are whole seconds: a late Create of the same second must not work."""
    deletion = OWNED.deletion(START, START, ARN)
    assert deletion.refuses(START - timedelta(seconds=age_seconds)) is expected


def test_a_deletion_is_never_older_than_what_was_applied() -> None:
    """A Delete without a time of its own, as a Reconcile finishes one, counts as the newest."""
    newest = START + timedelta(hours=1)
    record = replace(OWNED, request_time=newest)
    assert record.deletion(START, START).request_time == newest
    assert OWNED.deletion(newest, START).request_time == newest


@pytest.mark.parametrize(
    ("seconds", "arn", "expected"), [(4.9, ARN, True), (5, ARN, False), (1, NAMESAKE_ARN, False)]
)
def test_what_was_deleted_may_be_shown_some_seconds_longer(
    seconds: float, arn: str, expected: bool
) -> None:
    """Then it is somebody else's, and so is another ARN at once."""
    deletion = OWNED.deletion(START, START, ARN)
    now = START + timedelta(seconds=seconds)
    assert deletion.may_still_show(Connection("crm", arn), now) is expected


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


@pytest.mark.parametrize(("seconds", "expected"), [(5, True), (5.000001, False)])
def test_a_claim_owns_what_was_created_until_its_lease_ended(
    seconds: float, expected: bool
) -> None:
    """And some seconds more, by which EventBridge's clock may be ahead of ours."""
    claim = replace(CLAIM, claimed_until=SOON)
    created = SOON + timedelta(seconds=seconds)
    assert is_same(claim, replace(OURS, creation_time=created)) is expected


@pytest.mark.parametrize(("seconds", "expected"), [(4.9, False), (5, True)])
def test_what_a_lease_may_have_created_is_believed_missing_after_some_seconds(
    seconds: float, expected: bool
) -> None:
    """Its answer may have been lost, and Describe may not show it yet."""
    leased = replace(CLAIM, lease_holder="another", stored=Stored(1, written_at=START))
    now = START + timedelta(seconds=seconds)
    assert is_visible(leased, None, now) is expected
    assert is_visible(leased, OURS, now)


def test_an_adopted_connection_is_owned_like_any_other() -> None:
    """Only its Delete differs."""
    assert standing(replace(OWNED, is_adopted=True), OURS, "me") is Standing.OWN


def test_instants_are_utc() -> None:
    """So that they compare with EventBridge's."""
    assert instant(0.5) == datetime(1970, 1, 1, microsecond=500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stands", "record", "reason"),
    [
        (Standing.UNOWNED, None, "a connection crm exists that was not made here; OnExisting:"),
        (Standing.UNOWNED, OWNED, "a connection crm exists that was not made here; OnExisting:"),
        (Standing.FOREIGN, OTHERS, "crm belongs to other; its owner can delete it,"),
    ],
)
def test_whoever_has_the_name_is_told_with_what_can_be_done(
    stands: Standing, record: Record | None, reason: str
) -> None:
    """A record of what is gone says nothing about who made what is there."""
    assert already_exists("crm", stands, record).reason.startswith(reason)


def test_a_deletion_of_nothing_names_no_connection() -> None:
    """So that no connection is taken for the deleted one."""
    assert OWNED.deletion(START, SOON).connection_arn == ""
    assert OWNED.deletion(START, SOON, ARN).connection_arn == ARN


def test_a_claim_that_came_to_nothing_has_no_connection_and_gets_none() -> None:
    """Not the one that it was to adopt, nor one that somebody makes in the same second."""
    over = replace(OWNED, is_adopted=True).over()
    assert over == replace(CLAIM, claimed_until=NEVER)
    assert not any(is_same(over, each) for each in (OURS, NAMESAKE, JUST_BEFORE))
