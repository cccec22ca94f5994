"""
Whole lives of connections: who asks what, and everything that goes wrong on the way.

A play is a list of steps (messages, what stacks and Terraform go through, what people do by hand),
with faults and interruptions at certain calls; it runs against anything that can show its
connections.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Protocol
from unittest import mock

import pytest
from hypothesis import strategies as st

from handler.adapters.secret_store import SecretStore
from handler.clock import Clock, instant
from handler.connections.record import Record
from handler.entrypoints import cloudformation as custom_resource
from handler.entrypoints.cloudformation_response import physical_id_of_unknown_end
from handler.entrypoints.execution import Failed, Succeeded
from handler.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    NotStabilizedError,
    ProvisionerError,
    SupersededError,
    ThrottlingError,
)
from handler.operations.completion import Completion, Outcome
from handler.operations.lease import is_leased_to_other
from handler.operations.ports import Connections, Progress
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import DIRECT, MAINTENANCE_QUEUE, REQUEST_QUEUE
from handler.requests.request import check
from handler.requests.unchecked_request import (
    UncheckedRequest,
    read_custom_resource,
    read_document,
)
from tests.support.crm import lost_answer
from tests.support.fakes import ACCOUNT, RULES, START, FakeTime, World
from tests.support.lambda_context import LambdaContext
from tests.support.terraform import Document, Terraform

SECRETS = ("connections/crm", "connections/erp")
LEGACY, WILD = "legacy", "wild"  # there before us; changed by hand in between
NAMES = ("alpha", "beta", "gamma", LEGACY, WILD)
STACKS = ("shop", "mail")
REQUESTS, TERRAFORM = "requests", "terraform"
FAULTS = ("killed before", "killed after", "answer lost", "throttled", "out of memory")
# Where somebody makes connections between our Describe and our Create, no end of ours may be
# unknown: what was made while one was could be ours. The calls at which each fault can happen:
CONTESTS = {
    "overtaken": ("create",),
    "throttled": ("create", "update", "delete", "deauthorize", "describe", "fetch"),
    "fetch lost": ("fetch",),
    "refused": ("create", "fetch"),
}
INTERRUPTIONS = ("duplicate", "other", "nobody", "rotation", "heard rotation")
MOODS = ("well", "well", "well", "slow", "bad")
BY_HAND = ("made", "deleted", "changed", "released")
LIFE = ("create", "update", "rename", "rename rolled back", "cancelled", "delete")
APPLIES = ("apply", "apply", "rename", "rename", "destroy")
AMBIGUOUS_SECONDS = 6.0  # more than our clock and EventBridge's may differ by
LIFETIME_SECONDS, NESTED_SECONDS, ANSWER_SECONDS = 890.0, 20.0, 20.0
MOST_TRIES = 40
PATIENT_TRIES = 8
LONGEST_ID = 1024
UPSERTS = (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.ADOPTED)

ANY_HEADERS = ("any",)
Content = tuple[str, str, tuple[str, ...]]  # type, user, names of headers


class KilledError(BaseException):
    """When the process ends with no chance to say anything."""


class Stage(Protocol):
    """Where a play takes place, as an onlooker and a person with the console see and change it."""

    @property
    def world(self) -> World:
        """Give the fakes around EventBridge."""

    @property
    def connections(self) -> Connections:
        """Give EventBridge itself."""

    def shown(self) -> dict[str, tuple[str, Content]]:
        """Give ARN and content of every connection by name."""

    def password(self, name: str) -> str:
        """Give the credential that a connection holds."""

    def prepare(self, mood: str, name: str) -> None:
        """Let the next writes of a connection end well, slowly or badly."""

    def make(self, name: str) -> None:
        """Create a connection by hand."""

    def delete(self, name: str) -> None:
        """Delete a connection by hand, if it is there."""

    def change(self, name: str) -> None:
        """Change a connection by hand, if it is there."""


@dataclass(frozen=True)
class Step:
    """One step: ``actor`` is the queue, a stack, or a hand."""

    actor: str
    kind: str
    name: str
    variant: int = 0
    adopts: bool = False
    mood: str = "well"
    sent_earlier: int = 0


@dataclass(frozen=True)
class Play:
    """Steps, and what happens at which call of a port."""

    steps: list[Step]
    faults: dict[int, str]
    interruptions: dict[int, str]
    repeated: list[int]
    is_repairing: bool = False
    is_contested: bool = False


@dataclass(frozen=True)
class Delivery:
    """A request that can be delivered any number of times."""

    asked: UncheckedRequest
    sent: int
    content: Content | None  # None: a Delete

    @property
    def is_maintenance(self) -> bool:
        """Tell whether nobody asked for it."""
        return self.asked.request_type in ("Refresh", "Reconcile")


@dataclass
class Handled:
    """In place of an invocation: what became of a request, and no hurry."""

    outcome: Succeeded | Failed

    progress: Progress = field(default_factory=Progress)
    clock: Clock = field(default_factory=lambda: FakeTime().clock)

    def seconds_left(self) -> float:
        """Give a minute, always."""
        return 60.0


class RecordingResource(custom_resource.ConnectionResource):
    """CloudFormation's entry point, its answer kept."""

    answer: Mapping[str, Any]

    def _deliver(self, body: Mapping[str, Any]) -> None:
        self.answer = body


