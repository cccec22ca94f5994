"""The deployer's policy of the documents, filled in as its reader does."""

import json
from typing import Any

from tests.support.resolved_template import ROOT
from tools.local.ministack import ACCOUNT_ID, REGION

POLICY = ROOT / "docs" / "deployer-policy.json"
SAM_BUCKET = "aws-sam-cli-managed-default-*"
OF_THE_SAM_BUCKET = {"StackOfTheCodeBucket", "CodeBucket"}


def statements(stack_name: str) -> dict[str, Any]:
    """Give the policy's statements by their Sid, filled in for a stack."""
    text = POLICY.read_text(encoding="utf-8")
    filled_in = {
        "PARTITION": "aws",
        "REGION": REGION,
        "ACCOUNT": ACCOUNT_ID,
        "STACK": stack_name,
    }
    for placeholder, value in filled_in.items():
        text = text.replace(placeholder, value)
    return {statement["Sid"]: statement for statement in json.loads(text)["Statement"]}


def statements_for_bucket(stack_name: str, bucket: str) -> dict[str, Any]:
    """Give them for code in a bucket of the deployer's own, as docs/secure.md says."""
    given = {
        sid: each for sid, each in statements(stack_name).items() if sid not in OF_THE_SAM_BUCKET
    }
    given["Code"]["Resource"] = given["Code"]["Resource"].replace(SAM_BUCKET, bucket)
    return given
