"""The deployer's policy: with it and nothing else one deploys, and every statement is needed."""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest

from tests.support import role_session, waiting
from tests.support.deployer_policy import statements, with_options
from tests.support.resolved_template import EVERYTHING_ON, ROOT, listed
from tests.support.role_session import assume_new_role
from tools.local import deployment
from tools.local.local_stack import LocalStack
from tools.local.ministack import REGION, MiniStack, running_ministack

EVERY_PARAMETER = {**EVERYTHING_ON, "RetainRegistry": "false"}

# What the SAM CLI itself asks for, before CloudFormation acts.
OF_SAM = ("Stack", "StackOfTheCodeBucket", "CodeBucket", "Code")
NOT_SHOWN = {
    "Transform": "the emulator asks about the stack alone, not about the transform",
}
SIDS = list(with_options("stack"))


@pytest.fixture(scope="module")
def ministack() -> Iterator[MiniStack]:
    """Start an emulator in which nobody has deployed yet."""
    deployment.build()
    with running_ministack() as ministack:
        yield ministack


@pytest.fixture(scope="module")
def deployer(ministack: MiniStack) -> dict[str, str]:
    """Give a session that may do what the whole policy allows and nothing else."""
    return session_of(ministack, deployment.STACK_NAME)


@pytest.fixture(scope="module")
def deployed(ministack: MiniStack, deployer: dict[str, str]) -> Iterator[LocalStack]:
    """Deploy with the policy, bucket included, for all the tests: the SAM CLI takes seconds."""
    deployment.sam("deploy", deployer)
    with closing(LocalStack(ministack)) as stack:
        yield stack


def session_of(ministack: MiniStack, stack_name: str, without: str = "") -> dict[str, str]:
    """Make a role that deploys a stack, perhaps lacking a statement; give a session of it."""
    allowed = [each for sid, each in statements(stack_name).items() if sid != without]
    return assume_new_role(ministack, f"deploys-{stack_name}", *allowed)


@pytest.mark.parametrize("sid", [sid for sid in OF_SAM if sid != "CodeBucket"])
def test_sam_deploy_fails_without_what_it_asks_for_itself(deployed: LocalStack, sid: str) -> None:
    """Its stacks, and what it puts into its bucket, which is there already."""
    name = f"fails-{sid}"
    session = session_of(deployed.ministack, name, without=sid)
    with pytest.raises(deployment.CommandFailedError, match="AccessDenied"):
        deployment.sam("deploy", session, "--s3-prefix", name, stack_name=name)


def test_sam_deploy_fails_where_it_cannot_make_its_bucket() -> None:
    """On an emulator in which nobody has deployed yet."""
    deployment.build()
    told = "Failed to create managed resources"
    with running_ministack() as ministack:
        session = session_of(ministack, deployment.STACK_NAME, without="CodeBucket")
        with pytest.raises(deployment.CommandFailedError, match=told):
            deployment.sam("deploy", session)


def template_url(stack: LocalStack) -> str:
    """Put the deployed template beside its code, as the SAM CLI does: it is too large to send."""
    template: Any = stack.cloudformation.get_template(
        StackName=deployment.STACK_NAME, TemplateStage="Original"
    )["TemplateBody"]
    match = re.search(r"s3://([^/]+)/(\S+)", template)
    assert match, "the code lies in a bucket"
    bucket, key = match[1], f"{match[2]}.template"
    with closing(role_session.root_client("s3", stack.ministack)) as s3:
        s3.put_object(Bucket=bucket, Key=key, Body=template.encode())
    return f"https://s3.{REGION}.amazonaws.com/{bucket}/{key}"


def create_stack(
    stack: LocalStack, environment: Mapping[str, str], name: str, given: Mapping[str, str]
) -> str:
    """Create another stack of the same template as a role; give what its events tell."""
    caller = role_session.client("cloudformation", environment)
    change: Any = {"StackName": name, "ChangeSetName": "create"}
    capabilities: Any = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    parameters: Any = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in given.items()
    ]
    caller.create_change_set(
        **change,
        ChangeSetType="CREATE",
        TemplateURL=template_url(stack),
        Capabilities=capabilities,
        Parameters=parameters,
    )
    caller.execute_change_set(**change)
    waiting.until(lambda: is_settled(stack, name))
    caller.close()
    events = stack.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    return "\n".join(event.get("ResourceStatusReason", "") for event in events)


def is_settled(stack: LocalStack, name: str) -> bool:
    """Tell whether CloudFormation has ended its work on a stack."""
    (found,) = stack.cloudformation.describe_stacks(StackName=name)["Stacks"]
    return not found["StackStatus"].endswith("_IN_PROGRESS")


@pytest.mark.parametrize("sid", ["", *(sid for sid in SIDS if sid not in (*OF_SAM, *NOT_SHOWN))])
def test_cloudformation_fails_without_what_it_does_for_the_deployer(
    deployed: LocalStack, sid: str
) -> None:
    """At an action of that very statement; and with all of them it does not."""
    code = statements(deployment.STACK_NAME)["Code"]  # where the SAM CLI put it
    allowed = with_options(f"lacks-{sid}") | {"Code": code}
    missing = allowed.pop(sid, {"Action": []})
    session = assume_new_role(deployed.ministack, f"role-{sid}", *allowed.values())
    lacked = refused(create_stack(deployed, session, f"lacks-{sid}", EVERY_PARAMETER))
    assert bool(lacked) == bool(sid)
    assert lacked <= set(listed(missing["Action"]))


def refused(told: str) -> set[str]:
    """Give the permissions that the caller lacked."""
    return set(re.findall(r"AccessDenied: the stack's caller lacks (\S+) on", told))


@pytest.mark.parametrize("boundary", ["", "arn:aws:iam::aws:policy/AdministratorAccess"])
def test_no_role_is_made_without_the_prescribed_boundary(
    deployed: LocalStack, boundary: str
) -> None:
    """Neither without one nor with another."""
    code = statements(deployment.STACK_NAME)["Code"]
    name = f"unbounded-{bool(boundary)}"
    allowed = with_options(name) | {"Code": code}
    session = assume_new_role(deployed.ministack, name, *allowed.values())
    given = EVERY_PARAMETER | {"PermissionsBoundaryArn": boundary}
    assert refused(create_stack(deployed, session, name, given)) == {"iam:CreateRole"}


@pytest.mark.parametrize("sid", NOT_SHOWN)
def test_what_is_not_shown_is_told(sid: str) -> None:
    """Whoever relies on the policy reads what no test has seen."""
    page = (ROOT / "docs" / "secure.md").read_text(encoding="utf-8")
    _, _, told = page.partition("tests/e2e/test_deployer_policy.py")
    assert f"`{sid}`" in told.partition("\n\n")[0]


def test_the_policy_is_enough_to_deploy_update_and_delete(
    deployed: LocalStack, deployer: dict[str, str]
) -> None:
    """The last of the tests, for it deletes what they share; bucket and registry stay."""
    deployment.sam(
        "deploy", deployer, "--parameter-overrides", "LogRetentionDays=30 RetainRegistry=false"
    )
    (group,) = deployed.logs.describe_log_groups(
        logGroupNamePrefix=deployed.outputs["FunctionLogGroupName"]
    )["logGroups"]
    assert group["retentionInDays"] == 30
    deployment.sam("delete", deployer, "--no-prompts")
    with pytest.raises(deployed.cloudformation.exceptions.ClientError, match="does not exist"):
        deployed.cloudformation.describe_stacks(StackName=deployment.STACK_NAME)
