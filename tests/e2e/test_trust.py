"""Who may send what, on the deployed application, with IAM enforced as far as the emulator does."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from handler.adapters.registry_items import connection_item
from handler.connections.record import Record, Stored
from tests.support import policy_evaluation, waiting
from tests.support.role_session import assume_new_role, client, sqs_of_function
from tools.demo import credentials
from tools.local import deployment
from tools.local.local_stack import LocalStack, local_stack
from tools.local.ministack import ACCOUNT_ID, REGION
from tools.operating import entry_points

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

RULES = ("SecretRule", "ParameterRule", "StateRule", "ReconcileRule")
OTHER_RULE = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:rule/somebodys"
ANYTHING = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
FLOOD = 500
BUSY = "flooded"
OTHER = "another-installation"


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """Deploy an application of its own: this one's request queue stays full."""
    with local_stack() as stack:
        yield stack


@pytest.fixture(scope="module")
def producer(stack: LocalStack) -> Iterator["SQSClient"]:
    """Give SQS as a role sees it whose own policy allows every queue."""
    session = assume_new_role(stack.ministack, "producer", ANYTHING)
    with closing(client("sqs", session)) as sqs:
        yield sqs


def refusal(sqs: "SQSClient", queue_url: str, body: object) -> str:
    """Send a message, and give the code with which it is refused, "" if it is not."""
    try:
        sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(body))
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


@pytest.mark.parametrize(
    ("queue", "code"),
    [
        ("RequestQueue", ""),
        ("MaintenanceQueue", "AccessDenied"),
        ("DeadLetterQueue", "AccessDenied"),
        ("UnansweredQueue", "AccessDenied"),
    ],
)
def test_a_producer_sends_to_the_request_queue_alone(
    queue: str, code: str, stack: LocalStack, producer: "SQSClient"
) -> None:
    """Whatever its own policy allows."""
    describe = {"RequestType": "Describe", "ResourceProperties": {"Name": "nothing"}}
    assert refusal(producer, stack.outputs[f"{queue}Url"], describe) == code


def test_the_function_sends_itself_requests_and_nobody_elses(stack: LocalStack) -> None:
    """Fan-out goes to the maintenance queue; the request queue is for producers."""
    refresh = {"RequestType": "Refresh", "ResourceProperties": {"SecretId": "nobodys"}}
    with sqs_of_function(stack) as sqs:
        for queue, code in (("MaintenanceQueue", ""), ("RequestQueue", "AccessDenied")):
            assert refusal(sqs, stack.outputs[f"{queue}Url"], refresh) == code


def decision(stack: LocalStack, **keys: str) -> str:
    """
    Give what the deployed policy of the maintenance queue says of a message that a service sends.

    The emulator's own rules deliver without asking the policy, so its evaluator is asked here.
    """
    url, arn = stack.outputs["MaintenanceQueueUrl"], stack.outputs["MaintenanceQueueArn"]
    policy = stack.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    return policy_evaluation.decision(
        policy["Attributes"]["Policy"],
        arn,
        "events.amazonaws.com",
        principalisawsservice="true",
        **keys,
    )


def rule_arn(stack: LocalStack, rule: str) -> str:
    """Give the ARN of a rule of the application."""
    found = stack.cloudformation.describe_stack_resource(
        StackName=deployment.STACK_NAME, LogicalResourceId=rule
    )
    name = found["StackResourceDetail"]["PhysicalResourceId"].rpartition("/")[2]
    return stack.events.describe_rule(Name=name)["Arn"]


@pytest.mark.parametrize("rule", RULES)
def test_the_rules_get_through(rule: str, stack: LocalStack) -> None:
    """A Deny that is one word too wide would stop rotations, and nobody would be told."""
    assert decision(stack, sourcearn=rule_arn(stack, rule)) == "Allow"


def test_no_other_rule_and_no_other_service_gets_through(stack: LocalStack) -> None:
    """Also one that names no source: a negated operator matches a key that is absent."""
    assert decision(stack, sourcearn=OTHER_RULE) == "Deny"
    assert decision(stack) == "Deny"


