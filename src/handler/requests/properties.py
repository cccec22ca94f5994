"""ResourceProperties: CreateConnection's own shape, references in place of credentials."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handler.references.policy import AllowedSources
from handler.references.reference import replaced
from handler.references.source import Source
from handler.references.syntax import with_texts
from handler.requests.authorization_endpoint import endpoint_violations
from handler.requests.authorization_type import block_violations, without_other_blocks
from handler.requests.connection_name import prefix_violations
from handler.requests.credential_rules import credential_violations, with_secrecy
from handler.requests.entry_point import DIRECT
from handler.requests.service_model import Shape, rebuilt, violations
from handler.requests.violation import Violation, unknown_member
from handler.settings import MOST_SECRETS


@dataclass(frozen=True, slots=True)
class Rules:
    """What properties are checked against: AWS's model, allowed references, the name prefix."""

    shape: Shape
    policy: AllowedSources
    connection_name_prefix: str
    allowed_authorization_hosts: tuple[str, ...] = ("*",)


def prepared(properties: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """Replace the references of a document by Texts, and fill in a missing IsValueSecret."""
    texts = {name: with_texts(item, rules.policy) for name, item in properties.items()}
    full: Any = rebuilt(texts, rules.shape, with_secrecy)
    return dict(full)


def property_violations(properties: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
    """Yield everything that is wrong with prepared properties, auth blocks first."""
    yield from block_violations(properties)
    kept = without_other_blocks(properties)
    refused = [
        *credential_violations(kept, rules.shape),
        *endpoint_violations(kept, rules.allowed_authorization_hosts),
    ]
    paths = {each.path for each in refused}  # their form no longer matters
    yield from (each for each in violations(kept, rules.shape) if each.path not in paths)
    yield from refused
    yield from prefix_violations(properties, rules.connection_name_prefix)
    if len(sources(kept)) > MOST_SECRETS:
        yield Violation("AuthParameters", f"refers to more than {MOST_SECRETS} different secrets")


def name_violations(properties: Mapping[str, Any], rules: Rules) -> Iterator[Violation]:
    """Yield what is wrong if only Name counts; the values of other members are not checked."""
    shape: Any = rules.shape
    known = (*shape.members, *DIRECT.own_members)
    yield from (unknown_member("", name, known) for name in properties if name not in shape.members)
    if "Name" not in properties:
        yield Violation("Name", "required")
        return
    name = {"Name": properties["Name"]}
    refused = [*credential_violations(name, rules.shape)]
    yield from refused or violations(name["Name"], shape.members["Name"], "Name")
    yield from prefix_violations(name, rules.connection_name_prefix)


def is_private(properties: object) -> bool:
    """Tell whether these properties reach an API inside a VPC; a token endpoint does not count."""
    match properties:
        case {
            "InvocationConnectivityParameters": {
                "ResourceParameters": {"ResourceConfigurationArn": arn}
            }
        }:
            return bool(arn)
    return False


def sources(properties: object) -> tuple[Source, ...]:
    """Give every source that a document refers to, each once."""
    found: dict[Source, None] = {}
    replaced(properties, lambda text: found.update({each.source: None for each in text.references}))
    return tuple(found)


def as_written(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a document back into plain JSON: references as written, no values."""
    return {name: replaced(item, lambda text: text.spelling) for name, item in properties.items()}
