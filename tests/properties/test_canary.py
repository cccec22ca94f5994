"""
Nothing that could be a credential leaves the function, whatever is sent, wherever it comes in.

Each log level is open here; what Python and the libraries read from the environment when they are
imported, ``tests/integration/test_secrecy.py`` sets in a fresh container.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from handler.app import lambda_handler
from handler.observability import logger
from tests.support.bad_requests import API_KEY, CANARY
from tests.support.deliveries import (
    LAST,
    LAST_BUT_ONE,
    QUEUES,
    Delivery,
    Entrance,
    as_failed_invocation,
    at_alias,
    message,
    of_failed_invocations,
    of_queue,
    of_stack,
    stack_event,
    wrong_stack_events,
)
from tests.support.emissions import SINKS, Emissions, Sink, holding
from tests.support.entry_point import FUNCTION, UNANSWERED_QUEUE
from tests.support.fake_aws import FakeAws, Planned, refusal
from tests.support.function_output import CurrentStdout
from tests.support.lambda_context import LambdaContext
from tests.support.malformed import DOCUMENTS, TEXTS
from tests.support.places import DOCUMENT_PLACES, MARK, RECORD_PLACES, STACK_PLACES, Place, of
from tests.support.response_url_server import ResponseUrlServer, running_response_url_server

pytestmark = pytest.mark.usefixtures("environment")

SECRET = {"username": CANARY, "password": CANARY, "api_key": CANARY, "client_id": CANARY}
SECRET |= {"client_secret": CANARY, "empty": "", "p": CANARY}
ORDERLY: dict[str, Planned] = {
    "describe_connection": refusal("ResourceNotFoundException", CANARY),
    "get_secret_value": {
        "SecretString": json.dumps(SECRET),
        "VersionId": "0" * 32,
        "Name": "connections/orders",
    },
    "create_connection": {"ConnectionArn": "arn/1", "ConnectionState": "AUTHORIZED"},
}
CONNECTION = {"Name": "n", "ConnectionArn": "arn/1", "ConnectionState": "AUTHORIZED"}
USERS: Planned = {"Items": [{"PK": {"S": "SECRET#s"}, "SK": {"S": "n"}}]}
# AWS repeats in an error's text what it was sent, or more.
WORLDS: dict[str, dict[str, Planned]] = {
    "creates": ORDERLY,
    "has one of that name": ORDERLY | {"describe_connection": CONNECTION, "query": USERS},
    "refuses to create": ORDERLY | {"create_connection": refusal("AccessDenied", CANARY)},
    "refuses everything": dict.fromkeys(SINKS, refusal("ValidationException", CANARY)),
}
MESSAGES = [*DOCUMENTS, *TEXTS]
FEWER = DOCUMENTS[::7]  # where the code behind the entry point is that of another one
ENTRANCES: dict[str, tuple[Entrance, Sequence[Any]]] = {
    "the function": (at_alias(""), DOCUMENTS),
    "the function, as a stack": (of_stack("", "Create", "Update", "Delete"), FEWER),
    "alias requests": (at_alias(":requests"), DOCUMENTS),
    "alias requests, as a stack": (of_stack(":requests", "Create"), FEWER),
    "alias stacks": (of_stack(":stacks", "Create"), DOCUMENTS),
    "alias stacks, later": (of_stack(":stacks", "Update", "Delete"), FEWER),
    "alias stacks, as no stack": (at_alias(":stacks"), DOCUMENTS),
    "no alias of ours": (at_alias(f":{CANARY}"), DOCUMENTS),
    "request queue": (of_queue("requests"), MESSAGES),
    "request queue, the last time": (of_queue("requests", LAST_BUT_ONE), MESSAGES),
    "maintenance queue": (of_queue("maintenance"), MESSAGES),
    "no queue of ours": (of_queue(CANARY), MESSAGES),
    "failed invocations": (of_failed_invocations(1), MESSAGES),
    "failed invocations, the last time": (of_failed_invocations(LAST), MESSAGES),
}
# Where each delivery's credentials belong, and a malformed id, which is answered as it came.
BELONGING = (Sink.WRITTEN, Sink.TARGET)
NO_LEAK = (*BELONGING, Sink.ANSWER_ID)


class Time:
    """Time that passes only while the function sleeps."""

    def __init__(self) -> None:
        """Begin at the time at which the messages were sent."""
        self.seconds = 1764349200.0

    def time(self) -> float:
        """Tell the time."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


class AllRecords(logging.Handler):
    """Keeps everything that any logger says, as text."""

    def __init__(self) -> None:
        """Take every level."""
        super().__init__(level=1)
        self.setFormatter(logging.Formatter())
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, its traceback and its keys."""
        self.texts.append(self.format(record) + repr(vars(record)))


TIME = Time()


@pytest.fixture(scope="module")
def bucket() -> Iterator[ResponseUrlServer]:
    """Run a server behind ResponseURLs."""
    with running_response_url_server(None) as server:
        yield server


@pytest.fixture
def records() -> Iterator[AllRecords]:
    """Open all loggers' levels, but for those that the function has closed itself."""
    handler, levels = AllRecords(), (logging.root.level, logger.log_level)
    logging.root.addHandler(handler)
    logging.root.setLevel(1)
    logger.setLevel(logging.DEBUG)
    yield handler
    logging.root.removeHandler(handler)
    logging.root.setLevel(levels[0])
    logger.setLevel(levels[1])


