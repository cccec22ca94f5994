"""Step Functions tasks that ask for a connection, for real: the example, deployed."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from handler.errors import ProvisionerError
from tests.support.event_source import EventSource
from tests.support.example_stack import ExampleStack, example_stack
from tests.support.function import Function
from tools.local.local_stack import LocalStack

TIMEOUT_SECONDS = 120
PASSWORD = "a-password-that-nobody-sees"
MACHINES = ("ByMessage", "ByInvocation")
ENDS = {
    "SupersededError": "Overtaken",
    "NotStabilizedError": "Not usable",
    "InvalidRequestError": "Refused",
    "SecretNotUsableError": "Refused",
    "States.Timeout": "No result",
    "ThrottlingError": "Failed",
}


@dataclass(frozen=True, slots=True)
class StateMachine:
    """A state machine, and what becomes of its executions."""

    client: Any
    arn: str

    @property
    def definition(self) -> str:
        """Give what Step Functions holds."""
        return str(self.client.describe_state_machine(stateMachineArn=self.arn)["definition"])

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

    def last_state(self, execution_arn: str) -> str:
        """Give the state that an execution entered last."""
        events = self.client.get_execution_history(executionArn=execution_arn)["events"]
        entered = [each["stateEnteredEventDetails"] for each in events if "Entered" in each["type"]]
        return str(entered[-1]["name"])


@pytest.fixture(scope="module")
def example(
    stack: LocalStack, store_secret: Callable[[str, object], str]
) -> Iterator[ExampleStack]:
    """Deploy the example."""
    arn = store_secret("connections/steps", {"username": "ada-lovelace", "password": PASSWORD})
    with example_stack(stack, "step-functions.yaml", "example-steps", SecretArn=arn) as example:
        yield example


@pytest.fixture(scope="module")
def machines(example: ExampleStack, client_of: Callable[[str], Any]) -> dict[str, StateMachine]:
    """Give both of its state machines."""
    client = client_of("stepfunctions")
    return {name: StateMachine(client, example.resource(name)) for name in MACHINES}


@pytest.fixture
def by_message(machines: dict[str, StateMachine]) -> StateMachine:
    """Give the one that sends a message."""
    return machines["ByMessage"]


@pytest.fixture
def by_invocation(machines: dict[str, StateMachine]) -> StateMachine:
    """Give the one that invokes the function."""
    return machines["ByInvocation"]


@pytest.fixture
def impatient(by_message: StateMachine) -> Iterator[StateMachine]:
    """Shorten the deployed task's pauses, and its wait."""
    before = by_message.definition
    hurried = json.loads(before)
    task = hurried["States"]["Ask"]
    task["TimeoutSeconds"] = 1
    for retrier in task["Retry"]:
        retrier["MaxAttempts"] = 0
    update = by_message.client.update_state_machine
    update(stateMachineArn=by_message.arn, definition=json.dumps(hurried))
    yield by_message
    update(stateMachineArn=by_message.arn, definition=before)


@pytest.mark.parametrize("machine", MACHINES)
def test_no_definition_holds_a_secret(machine: str, machines: dict[str, StateMachine]) -> None:
    """CloudFormation resolves nothing in it."""
    definition = machines[machine].definition
    assert PASSWORD not in definition
    assert ":secret:connections/steps" in definition


def test_the_waiting_task_ends_with_the_connection(
    by_message: StateMachine, event_source: EventSource, function: Function, name: str
) -> None:
    """Its output is the result; the function's deployed role may say so."""
    execution = by_message.start(name)
    event = event_source.arrived(1)
    assert event_source.settle(event, function(event)) == []
    ended = by_message.ended(execution)
    assert ended["status"] == "SUCCEEDED"
    result = json.loads(ended["output"])
    assert (result["Name"], result["ConnectionState"]) == (name, "AUTHORIZED")
    assert by_message.last_state(execution) == "Usable"


def test_the_waiting_task_fails_with_the_errors_class(
    by_message: StateMachine, event_source: EventSource, function: Function
) -> None:
    """The state machine's Catch matches it."""
    execution = by_message.start("not a connection's name")
    event = event_source.arrived(1)
    assert event_source.settle(event, function(event)) == []
    ended = by_message.ended(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidRequestError")
    assert ended["cause"].startswith("Name: must match")
    assert by_message.last_state(execution) == "Refused"


def test_an_execution_that_started_earlier_is_overtaken(
    by_message: StateMachine, event_source: EventSource, function: Function, name: str
) -> None:
    """However late its message is delivered: the request is as old as the execution."""
    earlier = by_message.start(name)
    late = event_source.arrived(1)
    newer = by_message.start(name)
    event = event_source.arrived(1)
    assert event_source.settle(event, function(event)) == []
    assert by_message.ended(newer)["status"] == "SUCCEEDED"
    assert event_source.settle(late, function(late)) == []
    assert by_message.ended(earlier)["error"] == "SupersededError"
    assert by_message.last_state(earlier) == "Overtaken"


@pytest.mark.parametrize(("error", "state"), ENDS.items())
def test_each_class_of_error_has_its_own_end(
    error: str, state: str, impatient: StateMachine, event_source: EventSource, name: str
) -> None:
    """A request without a result among them."""
    execution = impatient.start(name)
    (record,) = event_source.arrived(1)["Records"]
    if error != "States.Timeout":
        token = json.loads(record["body"])["TaskToken"]
        impatient.client.send_task_failure(taskToken=token, error=error, cause="for a test")
    assert impatient.ended(execution)["error"] == error
    assert impatient.last_state(execution) == state


def test_the_invoked_function_gives_the_connection(by_invocation: StateMachine, name: str) -> None:
    """Its output is the result; the state machine's role may invoke that alias."""
    execution = by_invocation.start(name)
    ended = by_invocation.ended(execution)
    assert ended["status"] == "SUCCEEDED", ended
    result = json.loads(ended["output"])
    assert (result["Name"], result["ConnectionState"]) == (name, "AUTHORIZED")


def test_the_invoked_functions_error_is_caught(by_invocation: StateMachine) -> None:
    """With the reason; the emulator calls each error Runtime.HandlerError, whatever its class."""
    execution = by_invocation.start("not a connection's name")
    ended = by_invocation.ended(execution)
    assert ended["status"] == "FAILED"
    assert "Name: must match" in ended["cause"]
    assert by_invocation.last_state(execution) == "Failed"


def test_both_tasks_know_every_class_of_error(machines: dict[str, StateMachine]) -> None:
    """And catch them alike."""
    tasks = [json.loads(machine.definition)["States"]["Ask"] for machine in machines.values()]
    assert tasks[0]["Catch"] == tasks[1]["Catch"]
    known = {each.__name__ for each in leaves(ProvisionerError)}
    for task in tasks:
        handled = {name for each in task["Catch"] + task["Retry"] for name in each["ErrorEquals"]}
        assert known <= handled


def leaves(error: type[ProvisionerError]) -> list[type[ProvisionerError]]:
    """Give the classes of which none is made."""
    below = [leaf for each in error.__subclasses__() for leaf in leaves(each)]
    return below or [error]
