"""The deployer's policy of the documents, filled in as its reader does."""

import json
from pathlib import Path
from typing import Any

from tests.support.resolved_template import BOUNDARY, KEY, ROOT
from tools.local.ministack import ACCOUNT_ID, REGION

POLICY = ROOT / "docs" / "deployer-policy.json"
OPTIONS = ROOT / "docs" / "deployer-policy-options.json"
SAM_BUCKET = "aws-sam-cli-managed-default-*"
OF_THE_SAM_BUCKET = {"StackOfTheCodeBucket", "CodeBucket"}


def statements(stack_name: str, policy: Path = POLICY) -> dict[str, Any]:
    """Give a policy's statements by their Sid, filled in for a stack."""
    text = policy.read_text(encoding="utf-8")
    filled_in = {
        "BOUNDARY": BOUNDARY,
        "KEY": KEY,
        "PARTITION": "aws",
        "REGION": REGION,
        "ACCOUNT": ACCOUNT_ID,
        "STACK": stack_name,
    }
    for placeholder, value in filled_in.items():
        text = text.replace(placeholder, value)
    return {statement["Sid"]: statement for statement in json.loads(text)["Statement"]}


def with_options(stack_name: str) -> dict[str, Any]:
    """Give what the template's every parameter takes, a path of the role's among them."""
    every = statements(stack_name) | statements(stack_name, OPTIONS)
    text = json.dumps(every).replace(f":role/{stack_name}", f":role/platform/{stack_name}")
    filled_in: dict[str, Any] = json.loads(text)
    return filled_in


def statements_for_bucket(stack_name: str, bucket: str) -> dict[str, Any]:
    """Give them for code in a bucket of the deployer's own, as docs/secure.md says."""
    given = {
        sid: each for sid, each in statements(stack_name).items() if sid not in OF_THE_SAM_BUCKET
    }
    given["Code"]["Resource"] = given["Code"]["Resource"].replace(SAM_BUCKET, bucket)
    return given
