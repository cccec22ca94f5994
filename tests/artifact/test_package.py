"""A release deploys without a clone or a build, and is the same each time it is packed."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.support.resolved_template import parsed_template
from tools.local.deployment import ROOT
from tools.local.local_stack import LocalStack
from tools.release.__main__ import package

STACK = "from-a-release"
BUCKET = "releases"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pack a release."""
    return package(tmp_path_factory.mktemp("first"))


def aws(stack: LocalStack, directory: Path, *arguments: str) -> str:
    """Run the AWS CLI in a folder that holds a release and nothing else."""
    finished = subprocess.run(
        [str(Path(sys.executable).with_name("aws")), *arguments],
        cwd=directory,
        env={"PATH": os.defpath, **stack.ministack.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_the_same_build_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    """Whoever packs it again can compare."""
    assert package(tmp_path).read_bytes() == archive.read_bytes()


def test_a_release_deploys_with_the_aws_cli_alone(
    archive: Path, stack: LocalStack, tmp_path: Path
) -> None:
    """As docs/deploy.md says; the function answers."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path)
    aws(stack, tmp_path, "s3", "mb", f"s3://{BUCKET}")
    bucket = ("--s3-bucket", BUCKET)
    source = ("--template-file", "template.yaml", "--output-template-file", "packaged.yaml")
    aws(stack, tmp_path, "cloudformation", "package", *source, *bucket)
    name = ("--stack-name", STACK, "--capabilities", "CAPABILITY_IAM")
    parameters = ("--parameter-overrides", "RetainRegistry=false")
    template = ("--template-file", "packaged.yaml")
    aws(stack, tmp_path, "cloudformation", "deploy", *template, *bucket, *name, *parameters)
    function = stack.outputs_of(STACK)["FunctionArn"]
    listed = stack.lambda_.invoke(FunctionName=function, Payload=b'{"RequestType": "List"}')
    assert b'"Outcome": "Described"' in listed["Payload"].read()


def test_the_version_is_the_same_wherever_it_stands() -> None:
    """pyproject.toml's; the template's metadata and the changelog's newest section repeat it."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    metadata = parsed_template()["Metadata"]["AWS::ServerlessRepo::Application"]
    assert metadata["SemanticVersion"] == version
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert changelog.partition("\n## [")[2].startswith(f"{version}]")
