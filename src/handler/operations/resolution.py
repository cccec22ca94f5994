"""Resolve references to values: fetch and check them, and remember only the versions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from handler.errors import SecretNotUsableError
from handler.operations.ports import Ports
from handler.references.reference import Reference, Text, replaced
from handler.references.secret_value import SecretValue, pick
from handler.references.source import Source
from handler.requests.credential_rules import NOT_PUBLIC
from handler.requests.properties import sources
from handler.requests.request import Request
from handler.requests.service_model import Leaf, leaves, violations
from handler.requests.violation import Violation, refuse


@dataclass(frozen=True, slots=True)
class DesiredState:
    """The desired properties, every reference replaced, and the versions of the secrets."""

    properties: Mapping[str, Any] = field(repr=False)
    versions: Mapping[str, str]


def resolve(ports: Ports, request: Request) -> DesiredState:
    """Fetch every source of a request once; report every value that AWS's model refuses."""
    results = {source: _fetch(ports, source) for source in sources(request.properties)}
    fetched = {source: each for source, each in results.items() if isinstance(each, SecretValue)}

    def value_of(reference: Reference) -> str:
        if reference.source not in fetched:
            raise SecretNotUsableError(str(results[reference.source]))
        return pick(reference, fetched[reference.source])

    values: dict[int, str] = {}
    found: list[Violation] = []
    for leaf in leaves(request.properties, ports.rules.shape):
        if isinstance(leaf.value, Text):
            try:
                values[id(leaf.value)] = leaf.value.resolve(value_of)
                found += _secrecy_violations(fetched, leaf, leaf.value)
            except SecretNotUsableError as error:
                found.append(Violation(leaf.path, error.reason))
    refuse(found, SecretNotUsableError)
    properties: Any = replaced(request.properties, lambda text: values[id(text)])
    # The literals passed an earlier check, so every violation now comes from a secret.
    wrong = violations(properties, ports.rules.shape)
    found = [Violation(each.path, f"the referenced value {each.problem}") for each in wrong]
    refuse(found, SecretNotUsableError)
    versions = {str(each.answered(held.name)): held.version_id for each, held in fetched.items()}
    return DesiredState(properties, versions)


def _fetch(ports: Ports, source: Source) -> SecretValue | str:
    try:
        value = ports.secrets.fetch(source)
    except SecretNotUsableError as error:
        return error.reason
    # An ARN may mean another name than its form suggests.
    problem = next(iter(ports.rules.policy.problems(Source(source.service, value.name))), "")
    return f"secret {value.name}: {problem}" if problem else value


def _secrecy_violations(
    fetched: Mapping[Source, SecretValue], leaf: Leaf, text: Text
) -> Iterator[Violation]:
    # Only now is it known whether a parameter given by its ARN is a SecureString.
    if not leaf.is_credential:
        return
    is_secret = any(fetched[each.source].is_secret for each in text.references)
    if is_secret and leaf.is_declared_public:
        yield Violation(leaf.path, NOT_PUBLIC)
    elif not is_secret and leaf.name != "Value":
        yield Violation(leaf.path, "must refer to a secret or to a SecureString parameter")
