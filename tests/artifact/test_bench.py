"""``make bench`` works. What it finds is no test's business, for that depends on the machine."""

import math
from pathlib import Path

import pytest

from tools.bench import memory
from tools.bench.__main__ import MEASUREMENTS, SMOKE, bench_in, run
from tools.bench.measuring import Measured
from tools.bench.page import page, table
from tools.local.local_stack import LocalStack
from tools.local.runtime import Runtime, RuntimeFailedError


def test_every_measurement_gives_rows_for_the_table_and_the_page(stack: LocalStack) -> None:
    """In its shortest form, that is."""
    with bench_in(stack, SMOKE) as bench:
        measured = run(bench)
    assert list(measured) == list(MEASUREMENTS)
    for each in measured.values():
        assert each.rows
        assert all(math.isfinite(row.figure) and row.figure >= 0 for row in each.rows)
    rows = [row for each in measured.values() for row in each.rows]
    printed = table(rows).splitlines()
    assert len(printed) == len(rows) + 2
    assert len({len(line) for line in printed}) == 1
    assert set(printed) <= set(page(measured, "a machine").splitlines())


@pytest.mark.parametrize(
    ("rounds", "told"), [(1, "Measured once."), (3, "Each figure is the median of 3 rounds.")]
)
def test_each_section_tells_how_often_it_measured(rounds: int, told: str) -> None:
    """Not all measure equally often, so no introduction could."""
    written = page({memory.measure: Measured([], rounds)}, "a machine").split("\n\n")[-1]
    assert told in " ".join(written.split())


def test_a_start_whose_log_tells_no_init_phase_is_no_figure(tmp_path: Path) -> None:
    """A zero would be a figure that is reached."""
    log = tmp_path / "function.log"
    log.write_text("REPORT Init Duration: 0.1 ms")
    with pytest.raises(RuntimeFailedError):
        _ = Runtime(0, log, 0).init_milliseconds
