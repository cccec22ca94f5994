"""Who may send requests on the deployed application: its queue's policy, as IAM understands it."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import role_session
from tests.support.role_session import assume_new_role, role_arn
from tools.local import deployment
from tools.local.local_stack import LocalStack, local_stack

EVERYTHING_ABOUT_QUEUES = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
REQUEST = '{"RequestType": "Describe", "ResourceProperties": {"Name": "nobody"}}'


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """Deploy an application of its own, first open and then for the role ``listed`` only."""
    with local_stack() as stack:
        yield stack


@pytest.fixture(scope="module")
def roles(stack: LocalStack) -> dict[str, Any]:
    """Give SQS as two roles see it that may do everything with queues."""
    return {
        role: role_session.client(
            "sqs", assume_new_role(stack.ministack, role, EVERYTHING_ABOUT_QUEUES)
        )
        for role in ("listed", "unlisted")
    }


@pytest.fixture(scope="module")
def restricted(stack: LocalStack, roles: dict[str, Any]) -> str:
    """Keep everybody out but one; give the queue's address."""
    for role in roles.values():  # by default a policy of their own is all that they need
        role.send_message(QueueUrl=stack.outputs["RequestQueueUrl"], MessageBody=REQUEST)
    parameters = f"RestrictProducers=true ProducerArns={role_arn('listed')} RetainRegistry=false"
    environment = stack.ministack.environment()
    deployment.sam("deploy", environment, "--parameter-overrides", parameters)
    return stack.outputs["RequestQueueUrl"]


def test_a_listed_role_may_send(restricted: str, roles: dict[str, Any]) -> None:
    """Named by its own ARN, whatever its session is called."""
    assert roles["listed"].send_message(QueueUrl=restricted, MessageBody=REQUEST)["MessageId"]


def test_a_role_that_is_not_listed_may_not_send(restricted: str, roles: dict[str, Any]) -> None:
    """One by one or in batches, with every permission of its own."""
    entries = [{"Id": "1", "MessageBody": REQUEST}]
    with pytest.raises(ClientError, match="AccessDenied"):
        roles["unlisted"].send_message(QueueUrl=restricted, MessageBody=REQUEST)
    with pytest.raises(ClientError, match="AccessDenied"):
        roles["unlisted"].send_message_batch(QueueUrl=restricted, Entries=entries)


def test_administrators_still_manage_the_queue(restricted: str, roles: dict[str, Any]) -> None:
    """Nobody is locked out for good: the policy itself can be changed."""
    names = {"AttributeNames": ["Policy"], "QueueUrl": restricted}
    attributes = roles["unlisted"].get_queue_attributes(**names)["Attributes"]
    roles["unlisted"].set_queue_attributes(QueueUrl=restricted, Attributes=attributes)