def told(outcome: Succeeded | Failed) -> tuple[bool, str]:
    """Give what the entry point answers: whether it was a success, and the PhysicalResourceId."""
    asked = outcome.unchecked
    names = ("StackId", "RequestId", "LogicalResourceId", "ResponseURL")
    event = dict.fromkeys(names, "x") | {"RequestType": asked.request_type}
    if asked.physical_resource_id:
        event["PhysicalResourceId"] = asked.physical_resource_id
    invocation: Any = Handled(outcome)
    entry_point = RecordingResource(event, asked, invocation)
    with mock.patch.object(custom_resource, "execute", return_value=outcome):
        entry_point(event, LambdaContext("arn"))
    assert 0 < len(entry_point.answer["PhysicalResourceId"]) <= LONGEST_ID
    return entry_point.answer["Status"] == "SUCCESS", entry_point.answer["PhysicalResourceId"]


def properties_of(name: str, variant: int, *, adopts: bool = False) -> dict[str, Any]:
    """Give the properties of a variant: several types, with and without headers."""
    password = f"{{{{resolve:secretsmanager:{secret_of(f'u{variant}')}:SecretString:password}}}}"
    blocks: tuple[tuple[str, dict[str, Any]], ...] = (
        ("BASIC", {"BasicAuthParameters": {"Username": f"u{variant}", "Password": password}}),
        (
            "API_KEY",
            {"ApiKeyAuthParameters": {"ApiKeyName": f"u{variant}", "ApiKeyValue": password}},
        ),
        ("OAUTH_CLIENT_CREDENTIALS", {"OAuthParameters": _oauth(variant, password)}),
    )
    authorization_type, block = blocks[(0, 0, 0, 1, 2, 0)[variant]]
    if variant % 2:
        header = {"Key": f"X-{variant}", "Value": "1", "IsValueSecret": False}
        block = {**block, "InvocationHttpParameters": {"HeaderParameters": [header]}}
    given = {"Name": name, "AuthorizationType": authorization_type, "AuthParameters": block}
    return given | ({"OnExisting": "Adopt"} if adopts else {})


def secret_of(user: str) -> str:
    """Give the secret that a variant is made from."""
    return SECRETS[int(user[1:]) % 2]


def password_of(auth_parameters: Mapping[str, Any]) -> str:
    """Give the credential among stored parameters."""
    found = (
        auth_parameters.get("BasicAuthParameters", {}).get("Password"),
        auth_parameters.get("ApiKeyAuthParameters", {}).get("ApiKeyValue"),
        auth_parameters.get("OAuthParameters", {}).get("ClientParameters", {}).get("ClientSecret"),
    )
    return next(filter(None, found), "")


def content_of(authorization_type: str, auth_parameters: Mapping[str, Any]) -> Content:
    """Give what tells one variant from another."""
    basic = auth_parameters.get("BasicAuthParameters", {}).get("Username", "")
    key = auth_parameters.get("ApiKeyAuthParameters", {}).get("ApiKeyName", "")
    oauth = (
        auth_parameters.get("OAuthParameters", {}).get("ClientParameters", {}).get("ClientID", "")
    )
    headers = auth_parameters.get("InvocationHttpParameters", {}).get("HeaderParameters", [])
    return authorization_type, basic or key or oauth, tuple(each["Key"] for each in headers)


def asked_content(properties: Mapping[str, Any]) -> Content:
    """Give what properties ask for."""
    return content_of(properties["AuthorizationType"], properties["AuthParameters"])


def _oauth(variant: int, password: str) -> dict[str, Any]:
    return {
        "ClientParameters": {"ClientID": f"u{variant}", "ClientSecret": password},
        "AuthorizationEndpoint": "https://login.example.com/token",
        "HttpMethod": "POST",
    }


