"""
Waits that outlast an invocation: a player of CloudFormation and Lambda, and a clock of its own.

Entry point, crhelper and use cases are the function's; the ports are in memory; answers are sent.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest

from handler.clock import instant
from handler.composition import Context, Invocation
from handler.connections.state import Connection
from handler.entrypoints import cloudformation as custom_resource
from handler.entrypoints.failed_invocations import answer_failed_invocation
from handler.errors import NotStabilizedError
from handler.requests.unchecked_request import read_custom_resource
from tests.support.cloudformation_player import Answer, CloudFormation, Killed
from tests.support.fakes import RULES, START, FakeConnections, FakeTime, World, make_world
from tests.support.faulty_ports import Storm, stormy
from tests.support.lambda_context import LambdaContext
from tests.support.response_url_server import ResponseUrlServer, running_response_url_server
from tests.support.stack_requests import Signer

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:provisioner"
LAMBDA_SECONDS, ANSWER_SECONDS = 900.0, 20.0
WHOLE = (LAMBDA_SECONDS,) * 3
REASON = "the resource configuration is not reachable yet"
NAME = "crm"
PRIVATE: dict[str, Any] = {
    "Name": NAME,
    "AuthorizationType": "BASIC",
    "AuthParameters": {
        "BasicAuthParameters": {
            "Username": "ada",
            "Password": "{{resolve:secretsmanager:connections/crm:SecretString:password}}",
        }
    },
    "InvocationConnectivityParameters": {
        "ResourceParameters": {
            "ResourceConfigurationArn": "arn:aws:vpc-lattice:us-east-1:123456789012:"
            "resourceconfiguration/rcfg-0123456789abcdef0"
        }
    },
}


@dataclass
class MortalTime(FakeTime):
    """A clock that Lambda stops, in the middle of a sleep."""

    killed_at: float = float("inf")

    def sleep(self, seconds: float) -> None:
        if self.seconds + seconds >= self.killed_at:
            self.seconds = self.killed_at
            raise Killed
        super().sleep(seconds)


@dataclass
class SlowConnections(FakeConnections):
    """EventBridge, where a connection settles at a certain time."""

    settles_at: float = float("inf")

    def describe(self, name: str) -> Connection | None:
        seen = super().describe(name)
        if seen is None:
            return None
        state = "ACTIVE" if self.time.seconds >= self.settles_at else "AUTHORIZING"
        return replace(seen, state=state, state_reason="" if state == "ACTIVE" else REASON)


@dataclass
class Played:
    """The function, as Lambda runs it: each attempt for so many seconds, then SIGKILL."""

    world: World
    time: MortalTime
    lives: Iterator[float]
    storm: Storm
    begun: float = 0.0
    raised: list[BaseException] = field(default_factory=list)

    def __call__(self, event: Any, _: float = 0) -> None:
        self.begun = self.time.seconds
        self.time.deadline = self.begun + LAMBDA_SECONDS - ANSWER_SECONDS
        self.time.killed_at = self.begun + next(self.lives)
        try:
            custom_resource.handle_custom_resource(event, LambdaContext(FUNCTION, LAMBDA_SECONDS))
        except BaseException as error:
            self.raised.append(error)
            raise
        finally:
            self.time.killed_at = float("inf")

    def invocation(self, context: Context, **_: int) -> Invocation:
        """Make an invocation whose time and ports are played."""
        made = Invocation(context)
        made.clock, made.arrival = self.time.clock, self.time.now
        ports = replace(stormy(self.world, self.storm), progress=made.progress, holder=str(uuid4()))
        made.__dict__ |= {"ports": ports, "rules": RULES}
        made.seconds_left = (  # type: ignore[method-assign]
            lambda: self.begun + LAMBDA_SECONDS - self.time.seconds
        )
        return made

    def hand_over(self, event: Any) -> None:
        """Do what the function does with what Lambda puts into the UnansweredQueue."""
        self.begun = self.time.seconds
        answer_failed_invocation(event, self.invocation(LambdaContext(FUNCTION, LAMBDA_SECONDS)))


@dataclass
class Play:
    """What a test sets, and what came of it."""

    function: Played
    cloudformation: CloudFormation

    @property
    def connections(self) -> SlowConnections:
        """Give EventBridge."""
        connections = self.function.world.connections
        assert isinstance(connections, SlowConnections)
        return connections

    @property
    def elapsed(self) -> float:
        """Give the seconds since the request was made."""
        return self.function.time.seconds - START.timestamp()

    def create(self, late: float = 0.0, **properties: Any) -> Answer:
        """Send a Create, which Lambda delivers so many seconds later."""
        request = self.cloudformation.stack().creation(PRIVATE | properties)
        self.function.time.seconds += late
        answer = self.cloudformation.deliver(request)
        assert answer
        return answer


@pytest.fixture(scope="module")
def bucket() -> Iterator[ResponseUrlServer]:
    """Run a server behind ResponseURLs."""
    with running_response_url_server(None) as server:
        yield server


@pytest.fixture
def play(bucket: ResponseUrlServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Give the function between players, whose answers are judged in the end."""
    bucket.reset()
    monkeypatch.setenv("RESPONSE_URL_HOSTS", "localhost")
    time = MortalTime()
    world = replace(make_world(), time=time, connections=SlowConnections(time))
    world.registry.time = time
    function = Played(world, time, iter(WHOLE), Storm("throttled", (), 0, 0))
    monkeypatch.setattr(custom_resource, "Invocation", function.invocation)
    with ThreadPoolExecutor(max_workers=1) as threads:
        player = CloudFormation(
            function, bucket, threads, time.sleep, function.hand_over, _signer=Signer(time.now)
        )
        yield Play(function, player)
    player.judge()


