"""Connections follow their secrets on the deployed application, told by nobody."""

import json
import secrets
from typing import Any

import pytest

from tests.support import rule_messages, waiting
from tools.demo import credentials, rotation, walkthrough
from tools.demo.credentials import Secret, StoredSecret
from tools.demo.example import API_KEY_NAME
from tools.demo.walkthrough import Provisioned
from tools.local.deployment import ROOT
from tools.local.destination import Destination
from tools.local.local_stack import LocalStack
from tools.operating import entry_points, inventory

PREFIX = "connections/rotated/"
PARAMETER = "/connections/rotated/key"


def stored_secret(stack: LocalStack, name: str, *keys: str) -> StoredSecret:
    """Store random values."""
    values = {key: secrets.token_urlsafe(12) for key in keys}
    return credentials.store(stack, Secret(PREFIX + name, values))


def api_key_request(name: str, reference: Any) -> dict[str, Any]:
    """Ask for a connection with an API key."""
    parameters = {"ApiKeyName": API_KEY_NAME, "ApiKeyValue": reference}
    return {
        "RequestType": "Create",
        "RequestId": name,
        "ResourceProperties": {
            "Name": name,
            "AuthorizationType": "API_KEY",
            "AuthParameters": {"ApiKeyAuthParameters": parameters},
        },
    }


def through_a_stack(stack: LocalStack, name: str, stored: StoredSecret) -> Provisioned:
    """Deploy a stack with a connection."""
    parameters = {"ConnectionName": name, "SecretArn": stored.arn}
    outputs = entry_points.deploy(stack, name, ROOT / "examples" / "basic.yaml", parameters)
    arn, state = outputs["ConnectionArn"], outputs["ConnectionState"]
    return Provisioned("stack", "BASIC", name, arn, state, stored.secret.values)


def through_the_queue(
    stack: LocalStack, name: str, reference: Any, api_key: str = ""
) -> Provisioned:
    """Send a request and wait for its result."""
    entry_points.send(stack, api_key_request(name, reference))
    made = entry_points.connection(entry_points.await_result(stack, name))
    return Provisioned("queue", "API_KEY", name, made.arn, made.state, {"api_key": api_key})


def log_lines(stack: LocalStack, **keys: str) -> list[dict[str, Any]]:
    """Give the lines of the function's log that have these keys."""
    lines = [line for line in stack.function_logs().splitlines() if line.startswith("{")]
    documents = [json.loads(line) for line in lines]
    return [each for each in documents if all(each.get(key) == keys[key] for key in keys)]


def letters(stack: LocalStack) -> list[str]:
    """Look at the dead letters, and leave them."""
    url = stack.outputs["DeadLetterQueueUrl"]
    received = stack.sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=0
    )
    return [each["Body"] for each in received.get("Messages", [])]


def test_a_stacks_and_a_messages_connection_follow_one_secret(
    stack: LocalStack, destination: Destination, role_arn: str
) -> None:
    """The destination receives the new credential through both; nothing but the secret changed."""
    stored = stored_secret(stack, "both", "username", "password")
    from_stack = through_a_stack(stack, "rotated-stack", stored)
    reference = f"{{{{resolve:secretsmanager:{stored.secret.name}:SecretString:password}}}}"
    from_queue = through_the_queue(
        stack, "rotated-queue", reference, stored.secret.values["password"]
    )
    assert walkthrough.prove(stack, destination, role_arn, from_stack).is_proven
    assert walkthrough.prove(stack, destination, role_arn, from_queue).is_proven
    (followed,) = rotation.rotate_and_follow(stack, destination, stored, [from_stack])
    assert followed.connection.is_proven
    new_password = followed.connection.stored["password"]
    assert new_password != stored.secret.values["password"]
    waiting.until(
        lambda: (
            walkthrough.deliver(stack, destination, from_queue).received
            == {"api_key": new_password}
        )
    )
    told = json.dumps([stack.function_logs(), letters(stack)])
    assert not [value for value in followed.connection.stored.values() if value in told]


def test_the_inventory_shows_what_followed(stack: LocalStack) -> None:
    """Both connections have the secret's current version, and the time at which they got it."""
    listed = {each["Name"]: each for each in inventory.listed(stack)}
    current = stack.secretsmanager.get_secret_value(SecretId=PREFIX + "both")["VersionId"]
    for name in ("rotated-stack", "rotated-queue"):
        (secret,) = listed[name]["Secrets"]
        assert (secret["SecretId"], secret["VersionId"]) == (PREFIX + "both", current)
        assert listed[name]["LastRefreshTime"]
        assert listed[name]["ConnectionState"] == "AUTHORIZED"
    assert "rotated-stack/Connection" in inventory.inventory(stack)


