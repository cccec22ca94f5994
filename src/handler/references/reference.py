"""A reference to a secret, and texts that hold references: put parts of secrets in place."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from handler.errors import SecretNotUsableError
from handler.references.source import SecretValue, Service, Source

LONGEST_SHOWN = 160


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
        """Show it as it was written, in quotes, the end of an overlong one left out."""
        return f'"{shortened(self.spelling)}"'

    def pick(self, value: SecretValue) -> str:
        """Take this reference's part out of what its source holds; no error tells the value."""
        picked = self._picked(value)
        if not picked:
            raise self._error("it refers to an empty text")
        return picked

    def _picked(self, value: SecretValue) -> str:
        if self.source.service is Service.SSM_SECURE and not value.is_secret:
            raise self._error("the parameter is no SecureString")
        if self.source.service is Service.SSM and value.is_secret:
            raise self._error("the parameter is a SecureString; write ssm-secure")
        document = value.document if self.source.service is Service.SECRETS_MANAGER else None
        if not self.json_key and isinstance(document, (dict, list)):
            raise self._error("the secret holds JSON, so the reference must name a key of it")
        if not self.json_key:
            return value.plain_text
        if not isinstance(document, dict):
            raise self._error("the secret is not a JSON object")
        key = f'"{shortened(self.json_key)}"'
        if self.json_key not in document:
            raise self._error(f"the secret has no key {key}")
        match document[self.json_key]:
            case str() as text:
                return text
            case bool() as truth:
                return json.dumps(truth)
            case held:
                kind = "an object" if isinstance(held, dict) else "an array or null"
                raise self._error(f"key {key} holds {kind}")

    def _error(self, problem: str) -> SecretNotUsableError:
        return SecretNotUsableError(f"{self}: {problem}")


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

    def resolve(self, fetch: Callable[[Source], SecretValue]) -> str:
        """Put the values in their places."""
        return "".join(
            part.pick(fetch(part.source)) if isinstance(part, Reference) else part
            for part in self.parts
        )


def _is_text(value: object) -> bool:
    return isinstance(value, Text)


def replaced(
    value: object, by: Callable[[Any], object], is_meant: Callable[[object], bool] = _is_text
) -> object:
    """Put something in the place of every Text of a document, or of all else that is meant."""
    if is_meant(value):
        return by(value)
    if isinstance(value, Mapping):
        return {name: replaced(item, by, is_meant) for name, item in value.items()}
    return [replaced(item, by, is_meant) for item in value] if isinstance(value, list) else value