def test_two_installations_keep_their_results_apart(stack: LocalStack) -> None:
    """
    Both publish on the default bus of one account; a queue that gets all would get both.

    Before the flood, for one of them is the application that is flooded.
    """
    deployment.deploy(stack.ministack, OTHER)
    queues = {name: stack.outputs_of(name) for name in (deployment.STACK_NAME, OTHER)}
    for name, outputs in queues.items():
        asked = {"RequestType": "Validate", "RequestId": name, "ResourceProperties": {}}
        stack.sqs.send_message(QueueUrl=outputs["RequestQueueUrl"], MessageBody=json.dumps(asked))
    taken: dict[str, list[dict[str, Any]]] = {name: [] for name in queues}

    def have_both_arrived() -> bool:
        for name, outputs in queues.items():
            taken[name] += results(stack, outputs["ResultQueueUrl"])
        return all(name in [each["RequestId"] for each in found] for name, found in taken.items())

    waiting.until(have_both_arrived)
    have_both_arrived()  # and nothing has come since but what is an installation's own
    for name, found in taken.items():
        assert {each["Installation"] for each in found} == {name}


def results(stack: LocalStack, queue_url: str) -> list[dict[str, Any]]:
    """Take all results that are in a queue."""
    taken = []
    while message := waiting.message(stack, queue_url):
        taken.append(json.loads(message["Body"])["detail"])
        stack.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return taken


def test_a_rotation_arrives_though_producers_flood_their_queue(stack: LocalStack) -> None:
    """Each message of the flood waits for a lease that never ends, and keeps a thread busy."""
    stored = credentials.store(stack, credentials.api_key())
    made = entry_points.invoke(stack, request("followed", f"{stored.arn}:api_key::"))
    with requests_held(stack):  # so that it is taken in full batches
        flood(stack)
    waiting.until(lambda: in_flight(stack) > 40)  # more than four batches: all five that may run
    credentials.rotate(stack, stored)
    current = stack.secretsmanager.get_secret_value(SecretId=stored.arn)["VersionId"]
    waiting.until(lambda: versions(stack, made["Name"]) == [current])
    assert in_flight(stack) > 0, "the flood is not over"


@contextmanager
def requests_held(stack: LocalStack) -> Iterator[None]:
    """Keep the function from taking producers' messages for a while."""
    source = stack.outputs["RequestQueueArn"]
    found = stack.lambda_.list_event_source_mappings(EventSourceArn=source)["EventSourceMappings"]
    (mapping,) = [each["UUID"] for each in found if each["EventSourceArn"] == source]
    stack.lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)
    yield
    stack.lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)


def flood(stack: LocalStack) -> None:
    """Send requests about a connection whose lease somebody else holds."""
    now = datetime.now(UTC)
    stored = Stored(revision=1, written_at=now)
    busy = Record(BUSY, "requests", claimed_at=now, request_time=now, stored=stored)
    leased = replace(busy, lease_holder="somebody", leased_until=now + timedelta(days=1))
    stack.dynamodb.put_item(
        TableName=stack.outputs["RegistryTableName"], Item=connection_item(leased)
    )
    body = json.dumps(request(BUSY, "{{resolve:secretsmanager:connections/any}}"))
    for _ in range(0, FLOOD, 10):
        stack.sqs.send_message_batch(
            QueueUrl=stack.outputs["RequestQueueUrl"],
            Entries=[{"Id": str(number), "MessageBody": body} for number in range(10)],
        )


def request(name: str, reference: str) -> dict[str, Any]:
    """Ask for a connection with an API key."""
    value: Any = reference if reference.startswith("{{") else {"ValueFrom": reference}
    return {
        "RequestType": "Create",
        "ResourceProperties": {
            "Name": name,
            "AuthorizationType": "API_KEY",
            "AuthParameters": {
                "ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": value}
            },
        },
    }


def in_flight(stack: LocalStack) -> int:
    """Count the messages of producers that the function has and has not finished."""
    found = stack.sqs.get_queue_attributes(
        QueueUrl=stack.outputs["RequestQueueUrl"],
        AttributeNames=["ApproximateNumberOfMessagesNotVisible"],
    )
    return int(found["Attributes"]["ApproximateNumberOfMessagesNotVisible"])


def versions(stack: LocalStack, name: str) -> list[str]:
    """Give the versions of its secrets that a connection was made from."""
    listed = entry_points.administer(stack, {"RequestType": "List"})["Connections"]
    (found,) = [each for each in listed if each["Name"] == name]
    return [each["VersionId"] for each in found["Secrets"]]
