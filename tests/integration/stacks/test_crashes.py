"""
The function killed by SIGKILL at every step of its way, and what is made of it afterwards.

Lambda delivers the request again, or CloudFormation deletes what it knows nothing of, or the
UnansweredQueue answers in the function's place.
"""

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import pytest

from tests.support.cloudformation_player import ATTEMPTS, MADE_UP, Stack
from tests.support.event_bridge import EventBridge, wait_until
from tests.support.faulty_proxy import FaultyProxy, Forward
from tests.support.function import Function
from tests.support.killed_process import invoked_until_killed
from tests.support.response_url_server import HANG, ResponseUrlServer
from tests.support.stand_in import StandIn

CONNECTION_ARN = "arn:aws:events:"
CLAIM = ":now"  # of its condition
SETTLED = r"last_modified_time\":\"2"  # JSON within JSON
WRITES = ("PutItem", "TransactWriteItems")
DELETION = '"ExpiresAt"'
LEASE_SECONDS = 3.0
LONG_AGO_SECONDS = 60.0


class Kill:
    """Kills the function where it is told to."""

    def __init__(
        self,
        function: Function,
        stand_in: StandIn,
        proxy: FaultyProxy,
        response_url: ResponseUrlServer,
    ) -> None:
        """Remember where the function's calls arrive."""
        self._function = function
        self._stand_in, self._proxy, self._response_url = stand_in, proxy, response_url

    def at(self, step: Callable[["Kill"], Callable[[], bool]], request: Mapping[str, Any]) -> None:
        """Deliver a request to a process that is killed at a step."""
        is_there = step(self)
        with invoked_until_killed(self._function, request) as has_ended:
            wait_until(lambda: is_there() or has_ended())
        self._proxy.clear_up()  # of two ways to write, one was not taken

    def before(self, operation: str) -> Callable[[], bool]:
        """Stop at a call to EventBridge, with nothing done."""
        self._stand_in.hang(operation)
        return self._called(operation)

    def after(self, operation: str) -> Callable[[], bool]:
        """Stop at a call to EventBridge, with the deed done and not answered."""
        self._stand_in.slow(operation, seconds=9)
        return self._called(operation)

    def before_noting(self, text: str) -> Callable[[], bool]:
        """Stop at a write to the registry, with nothing written."""
        return self._noting(text, self._proxy.hang)

    def after_noting(self, text: str) -> Callable[[], bool]:
        """Stop at a write to the registry, with all written."""

        def write(forward: Forward) -> None:
            forward()
            self._proxy.hang(forward)

        return self._noting(text, write)

    def looking_again(self) -> Callable[[], bool]:
        """Stop at the second look at the connection."""
        self._stand_in.slow("DescribeConnection", seconds=0)
        self._stand_in.hang("DescribeConnection")
        return self._called("DescribeConnection", times=2)

    def answering(self) -> Callable[[], bool]:
        """Stop at the answer, which arrived and was not acknowledged."""
        self._response_url.react(HANG)
        known = len(self._response_url.puts)
        return lambda: len(self._response_url.puts) > known

    def _called(self, operation: str, times: int = 1) -> Callable[[], bool]:
        known = self._stand_in.count(operation)
        return lambda: self._stand_in.count(operation) >= known + times

    def _noting(self, text: str, fault: Callable[[Forward], None]) -> Callable[[], bool]:
        known = self._noted(text)
        for operation in WRITES:
            self._proxy.spoil(operation, fault, times=1, containing=text)
        return lambda: self._noted(text) > known

    def _noted(self, text: str) -> int:
        written = chain.from_iterable(map(self._proxy.parameters_of, WRITES))
        return sum(text in json.dumps(each) for each in written)


Step = Callable[[Kill], Callable[[], bool]]
STEPS_OF_CREATE: dict[str, Step] = {
    "before the claim": lambda kill: kill.before_noting(CLAIM),
    "after the claim": lambda kill: kill.after_noting(CLAIM),
    "before the creation": lambda kill: kill.before("CreateConnection"),
    "after the creation": lambda kill: kill.after("CreateConnection"),
    "before the ARN is noted": lambda kill: kill.before_noting(CONNECTION_ARN),
    "after the ARN is noted": lambda kill: kill.after_noting(CONNECTION_ARN),
    "while it settles": Kill.looking_again,
    "before the end is noted": lambda kill: kill.before_noting(SETTLED),
    "after the end is noted": lambda kill: kill.after_noting(SETTLED),
}
STEPS_OF_UPDATE: dict[str, Step] = {
    "before the update": lambda kill: kill.before("UpdateConnection"),
    "after the update": lambda kill: kill.after("UpdateConnection"),
    "before it is noted": lambda kill: kill.before_noting("changed"),
}
STEPS_OF_DELETE: dict[str, Step] = {
    "before the deletion": lambda kill: kill.before("DeleteConnection"),
    "after the deletion": lambda kill: kill.after("DeleteConnection"),
    "before it is noted as deleted": lambda kill: kill.before_noting(DELETION),
    "after it is noted as deleted": lambda kill: kill.after_noting(DELETION),
}