_names, _variants, _moods = st.sampled_from(NAMES), st.integers(0, 5), st.sampled_from(MOODS)
_messages = st.builds(
    Step,
    actor=st.just(REQUESTS),
    kind=st.sampled_from(("Create", "Update", "Delete")),
    name=_names,
    variant=_variants,
    adopts=st.booleans(),
    mood=_moods,
    sent_earlier=st.sampled_from((0, 0, 15, 25, 35)),
)
_stacks = st.builds(
    Step,
    actor=st.sampled_from(STACKS),
    kind=st.sampled_from(LIFE),
    name=_names,
    variant=_variants,
    adopts=st.booleans(),
    mood=_moods,
)
_hands = st.builds(
    Step,
    actor=st.just("hand"),
    kind=st.sampled_from(BY_HAND),
    name=st.sampled_from((WILD, "alpha")),
)
_keepers = st.builds(
    Step,
    actor=st.just("keeper"),
    kind=st.sampled_from(("rotation", "rotation", "Reconcile")),
    name=st.just(LEGACY),
    variant=_variants,
    mood=_moods,
)
_terraform = st.builds(
    Step,
    actor=st.just(TERRAFORM),
    kind=st.sampled_from(APPLIES),
    name=st.sampled_from(NAMES[:3]),
    variant=_variants,
    mood=_moods,
)
_steps = st.lists(
    st.one_of(_messages, _messages, _stacks, _stacks, _terraform, _terraform, _hands, _keepers),
    min_size=1,
    max_size=7,
)


def _plays(faults: Iterable[str], *, is_contested: bool) -> st.SearchStrategy[Play]:
    return st.builds(
        Play,
        steps=_steps,
        faults=st.dictionaries(st.integers(0, 60), st.sampled_from(tuple(faults)), max_size=6),
        interruptions=st.dictionaries(
            st.integers(0, 60), st.sampled_from(INTERRUPTIONS), max_size=4
        ),
        repeated=st.lists(st.integers(0, 9), max_size=2),
        is_repairing=st.booleans(),
        is_contested=st.just(is_contested),
    )


plays = st.one_of(_plays(FAULTS, is_contested=False), _plays(CONTESTS, is_contested=True))


@dataclass
class SecretsManager:
    """The secrets, as the function's own adapter calls them."""

    world: World

    @property
    def clock(self) -> Clock:
        """Give the clock."""
        return self.world.time.clock

    def __call__(self, _: str, __: str, **parameters: str) -> dict[str, Any]:
        """Give a secret's current version."""
        name = parameters["SecretId"]
        text, version = self.world.secrets.texts[name], self.world.secrets.versions[name]
        return {"SecretString": text, "VersionId": version, "Name": name}


@dataclass
class Interrupted:
    """A port at whose calls things happen."""

    inner: Any
    before_call: Callable[[str, Any], str]  # of the operation and its argument
    happened: Counter[str]

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        """Give the inner port's operation, with what happens at this call."""
        call = getattr(self.inner, operation)

        def interrupted(*arguments: Any) -> Any:
            fault = self.before_call(operation, arguments)
            self.happened[fault] += 1
            if fault in ("killed before", "out of memory"):
                raise KilledError
            if fault == "throttled":
                raise ThrottlingError("slow down")
            if fault == "refused":
                raise AccessDeniedError("not you")
            if fault == "fetch lost":
                raise lost_answer()
            answer = call(*arguments)
            if fault == "killed after":
                raise KilledError
            if fault == "answer lost":
                raise lost_answer()
            return answer

        return interrupted


