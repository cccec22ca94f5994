"""The page of ``make bench`` tells what each figure shall be, and whether it is."""

import pytest

from tools.bench.calls import tables
from tools.bench.expected_calls import EXPECTED
from tools.bench.measuring import Row, ratio, times_less
from tools.bench.page import table


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (ratio("what", 85, 100, "ms", 0.85), "≤ 0.85"),
        (ratio("what", 86, 100, "ms", 0.85), "≤ 0.85 (missed)"),
        (times_less("what", 10, 800, "ms", 80), "≥ 80"),
        (times_less("what", 10, 799, "ms", 80), "≥ 80 (missed)"),
        (ratio("what", 1, 1, "ms"), "-"),
        (Row("what", "1", "-", 1, at_most=0), "≤ 0 (missed)"),
    ],
)
def test_a_figure_beyond_its_bound_is_marked(row: Row, told: str) -> None:
    """A figure at its bound is as it shall be."""
    *_, last = table([row]).splitlines()[-1].strip("| ").split(" | ")
    assert last.strip() == told


def test_a_ratio_is_ours_to_the_other_and_times_less_the_reverse() -> None:
    """Both write down what they were made of."""
    ours, theirs = ratio("what", 1, 4, "s"), times_less("what", 1, 4, "s", 2)
    assert (ours.figure, theirs.figure) == (0.25, 4)
    assert (ours.ours, ours.against) == (theirs.ours, theirs.against) == ("1 s", "4 s")


def test_every_request_is_listed_with_its_calls_and_every_reason_once() -> None:
    """Requests that make the same calls share a line."""
    counted = {what: [call for call, _ in calls] for what, calls in EXPECTED.items()}
    written = list(tables(counted))
    for what, calls in counted.items():
        (line,) = (line for line in written if f"| {what} |" in line.replace("; ", " | "))
        assert line.endswith(f"| {len(calls)} | {', '.join(calls)} |")
    for operation, why in {pair for calls in EXPECTED.values() for pair in calls}:
        (line,) = (line for line in written if line.startswith(f"| `{operation}` |"))
        assert why in line