@pytest.mark.parametrize(
    ("minutes", "late", "lives", "attempts"),
    [
        (0.1, 0, WHOLE, 1),
        (13, 0, WHOLE, 1),
        (20, 0, WHOLE, 2),
        (35, 0, WHOLE, 3),
        (39, 0, WHOLE, 3),
        (20, 600, WHOLE, 1),
        (35, 300, WHOLE, 3),
        (39, 300, WHOLE, 3),
        (20, 0, (300, 900, 900), 2),
        (15, 0, (30, 30, 900), 3),
        (35, 0, (300, 900, 900), 3),
        (20, 0, (895, 900, 900), 2),
        (35, 200, (700, 900, 900), 3),
    ],
)
def test_a_connection_that_settles_within_forty_minutes_is_a_success(
    minutes: float, late: float, lives: tuple[float, ...], attempts: int, play: Play
) -> None:
    """Deliveries late and cut short among them; it is made once, and told as created."""
    play.function.lives = iter(lives)
    play.connections.settles_at = START.timestamp() + minutes * 60
    answer = play.create(late)
    assert answer.is_success, answer.reason
    assert (answer.data["Outcome"], answer.data["ConnectionState"]) == ("Created", "ACTIVE")
    assert len(play.function.raised) == attempts - 1
    assert play.elapsed < minutes * 60 + 130
    assert play.connections.calls.count("create") == 1
    assert "update" not in play.connections.calls


def test_the_wait_goes_on_where_throttling_ends_a_delivery(play: Play) -> None:
    """No answer while the wait has time left, whatever the delivery ended with."""
    began = START.timestamp()
    play.function.storm = Storm("throttled", ["describe"], began + 600, began + 1000)
    play.connections.settles_at = began + 20 * 60
    assert play.create().is_success
    assert len(play.function.raised) == 1


