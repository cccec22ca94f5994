"""Connections that were made from one secret, on the deployed application, while it rotates."""

import secrets
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.stand_in import Call, StandIn, running_stand_in
from tests.support.stand_in.weather import ANSWER_LOST, chances
from tools.bench import fleet
from tools.demo.example import API_KEY_NAME
from tools.local.deployment import STACK_NAME
from tools.local.local_stack import LocalStack
from tools.operating import entry_points

SHARE_OF_FAULTS = 0.05
SEED = 4
MESSAGES_OF_AN_EVENT = "Query"  # of who uses the secret, once for each


@dataclass(frozen=True, slots=True)
class Rotated:
    """
    What came of one rotation.

    ``updates``: by connection, those that EventBridge acknowledged.
    ``lost_answers``: of updates that were carried out all the same.
    ``seconds``: until all followed; ``seconds_to_rest``: until nothing was left to do.
    """

    names: frozenset[str]
    followers: frozenset[str]
    updates: Counter[str]
    lost_answers: int
    calls: Counter[str]
    faults: int
    dead_letters: int
    seconds: float
    seconds_to_rest: float

    @property
    def wrong(self) -> int:
        """Count the connections that do not follow, or were updated more than once."""
        # Another phase's messages may still be on their way, and are of other connections.
        return sum(name not in self.followers or self.updates[name] != 1 for name in self.names)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Connections that were made from one secret."""

    stack: LocalStack
    stand_in: StandIn
    secret_name: str
    names: frozenset[str]

    def rotate(self) -> Rotated:
        """Put a new value, and that is all; wait until there is nothing left to do."""
        calls_before, faults_before = len(self.stand_in.calls), self.stand_in.happened
        letters_before = fleet.messages(self.stack, fleet.DEAD_LETTERS)
        key = secrets.token_urlsafe(12)
        began = time.perf_counter()
        self.stack.secretsmanager.put_secret_value(SecretId=self.secret_name, SecretString=key)
        self._await_followers(key)
        seconds = time.perf_counter() - began
        fleet.await_empty_queue(self.stack, fleet.MAINTENANCE)
        seconds_to_rest = time.perf_counter() - began
        calls = self.stand_in.calls[calls_before:]
        faults = self.stand_in.happened - faults_before
        entry_points.forget_results(self.stack)
        return Rotated(
            self.names,
            self._followers(key),
            Counter(each.name for each in calls if _is_acknowledged_update(each)),
            faults["UpdateConnection", ANSWER_LOST],
            Counter(each.operation for each in calls),
            faults.total(),
            fleet.messages(self.stack, fleet.DEAD_LETTERS) - letters_before,
            seconds,
            seconds_to_rest,
        )

    def _await_followers(self, key: str) -> None:
        deadline = time.monotonic() + fleet.TIMEOUT_SECONDS
        while self._followers(key) != self.names and time.monotonic() < deadline:
            time.sleep(fleet.POLL_SECONDS)

    def _followers(self, key: str) -> frozenset[str]:
        block = {"ApiKeyName": API_KEY_NAME, "ApiKeyValue": key}
        return frozenset(
            name
            for name, each in self.stand_in.connections.items()
            if each.auth_parameters.get("ApiKeyAuthParameters") == block
        )


@contextmanager
def running_fleet(stack: LocalStack, size: int) -> Iterator[Fleet]:
    """Make connections from one secret; EventBridge is the stand-in while the block lasts."""
    secret_name = f"connections/shared-{secrets.token_hex(4)}"
    names = [f"{secret_name.rpartition('/')[2]}-{number}" for number in range(size)]
    stack.secretsmanager.create_secret(Name=secret_name, SecretString=secrets.token_urlsafe(12))
    ca_bundle = str(stack.ministack.ca_bundle)
    with (
        running_stand_in(stack.endpoint_url, ca_bundle=ca_bundle) as stand_in,
        fleet.function_calling(stack, stand_in.url),
    ):
        fleet.send(stack, [fleet.create_request(name, secret_name) for name in names])
        fleet.await_empty_queue(stack)
        yield Fleet(stack, stand_in, secret_name, frozenset(names))


@contextmanager
def disturbed(running: Fleet) -> Iterator[None]:
    """Spoil some of the function's calls and deliver every event twice."""
    events, rule = running.stack.events, _rule_of_secrets(running.stack)
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    again = {**target, "Id": "Again"}
    events.put_targets(Rule=rule, Targets=[again])  # type: ignore[list-item]
    running.stand_in.plan(*chances(SHARE_OF_FAULTS, SEED))
    try:
        yield
    finally:
        running.stand_in.clear_up()
        events.remove_targets(Rule=rule, Ids=["Again"])


def _is_acknowledged_update(call: Call) -> bool:
    return call.operation == "UpdateConnection" and call.outcome == "200"


def _rule_of_secrets(stack: LocalStack) -> str:
    found = stack.cloudformation.describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId="SecretRule"
    )
    return found["StackResourceDetail"]["PhysicalResourceId"].rpartition("|")[2]
