"""A reference to a secret, and texts that hold references."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from handler.errors import SecretNotUsableError
from handler.references.source import Source
from handler.settings import LONGEST_SHOWN, LONGEST_TEXT

TOO_LONG = f"the referenced value must have at most {LONGEST_TEXT} characters"


def shortened(text: str) -> str:
    """Cut a text to what an error message can carry."""
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference, as written and as understood."""

    spelling: str
    source: Source
    json_key: str = ""

    def __str__(self) -> str:
        """Show it as written, in quotes, shortened if it is too long."""
        return f'"{shortened(self.spelling)}"'


@dataclass(frozen=True, slots=True)
class Text:
    """A value that holds references: literals and references in order, and what is wrong."""

    spelling: str | Mapping[str, Any]
    parts: tuple[str | Reference, ...]
    problem: str = ""

    @property
    def references(self) -> tuple[Reference, ...]:
        """Give the references in it."""
        return tuple(part for part in self.parts if isinstance(part, Reference))

    def resolve(self, value_of: Callable[[Reference], str]) -> str:
        """
        Replace the references by their values.

        Raises:
            SecretNotUsableError: it is longer than AWS takes; many such would fill the memory.
        """
        pieces: list[str] = []
        left = LONGEST_TEXT
        for part in self.parts:
            pieces.append(value_of(part) if isinstance(part, Reference) else part)
            left -= len(pieces[-1])
            if left < 0:
                raise SecretNotUsableError(TOO_LONG)
        return "".join(pieces)


def _is_text(value: object) -> bool:
    return isinstance(value, Text)


def replaced(
    value: object, by: Callable[[Any], object], is_meant: Callable[[object], bool] = _is_text
) -> object:
    """Replace every Text in a document, or whatever else ``is_meant`` accepts."""
    if is_meant(value):
        return by(value)
    if isinstance(value, dict):
        return {name: replaced(item, by, is_meant) for name, item in value.items()}
    return [replaced(item, by, is_meant) for item in value] if isinstance(value, list) else value