def test_a_secret_that_nobody_uses_makes_no_result_and_no_dead_letter(stack: LocalStack) -> None:
    """Every secret of the account that is rotated sends its event."""
    stored = stored_secret(stack, "nobodys", "key")
    event = rule_messages.SECRET_LABEL_UPDATED | {
        "detail": {"name": stored.secret.name, "labelUpdated": "AWSCURRENT", "versionId": "v" * 32}
    }
    rule_messages.send(stack, rule_messages.message("SecretRule", event) | {"RequestId": "nobodys"})
    credentials.rotate(stack, stored)
    (line,) = waiting.until(lambda: log_lines(stack, correlation_id="nobodys"))
    assert (line["message"], line["outcome"]) == ("request succeeded", "Unchanged")
    describe = {"RequestType": "Describe", "RequestId": "after nobodys"}
    entry_points.send(stack, describe | {"ResourceProperties": {"Name": "rotated-queue"}})
    entry_points.await_result(stack, "after nobodys")
    assert "nobodys" not in stack.results
    assert not [letter for letter in letters(stack) if stored.secret.name in letter]


def test_a_connection_follows_a_secure_string(
    stack: LocalStack, destination: Destination, role_arn: str
) -> None:
    """By the message that the rule makes of AWS's event, which the emulator does not send."""
    old, new = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
    stack.ssm.put_parameter(Name=PARAMETER, Value=old, Type="SecureString")
    reference = f"{{{{resolve:ssm-secure:{PARAMETER}}}}}"
    made = through_the_queue(stack, "rotated-parameter", reference, old)
    assert walkthrough.prove(stack, destination, role_arn, made).is_proven
    stack.ssm.put_parameter(Name=PARAMETER, Value=new, Type="SecureString", Overwrite=True)
    event = rule_messages.PARAMETER_STORE_CHANGE
    event = event | {"detail": event["detail"] | {"name": PARAMETER}}
    rule_messages.send(stack, rule_messages.message("ParameterRule", event))
    waiting.until(
        lambda: walkthrough.deliver(stack, destination, made).received == {"api_key": new}
    )


def test_a_connection_that_was_deauthorized_is_found(stack: LocalStack) -> None:
    """By the message that the rule makes of AWS's event, which nobody but AWS can send."""
    name = "rotated-deauthorized"
    stored = stored_secret(stack, "deauthorized", "key")
    through_the_queue(stack, name, {"ValueFrom": f"{stored.arn}:key::"})
    stack.events.deauthorize_connection(Name=name)
    event = rule_messages.CONNECTION_DEAUTHORIZED
    event = event | {"detail": event["detail"] | {"ConnectionName": name}}
    message = rule_messages.message("StateRule", event)
    rule_messages.send(stack, message | {"RequestId": "deauthorized"})
    result = entry_points.await_result(stack, "deauthorized")
    assert (result["Outcome"], "Deauthorized" in result["Drift"]) == ("Unchanged", True)
    entry_points.invoke(stack, {"RequestType": "Delete", "ResourceProperties": {"Name": name}})


def deleted_by_hand(stack: LocalStack, name: str) -> None:
    """Ask for a connection, and delete it behind the provisioner's back."""
    stored = stored_secret(stack, name, "key")
    through_the_queue(stack, name, {"ValueFrom": f"{stored.arn}:key::"})
    stack.events.delete_connection(Name=name)


def release_what_is_gone(stack: LocalStack) -> None:
    """Forget the connections that are registered and gone, whichever test left them."""
    for gone in [each for each in inventory.listed(stack) if not each["ConnectionState"]]:
        properties = {"Name": gone["Name"]}
        entry_points.administer(stack, {"RequestType": "Release", "ResourceProperties": properties})


def test_a_reconcile_finds_what_was_deleted_by_hand(stack: LocalStack) -> None:
    """And only reports it, unless repairing is switched on."""
    deleted_by_hand(stack, "rotated-gone")
    reconcile = {"RequestType": "Reconcile", "RequestId": "reconcile gone"}
    rule_messages.send(stack, reconcile | {"ResourceProperties": {"Name": "rotated-gone"}})
    result = entry_points.await_result(stack, "reconcile gone")
    assert (result["Outcome"], result["Drift"]) == ("Unchanged", ["Gone"])
    assert waiting.connection(stack, "rotated-gone") is None


def test_a_reconcile_of_everything_finds_it_too(stack: LocalStack) -> None:
    """What the schedule sends becomes a message for each connection; the others are silent."""
    deleted_by_hand(stack, "rotated-gone-too")
    rule_messages.send(stack, {"RequestType": "Reconcile", "RequestId": "reconcile all"})
    result: dict[str, object] = {}
    while result.get("Name") != "rotated-gone-too":  # other tests may have left drift, too
        result = entry_points.await_result(stack, "reconcile all")
        assert result["Drift"]
    assert result["Drift"] == ["Gone"]
    release_what_is_gone(stack)


@pytest.mark.parametrize("rule", ["SecretRule", "ParameterRule", "StateRule"])
def test_the_rules_are_deployed_as_the_template_has_them(stack: LocalStack, rule: str) -> None:
    """Their transformers, from which these tests take the messages, are those that run."""
    targets = [
        target
        for each in stack.events.list_rules()["Rules"]
        for target in stack.events.list_targets_by_rule(Rule=each["Name"])["Targets"]
        if rule in each["Name"]
    ]
    expected = rule_messages.transformer(rule)
    assert [target["InputTransformer"] for target in targets] == [expected]
