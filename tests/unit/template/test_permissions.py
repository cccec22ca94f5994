"""What the application may do, and what it may not."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.resolved_template import (
    EVERYTHING_ON,
    RESOURCE_CONFIGURATIONS,
    accepts,
    deployed,
    listed,
    properties,
)

# AWS's list of actions names no resource for theirs.
KNOWING_NO_RESOURCE = {"TaskTokens", "PrivateConnectionsOfEventBridge", "LookAtTheNetwork"}


def role(**parameters: str) -> dict[str, dict[str, Any]]:
    """Give the statements of the function's role by their Sid."""
    (policy,) = properties("FunctionRole", **parameters)["Policies"]
    return {statement["Sid"]: statement for statement in policy["PolicyDocument"]["Statement"]}


def allowing_statements(**parameters: str) -> Iterator[dict[str, Any]]:
    """Yield every statement anywhere in the template that allows something."""
    pending: list[Any] = [deployed(**parameters)["Resources"]]
    while pending:
        value = pending.pop()
        if isinstance(value, dict) and value.get("Effect") == "Allow":
            yield value
        elif isinstance(value, dict | list):
            pending.extend(value.values() if isinstance(value, dict) else value)


@pytest.mark.parametrize("parameters", [{}, EVERYTHING_ON])
def test_nothing_is_allowed_wholesale(parameters: dict[str, str]) -> None:
    """No statement allows a family of actions, and none names every resource of a service."""
    for statement in allowing_statements(**parameters):
        assert statement["Sid"]
        assert not [action for action in listed(statement["Action"]) if "*" in action]
        if statement["Sid"] in KNOWING_NO_RESOURCE:
            continue
        for resource in listed(statement.get("Resource", "the role that is assumed")):
            assert not re.fullmatch(r"\*|arn(:[^:]*){4}:\*", resource)


def test_the_role_allows_what_the_function_calls() -> None:
    """Whoever adds a call adds its permission here, and its reason to the README."""
    allowed = {sid: set(listed(statement["Action"])) for sid, statement in role().items()}
    assert allowed == {
        "Connections": {
            "events:CreateConnection",
            "events:UpdateConnection",
            "events:DeleteConnection",
            "events:DescribeConnection",
            "events:DeauthorizeConnection",
        },
        "SecretsOfConnections": {
            "secretsmanager:CreateSecret",
            "secretsmanager:DescribeSecret",
            "secretsmanager:UpdateSecret",
            "secretsmanager:PutSecretValue",
            "secretsmanager:GetSecretValue",
            "secretsmanager:DeleteSecret",
        },
        "ServiceLinkedRole": {"iam:CreateServiceLinkedRole"},
        "ReferencedSecrets": {"secretsmanager:GetSecretValue"},
        "ReferencedParameters": {"ssm:GetParameter"},
        "Registry": {
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:DeleteItem",
            "dynamodb:ConditionCheckItem",
            "dynamodb:Query",
            "dynamodb:Scan",
        },
        "Requests": {
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
        },
        "RequestsToItself": {"sqs:SendMessage"},
        "DeadLetters": {"sqs:SendMessage"},
        "Unanswered": {"sqs:SendMessage"},
        "TaskTokens": {"states:SendTaskSuccess", "states:SendTaskFailure"},
        "Logs": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "Results": {"events:PutEvents"},
    }


def test_optional_permissions_need_their_parameter() -> None:
    """Keys and private networks are out of reach until somebody names them."""
    assert set(role(**EVERYTHING_ON)) - set(role()) == {
        "KeysOfReferencedSecrets",
        "KeysOfConnections",
        "UseOfKeysOfConnections",
        "PrivateConnections",
        "PrivateConnectionsOfEventBridge",
        "DataKeyOfQueues",
        "DataKeyOfRegistry",
        "NetworkInterfaces",
        "NetworkInterfacesOfTheFunction",
        "LookAtTheNetwork",
        "NetworkOfLambdaAlone",
    }


def test_private_connections_reach_only_what_is_named() -> None:
    """The other two resources of an association are EventBridge's, of an account not known."""
    lattice = "arn:aws:vpc-lattice:eu-central-1:*"
    statements = role(**EVERYTHING_ON)
    assert statements["PrivateConnections"]["Resource"] == [
        *RESOURCE_CONFIGURATIONS,
        f"{lattice}:servicenetwork/*",
        f"{lattice}:servicenetworkresourceassociation/*",
    ]
    through = statements["PrivateConnectionsOfEventBridge"]
    assert through["Action"] == "vpc-lattice:AssociateViaAWSService-EventsAndStates"