@dataclass
class Player:
    """Performs a play on a stage, and remembers who was told what."""

    stage: Stage
    play: Play
    happened: Counter[str]
    tried: list[Delivery] = field(default_factory=list)
    waiting: list[Delivery] = field(default_factory=list)  # sent, and delivered by no one yet
    applied: dict[tuple[str, str], dict[int, Content | None]] = field(default_factory=dict)
    superseded: list[Delivery] = field(default_factory=list)
    made: dict[str, Content] = field(default_factory=dict)  # by hand: ARN and content
    handled: set[str] = field(default_factory=set)  # ARNs that a hand changed, deleted or released
    deleted: set[str] = field(default_factory=set)  # names of others that a hand deleted
    stacks: dict[str, "Stack"] = field(default_factory=dict)
    terraform: "TerraformUser" = field(init=False)
    is_killed: bool = False  # an invocation ran out of time, so that what it made is unknown
    _calls: Iterator[int] = field(default_factory=count)
    _seconds: int = 0
    _holders: Iterator[int] = field(default_factory=count)
    _contests: list[str] = field(default_factory=list)  # yet to happen
    _failed: list[Delivery] = field(default_factory=list)  # by one of them, for good
    _depth: int = 0
    _dying: int = 0  # so many of the next deliveries end at once
    _rotations: Iterator[int] = field(default_factory=count)

    def perform(self) -> None:
        """Play all steps, then deliver what is still under way, and some of it again."""
        for name in SECRETS:
            self.stage.world.secrets.texts[name] = '{"password": "p"}'
            self.stage.world.secrets.versions[name] = "version-0"
        self.stage.world.is_repairing = self.play.is_repairing
        self._make(LEGACY)
        self.stacks = {name: Stack(self, name) for name in STACKS}
        self.terraform = TerraformUser(self)
        for step in self.play.steps:
            self._take(step)
        self._finish_waiting()
        self.terraform.finish()
        # Terraform waits for its answer, so that nothing of it comes long after. Nor does what
        # failed: by then its sender has done something else.
        tried = [
            each
            for each in self.tried
            if each.asked.owner != self.terraform.owner and each not in self._failed
        ]
        for number in self.play.repeated if tried else ():
            self.happened["delivered twice"] += 1
            self.finish(tried[number % len(tried)])
        self._finish_waiting()
        if self.play.is_repairing:  # what hands deleted is there again
            self._send_maintenance("Reconcile", {})
            self._finish_waiting()

    def _finish_waiting(self) -> None:
        while self.waiting:
            self.finish(self.waiting.pop(0))

    def send(self, asked: Callable[[datetime], UncheckedRequest], earlier: int = 0) -> Delivery:
        """Make a request of this moment, or of an earlier one."""
        self._seconds += 10
        sent = self._seconds - earlier
        made = asked(START + timedelta(seconds=sent))
        is_upsert = made.request_type in ("Create", "Update")
        properties = made.properties if is_upsert else None
        content = asked_content(properties) if isinstance(properties, Mapping) else None
        return Delivery(made, sent, content)

    def rotate(self, name: str) -> None:
        """Give a secret another value; its event becomes a message that arrives some time."""
        number = next(self._rotations)
        secrets = self.stage.world.secrets
        secrets.texts[name] = f'{{"password": "p{number}"}}'
        secrets.versions[name] = f"version-{number + 1}"
        self._send_maintenance("Refresh", {"SecretId": name, "VersionId": secrets.versions[name]})

    def _send_maintenance(self, request_type: str, properties: Mapping[str, Any]) -> None:
        document = {"RequestType": request_type, "ResourceProperties": properties}
        self.waiting.append(
            self.send(lambda sent: read_document(document, MAINTENANCE_QUEUE, "request-1", sent))
        )

    def _receive_own_requests(self) -> None:
        sent = self.stage.world.requests.sent
        while sent:
            document = sent.pop(0)
            self._send_maintenance(document["RequestType"], document["ResourceProperties"])

    def deliver(self, delivery: Delivery, seconds: float = LIFETIME_SECONDS) -> Completion:
        """Deliver a request once, to an invocation of its own."""
        self.tried.append(delivery)
        time = self.stage.world.time
        deadline = time.seconds + seconds

        is_dying, self._dying = self._dying > 0, max(self._dying - 1, 0)

        def before_call(operation: str, arguments: Any) -> str:
            if is_dying or time.seconds >= deadline + ANSWER_SECONDS:
                self.is_killed = True
                return "killed before"
            return self._happens(delivery, operation, arguments)

        def port(inner: Any) -> Any:
            return Interrupted(inner, before_call, self.happened)

        secrets_manager: Any = SecretsManager(self.stage.world)
        ports = replace(
            self.stage.world.ports,
            connections=port(self.stage.connections),
            registry=port(self.stage.world.registry),
            secrets=port(SecretStore(secrets_manager, lambda: secrets_manager, ACCOUNT)),
            send=port(self.stage.world.requests).send,
            clock=Clock(lambda: time.seconds, time.sleep, lambda: deadline - time.seconds),
            holder=str(next(self._holders)),
        )
        try:
            completion = carry_out(ports, check(delivery.asked, RULES))
        except ProvisionerError as error:
            self.happened[error.code] += 1
            is_maintenance = delivery.is_maintenance
            if isinstance(error, SupersededError):
                self.superseded.append(delivery)
            elif isinstance(error, NotStabilizedError) and not is_maintenance:
                self._note(_half_done(delivery))
            elif delivery.content is None and not error.is_transient and not is_maintenance:
                self._note(delivery)  # NotFound: nothing of theirs is left
            raise
        finally:
            self._receive_own_requests()
        self.happened[completion.outcome] += 1
        if delivery.is_maintenance:
            return completion
        self._note(delivery)
        return completion

    def finish(self, delivery: Delivery) -> None:
        """Deliver as the queue does: again and again, until there is a final answer."""
        for tried in range(MOST_TRIES):
            try:
                self.deliver(delivery)
            except KilledError:
                self.stage.world.time.sleep(1000)
            except ProvisionerError as error:
                is_given_up = tried >= PATIENT_TRIES and isinstance(error, NotStabilizedError)
                if not error.is_transient or is_given_up:
                    return
                self.stage.world.time.sleep(30)
            else:
                return
        pytest.fail(f"{delivery} had no final answer")

    def _note(self, delivery: Delivery) -> None:
        key = delivery.asked.owner, delivery.asked.name
        of_name = self.applied.setdefault(key, {})
        newest = max(of_name, default=delivery.sent)
        is_gone = newest > delivery.sent and of_name[newest] is None
        if delivery.content and is_gone and delivery.asked.name != WILD:  # a Release forgets all
            pytest.fail(f"{delivery} resurrects what was deleted")
        of_name[delivery.sent] = delivery.content

    def _happens(self, delivery: Delivery, operation: str, arguments: Any) -> str:
        call = next(self._calls)
        kind = self.play.interruptions.get(call, "")
        if kind and not self._depth:
            self._interrupt(kind, delivery)
        fault = self.play.faults.get(call, "none")
        if self.play.is_contested:
            fault = self._contest(fault, delivery, operation)
        if fault == "overtaken":
            self._make(arguments[0]["Name"])
        if fault == "out of memory":
            self._dying = 2  # and so it is at Lambda's own retries
        return fault

    def _contest(self, fault: str, delivery: Delivery, operation: str) -> str:
        # Each happens at the next call at which it can.
        self._contests += [fault] if fault != "none" else []
        possible = [each for each in self._contests if operation in CONTESTS[each]]
        if delivery.is_maintenance or self.tried.count(delivery) > 1:
            # What an earlier delivery began, or a rotation, would stay unfinished.
            possible = [each for each in possible if each != "refused"]
        if not possible:
            return "none"
        chosen = possible[0]
        self._contests.remove(chosen)
        if chosen in ("refused", "overtaken"):
            self._failed.append(delivery)
        return chosen

    def _interrupt(self, kind: str, delivery: Delivery) -> None:
        if kind in ("rotation", "heard rotation"):
            for name in SECRETS:
                self.rotate(name)
        if kind == "rotation":
            self.happened["rotation at the same time"] += 1
            return
        if kind == "other" and not self.waiting:
            kind = "duplicate"
        if kind == "nobody":
            self.stage.world.time.sleep(7)
            self.happened["a pause"] += 1
            return
        started = {"other": self.waiting[:1], "heard rotation": self.waiting[-2:]}
        self.happened[f"{kind} at the same time"] += 1
        self._depth += 1
        try:
            for each in started.get(kind, [delivery]):
                with suppress(KilledError, ProvisionerError):
                    self.deliver(each, NESTED_SECONDS)
                    self._consume(each, kind)
        finally:
            self._depth -= 1

    def _consume(self, delivery: Delivery, kind: str) -> None:
        # An event that was heard at once does not come again to be heard in time.
        if kind == "heard rotation" and delivery in self.waiting:
            self.waiting.remove(delivery)

    def _take(self, step: Step) -> None:
        self.happened[f"{'stack' if step.actor in STACKS else step.actor}: {step.kind}"] += 1
        self.happened[step.mood] += 1
        self.stage.prepare(step.mood, step.name)
        if step.actor == "hand":
            self._by_hand(step)
        elif step.kind == "rotation":
            self.rotate(SECRETS[step.variant % 2])
        elif step.actor == "keeper":
            self._send_maintenance(step.kind, {})
        elif step.actor == TERRAFORM:
            self.terraform.live(step)
        elif step.actor == REQUESTS:
            message = self.send(lambda sent: _message(step, sent), step.sent_earlier)
            if step.variant % 3:
                self.finish(message)
            else:
                self.waiting.append(message)
        else:
            self.stacks[step.actor].live(step)

    def _make(self, name: str) -> None:
        self.stage.world.time.sleep(AMBIGUOUS_SECONDS)
        if name not in self.stage.shown():
            self.stage.make(name)
            arn, content = self.stage.shown()[name]
            self.made[arn] = content
        self.stage.world.time.sleep(AMBIGUOUS_SECONDS)

    def _by_hand(self, step: Step) -> None:
        if step.name != WILD:
            if self.play.is_repairing and step.kind == "deleted":
                self.happened["deleted by hand, and repaired"] += 1
                if shown := self.stage.shown().get(step.name):
                    self.handled.add(shown[0])
                    self.deleted.add(step.name)
                self.stage.delete(step.name)
            return
        shown = self.stage.shown().get(WILD)
        match step.kind:
            case "made" if shown is None:
                self._make(WILD)
            case "deleted" if shown:
                self.handled.add(shown[0])
                self.stage.delete(WILD)
            case "changed" if shown:
                self.handled.add(shown[0])
                self.stage.change(WILD)
            case "released" if shown:
                record = self.stage.world.registry.read(WILD)
                if record:
                    self.handled.add(shown[0])
                    self.stage.world.registry.remove(record)


