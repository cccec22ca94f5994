"""
Templates as CloudFormation gets them, and as scanners can read them, made offline.

SAM's resources are expanded by SAM's own translator. Each Fn::If is decided, once in favour of
every option and once against, since checkov passes over a policy that holds one. Reasons are left
out, so that a scanner tells also what has one.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

REGION = "eu-central-1"  # the translator insists on one
OPTIONS = {"every-option": 1, "no-option": 2}  # which branch of Fn::If each takes
NO_VALUE = {"Ref": "AWS::NoValue"}


def parsed(template: Path) -> dict[str, Any]:
    """Read a template, its tags spelled as functions."""
    return copy.deepcopy(_parsed(template.read_text(encoding="utf-8")))


@cache
def _parsed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml_parse(text)
    return found


def write_variants(template: Path, folder: Path) -> list[Path]:
    """Write what CloudFormation gets of a template, with every option and with none."""
    whole = transformed(parsed(template))
    variants = {name: decided(whole, branch) for name, branch in OPTIONS.items()}
    return [_write(variant, folder / name / template.name) for name, variant in variants.items()]


def _write(template: Mapping[str, Any], path: Path) -> Path:
    path = path.with_suffix(".json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(template, indent=2), encoding="utf-8")
    return path


def transformed(template: dict[str, Any]) -> dict[str, Any]:
    """Expand SAM's resources, and leave the reasons out."""
    if "Transform" in template:
        for resource in template["Resources"].values():
            _name_uploads(resource)
        session = boto3.Session(region_name=REGION)
        template = Translator(None, Parser(), boto_session=session).translate(
            template, parameter_values={}, get_managed_policy_map=dict
        )
    resources = {
        name: {key: value for key, value in resource.items() if key != "Metadata"}
        for name, resource in template["Resources"].items()
    }
    return {**template, "Resources": resources}


def _name_uploads(resource: dict[str, Any]) -> None:
    """Give the places to which ``sam deploy`` would upload code."""
    for member in {"CodeUri", "ContentUri"} & resource["Properties"].keys():
        resource["Properties"][member] = "s3://bucket/key"


def decided(template: Mapping[str, Any], branch: int) -> dict[str, Any]:
    """Take the same branch of each Fn::If in the resources."""
    return {**template, "Resources": _decided(template["Resources"], branch)}


def _decided(value: Any, branch: int) -> Any:
    if isinstance(value, list):
        return [item for item in (_decided(item, branch) for item in value) if item != NO_VALUE]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value:
        return _decided(value["Fn::If"][branch], branch)
    members = ((key, _decided(member, branch)) for key, member in value.items())
    return {key: member for key, member in members if member != NO_VALUE}


def with_a_policy_for_each_statement(template: Mapping[str, Any]) -> dict[str, Any]:
    """Take each role's policies apart, so that a reason for one statement covers no other."""
    resources: dict[str, Any] = {}
    for name, resource in template["Resources"].items():
        resources[name] = resource
        if resource["Type"] == "AWS::IAM::Role":
            kept = {key: each for key, each in resource["Properties"].items() if key != "Policies"}
            resources[name] = {**resource, "Properties": kept}
            resources.update(_policies(name, resource))
    return {**template, "Resources": resources}


def _policies(name: str, role: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    statements = [
        statement
        for policy in role["Properties"].get("Policies", [])
        for statement in _listed(policy["PolicyDocument"]["Statement"])
    ]
    for number, statement in enumerate(statements):
        sid = statement.get("Sid", f"Statement{number}")
        document = {"Version": "2012-10-17", "Statement": [statement]}
        properties = {"PolicyName": sid, "Roles": [{"Ref": name}], "PolicyDocument": document}
        condition = {"Condition": role["Condition"]} if "Condition" in role else {}
        yield name + sid, {"Type": "AWS::IAM::Policy", **condition, "Properties": properties}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def origin(logical_id: str, written: Mapping[str, Any]) -> tuple[str, str]:
    """Give the resource as written that a resource comes from, and which part of it this is."""
    if logical_id in written:
        return logical_id, ""
    resource = max((name for name in written if logical_id.startswith(name)), key=len)
    # SAM adds a hash to the id of what a change must replace.
    return resource, re.sub("[0-9a-f]{10}$", "", logical_id.removeprefix(resource))
