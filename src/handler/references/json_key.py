"""Extract what a reference means from its secret or parameter: one JSON key, or all of it."""

import json

from handler.errors import SecretNotUsableError
from handler.references.reference import Reference, shortened
from handler.references.source import SecretValue, Service


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
