"""
Refuse literal credentials in AWS::Events::Connection.

Usage: cfn-lint --append-rules <the folder of this file> --template template.yaml
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

CREDENTIALS = {"Password", "ApiKeyValue", "ClientSecret"}
# A word may come first, as in "Bearer {{resolve:...}}". Fn::Sub puts ${...} into a reference.
REFERENCES = re.compile(
    r"([A-Za-z-]{1,16}[ =])?"
    r"(\{\{resolve:(secretsmanager|ssm-secure):([^{}]|\$\{[^{}]+\})*\}\})+"
)
Located = tuple[list[str | int], Any]


class LiteralCredentials(CloudFormationLintRule):  # type: ignore[misc]
    """Find what stays readable in the template."""

    id = "E9301"
    shortdesc = "A connection's credential is a literal"
    description = "Credentials of AWS::Events::Connection must be references to secrets"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html"
    )
    tags = ("resources", "events", "secrets")

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Return a match for each literal, without its value."""
        parameters = cfn.template.get("Parameters", {})
        return [
            RuleMatch(
                path, f"{_member(path)} must refer to a secret: {{{{resolve:secretsmanager:…}}}}"
            )
            for name, resource in cfn.get_resources("AWS::Events::Connection").items()
            for path, value in credentials(["Resources", name], resource)
            if not is_secret(value, parameters)
        ]


def _member(path: list[str | int]) -> str:
    """Name the property, whichever branch of an Fn::If the path leads to."""
    return next(str(step) for step in reversed(path) if step in {*CREDENTIALS, "Value"})


def credentials(path: list[str | int], block: Any) -> Iterator[Located]:
    """Yield every credential below, with its path."""
    if isinstance(block, list):
        for index, item in enumerate(block):
            yield from credentials([*path, index], item)
    elif isinstance(block, Mapping):
        for name, member in block.items():
            is_credential = name in CREDENTIALS or (name == "Value" and is_value_secret(block))
            yield from (branches if is_credential else credentials)([*path, name], member)


def is_value_secret(parameter: Mapping[str, Any]) -> bool:
    """Tell whether a header, query or body parameter is one; CloudFormation's default is true."""
    return parameter.get("IsValueSecret", True) not in (False, "false")


def branches(path: list[str | int], value: Any) -> Iterator[Located]:
    """Yield both values of an Fn::If, else the value itself."""
    match value:
        case {"Fn::If": [_, then, otherwise]}:
            yield from branches([*path, "Fn::If", 1], then)
            yield from branches([*path, "Fn::If", 2], otherwise)
        case _:
            yield path, value


def is_secret(value: Any, parameters: Mapping[str, Any]) -> bool:
    """Tell whether the value is nowhere in the template."""
    match value:
        case str(text) | {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), _]}:
            return bool(REFERENCES.fullmatch(text))
        case {"Fn::Join": ["", [*parts]]}:
            return bool(
                REFERENCES.fullmatch("".join(each for each in parts if isinstance(each, str)))
            )
        case {"Ref": name}:
            return is_hidden(parameters.get(name, {}))
    return False


def is_hidden(parameter: Mapping[str, Any]) -> bool:
    """Tell whether a template's parameter keeps its value out of template and console."""
    return (
        parameter.get("Type") == "String"
        and parameter.get("NoEcho") in (True, "true")
        and "Default" not in parameter
    )
