"""What ``make bench`` prints, and the page that it writes."""

import sys
from collections.abc import Mapping, Sequence

from tools.bench.measuring import Measured, Measurement, Row

HEADERS = ("Figure", "Ours", "Against", "Is", "At most")
INTRODUCTION = """\
# Benchmarks

Written by `make bench`, which measures everything anew; it takes less than ten minutes. Figures
are ratios within one run, since times of different machines, and of different days, do not
compare: each is the median of {rounds} rounds, in which what is measured and what it is held
against take turns.

Measured on {machine}.
Nothing here was measured on AWS.
"""


def table(rows: Sequence[Row]) -> str:
    """Write rows as a table that reads well as text and as Markdown."""
    cells = [HEADERS, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| "
        + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _cells(row: Row) -> tuple[str, ...]:
    limit = "-" if row.limit is None else f"{row.limit:g}" + ("" if row.is_reached else " (missed)")
    return (row.what, row.ours, row.against, f"{row.figure:.2f}", limit)


def page(measured: Mapping[Measurement, Measured], machine: str, rounds: int) -> str:
    """Write the page: all rows, then how each was measured."""
    rows = [row for each in measured.values() for row in each.rows]
    sections = [_section(*each) for each in measured.items()]
    introduction = INTRODUCTION.format(rounds=rounds, machine=machine)
    return "\n".join([introduction, table(rows), "", "## How", "", *sections])


def _section(measurement: Measurement, measured: Measured) -> str:
    told = (sys.modules[measurement.__module__].__doc__ or "").strip().replace("``", "`")
    return f"{told}\n" + (f"\n{measured.remarks}\n" if measured.remarks else "")
