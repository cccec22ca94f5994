"""A table of plain text, its columns as wide as their longest cell."""

from collections.abc import Sequence


def drawn(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Draw a table: head, rule, rows; what would move the terminal's cursor is shown as a blank."""
    rows = [[_printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (head, *rows)]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _printable(cell: str) -> str:
    return "".join(character if character.isprintable() else " " for character in cell)
