"""A Step Functions task that waits for its connection, for real: the example's state machine."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.event_source import EventSource
from tests.support.function import Function
from tools.local.local_stack import LocalStack

EXAMPLE = Path(__file__).parents[2] / "examples" / "state-machine.asl.json"
TIMEOUT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class StateMachine:
    """The example's state machine, and what became of its executions."""

    client: Any
    arn: str

    def start(self, connection_name: str) -> str:
        """Start an execution and give its ARN."""
        given = json.dumps({"ConnectionName": connection_name})
        started = self.client.start_execution(stateMachineArn=self.arn, input=given)
        return str(started["executionArn"])

    def ended(self, execution_arn: str) -> dict[str, Any]:
        """Wait until an execution has ended."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            execution: dict[str, Any] = self.client.describe_execution(executionArn=execution_arn)
            if execution["status"] != "RUNNING":
                return execution
            assert time.monotonic() < deadline, "the task is still waiting"
            time.sleep(0.1)


@pytest.fixture
def state_machine(
    stack: LocalStack,
    client_of: Callable[[str], Any],
    store_secret: Callable[[str, object], str],
    name: str,
) -> StateMachine:
    """Create the state machine, with a role that may send to the request queue."""
    store_secret("connections/example", {"username": "ada-lovelace", "password": f"pass-{name}"})
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    send = {
        "Effect": "Allow",
        "Action": "sqs:SendMessage",
        "Resource": stack.outputs["RequestQueueArn"],
    }
    role = stack.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
    stack.iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=policy(send))
    definition = EXAMPLE.read_text().replace("${RequestQueueUrl}", stack.outputs["RequestQueueUrl"])
    client = client_of("stepfunctions")
    created = client.create_state_machine(
        name=name, definition=definition, roleArn=role["Role"]["Arn"]
    )
    return StateMachine(client, created["stateMachineArn"])


def policy(statement: dict[str, Any]) -> str:
    """Make a policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_the_task_ends_with_the_connection(
    state_machine: StateMachine, event_source: EventSource, function: Function, name: str
) -> None:
    """Its output is the result; the function's deployed role may say so."""
    execution = state_machine.start(name)
    event = event_source.arrived(1)
    assert event_source.settle(event, function(event)) == []
    ended = state_machine.ended(execution)
    assert ended["status"] == "SUCCEEDED"
    result = json.loads(ended["output"])["Connection"]
    assert (result["Name"], result["ConnectionState"]) == (name, "AUTHORIZED")


def test_the_task_fails_with_the_errors_class(
    state_machine: StateMachine, event_source: EventSource, function: Function
) -> None:
    """The state machine's Catch can match it."""
    execution = state_machine.start("not a connection's name")
    event = event_source.arrived(1)
    assert event_source.settle(event, function(event)) == []
    ended = state_machine.ended(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidRequestError")
    assert ended["cause"].startswith("Name: must match")
