"""Fifty bad requests to each entry point: one error names every path, and no value anywhere."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import chain, zip_longest
from typing import Any

import pytest

from handler.errors import InvalidRequestError
from tests.support.bad_requests import ACCOUNT, BAD_REQUESTS, CANARY, BadRequest
from tests.support.event_source import EventSource
from tests.support.faulty_proxy import FaultyProxy, answered
from tests.support.function import Function
from tests.support.function_output import FunctionOutput
from tests.support.response_url_server import ResponseUrlServer
from tests.support.stack_requests import CustomResource
from tools.local.local_stack import LocalStack
from tools.local.ministack import ACCOUNT_ID
from tools.operating import entry_points

FIFTY = 50
BATCH = 10
# What CloudFormation cannot send, or takes otherwise: envelopes, a longer wait, a derived Name.
OTHERWISE_IN_STACKS = (
    "envelope member's type",
    "missing RequestType",
    "missing name",
    "properties not an object",
    "unknown RequestType",
    "unknown envelope member",
    "WaitTimeoutSeconds",
)
NEVER_CALLED = {"CreateConnection", "UpdateConnection", "GetSecretValue", "GetParameter", "PutItem"}


def spread(candidates: Iterable[BadRequest]) -> list[BadRequest]:
    """Take fifty, one of each kind before the second of any."""
    by_kind: dict[str, list[BadRequest]] = defaultdict(list)
    for bad in candidates:
        by_kind[bad.kind].append(bad)
    rounds = chain.from_iterable(zip_longest(*by_kind.values()))
    return [bad for bad in rounds if bad is not None][:FIFTY]


def is_for_stacks(bad: BadRequest) -> bool:
    """Tell whether a stack could ask the same and be refused for the same paths."""
    if set(OTHERWISE_IN_STACKS) & {bad.kind, *bad.paths}:
        return False
    properties = bad.request.get("ResourceProperties") if isinstance(bad.request, dict) else None
    is_enveloped = isinstance(properties, dict) and set(bad.request) == {  # type: ignore[call-overload]
        "RequestType",
        "ResourceProperties",
    }
    return is_enveloped and "Name" in (properties or {})


ANY = spread(BAD_REQUESTS)
IN_STACKS = spread(filter(is_for_stacks, BAD_REQUESTS))


def here(request: object) -> Any:
    """Let a request refer to secrets of the emulator's account."""
    return json.loads(json.dumps(request).replace(ACCOUNT, ACCOUNT_ID))


def assert_tells_all(reason: str, bad: BadRequest) -> None:
    """Check that every path is told, and nothing that could be a credential."""
    told = [violation.partition(": ")[0] for violation in re.split(r"\(\d+\) ", reason)]
    assert set(bad.paths) <= set(told)
    assert CANARY not in reason


def labels(requests: list[BadRequest]) -> list[str]:
    """Name each by its kind."""
    return [f"{number}-{bad.kind}" for number, bad in enumerate(requests)]


def test_the_fifty_are_of_many_kinds() -> None:
    """At every entry point."""
    assert len(ANY) == len(IN_STACKS) == FIFTY
    assert len({bad.kind for bad in ANY}) >= 40
    assert len({bad.kind for bad in IN_STACKS}) >= 30


@pytest.mark.parametrize("bad", ANY, ids=labels(ANY))
def test_a_direct_request_raises_one_error(
    bad: BadRequest, function: Function, proxy: FaultyProxy, output: FunctionOutput
) -> None:
    """Before any call to AWS."""
    proxy.spoil("SendTaskFailure", answered(200, {}))
    with pytest.raises(InvalidRequestError) as raised:
        function(here(bad.request))
    assert_tells_all(raised.value.reason, bad)
    assert CANARY not in output.text
    assert not NEVER_CALLED & set(proxy.operations())


@pytest.mark.parametrize("bad", IN_STACKS, ids=labels(IN_STACKS))
def test_a_stack_is_answered_once(
    bad: BadRequest,
    function: Function,
    response_url: ResponseUrlServer,
    proxy: FaultyProxy,
    output: FunctionOutput,
) -> None:
    """With all the paths in the stack event that its owner sees."""
    request = here(bad.request)
    resource = CustomResource(response_url.origin)
    function(resource.request("Create", request["ResourceProperties"]))
    (put,) = response_url.puts
    assert put.answer["Status"] == "FAILED"
    code, _, reason = put.answer["Reason"].partition(": ")
    assert code == "InvalidRequest"
    assert_tells_all(reason, bad)
    assert CANARY.encode() not in put.body
    assert CANARY not in output.text
    assert proxy.calls == []


@pytest.mark.parametrize("first", range(0, FIFTY, BATCH))
def test_a_message_is_answered_and_buried(
    first: int,
    function: Function,
    stack: LocalStack,
    event_source: EventSource,
    proxy: FaultyProxy,
    output: FunctionOutput,
) -> None:
    """One result event and one dead letter each; nothing of what was sent is in it."""
    proxy.spoil("SendTaskFailure", answered(200, {}))
    batch = ANY[first : first + BATCH]
    event = event_source.batch(*(here(bad.request) for bad in batch))
    assert event_source.settle(event, function(event, seconds=600)) == []
    letters = event_source.dead_letters()
    assert len(letters) == BATCH
    for bad, record in zip(batch, event["Records"], strict=True):
        result = entry_points.await_result(stack, record["messageId"])
        assert result["ErrorCode"] == "InvalidRequest"
        assert_tells_all(result["Reason"], bad)
        assert CANARY not in json.dumps(result)
    assert CANARY not in output.text
    for letter in letters:
        assert CANARY not in json.dumps(letter)
        assert set(json.loads(letter["Body"])) == {"RequestId"}