@dataclass
class Stack:
    """CloudFormation, as it takes one resource of one stack through its life."""

    player: Player
    name: str
    physical_resource_id: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    is_unsure: bool = False  # UPDATE_ROLLBACK_FAILED, left to people

    @property
    def owner(self) -> str:
        """Give the owner that the registry knows."""
        return f"cloudformation/{self._stack_id}/Connection"

    @property
    def _stack_id(self) -> str:
        return f"arn:aws:cloudformation:us-east-1:123456789012:stack/{self.name}/9f0c"

    def live(self, step: Step) -> None:
        """Go through one chapter."""
        wanted = properties_of(step.name, step.variant, adopts=step.adopts)
        here = self.properties.get("Name", "")
        match step.kind:
            case "delete" if here:
                self._delete(self.physical_resource_id, self.properties)
                self._forget()
            case "delete":
                return
            case "cancelled" if not here:
                self._cancelled(wanted, step.variant)
            case "update" | "cancelled" if here:
                self._update({**wanted, "Name": here}, is_rolled_back=False)
            case "rename" | "rename rolled back" if here:
                self._update(wanted, is_rolled_back=step.kind != "rename")
            case _ if here:
                self._update({**wanted, "Name": here}, is_rolled_back=step.kind == "create")
            case _:
                self._create(wanted)

    def _create(self, wanted: dict[str, Any]) -> None:
        is_done, answered_id = self._answered("Create", wanted)
        if is_done:
            self.physical_resource_id, self.properties = answered_id, wanted
        else:
            self._well(wanted)
            self._delete(answered_id, wanted)

    def _cancelled(self, wanted: dict[str, Any], variant: int) -> None:
        create = self._event("Create", wanted, "")
        if variant % 2:
            with suppress(KilledError, ProvisionerError):
                self.player.deliver(create)  # nobody reads its answer
        else:
            self.player.waiting.insert(0, create)  # it comes late, or while the Delete runs
        self._well(wanted)
        self._delete(f"{self.name}-Connection-MADEUP", wanted)

    def _update(self, wanted: dict[str, Any], *, is_rolled_back: bool) -> None:
        before, old = self.properties, self.physical_resource_id
        is_done, new = self._answered("Update", wanted, old)
        if is_done and not is_rolled_back:
            self.physical_resource_id, self.properties = new, wanted
            if new != old:
                self._delete(old, before)
            return
        self._well(before)
        for _ in range(8):
            is_done, back = self._answered("Update", before, new)
            if is_done:
                self.physical_resource_id = back
                if back != new:
                    self._well(wanted)
                    self._delete(new, wanted)
                return
        self.is_unsure = True

    def _delete(self, physical_resource_id: str, properties: dict[str, Any]) -> None:
        for _ in range(MOST_TRIES):
            is_done, _ = self._answered("Delete", properties, physical_resource_id)
            if is_done:
                return
        pytest.fail(f"{self.name} cannot delete {physical_resource_id}")

    def _forget(self) -> None:
        self.physical_resource_id, self.properties, self.is_unsure = "", {}, False

    def _well(self, properties: dict[str, Any]) -> None:
        self.player.stage.prepare("well", properties["Name"])

    def _event(self, request_type: str, properties: dict[str, Any], physical: str) -> Delivery:
        given = {"PhysicalResourceId": physical} if physical else {}
        event = {
            "RequestType": request_type,
            "RequestId": "request-1",
            "StackId": self._stack_id,
            "LogicalResourceId": "Connection",
            "ResourceProperties": {**properties, "ServiceToken": "arn"},
            **given,
        }
        return self.player.send(lambda sent: _of_stack(event, sent))

    def _answered(
        self, request_type: str, properties: dict[str, Any], physical: str = ""
    ) -> tuple[bool, str]:
        delivery = self._event(request_type, properties, physical)
        for _ in range(3):  # Lambda's own retries
            try:
                completion = self.player.deliver(delivery)
            except KilledError:
                self.player.stage.world.time.sleep(60)
            except ProvisionerError as error:
                return told(Failed(delivery.asked, error))
            else:
                return told(Succeeded(delivery.asked, completion))
        self.player.happened["unanswered"] += 1
        return False, physical_id_of_unknown_end(delivery.asked)