@pytest.mark.parametrize(
    ("properties", "late", "ends"),
    [
        ({}, 0, 2400),
        ({}, 600, 2540),
        ({}, 3000, 3060),
        ({"WaitTimeoutSeconds": "1200"}, 0, 1200),
        ({"ServiceTimeout": "1500"}, 0, 1470),
        ({"WaitTimeoutSeconds": "5"}, 0, 5),
    ],
)
def test_a_wait_ends_at_its_time_and_tells_the_state(
    properties: dict[str, Any], late: float, ends: float, play: Play
) -> None:
    """Counted from the write, 2400 s after the request at most, a minute of a late delivery."""
    answer = play.create(late, **properties)
    assert not answer.is_success
    assert play.elapsed == pytest.approx(ends, abs=5)
    waited = round(play.elapsed - late)
    assert answer.reason.startswith("NotStabilized: crm did not settle within ")
    assert abs(int(answer.reason.split()[6]) - waited) <= 2
    assert answer.reason.endswith(f" s; it is AUTHORIZING: {REASON}")
    assert answer.physical_resource_id == NAME


def test_a_wait_that_no_delivery_is_left_for_is_answered_with_the_state_found(play: Play) -> None:
    """From the UnansweredQueue, after three deliveries that were cut short."""
    play.function.lives = iter((400, 400, 400))
    answer = play.create()
    assert (answer.status, answer.physical_resource_id) == ("FAILED", NAME)
    assert answer.reason.endswith(f"function's log; crm is AUTHORIZING: {REASON}")
    assert [type(error) for error in play.function.raised] == [Killed] * 3


@pytest.mark.parametrize("call", ["read", "describe"])
def test_a_state_that_cannot_be_found_prevents_no_answer(call: str, play: Play) -> None:
    """The answer is worth more."""
    play.function.lives = iter((400, 400, 400))
    play.function.storm = Storm("5xx", [call], START.timestamp() + 1300, float("inf"))
    answer = play.create()
    assert answer.status == "FAILED"
    assert answer.reason.endswith("before an answer was sent; see the function's log")


def test_the_state_of_somebody_elses_connection_is_not_told(play: Play) -> None:
    """Nor may it be taken for the stack's own."""
    play.create(WaitTimeoutSeconds="0")
    another = play.cloudformation.stack().creation(PRIVATE)
    play.function.hand_over(another)
    play.cloudformation.expect_answer(another)
    (answer,) = play.cloudformation.answers(another)
    assert answer.reason.endswith("before an answer was sent; see the function's log")


def test_what_is_left_unanswered_raises_what_it_waits_for(play: Play) -> None:
    """Lambda delivers again what raises; its log says why."""
    play.connections.settles_at = START.timestamp() + 1000
    play.create()
    (error,) = play.function.raised
    assert isinstance(error, NotStabilizedError)
    assert error.is_transient
    assert error.reason.endswith(f"it is AUTHORIZING: {REASON}")


@pytest.mark.parametrize("has_time_left", [True, False])
def test_the_timer_answers_only_for_a_wait_that_is_over(play: Play, *, has_time_left: bool) -> None:
    """Else the next delivery does; what was seen last is told."""
    event = play.cloudformation.stack().creation(PRIVATE)
    play.function.begun = play.function.time.seconds
    invocation = play.function.invocation(LambdaContext(FUNCTION, LAMBDA_SECONDS))
    asked = read_custom_resource(event, "", play.function.time.now)
    resource = custom_resource.ConnectionResource(event, asked, invocation)
    later = play.function.time.now.timestamp() + (60 if has_time_left else -1)
    invocation.progress.wait_until = instant(later)
    invocation.progress.seen = Connection(NAME, state="AUTHORIZING", state_reason=REASON)
    resource._timeout()  # noqa: SLF001
    reasons = [put.answer["Reason"] for put in play.cloudformation.server.puts]
    play.cloudformation.server.reset()
    assert len(reasons) == (0 if has_time_left else 1)
    assert all(each.endswith(f"; crm was last seen AUTHORIZING: {REASON}") for each in reasons)
