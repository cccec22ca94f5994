"""The SAM template as CloudFormation sees it: parameters, conditions and functions resolved."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
PSEUDO_PARAMETERS = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "provisioner",
    "AWS::URLSuffix": "amazonaws.com",
}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/k"
BOUNDARY = "arn:aws:iam::123456789012:policy/Boundary"
RESOURCE_CONFIGURATIONS = (
    "arn:aws:vpc-lattice:eu-central-1:123456789012:resourceconfiguration/rcfg-0a1b2c3d4e5f6a7b8",
    "arn:aws:vpc-lattice:eu-central-1:222222222222:resourceconfiguration/rcfg-00000000000000000",
)
EVERYTHING_ON = {
    "AllowedAccounts": "111111111111",
    "ConnectionKmsKeyArns": KEY,
    "ProducerArns": "arn:aws:iam::111111111111:root,arn:aws:iam::222222222222:role/producer",
    "ProducerOrganizationId": "o-a1b2c3d4e5",
    "DataKeyArn": KEY,
    "PermissionsBoundaryArn": BOUNDARY,
    "ReservedConcurrency": "22",
    "ResourceConfigurationArns": ",".join(RESOURCE_CONFIGURATIONS),
    "RestrictProducers": "true",
    "RolePath": "/platform/",
    "SecretsKmsKeyArns": KEY,
    "SecurityGroupIds": "sg-0a1b2c3d",
    "SubnetIds": "subnet-0a1b2c3d,subnet-0a1b2c3d4e5f6a7b8",
}
NO_VALUE = object()


@cache
def parsed_template() -> dict[str, Any]:
    """Read the template, its tags spelled as functions."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    return template


def deployed(**parameters: str) -> dict[str, Any]:
    """Resolve the template with the given parameters, the rest being defaults."""
    template = parsed_template()
    resolver = Resolver(template, parameters)
    return {
        section: {
            name: resolver.resolve(item)
            for name, item in template[section].items()
            if resolver.is_wanted(item)
        }
        for section in ("Resources", "Outputs")
    }


def broken_rules(**parameters: str) -> list[str]:
    """Give what CloudFormation says against the parameters together."""
    template = parsed_template()
    resolver = Resolver(template, parameters)
    return [
        assertion["AssertDescription"]
        for rule in template["Rules"].values()
        if resolver.resolve(rule["RuleCondition"])
        for assertion in rule["Assertions"]
        if not resolver.resolve(assertion["Assert"])
    ]


def properties(name: str, **parameters: str) -> dict[str, Any]:
    """Give a resource's properties."""
    found: dict[str, Any] = deployed(**parameters)["Resources"][name]["Properties"]
    return found


def listed(value: Any) -> list[Any]:
    """Give IAM's one-or-many as many."""
    return value if isinstance(value, list) else [value]


def accepts(parameter: str, value: str) -> bool:
    """Tell whether a parameter's pattern lets a value through."""
    return bool(re.fullmatch(parsed_template()["Parameters"][parameter]["AllowedPattern"], value))


class Resolver:
    """Evaluates the functions that the template uses; a resource is known by its logical id."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self._conditions = template["Conditions"]
        self._parameters: dict[str, Any] = {**PSEUDO_PARAMETERS, "AWS::NoValue": NO_VALUE}
        for name, definition in template["Parameters"].items():
            text = str(parameters.get(name, definition["Default"]))
            is_list = definition["Type"] == "CommaDelimitedList"
            self._parameters[name] = text.split(",") if is_list else text
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": lambda name: self._parameters.get(name, name),
            "Fn::GetAtt": ".".join,
            "Fn::If": lambda three: self.resolve(three[1 if self._holds(three[0]) else 2]),
            # CloudFormation compares texts: a Number's parameter with a number in the template.
            "Fn::Equals": lambda two: str(self.resolve(two[0])) == str(self.resolve(two[1])),
            "Fn::Not": lambda one: not self.resolve(one[0]),
            "Fn::Join": lambda two: two[0].join(self.resolve(two[1])),
            "Fn::Split": lambda two: self.resolve(two[1]).split(two[0]),
            "Fn::Sub": self._substituted,
        }

    def is_wanted(self, item: Mapping[str, Any]) -> bool:
        """Tell whether the item's condition holds."""
        return "Condition" not in item or self._holds(item["Condition"])

    def resolve(self, value: Any) -> Any:
        """Evaluate a value and everything below it."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        function = self._functions.get(next(iter(value), ""))
        return function(next(iter(value.values()))) if function else self._resolved_members(value)

    def _resolved_members(self, value: dict[str, Any]) -> dict[str, Any]:
        members = ((key, self.resolve(item)) for key, item in value.items())
        return {key: item for key, item in members if item is not NO_VALUE}

    def _holds(self, condition: str) -> bool:
        return bool(self.resolve(self._conditions[condition]))

    def _substituted(self, value: Any) -> str:
        text, own = (value, {}) if isinstance(value, str) else value
        names = {**self._parameters, **self._resolved_members(own)}
        return re.sub(r"\$\{([\w:.]+)\}", lambda found: str(names.get(found[1], found[1])), text)
