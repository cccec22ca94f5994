"""Where references may or must stand: our rules in addition to AWS's model."""

from collections.abc import Iterator, Mapping
from typing import Any

from handler.references.malformed_reference import has_reference_member, problem
from handler.references.reference import Text
from handler.references.source import Service
from handler.requests.service_model import Leaf, Shape, leaves
from handler.requests.violation import Violation, misplaced

PLAIN_MEMBERS_THAT_MAY_REFER = ("Username", "ClientID")
REFERENCE_ONLY_MEMBERS = ("Password", "ClientSecret")
PLAIN_REFUSED = (
    "must hold a reference to a secret or a SecureString; an ssm reference names a plain parameter"
)
LITERAL_REFUSED = (
    "must hold a reference to a secret, such as {{resolve:secretsmanager:name:SecretString:key}};"
    " literal credentials are refused, also where something resolved a reference too early"
)
TEXT_REFUSED = "must hold references and no text around them, neither a blank nor a line break"
NOT_PUBLIC = "refers to a secret, so IsValueSecret must not be false"
SECRECY_WANTED = "a literal needs IsValueSecret: false; a secret needs a reference"


def credential_violations(properties: object, shape: Shape) -> Iterator[Violation]:
    """Yield every literal where a reference must stand, and every wrong or misplaced reference."""
    for leaf in leaves(properties, shape):
        yield from _leaf_violations(leaf)


def with_secrecy(value: object, shape: Any) -> object:
    """
    Set a missing IsValueSecret to true, as CloudFormation does; the API's default is false.

    Source:
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-events-connection-parameter.html
    """
    if isinstance(value, Mapping) and "IsValueSecret" in getattr(shape, "members", ()):
        return {"IsValueSecret": True} | dict(value)
    return value


def _leaf_violations(leaf: Leaf) -> Iterator[Violation]:
    text = leaf.value if isinstance(leaf.value, Text) else None
    if isinstance(leaf.value, Mapping) and has_reference_member(leaf.value):
        text = Text(leaf.value, (), problem(leaf.value))
    if text and not (leaf.is_credential or leaf.name in PLAIN_MEMBERS_THAT_MAY_REFER):
        yield Violation(leaf.path, misplaced(text))
    elif text and text.problem:
        yield Violation(leaf.path, text.problem)
    elif leaf.is_credential:
        yield from _credential_violations(leaf, text)


def _credential_violations(leaf: Leaf, text: Text | None) -> Iterator[Violation]:
    services = {reference.source.service for reference in text.references} if text else set()
    if leaf.is_declared_public:
        if services & {Service.SECRETS_MANAGER, Service.SSM_SECURE}:
            yield Violation(leaf.path, NOT_PUBLIC)
    elif leaf.name == "Value":
        if text is None:
            yield Violation(leaf.path, SECRECY_WANTED)
    elif not services - {Service.SSM}:
        yield Violation(leaf.path, PLAIN_REFUSED if services else LITERAL_REFUSED)
    elif text and leaf.name in REFERENCE_ONLY_MEMBERS and len(text.references) < len(text.parts):
        yield Violation(leaf.path, TEXT_REFUSED)
