"""How much of a wait is left."""

from datetime import timedelta

import pytest

from handler.operations.ports import Progress
from tests.support.fakes import START


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-1, False), (0, False), (1, False), (1.1, True), (60, True)]
)
def test_a_wait_has_time_left_until_a_second_before_its_end(seconds: float, expected: bool) -> None:
    """The next delivery would only begin and end."""
    progress = Progress(wait_until=START + timedelta(seconds=seconds))
    assert progress.has_time_left(START) is expected


def test_what_has_not_begun_has_no_time_left() -> None:
    """It failed before its wait."""
    assert Progress().has_time_left(START) is False
