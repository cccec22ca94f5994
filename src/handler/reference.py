"""
A reference to a secret, and texts that hold references: take parts of secrets, put them in place.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from handler.errors import SecretNotUsableError

LONGEST_SHOWN = 160


def shortened(text: str) -> str:
    """Cut a text to what an error message can carry."""
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def _refuse_constant(constant: str) -> None:
    # NaN and Infinity are Python's own; nobody else takes them for JSON.
    raise ValueError(constant)


class Service(StrEnum):
    """Where a referenced value lives."""

    SECRETS_MANAGER = "secretsmanager"
    SSM_SECURE = "ssm-secure"
    SSM = "ssm"
    SSM_ARN = "ssm-arn"  # plain or secure: known once it is fetched


@dataclass(frozen=True, slots=True)
class Source:
    """What one call fetches: a version of a secret, or of a parameter."""

    service: Service
    source_id: str
    version_stage: str = ""
    version_id: str = ""
    account: str = ""  # "" means: the function's own

    def __str__(self) -> str:
        """Name what is fetched, as the registry keys its versions."""
        return f"{self.service}:{self.source_id}:{self.version_stage}:{self.version_id}"

    @property
    def name(self) -> str:
        """Give the name without ARN and without the six characters that Secrets Manager appends."""
        if not self.source_id.startswith("arn:"):
            return self.source_id
        resource = self.source_id.split(":", 5)[5]
        if self.service is Service.SECRETS_MANAGER:
            return resource.removeprefix("secret:")[:-7]
        return resource.removeprefix("parameter")

    @property
    def is_pinned(self) -> bool:
        """Tell whether a rotation leaves it where it is."""
        return bool(self.version_id)


@dataclass(frozen=True, slots=True)
class SecretValue:
    """What a source held when it was fetched."""

    text: str
    version_id: str
    is_secret: bool

    def __repr__(self) -> str:
        """Show the version only."""
        return f"SecretValue(version_id={self.version_id!r})"


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference, as written and as understood."""

    spelling: str
    source: Source
    json_key: str = ""

    def __str__(self) -> str:
        """Show it as it was written, the end of an overlong one left out."""
        return shortened(self.spelling)

    def pick(self, value: SecretValue) -> str:
        """
        Take this reference's part out of what its source holds.

        Raises:
            SecretNotUsableError: wrong kind, not JSON, key absent, no scalar; never with the value.
        """
        if self.source.service is Service.SSM_SECURE and not value.is_secret:
            raise SecretNotUsableError(f"{self}: the parameter is no SecureString")
        if self.source.service is Service.SSM and value.is_secret:
            raise SecretNotUsableError(f"{self}: the parameter is a SecureString; write ssm-secure")
        if not self.json_key:
            return value.text
        try:
            document = json.loads(
                value.text, parse_float=str, parse_int=str, parse_constant=_refuse_constant
            )
        except (ValueError, RecursionError):
            raise SecretNotUsableError(f"{self}: the secret is not JSON") from None
        if not isinstance(document, dict):
            raise SecretNotUsableError(f"{self}: the secret is not a JSON object")
        if self.json_key not in document:
            raise SecretNotUsableError(f"{self}: the secret has no key {self._shown_key}")
        return self._scalar(document[self.json_key])

    @property
    def _shown_key(self) -> str:
        return f'"{shortened(self.json_key)}"'

    def _scalar(self, value: object) -> str:
        match value:
            case str():
                return value
            case bool():
                return json.dumps(value)
            case _:
                kind = "an object" if isinstance(value, dict) else "an array or null"
                raise SecretNotUsableError(f"{self}: key {self._shown_key} holds {kind}")


@dataclass(frozen=True, slots=True)
class Text:
    """
    A value that holds references: literal pieces and references in order, and what is wrong with
    them.
    """

    spelling: str | Mapping[str, str]
    parts: tuple[str | Reference, ...]
    problems: tuple[str, ...] = ()

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


def replaced(value: object, by: Callable[[Text], object]) -> object:
    """Put something in the place of every Text of a document."""
    match value:
        case Text():
            return by(value)
        case Mapping():
            return {name: replaced(item, by) for name, item in value.items()}
        case list():
            return [replaced(item, by) for item in value]
        case _:
            return value
