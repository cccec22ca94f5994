"""The commands of the documents, run as they are written, against the emulator."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.code_blocks import ROOT, CodeBlock, code_blocks
from tools.local.local_stack import LocalStack

COMMANDS = [block for block in code_blocks() if block.language == "sh" and not block.reason]
BESIDE = ("docs", "events", "examples")  # what commands name by a path within the project
SECRET = '{"username": "ada", "password": "documented"}'
UNKNOWN_TO_THE_EMULATOR = "Destination:"  # an AWS::Events::ApiDestination


@pytest.fixture(scope="module")
def directory(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder like the project's, with the secret that the commands store."""
    made = tmp_path_factory.mktemp("project")
    for name in BESIDE:
        (made / name).symlink_to(ROOT / name)
    (made / "secret.json").write_text(SECRET)
    programs = made / "bin"
    programs.mkdir()
    # The AWS CLI's version 1 sends to SQS of AWS itself unless it is told otherwise.
    cli = Path(sys.executable).with_name("aws")
    program(programs / "aws", f'exec {cli} --endpoint-url {stack.endpoint_url} "$@"')
    program(programs / "make", f'exec "$(command -pv make)" -C {ROOT} "$@"')
    return made


def program(path: Path, command: str) -> None:
    """Write a program."""
    path.write_text(f"#!/bin/bash\n{command}\n")
    path.chmod(0o755)


def filled_in(block: CodeBlock, stack: LocalStack) -> str:
    """Put what a reader would put in place of what is in angle brackets."""
    text = re.sub(r"<(\w+)>", lambda match: stack.outputs[match[1]], block.text)
    arn = "$(aws secretsmanager describe-secret --secret-id connections/example --query ARN"
    return text.replace("<the ARN that create-secret printed>", f"{arn} --output text)")


def failure(block: CodeBlock, stack: LocalStack, directory: Path) -> str:
    """Run a block; return where it stands and what it printed if it failed."""
    own = {"PATH": f"{directory / 'bin'}:{os.environ['PATH']}", "HOME": str(directory)}
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", filled_in(block, stack)],
        cwd=directory,
        env={**stack.ministack.environment(), **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    is_well = finished.returncode == 0 and "FunctionError" not in finished.stdout
    return "" if is_well else f"{block}\n{finished.stdout}"


def test_the_commands_work_as_they_are_written(stack: LocalStack, directory: Path) -> None:
    """One after the other, since later ones use what the README's have made."""
    failures = [failure(block, stack, directory) for block in COMMANDS]
    assert "\n".join(filter(None, failures)) == ""
    assert "documented" not in stack.function_logs()


def test_the_readmes_snippet_makes_a_connection(stack: LocalStack, tmp_path: Path) -> None:
    """As it is, beside a secret; the emulator knows no API destinations."""
    (snippet,) = [
        block.text
        for block in code_blocks()
        if (block.document, block.language) == ("README.md", "yaml")
    ]
    secret = """Secret:
  Type: AWS::SecretsManager::Secret
  Properties:
    Name: connections/snippet
    SecretString: '{"username": "ada", "password": "documented"}'
"""
    resources, destination, _ = (secret + snippet).partition(UNKNOWN_TO_THE_EMULATOR)
    assert destination
    indented = "".join(f"  {line}\n" for line in resources.splitlines())
    template = "Resources:\n" + indented
    stack.cloudformation.create_stack(StackName="readme", TemplateBody=template)
    stack.cloudformation.get_waiter("stack_create_complete").wait(
        StackName="readme", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    assert stack.events.describe_connection(Name="orders")["ConnectionState"] == "AUTHORIZED"
