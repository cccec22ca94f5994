"""What a secret or parameter held, and the part of it that a reference means: a key, or all."""

import json
from dataclasses import dataclass
from functools import cached_property

from handler.errors import SecretNotUsableError
from handler.references.reference import Reference, shortened
from handler.references.source import Service

BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class SecretValue:
    """What a source held when it was fetched."""

    text: str
    version_id: str
    is_secret: bool
    name: str  # as Secrets Manager returned it; a parameter's as referenced

    @cached_property
    def plain_text(self) -> str:
        """Give the text without a byte order mark, which some editors add."""
        return self.text.removeprefix(BYTE_ORDER_MARK)

    @cached_property
    def document(self) -> object:
        """Parse the text as JSON once, numbers as text; None if it is not JSON."""
        try:
            return json.loads(
                self.plain_text, parse_float=str, parse_int=str, parse_constant=_refuse_constant
            )
        except (ValueError, RecursionError):
            return None

    def __repr__(self) -> str:
        """Show the version only."""
        return f"SecretValue(version_id={self.version_id!r})"


def pick(reference: Reference, value: SecretValue) -> str:
    """Give the part that a reference means; no error shows the value."""
    picked = _pick(reference, value)
    if not picked:
        raise _error(reference, "it refers to an empty text")
    return picked


def _pick(reference: Reference, value: SecretValue) -> str:
    service, json_key = reference.source.service, reference.json_key
    if service is Service.SSM_SECURE and not value.is_secret:
        raise _error(reference, "the parameter is no SecureString")
    if service is Service.SSM and value.is_secret:
        raise _error(reference, "the parameter is a SecureString; write ssm-secure")
    document = value.document if service is Service.SECRETS_MANAGER else None
    if not json_key and isinstance(document, (dict, list)):
        raise _error(reference, "the secret holds JSON, so the reference must name a key of it")
    if not json_key:
        return value.plain_text
    if not isinstance(document, dict):
        raise _error(reference, "the secret is not a JSON object")
    key = f'"{shortened(json_key)}"'
    if json_key not in document:
        raise _error(reference, f"the secret has no key {key}")
    match document[json_key]:
        case str() as text:
            return text
        case bool() as truth:
            return json.dumps(truth)
        case held:
            kind = "an object" if isinstance(held, dict) else "an array or null"
            raise _error(reference, f"key {key} holds {kind}")


def _error(reference: Reference, problem: str) -> SecretNotUsableError:
    return SecretNotUsableError(f"{reference}: {problem}")


def _refuse_constant(constant: str) -> None:
    # Python accepts NaN and Infinity, but they are not JSON.
    raise ValueError(constant)
