"""The deployer's policy: with it and nothing else one deploys, and every statement is needed."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest

from tests.support import role_session, waiting
from tests.support.resolved_template import ROOT, listed
from tests.support.role_session import assume_new_role
from tools.local import deployment
from tools.local.local_stack import LocalStack, local_stack
from tools.local.ministack import ACCOUNT_ID, REGION, MiniStack, running_ministack

POLICY = ROOT / "docs" / "deployer-policy.json"
ROLE = "deployer"

# What the SAM CLI itself asks for, before CloudFormation acts.
OF_SAM = ("Stack", "StackOfTheCodeBucket", "CodeBucket", "Code")
TOLD_BY_SAM = {"CodeBucket": "Failed to create managed resources"}
NOT_SHOWN = {
    "Transform": "the emulator asks about the stack alone, not about the transform",
}


def statements(stack_name: str) -> dict[str, Any]:
    """Give the policy's statements by their Sid, filled in for a stack."""
    text = POLICY.read_text(encoding="utf-8")
    filled_in = {"REGION": REGION, "ACCOUNT": ACCOUNT_ID, "STACK": stack_name}
    for placeholder, value in filled_in.items():
        text = text.replace(placeholder, value)
    return {statement["Sid"]: statement for statement in json.loads(text)["Statement"]}


SIDS = list(statements("stack"))


@pytest.fixture
def ministack() -> Iterator[MiniStack]:
    """Start an emulator in which nobody has deployed yet."""
    deployment.build()
    with running_ministack() as ministack:
        yield ministack


def test_the_policy_is_enough_to_deploy_update_and_delete(ministack: MiniStack) -> None:
    """The SAM CLI's bucket included, which is there afterwards, as the registry is."""
    deployer = assume_new_role(ministack, ROLE, *statements(deployment.STACK_NAME).values())
    deployment.sam("deploy", deployer)
    deployment.sam(
        "deploy", deployer, "--parameter-overrides", "LogRetentionDays=30 RetainRegistry=false"
    )
    stack = LocalStack(ministack)
    (group,) = stack.logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
    assert group["retentionInDays"] == 30
    deployment.sam("delete", deployer, "--no-prompts")
    assert not stack.lambda_.list_functions()["Functions"]
    stack.close()


@pytest.mark.parametrize("sid", OF_SAM)
def test_sam_deploy_fails_without_what_it_asks_for_itself(ministack: MiniStack, sid: str) -> None:
    """Its stacks, its bucket and what it puts there."""
    rest = [each for name, each in statements(deployment.STACK_NAME).items() if name != sid]
    deployer = assume_new_role(ministack, ROLE, *rest)
    with pytest.raises(deployment.CommandFailedError, match=TOLD_BY_SAM.get(sid, "AccessDenied")):
        deployment.sam("deploy", deployer)


@pytest.fixture(scope="module")
def deployed() -> Iterator[LocalStack]:
    """Deploy as the root user, so that code and template are where CloudFormation finds them."""
    with local_stack() as stack:
        yield stack


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


def create_stack(stack: LocalStack, environment: Mapping[str, str], name: str) -> str:
    """Create another stack of the same template as a role; give what its events tell."""
    caller = role_session.client("cloudformation", environment)
    change: Any = {"StackName": name, "ChangeSetName": "create"}
    capabilities: Any = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    parameters: Any = [{"ParameterKey": "RetainRegistry", "ParameterValue": "false"}]
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
    code = statements(deployment.STACK_NAME)["Code"]  # where the root user put it
    allowed = statements(f"lacks-{sid}") | {"Code": code}
    missing = allowed.pop(sid, {"Action": []})
    deployer = assume_new_role(deployed.ministack, f"role-{sid}", *allowed.values())
    told = create_stack(deployed, deployer, f"lacks-{sid}")
    lacked = set(re.findall(r"AccessDenied: the stack's caller lacks (\S+) on", told))
    assert bool(lacked) == bool(sid)
    assert lacked <= set(listed(missing["Action"]))


@pytest.mark.parametrize("sid", NOT_SHOWN)
def test_what_is_not_shown_is_told(sid: str) -> None:
    """Whoever relies on the policy reads what no test has seen."""
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    _, _, told = operations.partition("tests/e2e/test_deployer_policy.py")
    assert f"`{sid}`" in told.partition("\n\n")[0]
