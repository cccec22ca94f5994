"""From references to values: fetch, check what came, and remember only the versions."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from handler.errors import SecretNotUsableError
from handler.ownership import Record
from handler.ports import Ports
from handler.properties import sources
from handler.reference import Reference, Text, replaced
from handler.request import Request
from handler.source import SecretValue, Service, Source
from handler.validation import Leaf, leaves, violations
from handler.violation import Violation, refuse

KEY_WANTED = "the secret holds JSON, so the reference must name a key of it"


@dataclass(frozen=True, slots=True)
class Resolved:
    """
    The desired properties with every reference replaced, and the versions of the secrets used.
    """

    properties: Mapping[str, Any] = field(repr=False)
    versions: Mapping[str, str]


def resolve(ports: Ports, request: Request, record: Record | None) -> Resolved:
    """
    Fetch every reference and check what came against AWS's model.

    Args:
        ports: where from.
        request: with a Text wherever it holds a reference.
        record: of the connection, as last written: no value may be older than it.

    Raises:
        SecretNotUsableError: tells all that cannot be used, each with its path, none with a value.
    """
    fetched = _fetched(ports, request, record.seen.written_at if record else None)
    values: dict[int, str] = {}
    found: list[Violation] = []
    for leaf in leaves(request.properties, ports.rules.shape):
        if isinstance(leaf.value, Text):
            try:
                values[id(leaf.value)] = leaf.value.resolve(fetched.__getitem__)
                found += _secrecy_violations(fetched, leaf, leaf.value)
            except SecretNotUsableError as error:
                found.append(Violation(leaf.path, error.reason))
    refuse(found, SecretNotUsableError)
    properties: Any = replaced(request.properties, lambda text: values[id(text)])
    refuse(list(_value_violations(ports, request, fetched, properties)), SecretNotUsableError)
    return Resolved(properties, {str(source): item.version_id for source, item in fetched.items()})


class _Fetched(dict[Source, SecretValue]):
    """What was fetched; to ask for what could not be is to be told why."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: dict[Source, str] = {}

    def __missing__(self, source: Source) -> SecretValue:
        raise SecretNotUsableError(self.refused[source])


def _fetched(ports: Ports, request: Request, since: datetime | None) -> _Fetched:
    fetched = _Fetched()
    for source in sources(request.properties):
        try:
            fetched[source] = ports.secrets.fetch(source, since)
        except SecretNotUsableError as error:
            fetched.refused[source] = error.reason
    return fetched


def _value_violations(
    ports: Ports, request: Request, fetched: _Fetched, properties: Mapping[str, Any]
) -> Iterator[Violation]:
    # The literals passed before; what is wrong now came out of a secret.
    shape = ports.rules.shape
    found = list(violations(properties, shape))
    asked = {leaf.path: leaf.value for leaf in leaves(request.properties, shape)} if found else {}
    for violation in found:
        text = asked.get(violation.path)
        if isinstance(text, Text) and any(_lacks_key(each, fetched) for each in text.references):
            yield Violation(violation.path, KEY_WANTED)
        else:
            yield Violation(violation.path, f"the value referred to {violation.problem}")


def _lacks_key(reference: Reference, fetched: _Fetched) -> bool:
    if reference.json_key or reference.source.service is not Service.SECRETS_MANAGER:
        return False
    try:
        return isinstance(json.loads(fetched[reference.source].text), dict)
    except (ValueError, RecursionError):
        return False


def _secrecy_violations(fetched: _Fetched, leaf: Leaf, text: Text) -> Iterator[Violation]:
    # Whether a parameter named by its ARN is a SecureString shows only now.
    if not leaf.shape.metadata.get("sensitive"):
        return
    is_secret = any(fetched[each.source].is_secret for each in text.references)
    is_plain_wanted = leaf.name == "Value" and leaf.siblings.get("IsValueSecret") is False
    if is_secret and is_plain_wanted:
        yield Violation(leaf.path, "refers to a secret, so IsValueSecret must not be false")
    elif not is_secret and leaf.name != "Value":
        yield Violation(leaf.path, "must refer to a secret or to a SecureString parameter")
