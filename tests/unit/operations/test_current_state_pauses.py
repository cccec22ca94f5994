"""The pauses between two looks at a connection."""

import itertools

from handler.clock import growing_pauses
from handler.settings import DESCRIBE_PAUSES


def test_looks_are_frequent_first_and_rarer_later() -> None:
    """Basic connections are ready at once, private ones take minutes."""
    first = list(itertools.islice(growing_pauses(*DESCRIBE_PAUSES), 120))
    assert first == sorted(first)
    assert first[0] <= 0.5
    assert sum(first[:4]) < 3
    at_three_seconds = next(
        pause for pause, end in zip(first, itertools.accumulate(first), strict=True) if end > 3
    )
    assert at_three_seconds <= 0.3  # OAuth
    assert first[-1] == 5.0
