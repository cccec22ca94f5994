"""EventBridge's connections of one account: the six operations, without any transport."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from tests.support.lag import NONE, Lag, Past
from tests.support.stand_in import changes, constraints, errors, rules
from tests.support.stand_in.connection import ManagedSecret, StoredConnection
from tests.support.stand_in.pace import Course, Pace, Phase
from tests.support.stand_in.pages import page_of
from tests.support.stand_in.states import Ending, after_deauthorize, after_delete, after_write
from tests.support.stand_in.unrecorded import Unrecorded


@dataclass(slots=True)
class Account:
    """The connections by name, and their secrets by name; safe for threads."""

    unrecorded: Unrecorded
    pace: Pace
    most_connections: int
    lag: Lag = NONE
    connections: dict[str, StoredConnection] = field(default_factory=dict)
    past_connections: defaultdict[str, Past[StoredConnection | None]] = field(
        default_factory=lambda: defaultdict(Past)
    )
    secrets: dict[str, ManagedSecret] = field(default_factory=dict)
    endings: dict[str, Ending] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def call(self, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """
        Carry out one operation.

        Raises:
            AwsError: where AWS refuses.
        """
        parameters = constraints.known(operation, given)
        constraints.check(operation, parameters)
        with self.lock:
            self.pass_time()
            return OPERATIONS[operation](self, parameters)

    def pass_time(self) -> None:
        """Let every connection reach the state of this moment."""
        for connection in list(self.connections.values()):
            connection.course.now()

    def create(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out CreateConnection."""
        name = parameters["Name"]
        self._check_name_is_free(name)
        rules.check_create(parameters, self.unrecorded)
        now = self.pace.clock()
        connection = StoredConnection(name, "", {}, now, Course(self.pace))
        self._write(connection, parameters, "CREATING")
        self.past_connections[name].note(now, self.connections.get(name))
        self.connections[name] = connection
        answer = connection.answer(connection.state)
        del answer["LastAuthorizedTime"]
        return answer

    def update(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out UpdateConnection, whose answer tells the time before this change."""
        connection = self._find("update", parameters["Name"])
        rules.check_update(connection, parameters, self.unrecorded)
        modified = connection.last_modified_time
        self._write(connection, parameters, "UPDATING")
        answer = connection.answer(connection.state)
        return (
            {**answer, "LastModifiedTime": int(modified)}
            if changes.has_auth(parameters)
            else answer
        )

    def deauthorize(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out DeauthorizeConnection."""
        connection = self._find("deauthorize", parameters["Name"])
        if connection.state == "DELETING":
            raise errors.modified_concurrently("deauthorize", connection.name)
        answer = connection.answer("DEAUTHORIZING")
        connection.auth_parameters = {}
        connection.modify(self.pace.clock())
        self._begin(connection, after_deauthorize(connection))
        return answer

    def delete(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out DeleteConnection, whose answer tells the time before it, too."""
        connection = self._find("delete", parameters["Name"])
        answer = connection.answer("DELETING")
        if connection.state == "DELETING":
            rules.check_delete_again(connection, self.unrecorded)
            return answer
        connection.modify(self.pace.clock())
        self._begin(connection, after_delete(connection, lambda now: self.forget(connection, now)))
        return answer

    def describe(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out DescribeConnection, which counts as a look."""
        connection = self._shown(parameters["Name"])
        if connection is None:
            raise errors.not_found("describe", parameters["Name"])
        details = connection.details(self.pace.clock(), self.lag)
        connection.course.look()
        return details

    def list_page(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out ListConnections."""
        shown = filter(None, map(self._shown, {*self.connections, *self.past_connections}))
        now = self.pace.clock()
        return page_of((each.summary(now, self.lag) for each in shown), parameters)

    def forget(self, connection: StoredConnection, now: float) -> None:
        """Remove a connection, unless its name has been given to another."""
        if self.connections.get(connection.name) is connection:
            self.past_connections[connection.name].note(now, connection)
            del self.connections[connection.name]

    def forget_past(self, name: str) -> None:
        """Show what is there now, also to a reader that lags."""
        self.past_connections[name].forget()
        if name in self.connections:
            self.connections[name].forget_past()

    def _shown(self, name: str) -> StoredConnection | None:
        moment = self.pace.clock() - self.lag.existence_seconds
        return self.past_connections[name].at(moment, self.connections.get(name))

    def _find(self, verb: str, name: str) -> StoredConnection:
        if name not in self.connections:
            raise errors.not_found(verb, name)
        return self.connections[name]

    def _check_name_is_free(self, name: str) -> None:
        if present := self.connections.get(name):
            if present.state != "DELETING" or self.unrecorded.create_while_deleting == "refused":
                # Who only tries again, and never looks, gets through as well.
                present.course.look()
                raise errors.already_exists(name)
            present.bury_secret()
        if len(self.connections) >= self.most_connections:
            raise errors.limit_exceeded()

    def _write(
        self, connection: StoredConnection, parameters: Mapping[str, Any], first: str
    ) -> None:
        if changes.apply(connection, parameters, self.unrecorded, self.pace.clock()):
            ending = self._ending(connection.name)
            self._begin(connection, after_write(connection, first, self.unrecorded, ending))
        if connection.secret:
            self.secrets[connection.secret.name] = connection.secret

    def _begin(self, connection: StoredConnection, phases: Sequence[Phase]) -> None:
        connection.course.pace = self.pace
        connection.course.follow(list(phases))

    def _ending(self, name: str) -> Ending | None:
        ending = self.endings.get(name)
        if ending is None or ending.times <= 0:
            return None
        ending.times -= 1
        return ending


OPERATIONS = {
    "CreateConnection": Account.create,
    "UpdateConnection": Account.update,
    "DeleteConnection": Account.delete,
    "DescribeConnection": Account.describe,
    "DeauthorizeConnection": Account.deauthorize,
    "ListConnections": Account.list_page,
}
