"""
Where references belong and where they are a must: the rules about credentials, beside AWS's model.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from handler.references.near_miss import holds_near, problem
from handler.references.reference import Text
from handler.references.source import Service
from handler.requests.service_model import Leaf, Shape, leaves
from handler.requests.violation import Violation, misplaced

PLAIN_MEMBERS_WITH_REFERENCES = ("Username", "ClientID")
MEMBERS_WITHOUT_TEXT = ("Password", "ClientSecret")
PLAIN_REFUSED = "must hold a reference to a secret or a SecureString; an ssm reference is neither"
LITERAL_REFUSED = (
    "must hold a reference to a secret, such as {{resolve:secretsmanager:name:SecretString:key}};"
    " literal credentials are refused, also where something resolved a reference too early"
)

TEXT_REFUSED = "must hold references and no text around them, neither a blank nor a line break"


def credential_violations(properties: object, shape: Shape) -> Iterator[Violation]:
    """
    Yield every literal where a reference must stand, and every reference that is wrong or out of
    place.
    """
    for leaf in leaves(properties, shape):
        yield from _leaf_violations(leaf)


def with_secret_parameters(value: object, shape: Any) -> object:
    """
    Say IsValueSecret where it was left out: true, as in CloudFormation; the API would take false.

    Source:
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-events-connection-parameter.html
    """
    if isinstance(value, Mapping) and shape.type_name == "structure":
        default = {"IsValueSecret": True} if "IsValueSecret" in shape.members else {}
        known = {
            name: with_secret_parameters(item, shape.members[name])
            if name in shape.members
            else item
            for name, item in value.items()
        }
        return {**default, **known}
    if isinstance(value, list) and shape.type_name == "list":
        return [with_secret_parameters(item, shape.member) for item in value]
    return value


def _leaf_violations(leaf: Leaf) -> Iterator[Violation]:
    text = leaf.value if isinstance(leaf.value, Text) else None
    if isinstance(leaf.value, Mapping) and holds_near(leaf.value):
        text = Text(leaf.value, (), problem(leaf.value))
    if text is not None and not _may_hold_reference(leaf):
        yield Violation(leaf.path, misplaced(text))
        return
    if text and text.problem:
        yield Violation(leaf.path, text.problem)
    elif leaf.shape.metadata.get("sensitive"):
        yield from _sensitive_violations(leaf, text)


def _may_hold_reference(leaf: Leaf) -> bool:
    is_credential = bool(leaf.shape.metadata.get("sensitive"))
    return is_credential or leaf.name in PLAIN_MEMBERS_WITH_REFERENCES


def _sensitive_violations(leaf: Leaf, text: Text | None) -> Iterator[Violation]:
    services = {reference.source.service for reference in text.references} if text else set()
    holds_secret = bool(services - {Service.SSM})
    if leaf.name != "Value":
        if not holds_secret:
            yield Violation(leaf.path, PLAIN_REFUSED if services else LITERAL_REFUSED)
        elif text and leaf.name in MEMBERS_WITHOUT_TEXT and len(text.references) < len(text.parts):
            yield Violation(leaf.path, TEXT_REFUSED)
    elif leaf.siblings.get("IsValueSecret") is not False:
        if text is None:
            yield Violation(
                leaf.path, "a literal needs IsValueSecret: false; a secret needs a reference"
            )
    elif services & {Service.SECRETS_MANAGER, Service.SSM_SECURE}:
        yield Violation(leaf.path, "refers to a secret, so IsValueSecret must not be false")
