"""Terraform's example asks for what the function takes, at the entry point meant for programs."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from handler.requests.entry_point import REQUESTS_ALIAS
from handler.requests.request import check
from handler.requests.unchecked_request import read_document
from tests.support.fakes import ACCOUNT, REGION, RULES, FakeTime

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "terraform"
HCL_PYTHON = ROOT / ".venv-example-terraform" / "bin" / "python"
READ = "import hcl2, json, sys; print(json.dumps(hcl2.load(sys.stdin)))"
SECRET_ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:connections/orders-AbCdEf"


@cache
def resources() -> dict[str, dict[str, Any]]:
    """Read the resources of all files, by type."""
    read: dict[str, dict[str, Any]] = {}
    for path in EXAMPLE.glob("*.tf"):
        command = [str(HCL_PYTHON), "-c", READ]
        text = path.read_text()
        printed = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
        for resource in json.loads(printed.stdout).get("resource", []):
            for kind, named in resource.items():
                (read[kind.strip('"')],) = named.values()
    return read


def request() -> dict[str, Any]:
    """Give the document that jsonencode makes of the input, with a secret's ARN put in."""
    text = resources()["aws_lambda_invocation"]["input"]
    (inner,) = re.findall(r"\$\{jsonencode\((.*)\)\}", text)
    as_json = re.sub(r"(\w+) = ", r'"\1": ', inner)
    document: dict[str, Any] = json.loads(
        as_json.replace("${aws_secretsmanager_secret.orders.arn}", SECRET_ARN)
    )
    return document


def test_the_request_passes_every_check() -> None:
    """As Terraform sends it when it creates the resource."""
    document = {**request(), "tf": {"action": "create", "prev_input": None}}
    read = read_document(document, REQUESTS_ALIAS, "request", FakeTime().now)
    checked = check(read, RULES)
    assert (checked.name, checked.owner) == ("orders", "requests/terraform-orders")


def test_it_is_asked_for_at_the_alias_and_for_its_whole_life() -> None:
    """Terraform's defaults are the function itself, and one call that nothing undoes."""
    invocation = resources()["aws_lambda_invocation"]
    assert invocation["qualifier"] == '"requests"'
    assert invocation["lifecycle_scope"] == '"CRUD"'
    assert "create_before_destroy" not in json.dumps(invocation)


def test_what_the_stack_gives_is_what_the_template_exports() -> None:
    """The output that names the function."""
    template = (ROOT / "template.yaml").read_text()
    used = re.findall(r'outputs\["(\w+)"\]', resources()["aws_lambda_invocation"]["function_name"])
    assert used
    assert all(f"\n  {name}:\n" in template.partition("\nOutputs:\n")[2] for name in used)


def test_the_api_destination_uses_the_result() -> None:
    """The connection's ARN, which changes when it is made anew."""
    destination = resources()["aws_cloudwatch_event_api_destination"]
    assert '["ConnectionArn"]' in destination["connection_arn"]
    assert "aws_lambda_invocation.connection.result" in destination["connection_arn"]
