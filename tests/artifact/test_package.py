"""A release deploys without a clone or a build, and is the same each time it is packed."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.deployer_policy import statements_for_bucket
from tests.support.role_session import assume_new_role
from tools.local.local_stack import LocalStack
from tools.local.ministack import running_ministack
from tools.release.__main__ import package

STACK = "from-a-release"
BUCKET = "releases"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pack a release."""
    return package(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def unpacked(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that holds the release and nothing else."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder


def aws(environment: Mapping[str, str], directory: Path, *arguments: str) -> str:
    """Run the AWS CLI in a folder."""
    finished = subprocess.run(
        [str(Path(sys.executable).with_name("aws")), *arguments],
        cwd=directory,
        env={"PATH": os.defpath, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def deploy(environment: Mapping[str, str], directory: Path) -> None:
    """Deploy as docs/deploy.md says."""
    place = ("--s3-bucket", BUCKET, "--s3-prefix", STACK)
    source = ("--template-file", "template.yaml", "--output-template-file", "packaged.yaml")
    aws(environment, directory, "cloudformation", "package", *source, *place)
    name = ("--stack-name", STACK, "--capabilities", "CAPABILITY_IAM")
    template = ("--template-file", "packaged.yaml")
    parameters = ("--parameter-overrides", "RetainRegistry=false")
    aws(environment, directory, "cloudformation", "deploy", *template, *place, *name, *parameters)


def test_the_same_build_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    """Whoever packs it again can compare."""
    assert package(tmp_path).read_bytes() == archive.read_bytes()


def test_a_release_deploys_with_the_aws_cli_and_the_deployers_policy_alone(unpacked: Path) -> None:
    """As docs/deploy.md says; the function answers, and the stack tells its version."""
    with running_ministack() as ministack, closing(LocalStack(ministack)) as stack:
        aws(ministack.environment(), unpacked, "s3", "mb", f"s3://{BUCKET}")
        allowed = statements_for_bucket(STACK, BUCKET).values()
        deploy(assume_new_role(ministack, "deployer", *allowed), unpacked)
        function = stack.outputs_of(STACK)["FunctionArn"]
        listed = stack.lambda_.invoke(FunctionName=function, Payload=b'{"RequestType": "List"}')
        assert b'"Outcome": "Described"' in listed["Payload"].read()
        template = stack.cloudformation.get_template(StackName=STACK, TemplateStage="Original")
        assert "SemanticVersion:" in str(template["TemplateBody"])


def test_a_release_names_what_its_layer_holds(unpacked: Path) -> None:
    """Nobody who has it alone can run ``make sbom``."""
    document = json.loads((unpacked / "sbom.cdx.json").read_text())
    assert "boto3" in {component["name"] for component in document["components"]}


def test_every_link_in_a_release_leads_to_what_it_holds(unpacked: Path) -> None:
    """Documents and examples are complete."""
    pages = sorted(unpacked.rglob("*.md"))
    assert unpacked / "docs" / "deploy.md" in pages
    for page in pages:
        for link in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), (page.name, link)
