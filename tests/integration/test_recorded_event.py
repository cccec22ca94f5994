"""What an event of ``events/`` needs on a local stack, and what of the user's it leaves alone."""

import json
from pathlib import Path

import pytest

from tools.local import recorded_event
from tools.local.local_stack import LocalStack


def event(folder: Path, *references: str) -> Path:
    """Write a Validate that refers to these."""
    path = folder / "event.json"
    path.write_text(json.dumps({"RequestType": "Validate", "ResourceProperties": references}))
    return path


def secret(stack: LocalStack, name: str) -> str:
    """Give what a secret holds."""
    return stack.secretsmanager.get_secret_value(SecretId=name)["SecretString"]


def test_a_secret_that_is_not_there_gets_every_key_that_events_name(
    stack: LocalStack, tmp_path: Path, name: str
) -> None:
    """Of one event and of the next."""
    for key in ("username", "password"):
        text = f"{{{{resolve:secretsmanager:connections/{name}:SecretString:{key}}}}}"
        recorded_event.load(event(tmp_path, text), stack, "")
    assert set(json.loads(secret(stack, f"connections/{name}"))) == {"username", "password"}


def test_a_secret_of_the_users_own_stays_as_it_is(
    stack: LocalStack, tmp_path: Path, name: str
) -> None:
    """A wrong key of it is what the user wants to see refused."""
    own = f"connections/{name}"
    made = stack.secretsmanager.create_secret(Name=own, SecretString='{"api_key": "k1"}')
    text = f"{{{{resolve:secretsmanager:{own}:SecretString:api_kye}}}}"
    by_arn = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{own}-AbCdEf:api_kye::"
    fitted = recorded_event.load(event(tmp_path, text, by_arn), stack, "")
    assert secret(stack, own) == '{"api_key": "k1"}'
    assert fitted["ResourceProperties"][1].startswith(made["ARN"])


@pytest.mark.parametrize("kind", ["ssm", "ssm-secure"])
def test_a_parameter_is_stored_once(
    stack: LocalStack, tmp_path: Path, name: str, kind: str
) -> None:
    """With the type that its reference asks for."""
    path = event(tmp_path, f"{{{{resolve:{kind}:/connections/{name}}}}}")
    for _ in range(2):
        recorded_event.load(path, stack, "")
    found = stack.ssm.get_parameter(Name=f"/connections/{name}")["Parameter"]
    expected = "String" if kind == "ssm" else "SecureString"
    assert (found["Version"], found["Type"]) == (1, expected)
