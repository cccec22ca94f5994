"""The documents that Terraform sends, in its order, and what its state file keeps of them."""

import json
from typing import Any

import pytest

from tests.support.function import Function
from tests.support.terraform import Document, Terraform, fails
from tools.local.local_stack import LocalStack

MISSING = "{{resolve:secretsmanager:connections/none:SecretString:password}}"


@pytest.fixture
def terraform(function: Function) -> Terraform:
    """Give a resource that was not applied yet, at the alias that programs use."""
    return Terraform(Function(f"{function.arn}:requests"))


@pytest.fixture
def given(basic: dict[str, Any]) -> Document:
    """Give an input of which the function can make a connection."""
    return {"Owner": "terraform", "ResourceProperties": basic}


def changed(given: Document, **properties: Any) -> Document:
    """Give the input with other properties."""
    return {**given, "ResourceProperties": {**given["ResourceProperties"], **properties}}


def without_its_secret(given: Document, **properties: Any) -> Document:
    """Give the input with a secret that does not exist."""
    block = {"BasicAuthParameters": {"Username": "ada", "Password": MISSING}}
    return changed(given, AuthParameters=block, **properties)


def names(stack: LocalStack, name: str) -> set[str]:
    """List the connections that begin with a name."""
    listed = stack.events.list_connections(NamePrefix=name)["Connections"]
    return {each["Name"] for each in listed}


def test_a_life_from_create_to_destroy(
    terraform: Terraform, given: Document, stack: LocalStack, name: str
) -> None:
    """Create, update, rename and destroy; the state shows the connection of each."""
    terraform.apply(given)
    assert terraform.state
    assert json.loads(terraform.state["result"])["Outcome"] == "Created"
    terraform.apply(changed(given, Description="second"))
    assert stack.events.describe_connection(Name=name)["Description"] == "second"
    terraform.apply(changed(given, Name=f"{name}-renamed"))
    assert json.loads(terraform.state["result"])["Name"] == f"{name}-renamed"
    assert names(stack, name) == {f"{name}-renamed"}
    terraform.destroy()
    assert names(stack, name) == set()
    assert [each["tf"]["action"] for each in terraform.sent] == [
        "create",
        "update",
        "update",
        "delete",
    ]


def test_a_failed_update_is_repaired_by_the_next_change(
    terraform: Terraform, given: Document, stack: LocalStack, name: str
) -> None:
    """The failed input was saved, so that only a further change sends anything."""
    terraform.apply(given)
    broken = without_its_secret(given, Description="broken")
    assert fails(lambda: terraform.apply(broken)) == "SecretNotUsable"
    assert stack.events.describe_connection(Name=name).get("Description") != "broken"
    terraform.apply(broken)
    assert len(terraform.sent) == 2
    terraform.apply(changed(given, Description="mended", Revision="2"))
    assert stack.events.describe_connection(Name=name)["Description"] == "mended"


def test_a_failed_rename_leaves_no_connection_behind(
    terraform: Terraform, given: Document, stack: LocalStack, name: str
) -> None:
    """Terraform has forgotten the old name by then; the function has not."""
    terraform.apply(given)
    assert fails(lambda: terraform.apply(without_its_secret(given, Name=f"{name}-b")))
    assert names(stack, name) == {name}
    terraform.apply(changed(given, Name=f"{name}-b"))
    assert names(stack, name) == {f"{name}-b"}


def test_a_destroy_after_a_failed_rename_leaves_nothing(
    terraform: Terraform, given: Document, stack: LocalStack, name: str
) -> None:
    """It names the new connection alone, which was never made."""
    terraform.apply(given)
    assert fails(lambda: terraform.apply(without_its_secret(given, Name=f"{name}-b")))
    terraform.destroy()
    assert names(stack, name) == set()


def test_a_destroy_can_be_repeated(
    terraform: Terraform, given: Document, stack: LocalStack, name: str
) -> None:
    """Terraform sends it again if it did not hear of the first one's success."""
    terraform.apply(given)
    saved = dict(terraform.state or {})
    terraform.destroy()
    terraform.state = saved
    terraform.destroy()
    assert names(stack, name) == set()


def test_a_failed_create_is_asked_for_again(terraform: Terraform, given: Document) -> None:
    """There is no state of it, so that nothing needs to be destroyed."""
    assert fails(lambda: terraform.apply(without_its_secret(given))) == "SecretNotUsable"
    assert terraform.state is None
    terraform.apply(given)
    assert [each["tf"]["prev_input"] for each in terraform.sent] == [None, None]


def test_a_replacement_makes_the_connection_anew(
    terraform: Terraform, given: Document, stack: LocalStack, name: str
) -> None:
    """The delete comes first, and the create after it is the newer one."""
    terraform.apply(given)
    terraform.replace(given)
    assert names(stack, name) == {name}


def test_create_before_destroy_loses_the_connection(
    terraform: Terraform, given: Document, stack: LocalStack, name: str
) -> None:
    """The late delete names the connection that was just made: the page forbids it."""
    terraform.apply(given)
    terraform.replace(given, creates_before=True)
    assert names(stack, name) == set()


def test_the_state_file_holds_no_credential(
    terraform: Terraform, given: Document, stack: LocalStack
) -> None:
    """The references as given, and the result."""
    terraform.apply(given)
    stored = stack.secretsmanager.get_secret_value(SecretId="connections/crm")["SecretString"]
    kept = json.dumps(terraform.state)
    assert "{{resolve:" in kept
    values = [value for value in json.loads(stored).values() if len(str(value)) > 7]
    assert values
    assert not [value for value in values if value in kept]