@pytest.fixture
def kill(
    function: Function, stand_in: StandIn, proxy: FaultyProxy, response_url: ResponseUrlServer
) -> Kill:
    """Give what kills the function."""
    return Kill(function, stand_in, proxy, response_url)


@pytest.fixture
def renamed(basic: dict[str, Any]) -> dict[str, Any]:
    """Give the same connection under another name."""
    return {**basic, "Name": f"{basic['Name']}-b"}


def unanswered(*requests: Mapping[str, Any]) -> dict[str, Any]:
    """Make the event of Lambda's records of invocations that all failed."""
    return {
        "Records": [
            {
                "messageId": str(number),
                "body": json.dumps({"version": "1.0", "requestPayload": request}),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": os.environ["UNANSWERED_QUEUE_ARN"],
            }
            for number, request in enumerate(requests)
        ]
    }


@pytest.mark.parametrize("step", STEPS_OF_CREATE)
def test_a_killed_create_is_completed_by_its_next_delivery(
    step: str, kill: Kill, shop: Stack, event_bridge: EventBridge, basic: dict[str, Any]
) -> None:
    """The connection is there once, it is the stack's, and its Delete removes it."""
    create = shop.creation(basic)
    kill.at(STEPS_OF_CREATE[step], create)
    made = event_bridge.stand_in.connections.get(basic["Name"])
    answer = shop.cloudformation.deliver(create)
    assert answer
    assert answer.is_success, answer.reason
    event_bridge.assert_holds(basic)
    assert made in (None, event_bridge.stand_in.connections[basic["Name"]])
    shop.keep(answer, basic)
    shop.delete()
    event_bridge.assert_holds()


def test_an_answer_that_was_cut_off_is_given_again(
    kill: Kill, shop: Stack, event_bridge: EventBridge, basic: dict[str, Any]
) -> None:
    """Killed after the PUT and before S3's 200: the same id, and SUCCESS again."""
    create = shop.creation(basic)
    shop.cloudformation.expect_answer(create)
    kill.at(Kill.answering, create)
    shop.cloudformation.deliver(create)
    first, second = shop.cloudformation.answers(create)
    assert first.is_success
    assert second.is_success
    assert first.data["ConnectionArn"] == second.data["ConnectionArn"]
    event_bridge.assert_holds(basic)


@pytest.mark.parametrize("step", STEPS_OF_UPDATE)
def test_a_killed_update_is_completed_by_its_next_delivery(
    step: str, kill: Kill, shop: Stack, event_bridge: EventBridge, basic: dict[str, Any]
) -> None:
    """What had been written is not taken for what is there."""
    shop.create(basic)
    changed = {**basic, "Description": "changed"}
    update = shop.change(changed)
    kill.at(STEPS_OF_UPDATE[step], update)
    answer = shop.cloudformation.deliver(update)
    assert answer
    assert answer.is_success, answer.reason
    event_bridge.assert_holds(changed)


def test_a_killed_update_is_undone_by_the_rollback(
    kill: Kill, shop: Stack, event_bridge: EventBridge, basic: dict[str, Any]
) -> None:
    """
    Nobody noted what it had written, and still it goes, even where the time says nothing of it.

    EventBridge's times are whole seconds.
    """
    shop.create(basic)
    connection = event_bridge.stand_in.connections[basic["Name"]]
    modified = connection.last_modified_time
    changed = {**basic, "Description": "changed"}
    kill.at(STEPS_OF_UPDATE["before it is noted"], shop.change(changed))
    assert connection.description == "changed"
    connection.last_modified_time = modified
    shop.roll_back(None, changed)
    event_bridge.assert_holds(basic)


