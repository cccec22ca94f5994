"""What GitHub reads has the form that GitHub expects."""

import subprocess

import pytest

from tests.examples.test_schema import COMMAND, ROOT

FORMS = sorted(path.name for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def is_valid(schema: str, path: str) -> bool:
    """Tell whether a file matches a schema that check-jsonschema brings along."""
    command = [str(COMMAND), "--builtin-schema", f"vendor.{schema}", f".github/{path}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_the_workflow_is_one() -> None:
    """It runs what CI runs here."""
    assert is_valid("github-workflows", "workflows/check.yml")
    text = (ROOT / ".github" / "workflows" / "check.yml").read_text()
    assert "run: make check" in text


def test_dependabot_understands_its_configuration() -> None:
    """Its folders exist."""
    assert is_valid("dependabot", "dependabot.yml")


@pytest.mark.parametrize("form", FORMS)
def test_every_issue_form_is_one(form: str) -> None:
    """The chooser's configuration has a schema of its own."""
    schema = "github-issue-config" if form == "config.yml" else "github-issue-forms"
    assert is_valid(schema, f"ISSUE_TEMPLATE/{form}")
