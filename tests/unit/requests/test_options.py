"""Our own members of a Create or an Update: what they may be, and how long is waited."""

from typing import Any

import pytest

from handler.requests.entry_point import CLOUDFORMATION, DIRECT, REQUEST_QUEUE, EntryPoint
from handler.requests.options import violations, wait_seconds
from handler.settings import LONGEST_GIVEN_SECONDS

WAIT = "WaitTimeoutSeconds"


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({}, []),
        ({WAIT: 60, "Revision": "r" * 64, "OnExisting": "Fail"}, []),
        ({WAIT: 61}, [f"{WAIT}: must be a whole number from 0 to 60"]),
        ({WAIT: "00030"}, [f"{WAIT}: must be a whole number from 0 to 60"]),
        ({WAIT: None}, [f"{WAIT}: must be a whole number from 0 to 60"]),
        ({"Revision": "r" * 65}, ["Revision: must be a string of at most 64 characters"]),
        ({"Revision": 5}, ["Revision: must be a string of at most 64 characters"]),
        ({"OnExisting": "adopt"}, ["OnExisting: must be one of Fail, Adopt"]),
    ],
)
def test_what_is_wrong_with_our_own_members_is_told(own: dict[str, Any], told: list[str]) -> None:
    """By path and remedy."""
    assert [str(each) for each in violations(own, REQUEST_QUEUE)] == told


@pytest.mark.parametrize(
    ("own", "entry_point", "is_private", "seconds"),
    [
        ({}, DIRECT, False, 30),
        ({}, DIRECT, True, 30),
        ({}, CLOUDFORMATION, False, 840),
        ({}, CLOUDFORMATION, True, 2400),
        ({WAIT: 7}, CLOUDFORMATION, True, 7),
        ({WAIT: "9999"}, CLOUDFORMATION, False, 2400),
        ({WAIT: LONGEST_GIVEN_SECONDS}, CLOUDFORMATION, False, 2400),
        ({"ServiceTimeout": LONGEST_GIVEN_SECONDS}, CLOUDFORMATION, True, 2400),
        ({"ServiceTimeout": 100}, CLOUDFORMATION, False, 70),
        ({"ServiceTimeout": "40"}, CLOUDFORMATION, False, 20),
        ({"ServiceTimeout": LONGEST_GIVEN_SECONDS + 1}, CLOUDFORMATION, False, 840),
    ],
)
def test_a_wait_is_the_callers_or_its_own_and_ends_before_the_stacks(
    own: dict[str, Any], entry_point: EntryPoint, is_private: bool, seconds: float
) -> None:
    """A timeout that CloudFormation would not take bounds nothing."""
    assert wait_seconds(own, entry_point, is_private=is_private) == seconds


def test_a_connection_is_public_unless_said_otherwise() -> None:
    """Its default wait is the shorter one."""
    assert wait_seconds({}, CLOUDFORMATION) == 840