@pytest.mark.parametrize("step", STEPS_OF_DELETE)
def test_a_killed_delete_is_completed_by_its_next_delivery(
    step: str, kill: Kill, shop: Stack, event_bridge: EventBridge, basic: dict[str, Any]
) -> None:
    """R9, cured by Lambda's own retry: nothing is left, and the stack may go."""
    shop.create(basic)
    delete = shop.deletion(basic["Name"])
    kill.at(STEPS_OF_DELETE[step], delete)
    answer = shop.cloudformation.deliver(delete)
    assert answer
    assert answer.is_success, answer.reason
    event_bridge.assert_holds()


@pytest.mark.parametrize("step", ["before the creation", "after the creation"])
def test_a_killed_create_that_is_not_delivered_again_leaves_no_orphan(
    step: str, kill: Kill, shop: Stack, event_bridge: EventBridge, basic: dict[str, Any]
) -> None:
    """R4: the Delete comes with an id made up; the claim tells whose the connection is."""
    kill.at(STEPS_OF_CREATE[step], shop.creation(basic))
    shop.clean_up(MADE_UP, basic)
    event_bridge.assert_holds()


def test_a_killed_create_that_comes_back_after_its_delete_makes_nothing(
    kill: Kill, shop: Stack, event_bridge: EventBridge, basic: dict[str, Any]
) -> None:
    """R4: Lambda's retry runs while the stack is rolled back already."""
    create = shop.creation(basic)
    kill.at(STEPS_OF_CREATE["after the creation"], create)
    shop.clean_up(MADE_UP, basic)
    answer = shop.cloudformation.deliver(create)
    assert answer
    assert answer.reason.startswith("Superseded: ")
    event_bridge.assert_holds()


def test_the_next_delivery_waits_until_the_lease_of_the_killed_one_is_over(
    function: Function,
    shop: Stack,
    event_bridge: EventBridge,
    stand_in: StandIn,
    basic: dict[str, Any],
) -> None:
    """A process that only seems to be dead may still be writing."""
    create = shop.creation(basic)
    stand_in.hang("CreateConnection")
    with invoked_until_killed(function, create, LEASE_SECONDS):
        event_bridge.wait_for("CreateConnection")
    claim = function.invocation().ports.registry.read(basic["Name"])
    running = shop.cloudformation.begin(create)
    event_bridge.wait_for("CreateConnection", times=2)
    assert claim
    assert claim.leased_until
    assert datetime.now(UTC) >= claim.leased_until
    running.result()
    event_bridge.assert_holds(basic)


def test_a_claim_does_not_make_an_older_connection_its_own(
    kill: Kill, shop: Stack, event_bridge: EventBridge, basic: dict[str, Any]
) -> None:
    """What is older than the claim of a killed Create was made by somebody else."""
    create = shop.creation(basic)
    kill.at(STEPS_OF_CREATE["before the creation"], create)
    event_bridge.create_foreign(basic["Name"]).creation_time -= LONG_AGO_SECONDS
    answer = shop.cloudformation.deliver(create)
    assert answer
    assert answer.reason.startswith("AlreadyExists: ")
    shop.clean_up(answer.physical_resource_id, basic)
    event_bridge.assert_holds()


def test_a_create_that_is_killed_each_time_is_answered_and_deleted(
    kill: Kill, function: Function, shop: Stack, event_bridge: EventBridge, basic: dict[str, Any]
) -> None:
    """The UnansweredQueue tells FAILED and the name, by which the Delete finds what was made."""
    create = shop.creation(basic)
    for _ in range(ATTEMPTS):
        kill.at(STEPS_OF_CREATE["before the end is noted"], create)
    shop.cloudformation.expect_answer(create)
    assert function(unanswered(create)) == {"batchItemFailures": []}
    (answer,) = shop.cloudformation.answers(create)
    assert (answer.status, answer.physical_resource_id) == ("FAILED", basic["Name"])
    shop.clean_up(answer.physical_resource_id, basic)
    event_bridge.assert_holds()


def test_a_rename_that_is_killed_is_answered_and_rolled_back(
    kill: Kill,
    function: Function,
    shop: Stack,
    event_bridge: EventBridge,
    basic: dict[str, Any],
    renamed: dict[str, Any],
) -> None:
    """R7: the UnansweredQueue names what may have been made, so that it is deleted."""
    shop.create(basic)
    rename = shop.change(renamed)
    kill.at(STEPS_OF_CREATE["after the creation"], rename)
    shop.cloudformation.expect_answer(rename)
    function(unanswered(rename))
    (answer,) = shop.cloudformation.answers(rename)
    assert (answer.status, answer.physical_resource_id) == ("FAILED", renamed["Name"])
    shop.roll_back(answer, renamed)
    event_bridge.assert_holds(basic)
