"""Everything that the function emits or stores, by where it goes."""

import json
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.support.fake_aws import FakeAws
from tests.support.response_url_server import ResponseUrlServer


class Sink(StrEnum):
    """Where something can turn up."""

    LOG = "log lines, metrics and whatever else is printed"
    ERROR = "the error raised, as Lambda returns and prints it"
    RETURNED = "the value returned"
    RESULT = "the result on the bus"
    TASK = "what Step Functions is told"
    TASK_TOKEN = "by which token it is told"
    LETTER = "a letter's body or attributes"
    MAINTENANCE = "a message to the maintenance queue"
    VISIBILITY = "a change of visibility"
    REGISTRY = "an item written"
    KEY = "a key read in the registry"
    FETCHED = "the id of a secret or of a parameter"
    CONNECTION = "the connection that EventBridge is asked about"
    WRITTEN = "the connection as written, where credentials belong"
    ANSWER = "CloudFormation's answer, but for its PhysicalResourceId"
    ANSWER_ID = "the answer's PhysicalResourceId"
    TARGET = "where the answer was sent"


SINKS = {
    "put_events": Sink.RESULT,
    "send_task_success": Sink.TASK,
    "send_task_failure": Sink.TASK,
    "send_message": Sink.LETTER,
    "send_message_batch": Sink.MAINTENANCE,
    "change_message_visibility_batch": Sink.VISIBILITY,
    "put_item": Sink.REGISTRY,
    "delete_item": Sink.REGISTRY,
    "transact_write_items": Sink.REGISTRY,
    "get_item": Sink.KEY,
    "query": Sink.KEY,
    "scan": Sink.KEY,
    "get_secret_value": Sink.FETCHED,
    "get_parameter": Sink.FETCHED,
    "describe_connection": Sink.CONNECTION,
    "create_connection": Sink.WRITTEN,
    "update_connection": Sink.WRITTEN,
    "delete_connection": Sink.CONNECTION,
    "deauthorize_connection": Sink.CONNECTION,
}


@dataclass(slots=True)
class Emissions:
    """What invocations emitted; each thing is a text of its own."""

    aws: FakeAws
    response_url: ResponseUrlServer
    printed: Callable[[], list[str]]
    returned: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)

    def note(self, invoke: Callable[[Any, str], Any], event: Any, qualifier: str) -> None:
        """Invoke the function and keep what it returns or raises."""
        try:
            self.returned.append(text(invoke(event, qualifier)))
        except Exception as error:  # noqa: BLE001 (Lambda's runtime catches everything)
            printed = "".join(traceback.format_exception(error))
            self.raised.append(text([printed, repr(error), error.args, vars(error)]))

    def by_sink(self) -> dict[Sink, list[str]]:
        """Give everything since the last time, and forget it."""
        found: defaultdict[Sink, list[str]] = defaultdict(list)
        found[Sink.LOG], found[Sink.RETURNED] = self.printed(), self.returned[:]
        found[Sink.ERROR] = self.raised[:]
        for operation, parameters in self.aws.calls:
            token = {"taskToken": parameters.get("taskToken", "")}
            found[Sink.TASK_TOKEN].append(text(token))
            found[SINKS[operation]].append(text({**parameters, "taskToken": ""}))
        for put in self.response_url.puts:
            found[Sink.TARGET].append(put.target)
            found[Sink.ANSWER_ID].append(text(put.answer["PhysicalResourceId"]))
            found[Sink.ANSWER].append(text({**put.answer, "PhysicalResourceId": ""}))
            found[Sink.ANSWER].append(text(dict(put.headers)))
        for each in (self.returned, self.raised, self.aws.calls, self.response_url.puts):
            each.clear()
        return dict(found)


def text(value: object) -> str:
    """Write a value so that everything in it can be found."""
    return json.dumps(value, ensure_ascii=False, default=repr)


def holding(by_sink: dict[Sink, list[str]], mark: str) -> Iterator[tuple[Sink, str]]:
    """Yield each text that holds a mark, and where it turned up."""
    for sink, texts in by_sink.items():
        yield from ((sink, each) for each in texts if mark.lower() in each.lower())
