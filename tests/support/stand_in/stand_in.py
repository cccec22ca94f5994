"""The stand-in as tests hold it: what arrived, what is there, what shall go wrong."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.lag import Lag
from tests.support.stand_in import managed_secrets
from tests.support.stand_in.account import OPERATIONS, Account
from tests.support.stand_in.calls import Call, Calls
from tests.support.stand_in.connection import StoredConnection
from tests.support.stand_in.errors import AwsError
from tests.support.stand_in.faults import Answer, CarryOut, error_answer, json_answer
from tests.support.stand_in.pace import Pace
from tests.support.stand_in.planning import Planning
from tests.support.stand_in.states import Ending
from tests.support.stand_in.unrecorded import Unrecorded

ALWAYS = 1_000_000
BASIC = {
    "AuthorizationType": "BASIC",
    "AuthParameters": {"BasicAuthParameters": {"Username": "somebody", "Password": "else's"}},
}


@dataclass(slots=True)
class StandIn(Planning):
    """
    EventBridge's connections behind an address.

    ``unrecorded``, ``pace``, ``lag`` and ``most_connections`` may be set at any time; ``reset``
    brings back what the stand-in was started with. What is done by hand was done a while ago, so
    that it is shown without a lag.
    """

    url: str
    _new_account: Callable[[], Account] = field(repr=False)
    _account: Account = field(init=False, repr=False)
    _calls: Calls = field(default_factory=Calls, repr=False)

    def __post_init__(self) -> None:
        """Begin with an empty account."""
        self._account = self._new_account()

    def reset(self) -> None:
        """Forget connections, calls and faults, and let go what hangs."""
        self._faults.clear()
        self._calls.clear()
        self._account = self._new_account()

    @property
    def unrecorded(self) -> Unrecorded:
        """Return the positions of the switches."""
        return self._account.unrecorded

    @unrecorded.setter
    def unrecorded(self, unrecorded: Unrecorded) -> None:
        self._account.unrecorded = unrecorded

    @property
    def pace(self) -> Pace:
        """Return how long states last, from the next write on."""
        return self._account.pace

    @pace.setter
    def pace(self, pace: Pace) -> None:
        self._account.pace = pace

    @property
    def lag(self) -> Lag:
        """Return how long after a write what is read shows it."""
        return self._account.lag

    @lag.setter
    def lag(self, lag: Lag) -> None:
        self._account.lag = lag

    @property
    def most_connections(self) -> int:
        """Return the account's quota."""
        return self._account.most_connections

    @most_connections.setter
    def most_connections(self, number: int) -> None:
        self._account.most_connections = number

    @property
    def connections(self) -> dict[str, StoredConnection]:
        """Return the connections by name, with the credentials that arrived."""
        with self._account.lock:
            self._account.pass_time()
            return dict(self._account.connections)

    @property
    def calls(self) -> list[Call]:
        """Return the calls so far, in the order in which they arrived."""
        return list(self._calls.made)

    @property
    def highest_concurrency(self) -> int:
        """Return how many calls were under way at once."""
        return self._calls.highest_concurrency

    @property
    def highest_writes_at_once(self) -> Counter[str]:
        """Return how many writes of one name were under way at once, by name."""
        return Counter(self._calls.highest_writes_at_once)

    def count(self, operation: str, name: str | None = None) -> int:
        """Count the calls of an operation."""
        return self._calls.count(operation, name)

    def settle_as(self, name: str, state: str, reason: str = "", times: int = ALWAYS) -> None:
        """Let a connection end so: at once or soon if it is there, and after its next writes."""
        with self._account.lock:
            if name in self._account.connections:
                self._account.connections[name].course.settle(state, reason)
            self._account.endings[name] = Ending(state, reason, times)

    def settle_well(self, name: str) -> None:
        """Let the next writes of a connection end as they should."""
        with self._account.lock:
            self._account.endings.pop(name, None)

    def create_by_hand(self, name: str, **properties: Any) -> StoredConnection:
        """Create a connection as somebody else would: a settled BASIC one, unless told other."""
        with self._account.lock:
            self._account.call("CreateConnection", {**BASIC, **properties, "Name": name})
            self._account.forget_past(name)
        return self._account.connections[name]

    def delete_by_hand(self, name: str) -> None:
        """Let a connection be gone, as if somebody else had deleted it a while ago."""
        with self._account.lock:
            connection = self._account.connections.pop(name)
            connection.bury_secret()
            self._account.forget_past(name)

    def tamper(self, name: str, **properties: Any) -> None:
        """Change a connection as somebody else's UpdateConnection would, a second or more later."""
        with self._account.lock:
            connection = self._account.connections[name]
            before = connection.last_modified_time
            given = {"AuthorizationType": connection.authorization_type, **properties}
            self._account.call("UpdateConnection", {**given, "Name": name})
            connection.last_modified_time = max(connection.last_modified_time, before + 1)
            self._account.forget_past(name)

    def handle(
        self, target: str, body: bytes, parameters: Mapping[str, Any], pass_on: CarryOut
    ) -> Answer | None:
        """Answer a call, or pass it on, or let happen to it what is planned."""
        operation = target.rpartition(".")[2]
        name = str(parameters.get("Name", ""))
        call = Call(operation, name, dict(parameters))

        def carry_out() -> Answer:
            return self._carry_out(target, body, parameters, pass_on)

        with self._calls.note(call):
            answer = self._faults.spoil(operation, name, carry_out)
            call.outcome = answer.outcome if answer else "no answer"
        return answer

    def _carry_out(
        self, target: str, body: bytes, parameters: Mapping[str, Any], pass_on: CarryOut
    ) -> Answer:
        service, _, operation = target.rpartition(".")
        try:
            if service == "AWSEvents" and operation in OPERATIONS:
                return json_answer(self._account.call(operation, parameters))
            if service == "secretsmanager" and managed_secrets.is_about_one(operation, body):
                return json_answer(managed_secrets.call(self._account, operation, body))
        except AwsError as error:
            return error_answer(error)
        return pass_on()
