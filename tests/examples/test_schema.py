"""The committed schema, used from a command line as docs/schema.md says."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = ROOT / ".venv-example-schema" / "bin" / "check-jsonschema"
SCHEMA = "examples/schema/request.schema.json"
MESSAGES = [str(path) for path in sorted((ROOT / "examples").glob("message-*.json"))]
BASIC: dict[str, Any] = json.loads(
    (ROOT / "examples" / "message-basic.json").read_text(encoding="utf-8")
)


def check(*paths: object) -> subprocess.CompletedProcess[str]:
    """Check documents as a CI job does."""
    command = [str(COMMAND), "--schemafile", SCHEMA, *map(str, paths)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def with_password(password: object) -> dict[str, Any]:
    """Return the example message with another password."""
    properties = BASIC["ResourceProperties"]
    blocks = {"BasicAuthParameters": {"Username": "ada", "Password": password}}
    return BASIC | {"ResourceProperties": properties | {"AuthParameters": blocks}}


def test_the_command_accepts_the_examples() -> None:
    """It takes every pattern of the schema for a regular expression of ECMAScript."""
    finished = check(*MESSAGES)
    assert (finished.returncode, finished.stderr) == (0, "")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (with_password("not-a-real-password"), "BasicAuthParameters.Password"),
        (BASIC | {"$schema": SCHEMA}, "'$schema' was unexpected"),
        (BASIC | {"RequestTime": "yesterday"}, "is not a 'date-time'"),
        (BASIC | {"RequestType": "Upsert"}, "'Upsert' is not one of"),
    ],
)
def test_the_command_refuses(document: object, told: str, tmp_path: Path) -> None:
    """With the place and the reason, whatever other documents are in order."""
    path = tmp_path / "request.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    finished = check(*MESSAGES, path)
    assert finished.returncode == 1
    assert told in finished.stdout
