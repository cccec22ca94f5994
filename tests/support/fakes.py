"""In-memory stand-ins for the ports, faithful to what is recorded of AWS where it matters here."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import botocore.session

from handler.clock import Clock
from handler.connections.ownership import superseded
from handler.connections.record import (
    Deletion,
    Record,
    Stored,
)
from handler.connections.state import Connection
from handler.errors import (
    AlreadyExistsError,
    InvalidRequestError,
    NotFoundError,
    ResourceConflictError,
    SecretNotUsableError,
)
from handler.operations.ports import Ports
from handler.references.policy import AllowedSources
from handler.references.secret_value import SecretValue
from handler.references.source import Secret, Source
from handler.requests.properties import Rules, is_private
from handler.requests.service_model import Shape
from tests.support.lag import NONE, Lag, Past

PAGE = 3  # small, so that a test sees more than one
START = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT, REGION = "123456789012", "us-east-1"
Item = dict[str, Any]
PARAMETER_BLOCKS = ("InvocationHttpParameters", "OAuthHttpParameters")
BLOCKS = ("BasicAuthParameters", "ApiKeyAuthParameters", "OAuthParameters")


def service_shape() -> Shape:
    """Give AWS's model of CreateConnection's input, from the installed botocore."""
    model = botocore.session.get_session().get_service_model("events")
    shape: Any = model.operation_model("CreateConnection").input_shape
    return cast("Shape", shape)


SHAPE = service_shape()
POLICY = AllowedSources("aws", REGION, ACCOUNT, ("connections/",), ("/connections/",), ())
RULES = Rules(SHAPE, POLICY, "")


@dataclass
class FakeTime:
    """A clock that moves only when somebody sleeps."""

    seconds: float = START.timestamp()
    deadline: float = START.timestamp() + 890
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.seconds, self.sleep, lambda: self.deadline - self.seconds)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


@dataclass
class FakeConnections:
    """
    EventBridge: merges on update, drops on a change of type, deletes in a while.

    States pass with each look, and what is shown may lag behind writes. The contract that it
    shares with the stand-in is tested in tests/integration/stand_in/test_contract.py and
    test_lag.py.
    """

    time: FakeTime
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    states_after_write: tuple[str, ...] = ()
    state_reason: str = ""
    looks_while_deleting: int = 0
    clears_on_empty: bool = True
    before_create: Callable[[str], None] | None = None
    after_create: Callable[[str], None] | None = None
    lag: Lag = NONE
    existed: defaultdict[str, Past[Item | None]] = field(default_factory=lambda: defaultdict(Past))
    past: defaultdict[str, Past[Item]] = field(default_factory=lambda: defaultdict(Past))

    def describe(self, name: str) -> Connection | None:
        self.calls.append("describe")
        self._look(name)
        item = self._shown(name)
        if item is None:
            return None
        return Connection(
            name=name,
            arn=item["arn"],
            state=self._at(self.lag.state_seconds, item)["state"],
            state_reason=self.state_reason,
            authorization_type=item["properties"].get("AuthorizationType", ""),
            secret_arn="" if item["state"] == "DEAUTHORIZED" else item["secret_arn"],
            creation_time=item["created"],
            last_modified_time=self._at(self.lag.modified_seconds, item)["modified"],
            last_authorized_time=item["authorized"],
            properties={name: value for name, value in shown(item["properties"]).items() if value},
        )

    def create(self, properties: Mapping[str, Any]) -> Connection:
        self.calls.append("create")
        name = properties["Name"]
        if self.before_create:
            self.before_create(name)
        if name in self.stored:
            raise AlreadyExistsError(name)
        self.existed[name].note(self.time.seconds, None)
        arn = f"arn:aws:events:{REGION}:{ACCOUNT}:connection/{name}/{len(self.calls):08d}"
        self.stored[name] = {
            "arn": arn,
            "created": self.time.now,
            "properties": deepcopy(dict(properties)),
        }
        state = self._touch(name, "CREATING")
        self._authorize(name)
        if self.after_create:
            self.after_create(name)
        return Connection(name, arn, state)

    def update(self, properties: Mapping[str, Any]) -> Connection:
        self.calls.append("update")
        name = properties["Name"]
        item = self._item(name)
        if "AuthParameters" in properties and "AuthorizationType" not in properties:
            raise InvalidRequestError("AuthParameters need an AuthorizationType")
        self._note(name)
        before = item["properties"]
        item["properties"] = self._merged(before, dict(properties))
        state = self._touch(name, "UPDATING")
        if "AuthParameters" in properties:
            self._authorize(name)
        return Connection(name, item["arn"], state)

    def delete(self, name: str) -> None:
        self.calls.append("delete")
        if name in self.stored:
            self._note(name)
            looks = ["DELETING"] * self.looks_while_deleting
            self.stored[name]["states"] = [*looks, "GONE"]

    def deauthorize(self, name: str) -> None:
        self.calls.append("deauthorize")
        item = self._item(name)
        self._note(name)
        item["properties"] = {**item["properties"], "AuthParameters": {}}
        item["states"] = ["DEAUTHORIZING", "DEAUTHORIZED"]
        item["secret_of"] = ""

    def make_by_hand(self, name: str, properties: Mapping[str, Any]) -> None:
        """Create a connection as somebody else would."""
        self.create({**properties, "Name": name})
        self.calls.clear()
        self.existed[name].forget()

    def _note(self, name: str) -> None:
        item = self.stored[name]
        self.past[item["arn"]].note(self.time.seconds, {**item, "state": item["states"][0]})

    def _shown(self, name: str) -> Item | None:
        moment = self.time.seconds - self.lag.existence_seconds
        return self.existed[name].at(moment, self.stored.get(name))

    def _at(self, seconds_ago: float, item: Item) -> Item:
        return self.past[item["arn"]].at(self.time.seconds - seconds_ago, item)

    def _look(self, name: str) -> None:
        item = self._shown(name)
        if item is None or item is not self.stored.get(name):
            return
        states = item["states"]
        item["state"] = states.pop(0) if len(states) > 1 else states[0]
        if item["state"] == "GONE":
            item["state"] = "DELETING"
            self.existed[name].note(self.time.seconds, item)
            del self.stored[name]

    def _item(self, name: str) -> dict[str, Any]:
        if name not in self.stored:
            raise NotFoundError(name)
        item: dict[str, Any] = self.stored[name]
        return item

    def _touch(self, name: str, first: str) -> str:
        item = self.stored[name]
        item["modified"] = self.time.now + timedelta(milliseconds=len(self.calls))
        item["states"] = list(self.states_after_write or _states(item["properties"], first))
        state: str = item["states"][0]
        return state

    def _authorize(self, name: str) -> None:
        item = self.stored[name]
        item["authorized"] = self.time.now
        authorization_type = item["properties"].get("AuthorizationType", "")
        if item.get("secret_of") != authorization_type:
            item["secret_of"] = authorization_type
            item["secret_arn"] = (
                f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"
                f"events!connection/{name}/{len(self.calls):08d}-AbCdEf"
            )

    def _merged(self, before: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
        if before.get("AuthorizationType") != change.get("AuthorizationType"):
            before = {**before, "AuthParameters": {}}
        merged: dict[str, Any] = self._merge(before, change)
        return merged

    def _merge(self, before: Any, change: Any) -> Any:
        if not isinstance(change, Mapping) or not isinstance(before, Mapping):
            return deepcopy(
                before if change in ("", [], {}) and not self.clears_on_empty else change
            )
        if not change and self.clears_on_empty:
            return {}
        merged = dict(before)
        for name, value in change.items():
            merged[name] = self._merge(before[name], value) if name in before else deepcopy(value)
        return merged


def _states(properties: Mapping[str, Any], first: str) -> list[str]:
    is_oauth = properties.get("AuthorizationType") == "OAUTH_CLIENT_CREDENTIALS"
    if not is_private(properties):
        return ["AUTHORIZING", "AUTHORIZED"] if is_oauth else ["AUTHORIZED"]
    return ["AUTHORIZING", "AUTHORIZED", "ACTIVE"] if is_oauth else [first, "ACTIVE"]


def shown(properties: Any) -> Any:
    """Leave out what Describe leaves out: credentials, and values declared secret."""
    match properties:
        case {"Key": key, "IsValueSecret": True}:
            return {"Key": key, "IsValueSecret": True}
        case {}:
            hidden = ("Password", "ApiKeyValue", "ClientSecret", "AuthorizationType", "Name")
            return {
                name: shown(value)
                for name, value in properties.items()
                if name not in hidden and value != ""
            }
        case list():
            return [shown(item) for item in properties]
        case _:
            return properties


@dataclass
class FakeSecrets:
    """Secrets by name, each read noted."""

    texts: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    plain: set[str] = field(default_factory=set)
    reads: list[str] = field(default_factory=list)
    before_read: Callable[[str], None] | None = None

    def fetch(self, source: Source) -> SecretValue:
        names = [each.name for each in source.candidates]  # an ARN's end may be a part of the name
        name = next((each for each in names if each in self.texts), names[0])
        if self.before_read:
            self.before_read(name)
        self.reads.append(name)
        if name not in self.texts:
            raise SecretNotUsableError(f"secret {name} is not there")
        version = source.version_id or self.versions.get(name, "version-1")
        return SecretValue(self.texts[name], version, is_secret=name not in self.plain, name=name)

    def rotate(self, name: str, text: str, version: str = "version-2") -> None:
        """Store a new version."""
        self.texts[name], self.versions[name] = text, version


@dataclass
class FakeRegistry:
    """The registry's table, with its conditions and its links."""

    time: FakeTime = field(default_factory=FakeTime)
    links: dict[Secret, set[str]] = field(default_factory=dict)
    revision: int = 0
    deletions: dict[tuple[str, str], Deletion] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    writes: list[Record] = field(default_factory=list)
    before_write: Iterator[Callable[[], None]] = field(default_factory=lambda: iter(()))

    def read(self, name: str) -> Record | None:
        return self.records.get(name)

    def read_deletion(self, name: str, owner: str) -> Deletion | None:
        deletion = self.deletions.get((name, owner))
        return deletion if deletion and self.time.now < deletion.expires_at else None

    def read_deletions(self, name: str) -> list[Deletion]:
        return [each for each in self.deletions.values() if each.name == name]

    def claim(self, record: Record) -> Record:
        deletion = self.read_deletion(record.name, record.owner)
        if deletion and deletion.refuses(record.request_time):
            raise superseded(record.name, is_deleted=True)
        return self.write(record)

    def write(self, record: Record) -> Record:
        next(self.before_write, lambda: None)()
        self._check(record)
        sources = frozenset(record.secret_versions)
        self.revision += 1  # never one that was there before
        written = replace(record, stored=Stored(self.revision, sources, self.time.now))
        self._link(record, sources)
        self.records[record.name] = written
        self.writes.append(written)
        return written

    def remove(self, record: Record, deletion: Deletion | None = None) -> None:
        next(self.before_write, lambda: None)()
        self._check(record)
        self._link(record, frozenset())
        del self.records[record.name]
        if deletion:
            self.deletions[record.name, record.owner] = deletion

    def write_deletion(self, deletion: Deletion) -> None:
        next(self.before_write, lambda: None)()
        record = self.records.get(deletion.name)
        known = self.deletions.get((deletion.name, deletion.owner))
        is_newer = known is not None and known.request_time > deletion.request_time
        if is_newer or (record and record.owner == deletion.owner):
            raise ResourceConflictError("somebody was faster")
        self.deletions[deletion.name, deletion.owner] = deletion

    def users(self, secret: Secret) -> list[str]:
        return sorted(self.links.get(_with_account(secret), ()))

    def page(self, token: str) -> tuple[list[Record], str]:
        names = sorted(name for name in self.records if name > token)[:PAGE]
        return [self.records[name] for name in names], names[-1] if len(names) == PAGE else ""

    def _link(self, record: Record, sources: frozenset[str]) -> None:
        # Only what the writer believes to be there is dropped, as in the table.
        for each in _followed(record.stored.sources) - _followed(sources):
            self.links[each].discard(record.name)
        for each in _followed(sources) - _followed(record.stored.sources):
            self.links.setdefault(each, set()).add(record.name)

    def _check(self, record: Record) -> None:
        current = self.records.get(record.name)
        if (current.stored.revision if current else 0) != record.stored.revision:
            raise ResourceConflictError("somebody was faster")


