"""From references to values: fetch, check what came, and remember only the versions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from handler.errors import SecretNotUsableError
from handler.ports import Ports
from handler.properties import sources
from handler.reference import Text, replaced
from handler.request import Request
from handler.validation import Leaf, leaves, violations
from handler.violation import Violation, refuse


@dataclass(frozen=True, slots=True)
class Resolved:
    """
    The desired properties with every reference replaced, and the versions of the secrets used.
    """

    properties: Mapping[str, Any] = field(repr=False)
    versions: Mapping[str, str]


def resolve(ports: Ports, request: Request) -> Resolved:
    """
    Fetch every reference and check what came against AWS's model.

    Raises:
        SecretNotUsableError: tells all that cannot be used, each with its path, none with a value.
    """
    values: dict[int, str] = {}
    found: list[Violation] = []
    for leaf in leaves(request.properties, ports.shape):
        if isinstance(leaf.value, Text):
            try:
                values[id(leaf.value)] = leaf.value.resolve(ports.secrets.fetch)
                found += _secrecy_violations(ports, leaf, leaf.value)
            except SecretNotUsableError as error:
                found.append(Violation(leaf.path, error.reason))
    refuse(found, SecretNotUsableError)
    properties: Any = replaced(request.properties, lambda text: values[id(text)])
    refuse(list(_value_violations(ports, properties)), SecretNotUsableError)
    fetched = {source: ports.secrets.fetch(source) for source in sources(request.properties)}
    return Resolved(properties, {str(source): item.version_id for source, item in fetched.items()})


def _value_violations(ports: Ports, properties: Mapping[str, Any]) -> Iterator[Violation]:
    # The literals passed before; what is wrong now came out of a secret.
    for violation in violations(properties, ports.shape):
        yield Violation(violation.path, f"the value referred to {violation.problem}")


def _secrecy_violations(ports: Ports, leaf: Leaf, text: Text) -> Iterator[Violation]:
    # Whether a parameter named by its ARN is a SecureString shows only now.
    if not leaf.shape.metadata.get("sensitive"):
        return
    is_secret = any(ports.secrets.fetch(each.source).is_secret for each in text.references)
    is_plain_wanted = leaf.name == "Value" and leaf.siblings.get("IsValueSecret") is False
    if is_secret and is_plain_wanted:
        yield Violation(leaf.path, "refers to a secret, so IsValueSecret must not be false")
    elif not is_secret and leaf.name != "Value":
        yield Violation(leaf.path, "must refer to a secret or to a SecureString parameter")