@pytest.mark.parametrize("end", ["*", "rcfg-*", "rcfg-0a1b2c3d4e5f6a7b8,"])
def test_no_pattern_names_resource_configurations(end: str) -> None:
    """Each is named whole."""
    begin = "arn:aws:vpc-lattice:eu-central-1:123456789012:resourceconfiguration/"
    assert not accepts("ResourceConfigurationArns", begin + end)
    assert accepts("ResourceConfigurationArns", ",".join(RESOURCE_CONFIGURATIONS))


def test_keys_are_used_only_through_their_services() -> None:
    """The function itself cannot decrypt anything with a customer's key."""
    for sid, statement in role(**EVERYTHING_ON).items():
        if {"kms:Decrypt", "kms:GenerateDataKey"} & set(listed(statement["Action"])):
            assert "kms:ViaService" in statement["Condition"]["StringEquals"], sid


def test_each_prefix_becomes_a_resource() -> None:
    """IAM says the same as the code about which secrets and parameters may be read."""
    statements = role(AllowedSecretPrefixes="a/,b/", AllowedParameterPrefixes="/c/,/d/")
    assert statements["ReferencedSecrets"]["Resource"] == [
        "arn:*:secretsmanager:*:*:secret:a/*",
        "arn:*:secretsmanager:*:*:secret:b/*",
    ]
    assert statements["ReferencedParameters"]["Resource"] == [
        "arn:*:ssm:*:*:parameter/c/*",
        "arn:*:ssm:*:*:parameter/d/*",
    ]


def test_references_stay_in_region_and_allowed_accounts() -> None:
    """The wildcards of the resources are closed again by the condition."""
    here = {"aws:RequestedRegion": "eu-central-1", "aws:ResourceAccount": "123456789012"}
    assert role()["ReferencedSecrets"]["Condition"] == {"StringEquals": here}
    statements = role(AllowedAccounts="111111111111,222222222222")
    accounts = statements["ReferencedSecrets"]["Condition"]["StringEquals"]["aws:ResourceAccount"]
    assert accounts == ["123456789012", "111111111111", "222222222222"]
    assert statements["ReferencedParameters"]["Condition"] == {"StringEquals": here}


def test_connections_are_limited_to_their_prefix() -> None:
    """A connection that is named otherwise, and its secret, cannot be touched."""
    statements = role(ConnectionNamePrefix="team-")
    for sid in ("Connections", "SecretsOfConnections"):
        assert statements[sid]["Resource"].endswith("connection/team-*")


def test_secrets_of_connections_are_eventbridges() -> None:
    """The function cannot read what EventBridge keeps with its permission."""
    condition = role()["SecretsOfConnections"]["Condition"]
    assert condition == {"Bool": {"aws:ViaAWSService": "true"}}


@pytest.mark.parametrize("prefix", ["", "*", "events!connection/", "a*"])
def test_no_prefix_opens_every_secret(prefix: str) -> None:
    """Neither everything nor the secrets that a service owns can be allowed by accident."""
    assert not accepts("AllowedSecretPrefixes", prefix)
    assert not accepts("AllowedParameterPrefixes", f"/{prefix}")


@pytest.mark.parametrize(
    "prefix",
    [
        "/aws/",
        "/aws",
        "/aw",
        "/a",
        "/",
        "/AWS/",
        "/Aws/service/",
        "/aws/reference/",
        "//aws/",
        "aws/",
    ],
)
def test_no_prefix_opens_awss_own_parameters(prefix: str) -> None:
    """Neither from within /aws/ nor from above; every secret of the account lies below it."""
    assert not accepts("AllowedParameterPrefixes", prefix)


@pytest.mark.parametrize(
    "prefix", ["/connections/", "/ab", "/awe/x", "/app/aws/", "/b", "/_", "/A1"]
)
def test_other_prefixes_of_parameters_are_accepted(prefix: str) -> None:
    """Also those that begin like /aws/ and go on otherwise."""
    assert accepts("AllowedParameterPrefixes", prefix)


def test_role_and_log_outlive_the_function() -> None:
    """What the function refers to is deleted after it: a Delete still has its permissions."""
    types = [resource["Type"] for resource in deployed()["Resources"].values()]
    assert properties("Function")["Role"] == "FunctionRole.Arn"
    assert "AWS::IAM::Policy" not in types
    assert "AWS::IAM::ManagedPolicy" not in types