def _followed(sources: frozenset[str]) -> set[Secret]:
    parsed = map(Source.parse, sources)
    return {_with_account(each.secret) for each in parsed if not each.is_pinned}


def _with_account(secret: Secret) -> Secret:
    return replace(secret, account=secret.account or ACCOUNT)


@dataclass
class FakeRequests:
    """What was sent to the function's own queue."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    times: set[datetime] = field(default_factory=set)

    def send(self, documents: Sequence[Mapping[str, Any]], request_time: datetime) -> None:
        self.sent += map(dict, documents)
        self.times.add(request_time)


@dataclass
class World:
    """All fakes together."""

    time: FakeTime
    connections: FakeConnections
    secrets: FakeSecrets
    registry: FakeRegistry
    requests: FakeRequests = field(default_factory=FakeRequests)
    holder: str = "this invocation"
    is_repairing: bool = False

    @property
    def owners(self) -> dict[str, str]:
        """Give the owner of each name."""
        return {record.name: record.owner for record in self.registry.records.values()}

    @property
    def ports(self) -> Ports:
        return Ports(
            self.connections,
            self.secrets,
            self.registry,
            self.requests.send,
            self.time.clock,
            RULES,
            self.holder,
            self.is_repairing,
        )


def make_world() -> World:
    """Make an empty account, but for two secrets."""
    time = FakeTime()
    texts = {
        "connections/crm": '{"user": "ada", "password": "correct horse", "key": "k-1"}',
        "connections/erp": '{"password": "battery staple"}',
    }
    return World(time, FakeConnections(time), FakeSecrets(texts), FakeRegistry(time=time))