@dataclass
class TerraformUser:
    """Who keeps one connection by Terraform, and mends by hand what an apply left unfinished."""

    player: Player
    owner: str = f"{REQUESTS}/{TERRAFORM}"
    worked: dict[str, Any] = field(default_factory=dict)  # what was applied last with success
    is_failed: bool = False  # the last apply was
    is_forgetful: bool = False  # and left the old name unregistered
    _applied: dict[str, Any] = field(default_factory=dict)  # last, with success or without
    _resource: Terraform = field(init=False)
    _revisions: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        """Begin with no connection."""
        self._resource = Terraform(self._invoke)

    @property
    def name(self) -> str:
        """Give the connection's name, "" if there is none."""
        return str(self.worked.get("Name", ""))

    def live(self, step: Step) -> None:
        """Go through one chapter."""
        wanted = properties_of(step.name, step.variant)
        if not self._resource.state or self.is_forgetful:
            self.finish()
            self.player.stage.prepare(step.mood, step.name)
        if step.kind == "destroy":
            self._destroy()
        else:
            is_rename = step.kind == "rename" or not self.name
            self._apply(wanted if is_rename else {**wanted, "Name": self.name})

    def finish(self) -> None:
        """Repeat the last apply, changed a little so that Terraform sends it, until it works."""
        for _ in range(MOST_TRIES):
            if not self.is_failed:
                return
            self.player.stage.prepare("well", self._applied["Name"])
            self._apply(self._applied)
        pytest.fail(f"Terraform cannot apply {self._applied}")

    def _apply(self, wanted: dict[str, Any]) -> None:
        before, self._applied, self.is_failed = self._applied, wanted, True
        revised = {**wanted, "Revision": str(next(self._revisions))}
        try:
            self._resource.apply({"Owner": TERRAFORM, "ResourceProperties": revised})
        except (KilledError, ProvisionerError) as error:
            self.player.stage.world.time.sleep(1000)  # until the person looks again
            is_taken = isinstance(error, AlreadyExistsError)
            if is_taken and self.name == wanted["Name"]:
                self._destroy()  # a hand deleted it, and somebody else was faster
            elif is_taken:
                # Somebody else has the name; whoever reads that takes back the one that worked.
                self._take_back(self.worked)
            elif self._resource.state and not self._remembers(wanted["Name"], before["Name"]):
                self._take_back(before)
        else:
            self._succeed(wanted)

    def _take_back(self, before: dict[str, Any]) -> None:
        # docs/integrations.md: else nobody deletes the old connection.
        if self._resource.state:
            self._applied, self.is_forgetful = before, True
        else:
            self._succeed({})

    def _remembers(self, name: str, old: str) -> bool:
        # Tell whether the old one is deleted once the new one works, or was.
        new, left = self._own(name), self._own(old)
        return name == old or bool(new and (left is None or old in new.replaces))

    def _own(self, name: str) -> Record | None:
        record = self.player.stage.world.registry.records.get(name)
        return record if record and record.owner == self.owner else None

    def _destroy(self) -> None:
        for _ in range(MOST_TRIES):
            try:
                self._resource.destroy()
            except (KilledError, ProvisionerError):
                self.player.stage.world.time.sleep(1000)
            else:
                self._succeed({})
                return
        pytest.fail("Terraform cannot destroy")

    def _succeed(self, properties: dict[str, Any]) -> None:
        self.worked = self._applied = properties
        self.is_failed = self.is_forgetful = False
        for (owner, name), of_name in self.player.applied.items():
            if owner == self.owner and name != self.name:
                of_name[max(of_name)] = None

    def _invoke(self, document: Document) -> str:
        delivery = self.player.send(lambda sent: read_document(document, DIRECT, "request-1", sent))
        return self.player.deliver(delivery).connection.arn


