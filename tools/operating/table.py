"""A table of plain text, its columns as wide as their longest cell."""

from collections.abc import Sequence


def drawn(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Draw a table: head, rule, rows."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (head, *rows)]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
