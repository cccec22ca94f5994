"""What GitHub reads has the form that GitHub expects, and speaks of what there is."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.examples.test_schema import COMMAND, ROOT
from tests.unit.layers.test_dependencies import SOURCES

GITHUB = ROOT / ".github"
FORMS = sorted(path.name for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))
WORKFLOW = (GITHUB / "workflows" / "check.yml").read_text("utf-8")


def is_valid(schema: str, path: str | Path) -> bool:
    """Tell whether a file matches a schema that check-jsonschema brings along."""
    command = [str(COMMAND), "--builtin-schema", f"vendor.{schema}", str(GITHUB / path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_the_workflow_is_one() -> None:
    """By the schema of workflows."""
    assert is_valid("github-workflows", "workflows/check.yml")


def test_the_workflow_runs_what_runs_before_a_change_is_merged() -> None:
    """In that order."""
    before = (ROOT / ".ci" / "run").read_text("utf-8")
    target = re.compile(r"\bmake (?:--no-print-directory )?(\w+)$", re.MULTILINE)
    assert target.findall(WORKFLOW) == target.findall(before) == ["demo", "check"]


def test_the_workflows_actions_are_pinned_by_their_commits() -> None:
    """A tag can be moved; its name stands beside, for readers and for Dependabot."""
    used = re.findall(r"uses: (.+)", WORKFLOW)
    assert used
    pinned = re.compile(r"[\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+")
    assert [action for action in used if not pinned.fullmatch(action)] == []


def test_dependabot_understands_its_configuration() -> None:
    """By the schema of its configuration."""
    assert is_valid("dependabot", "dependabot.yml")


def test_dependabot_watches_every_list_of_requirements() -> None:
    """And no folder without one."""
    configuration: Any = yaml_parse((GITHUB / "dependabot.yml").read_text("utf-8"))
    (packages,) = (each for each in configuration["updates"] if "directories" in each)
    folders = {source.parent.relative_to(ROOT).as_posix() for source in SOURCES}
    assert set(packages["directories"]) == {f"/{folder}".removesuffix(".") for folder in folders}


@pytest.mark.parametrize("form", FORMS)
def test_every_issue_form_is_one(form: str) -> None:
    """The chooser's configuration has a schema of its own."""
    schema = "github-issue-config" if form == "config.yml" else "github-issue-forms"
    assert is_valid(schema, f"ISSUE_TEMPLATE/{form}")


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ("github-workflows", "on: push\njobs: {check: {steps: [{run: make check}]}}"),
        ("dependabot", "version: 2\nupdates: [{package-ecosystem: pipp, directory: /}]"),
        ("github-issue-forms", "name: Fault\nbody: []"),
        ("github-issue-config", "blank_issues: false"),
    ],
)
def test_a_file_of_another_form_is_told_apart(schema: str, text: str, tmp_path: Path) -> None:
    """Else the schemas would show nothing."""
    path = tmp_path / "file.yml"
    path.write_text(text)
    assert not is_valid(schema, path)