ADOPTING = REQUEST_QUEUE._replace(takes_adoptions=True)


def _message(step: Step, sent: datetime) -> UncheckedRequest:
    properties = properties_of(step.name, step.variant, adopts=step.adopts)
    if step.kind == "Delete":
        properties = {"Name": step.name}
    document = {"RequestType": step.kind, "ResourceProperties": properties}
    # Only a direct invocation may adopt; it is played as a message is, delivered again and late.
    entry_point = ADOPTING if step.adopts else REQUEST_QUEUE
    return read_document(document, entry_point, "request-1", sent)


def _of_stack(event: Mapping[str, Any], sent: datetime) -> UncheckedRequest:
    url = f"https://bucket/?X-Amz-Date={sent:%Y%m%dT%H%M%SZ}"
    return read_custom_resource(
        {**event, "ResponseURL": url}, "", datetime.max.replace(tzinfo=sent.tzinfo)
    )


def assert_as_asked(player: Player) -> None:
    """
    Check the invariant: connections are what their owners last asked for, nobody else's changed,
    and there is nothing beside them.
    """
    shown = player.stage.shown()
    records = {
        name: record
        for name, record in player.stage.world.registry.records.items()
        if record.connection_arn
        or (name in shown and shown[name][0] not in player.made)  # no mere claims
    }
    # Where a hand deleted one, a hand may have made another.
    given_away = {name for name in player.deleted & {*shown} if shown[name][0] in player.made}
    wild = {WILD, *given_away}
    _assert_spared(player, shown, records)
    later = instant(player.stage.world.time.seconds + 2 * LIFETIME_SECONDS)
    for name, record in records.items():
        assert not is_leased_to_other(record, "anybody", later), f"{name} is leased for ever"
        if name not in wild and not _is_unsure(player, record.owner):
            _assert_as_registered(player, shown, record)
    for owner, name in player.applied:
        wanted = _last_asked(player, owner, name)
        if wanted is not None and name not in wild and not _is_unsure(player, owner):
            assert records[name].owner == owner, f"{name} was asked for by {owner}, and is not its"
    for delivery in player.superseded:
        assert _is_superseded(player, delivery), f"{delivery} was no older than any other"
    for stack in player.stacks.values():
        if not stack.is_unsure:
            _assert_owns(records, stack.owner, stack.properties.get("Name", ""), wild)
    _assert_owns(records, player.terraform.owner, player.terraform.name, wild)


