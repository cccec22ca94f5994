"""``make bench`` works. What it finds is no test's business, for that depends on the machine."""

import math

from tools.bench.__main__ import MEASUREMENTS, SMOKE, bench_in, run
from tools.bench.page import page, table
from tools.local_stack import LocalStack


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
    assert set(printed) <= set(page(measured, "a machine", SMOKE.rounds).splitlines())