@pytest.fixture
def emissions(
    bucket: ResponseUrlServer,
    fake_aws: FakeAws,
    records: AllRecords,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Emissions:
    """Collect everything that the function emits or stores."""
    monkeypatch.setattr(logger.registered_handler, "stream", CurrentStdout())
    monkeypatch.setattr("handler.composition.time", TIME)

    def printed() -> list[str]:
        lines = [*"".join(capsys.readouterr()).splitlines(), *records.texts]
        records.texts.clear()
        return lines

    bucket.reset()
    return Emissions(fake_aws, bucket, printed)


def invoke(event: Any, qualifier: str) -> Any:
    """Invoke the function or one of its aliases."""
    return lambda_handler(event, LambdaContext(FUNCTION + qualifier, clock=TIME.time))


def emitted(
    emissions: Emissions, world: str, deliveries: Iterator[Delivery]
) -> dict[Sink, list[str]]:
    """Deliver events and give everything that became of them."""
    emissions.aws.always = WORLDS[world]
    for qualifier, event in deliveries:
        emissions.note(invoke, event, qualifier)
    return emissions.by_sink()


@pytest.mark.parametrize(("world", "step"), [("refuses to create", 1), ("refuses everything", 4)])
@pytest.mark.parametrize("entrance", ENTRANCES)
def test_nothing_malformed_is_seen_again(
    entrance: str, world: str, step: int, emissions: Emissions
) -> None:
    """Nowhere, whatever its shape; a faulty world is shown each fourth."""
    deliver, documents = ENTRANCES[entrance]
    found = emitted(emissions, world, deliver(documents[::step], emissions.response_url.origin))
    assert [leak for leak in holding(found, MARK) if leak[0] not in NO_LEAK][:3] == []
    assert found[Sink.LOG]


@pytest.mark.parametrize("world", ["refuses to create", "refuses everything"])
@pytest.mark.parametrize("qualifier", ["", ":stacks", ":requests"])
def test_nothing_of_a_malformed_stack_event_is_seen_again(
    qualifier: str, world: str, emissions: Emissions
) -> None:
    """Wherever in CloudFormation's own members it stands."""
    events = wrong_stack_events(emissions.response_url.origin)
    found = emitted(emissions, world, ((qualifier, each) for each in events))
    assert [leak for leak in holding(found, MARK) if leak[0] not in NO_LEAK][:3] == []
    assert found[Sink.LOG]


def documents_of(place: Place, origin: str) -> Iterator[Delivery]:
    """Bring a document to every entry point that takes documents."""
    document = [dict(place.document)]
    for qualifier in ("", ":requests", ":stacks", ":live"):
        yield from at_alias(qualifier)(document, origin)
    for queue in ("requests", "maintenance"):
        yield from of_queue(queue)(document, origin)
    yield from of_queue("requests", LAST_BUT_ONE)(document, origin)
    yield "", {"Records": [message(as_failed_invocation(document[0]), 0, UNANSWERED_QUEUE, LAST)]}


def stack_events_of(place: Place, origin: str) -> Iterator[Delivery]:
    """Bring CloudFormation's event to every entry point that takes it."""
    for request_type in ("Create", "Update", "Delete"):
        properties = {**of(API_KEY, {})["ResourceProperties"]}
        properties.pop("Name" if request_type == "Create" else "Description", None)
        event = {**stack_event(properties, origin, request_type), **place.document}
        for qualifier in (":stacks", "", ":requests"):
            yield qualifier, event
        for receives in (1, LAST):
            yield (
                "",
                {"Records": [message(as_failed_invocation(event), 0, UNANSWERED_QUEUE, receives)]},
            )


def records_of(place: Place, _: str) -> Iterator[Delivery]:
    """Bring a record of each queue, with one member changed."""
    for arn in (f"{QUEUES}:requests", f"{QUEUES}:maintenance", UNANSWERED_QUEUE):
        for receives in (1, LAST_BUT_ONE):
            record = message(of(API_KEY, {}), 0, arn, receives)
            changed = {**place.document}
            if "attributes" in changed:
                changed["attributes"] = {**record["attributes"], **changed["attributes"]}
            yield "", {"Records": [{**record, **changed}]}


CASES = [
    pytest.param(deliver, place, id=f"{kind}: {place.where}")
    for kind, deliver, places in (
        ("document", documents_of, DOCUMENT_PLACES),
        ("stack", stack_events_of, STACK_PLACES),
        ("record", records_of, RECORD_PLACES),
    )
    for place in places
]


@pytest.mark.parametrize(("deliver", "place"), CASES)
def test_a_place_is_seen_where_it_may_and_nowhere_else(
    deliver: Any, place: Place, emissions: Emissions
) -> None:
    """The table says where; what may be seen is seen at least once, or the table is out of date."""
    seen: dict[Sink, str] = {}
    for world in WORLDS:
        found = emitted(emissions, world, deliver(place, emissions.response_url.origin))
        seen |= {sink: f"{world}: {text}" for sink, text in holding(found, place.mark)}
    told = {sink: text for sink, text in seen.items() if sink not in BELONGING}
    assert {sink: text for sink, text in told.items() if sink not in place.may_turn_up} == {}
    assert bool(told) == bool(place.may_turn_up)
