"""What ``make bench`` prints, and the page that it writes."""

import sys
from collections.abc import Mapping, Sequence
from textwrap import fill

from tools.bench.measuring import Measured, Measurement, Row

HEADERS = ("Figure", "Ours", "Against", "Is", "Shall be")
COLUMNS = 120
INTRODUCTION = """\
# Benchmarks

Written by `make bench`, which measures everything anew; it takes less than eight minutes. Ratios
are of one run, since times of different machines, and of different days, do not compare. Each
section tells how often it measured, and where what is measured and what it is held against took
turns.

Measured on {machine}. Nothing here was measured on AWS."""


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
    bound = row.bound + ("" if row.is_reached else " (missed)")
    return (row.what, row.ours, row.against, f"{row.figure:.3g}", bound)


def page(measured: Mapping[Measurement, Measured], machine: str) -> str:
    """Write the page: all rows, then how each was measured."""
    rows = [row for each in measured.values() for row in each.rows]
    sections = [_section(*each) for each in measured.items()]
    introduction = INTRODUCTION.format(machine=machine)
    return "\n\n".join([introduction, table(rows), "## How", *sections]) + "\n"


def _section(measurement: Measurement, measured: Measured) -> str:
    told = (sys.modules[measurement.__module__].__doc__ or "").strip().replace("``", "`")
    text = fill(f"{told} {_how_often(measured.rounds)}", COLUMNS, break_on_hyphens=False)
    return "\n\n".join(filter(None, [text, measured.remarks]))


def _how_often(rounds: int) -> str:
    return "Measured once." if rounds == 1 else f"Each figure is the median of {rounds} rounds."
