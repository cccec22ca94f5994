"""What the local CloudFormation asks of its caller is what AWS's resource types need."""

import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.support.resolved_template import EVERYTHING_ON, ROOT, deployed

PERMISSIONS = json.loads((ROOT / "tools/local/cloudformation_permissions.json").read_text())
OF_SERVERLESS = {
    "AWS::Serverless::Function": {
        "AWS::Lambda::Function",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Alias",
        "AWS::Lambda::Version",
    },
    "AWS::Serverless::LayerVersion": {"AWS::Lambda::LayerVersion"},
}
# What AWS's handlers need for properties that the template does not use, and the reason.
NOT_NEEDED = {
    r".*": {
        r"elasticfilesystem:.*|s3files:.*": "the function has no file system",
        r"codedeploy:.*": "the aliases move at once",
    },
    "AWS::DynamoDB::Table": {
        r"dynamodb:.*(Replica|Import|Kinesis|ResourcePolicy|Contributor).*": "the table has none",
        r"dynamodb:(Batch.*|.*Item|Query|Scan)": "nothing is imported",
        r"dynamodb:DeleteTable": "the registry is retained",
        r"kinesis:.*|logs:.*|s3:.*|iam:CreateServiceLinkedRole": "no stream, import or replica",
    },
    "AWS::Events::Rule": {r"iam:PassRole": "the rules send with no role"},
    "AWS::IAM::Role": {
        r"iam:(At|De)tachRolePolicy": "the policy is inline",
        r"iam:DeleteRolePermissionsBoundary": "who must set a boundary may not take it away",
    },
    "AWS::Lambda::.*": {
        r"lambda:.*(Provisioned|Capacity|Scaling|CodeSigning|Runtime).*": ("the function has none"),
        r"kms:.*": "the function's variables and code are encrypted with a key of Lambda's",
    },
    "AWS::Logs::LogGroup": {
        r"logs:.*(Delivery|BearerToken|DataProtection|Index|Resource|DeletionProtection).*": (
            "the log group has none"
        ),
        r"logs:DeleteRetentionPolicy": "it always forgets",
        r"firehose:.*|s3:.*": "the log is delivered nowhere",
    },
}


def resource_types() -> set[str]:
    """Give the types of what CloudFormation makes of the template."""
    types = {each["Type"] for each in deployed(**EVERYTHING_ON)["Resources"].values()}
    return {each for kind in types for each in OF_SERVERLESS.get(kind, {kind})}


@cache
def schema(name: str) -> dict[str, Any]:
    """Read a file of cfn-lint's copy of AWS's schemas; an import of it would take a second."""
    package = find_spec("cfnlint")
    assert package
    assert package.origin
    file = Path(package.origin).parent / "data" / "schemas" / f"{name}.json"
    read: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return read


def handlers(resource_type: str) -> dict[str, Any]:
    """Give the handlers of AWS's schema of a type, with the permissions that they need."""
    name = schema("providers/us-east-1")[resource_type]
    found: dict[str, Any] = schema(f"resources/{name}")["handlers"]
    return found


def asked_for(resource_type: str, operation: str) -> set[str]:
    """Give what is asked for an operation, whatever the properties."""
    asked = PERMISSIONS[resource_type]
    return {
        permission
        for each in (asked, *asked.get("with", {}).values())
        for permission in each.get(operation, [])
    }


def is_not_needed(resource_type: str, permission: str) -> bool:
    """Tell whether there is a reason to leave a permission out."""
    patterns = [
        pattern
        for types, each in NOT_NEEDED.items()
        if re.fullmatch(types, resource_type)
        for pattern in each
    ]
    return any(re.fullmatch(pattern, permission) for pattern in patterns)


@pytest.mark.parametrize("resource_type", sorted(resource_types()))
@pytest.mark.parametrize("operation", ["create", "update", "delete"])
def test_everything_that_aws_needs_is_asked_for(resource_type: str, operation: str) -> None:
    """Or left out for a reason; a new permission of AWS's shows here."""
    needed = set(handlers(resource_type).get(operation, {}).get("permissions", []))
    lacking = needed - asked_for(resource_type, operation)
    missing = {each for each in lacking if not is_not_needed(resource_type, each)}
    assert missing == set()


@pytest.mark.parametrize("resource_type", PERMISSIONS)
def test_nothing_is_asked_for_that_aws_does_not_need(resource_type: str) -> None:
    """Reading included, with which a handler waits for what it has begun."""
    known = {each for one in handlers(resource_type).values() for each in one["permissions"]}
    for operation in ("create", "update", "delete"):
        assert asked_for(resource_type, operation) <= known
