"""What a company prescribes: the role's boundary and path, the network, the key, concurrency."""

from typing import Any

import pytest

from tests.support.resolved_template import (
    BOUNDARY,
    EVERYTHING_ON,
    KEY,
    accepts,
    broken_rules,
    deployed,
    properties,
)

NETWORK = {name: EVERYTHING_ON[name] for name in ("SubnetIds", "SecurityGroupIds")}
FOR_STACKS_AND_PROGRAMS = 10


def statements(**parameters: str) -> dict[str, dict[str, Any]]:
    """Give the statements of the function's role by their Sid."""
    (policy,) = properties("FunctionRole", **parameters)["Policies"]
    return {statement["Sid"]: statement for statement in policy["PolicyDocument"]["Statement"]}


def test_nothing_is_prescribed_by_default() -> None:
    """A first deploy needs no answer of a platform team."""
    role, function = properties("FunctionRole"), properties("Function")
    assert role["Path"] == "/"
    assert not {"PermissionsBoundary"} & set(role)
    assert not {"VpcConfig", "ReservedConcurrentExecutions"} & set(function)
    assert "KmsKeyId" not in properties("FunctionLogGroup")
    assert properties("Registry")["SSESpecification"] == {"SSEEnabled": True}


def test_the_function_has_the_only_role() -> None:
    """So boundary and path of one role are those of the installation."""
    types = [resource["Type"] for resource in deployed(**EVERYTHING_ON)["Resources"].values()]
    assert types.count("AWS::IAM::Role") == 1


def test_the_role_has_the_boundary_and_the_path() -> None:
    """As service control policies and the deployer's own policy may demand."""
    role = properties("FunctionRole", PermissionsBoundaryArn=BOUNDARY, RolePath="/platform/")
    assert (role["PermissionsBoundary"], role["Path"]) == (BOUNDARY, "/platform/")


@pytest.mark.parametrize(
    ("arn", "is_accepted"),
    [
        ("", True),
        ("arn:aws-us-gov:iam::123456789012:policy/teams/Boundary", True),
        ("arn:aws:iam::aws:policy/PowerUserAccess", True),
        ("arn:aws:iam::123456789012:role/Boundary", False),
        ("Boundary", False),
    ],
)
def test_a_boundary_is_a_managed_policy(arn: str, *, is_accepted: bool) -> None:
    """Of the account or of AWS, in any partition."""
    assert accepts("PermissionsBoundaryArn", arn) is is_accepted


@pytest.mark.parametrize(
    ("path", "is_accepted"),
    [("/", True), ("/a/b-c/", True), ("/a", False), ("a/", False), ("", False), ("//", False)],
)
def test_a_role_path_begins_and_ends_with_a_slash(path: str, *, is_accepted: bool) -> None:
    """IAM would refuse the others in the middle of a deployment."""
    assert accepts("RolePath", path) is is_accepted


def test_the_function_runs_in_the_named_subnets() -> None:
    """With the named security groups."""
    assert properties("Function", **NETWORK)["VpcConfig"] == {
        "SubnetIds": ["subnet-0a1b2c3d", "subnet-0a1b2c3d4e5f6a7b8"],
        "SecurityGroupIds": ["sg-0a1b2c3d"],
    }


def test_subnets_and_security_groups_come_together() -> None:
    """Lambda takes neither alone, and would say so only after minutes."""
    assert broken_rules() == broken_rules(**NETWORK) == []
    for name, value in NETWORK.items():
        (told,) = broken_rules(**{name: value})
        assert told.startswith(f"{name} is given")


@pytest.mark.parametrize("name", NETWORK)
@pytest.mark.parametrize("value", ["vpc-0a1b2c3d", "*", "subnet-*", "sg-", "subnet-0a1b2c3d,"])
def test_a_network_is_named_by_ids(name: str, value: str) -> None:
    """A wildcard would open the permission to make interfaces elsewhere."""
    assert not accepts(name, value)


def test_lambda_makes_interfaces_in_the_named_network_alone() -> None:
    """The ids are unique, so the wildcards before them widen nothing."""
    made = statements(**NETWORK)["NetworkInterfaces"]
    assert made["Action"] == "ec2:CreateNetworkInterface"
    assert made["Resource"] == [
        "arn:*:ec2:*:*:network-interface/*",
        "arn:*:ec2:*:*:subnet/subnet-0a1b2c3d",
        "arn:*:ec2:*:*:subnet/subnet-0a1b2c3d4e5f6a7b8",
        "arn:*:ec2:*:*:security-group/sg-0a1b2c3d",
    ]


def test_the_functions_own_code_cannot_use_the_network_permissions() -> None:
    """Lambda's calls have no source function, those of the code have one."""
    found = statements(**NETWORK)
    allowed = ("NetworkInterfaces", "NetworkInterfacesOfTheFunction", "LookAtTheNetwork")
    actions = [found[sid]["Action"] for sid in allowed]
    denied = found["NetworkOfLambdaAlone"]
    assert (denied["Effect"], denied["Resource"]) == ("Deny", "*")
    assert denied["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}
    assert set(denied["Action"]) == {actions[0], *actions[1], *actions[2]}


def test_one_key_encrypts_what_is_stored() -> None:
    """Registry and log here, the queues in their own test."""
    assert properties("Registry", DataKeyArn=KEY)["SSESpecification"] == {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": KEY,
    }
    assert properties("FunctionLogGroup", DataKeyArn=KEY)["KmsKeyId"] == KEY


@pytest.mark.parametrize(
    ("sid", "service"), [("DataKeyOfQueues", "sqs"), ("DataKeyOfRegistry", "dynamodb")]
)
def test_the_role_uses_the_data_key_through_the_service_that_stores(sid: str, service: str) -> None:
    """Decrypt among its actions, and for this key alone."""
    statement = statements(DataKeyArn=KEY)[sid]
    assert "kms:Decrypt" in statement["Action"]
    assert statement["Resource"] == KEY
    through = {"kms:ViaService": f"{service}.eu-central-1.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": through}


def test_reserved_concurrency_leaves_room_beside_the_queues() -> None:
    """Else full queues would throttle stacks, or an idle stack would starve a queue."""
    events = properties("Function")["Events"].values()
    of_queues = sum(event["Properties"]["ScalingConfig"]["MaximumConcurrency"] for event in events)
    least = of_queues + FOR_STACKS_AND_PROGRAMS
    assert accepts("ReservedConcurrency", "")
    assert [n for n in range(2000) if accepts("ReservedConcurrency", str(n))] == [
        *range(least, 2000)
    ]
    function = properties("Function", ReservedConcurrency=str(least))
    assert function["ReservedConcurrentExecutions"] == str(least)