def _assert_spared(
    player: Player, shown: Mapping[str, tuple[str, Content]], records: Mapping[str, Record]
) -> None:
    written = player.stage.world.registry.writes
    changeable = player.handled | {each.connection_arn for each in written if each.is_adopted}
    for name, (arn, content) in shown.items():
        record = records.get(name)
        is_owned = record is not None and record.connection_arn in ("", arn)
        assert is_owned or arn in player.made or arn in player.handled, f"{name} is an orphan"
        if arn in player.made and not is_owned and arn not in changeable:
            assert content == player.made[arn], f"{name} is somebody else's, and was changed"
    if player.play.is_contested and not player.is_killed:
        left = {arn: content for arn, content in player.made.items() if arn not in changeable}
        assert left.items() <= dict(shown.values()).items(), "a connection of a hand was taken"


def _assert_as_registered(
    player: Player, shown: Mapping[str, tuple[str, Content]], record: Record
) -> None:
    name = record.name
    assert name in shown, f"{name} is registered, and not there"
    assert record.connection_arn == shown[name][0], f"{name} is registered as another one"
    wanted = _last_asked(player, record.owner, name)
    assert wanted, f"{name} was deleted by {record.owner}, or never made"
    assert _is_as(shown[name][1], wanted), f"{name} is out of date"
    current = player.stage.world.secrets.texts[secret_of(wanted[1])]
    assert f'"{player.stage.password(name)}"' in current, f"{name} missed a rotation"


def _assert_owns(records: Mapping[str, Record], owner: str, name: str, wild: set[str]) -> None:
    owned = {name for name, record in records.items() if record.owner == owner}
    assert owned - wild == {name} - {""} - wild, f"{owner} owns {owned}, not {name}"


def _is_unsure(player: Player, owner: str) -> bool:
    return any(stack.is_unsure for stack in player.stacks.values() if stack.owner == owner)


def _half_done(delivery: Delivery) -> Delivery:
    # What ended badly was told as a failure; what it dropped may still be there.
    if delivery.content is None:
        return delivery
    return replace(delivery, content=(*delivery.content[:2], ANY_HEADERS))


def _is_as(content: Content, wanted: Content) -> bool:
    compared = 2 if wanted[2] == ANY_HEADERS else 3
    return content[:compared] == wanted[:compared]


def _last_asked(player: Player, owner: str, name: str) -> Content | None:
    of_name = player.applied.get((owner, name), {})
    return of_name[max(of_name)] if of_name else None


def _is_superseded(player: Player, delivery: Delivery) -> bool:
    return any(
        other.asked.owner == delivery.asked.owner
        # Of the same time, a Delete counts.
        and (other.sent > delivery.sent or (other.sent == delivery.sent and not other.content))
        for other in player.tried
    )


def expected() -> set[str]:
    """Give everything without which a run proves nothing."""
    outcomes = set(Outcome) - {Outcome.DESCRIBED, Outcome.VALIDATED}
    errors = {"AlreadyExists", "NotFound", "NotStabilized", "ResourceConflict", "Superseded"}
    errors |= {"Throttling", "AccessDenied"}
    at_once = {"duplicate at the same time", "other at the same time", "a pause"}
    at_once |= {"rotation at the same time", "heard rotation at the same time"}
    at_once |= {"deleted by hand, and repaired"}
    at_once |= {"keeper: rotation", "keeper: Reconcile"}
    steps = {f"stack: {kind}" for kind in LIFE} | {f"hand: {kind}" for kind in BY_HAND}
    steps |= {f"{TERRAFORM}: {kind}" for kind in APPLIES}
    steps |= {f"requests: {kind}" for kind in ("Create", "Update", "Delete")}
    moods = {"slow", "bad", "unanswered", "delivered twice"}
    return (
        {*FAULTS, *CONTESTS} | {str(each) for each in outcomes} | errors | at_once | steps | moods
    )
