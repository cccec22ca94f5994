"""Whose a connection is, in every situation there can be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handler.lifecycle import Connection
from handler.ownership import Record, Standing, instant, is_same, standing
from tests.fakes import START

ARN, NAMESAKE_ARN = "arn:aws:events:…/crm/0001", "arn:aws:events:…/crm/0002"
OWNED = Record("crm", "me", claimed_at=START, connection_arn=ARN)
CLAIM = Record("crm", "me", claimed_at=START)
OTHERS = replace(OWNED, owner="other")
OTHERS_CLAIM = replace(CLAIM, owner="other")
OURS = Connection("crm", ARN, creation_time=START)
NAMESAKE = Connection("crm", NAMESAKE_ARN, creation_time=START + timedelta(hours=1))
JUST_BEFORE = Connection("crm", ARN, creation_time=START - timedelta(seconds=5))
OLDER = Connection("crm", ARN, creation_time=START - timedelta(seconds=5, microseconds=1))
TIMELESS = Connection("crm", ARN)
SOON, LATER = START + timedelta(seconds=899), START + timedelta(seconds=900)


@pytest.mark.parametrize(
    ("record", "connection", "now", "expected"),
    [
        (None, None, SOON, Standing.FREE),
        (None, OURS, SOON, Standing.UNOWNED),
        # registered with an ARN
        (OWNED, None, LATER, Standing.FREE),
        (OWNED, OURS, LATER, Standing.OWN),
        (OWNED, OLDER, LATER, Standing.OWN),
        (OWNED, NAMESAKE, LATER, Standing.UNOWNED),
        # claimed, but the registry never learned what came of it
        (CLAIM, None, SOON, Standing.FREE),
        (CLAIM, OURS, LATER, Standing.OWN),
        (CLAIM, NAMESAKE, LATER, Standing.OWN),
        (CLAIM, JUST_BEFORE, LATER, Standing.OWN),
        (CLAIM, OLDER, LATER, Standing.UNOWNED),
        (CLAIM, TIMELESS, LATER, Standing.UNOWNED),
        # registered for somebody else
        (OTHERS, None, LATER, Standing.FOREIGN),
        (OTHERS, OURS, LATER, Standing.FOREIGN),
        (OTHERS, NAMESAKE, LATER, Standing.FOREIGN),
        # claimed by somebody else
        (OTHERS_CLAIM, None, SOON, Standing.CONTESTED),
        (OTHERS_CLAIM, None, LATER, Standing.FREE),
        (OTHERS_CLAIM, OURS, SOON, Standing.FOREIGN),
        (OTHERS_CLAIM, OURS, LATER, Standing.FOREIGN),
        (OTHERS_CLAIM, OLDER, SOON, Standing.CONTESTED),
        (OTHERS_CLAIM, OLDER, LATER, Standing.UNOWNED),
        (OTHERS_CLAIM, TIMELESS, LATER, Standing.UNOWNED),
    ],
)
def test_a_name_stands_to_me_as_registry_and_eventbridge_say(
    record: Record | None, connection: Connection | None, now: datetime, expected: Standing
) -> None:
    """Nothing is guessed: an ARN decides, else the times of claim and creation."""
    assert standing(record, connection, "me", now) is expected


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
    assert standing(replace(OWNED, is_adopted=True), OURS, "me", LATER) is Standing.OWN


def test_instants_are_utc() -> None:
    """So that they compare with EventBridge's."""
    assert instant(0.5) == datetime(1970, 1, 1, microsecond=500_000, tzinfo=UTC)
