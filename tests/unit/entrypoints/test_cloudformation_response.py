"""The answer to CloudFormation: which id and reason it tells, and that it is delivered."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from handler.clock import Clock
from handler.composition import Invocation
from handler.entrypoints import cloudformation as custom_resource
from handler.entrypoints import cloudformation_response as answer
from handler.entrypoints.execution import Failed
from handler.errors import (
    AlreadyExistsError,
    InvalidRequestError,
    NetworkFailureError,
    SupersededError,
    ThrottlingError,
)
from handler.requests.entry_point import CLOUDFORMATION
from handler.settings import MOST_RESPONSE_ATTEMPTS
from tests.support import alpha
from tests.support.entry_point import DONE, FUNCTION, clock_of, handled_as, invoke, stack_event
from tests.support.lambda_context import LambdaContext
from tests.support.lives import told
from tests.support.response_url_server import HANG, HANG_UP, LONGEST_HANG_SECONDS, ResponseUrlServer

pytestmark = pytest.mark.usefixtures("environment")


def test_a_rename_whose_end_is_unknown_tells_the_new_name() -> None:
    """An earlier delivery may have created it and been killed; else nobody would ever delete it."""
    rename = replace(
        alpha.message("Update"), entry_point=CLOUDFORMATION, physical_resource_id="old"
    )
    assert told(Failed(rename, ThrottlingError("later"))) == (False, "alpha")
    assert told(Failed(rename, SupersededError("x"))) == (False, "alpha")
    assert told(Failed(rename, InvalidRequestError("never"))) == (False, "old")


@pytest.mark.parametrize(
    ("physical_resource_id", "created_name", "expected"),
    [("", "", "crm"), ("old", "", "old"), ("old", "crm", "crm")],
)
def test_a_failure_tells_the_name_that_it_created_or_the_one_before(
    physical_resource_id: str,
    created_name: str,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    response_url: ResponseUrlServer,
) -> None:
    """Never empty, and never another id without a creation."""
    error = AlreadyExistsError("taken")
    error.created_name = created_name
    handled_as(monkeypatch, custom_resource, error)
    given = {"PhysicalResourceId": physical_resource_id} if physical_resource_id else {}
    invoke(stack_event(response_url, "Update", **given))
    assert [each["PhysicalResourceId"] for each in response_url.answers] == [expected]
    assert response_url.answers[0]["Reason"] == "AlreadyExists: taken"


@pytest.mark.parametrize("status", [300, 301, 400, 403])
def test_only_2xx_acknowledges(
    status: int, monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """A refusal ends at once, and Lambda learns of it."""
    handled_as(monkeypatch, custom_resource, DONE)
    response_url.react(*[status] * 9)
    with pytest.raises(NetworkFailureError, match=f"HTTP {status}"):
        invoke(stack_event(response_url))
    assert [each["Status"] for each in response_url.answers] == ["SUCCESS"]


@pytest.mark.parametrize("reaction", [500, 503, 408, 429, HANG_UP], ids=str)
def test_what_may_pass_is_sent_again(reaction: Any, response_url: ResponseUrlServer) -> None:
    """Server errors, throttling, and a connection that is closed."""
    response_url.react(reaction, reaction)
    slept: list[float] = []
    answer.put(response_url.origin, b"{}", clock_of(20, slept))
    assert len(response_url.puts) == 3
    assert len(slept) >= 2  # more, where the server closed a connection that was to be kept


def test_a_server_that_hangs_is_given_up_in_time(
    response_url: ResponseUrlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No attempt lasts longer than what is left."""
    monkeypatch.setattr(answer, "RESPONSE_ATTEMPT_SECONDS", LONGEST_HANG_SECONDS)
    response_url.react(HANG)
    started = time.monotonic()
    with pytest.raises(NetworkFailureError):
        answer.put(response_url.origin, b"{}", clock_of(0.3))
    assert time.monotonic() - started < LONGEST_HANG_SECONDS / 2


def test_the_content_type_is_the_empty_one_that_was_signed(
    response_url: ResponseUrlServer,
) -> None:
    """With another one S3 refuses the signature."""
    answer.put(response_url.origin, b"{}", clock_of(5))
    assert response_url.puts[0].headers["content-type"] == ""


def test_an_answer_of_any_size_fits(response_url: ResponseUrlServer) -> None:
    """4096 bytes, the head of the reason kept, the data left out where nothing else helps."""
    event = stack_event(response_url, RequestId="r" * 900)
    long = {**answer.response(event, "crm", "head " + "€" * 3000), "Data": {"A": "€" * 900}}
    encoded = answer.encode(long)
    assert len(encoded) <= answer.MOST_BYTES
    assert json.loads(encoded)["Reason"].startswith("head €€")


def test_an_answer_is_the_requests_ids_and_its_data_where_it_succeeded(
    response_url: ResponseUrlServer,
) -> None:
    """Nothing in it is hidden from the console."""
    event = stack_event(response_url)
    ids = {
        "StackId": event["StackId"],
        "RequestId": "request-1",
        "LogicalResourceId": "Connection",
        "PhysicalResourceId": "crm",
        "NoEcho": False,
    }
    succeeded = answer.response(event, "crm", "", "SUCCESS", {"Name": "crm"})
    assert succeeded == {**ids, "Status": "SUCCESS", "Reason": "", "Data": {"Name": "crm"}}
    failed = answer.response(event, "crm", "no", data={"Name": "crm"})
    assert failed == {**ids, "Status": "FAILED", "Reason": "no", "Data": {}}


def test_long_reasons_are_cut_to_their_beginning(response_url: ResponseUrlServer) -> None:
    """By bytes, never inside a character; that of the state in the data, too."""
    whole = answer.response(
        stack_event(response_url), "crm", "é" * 601, "SUCCESS", {"StateReason": "x" * 1001}
    )
    cut = json.loads(answer.encode(whole))
    assert cut["Reason"] == "é" * 600 + "…"
    assert cut["Data"] == {"StateReason": "x" * 1000 + "…"}
    fitting = {**whole, "Reason": "é" * 600, "Data": {"StateReason": "x" * 1000}}
    assert json.loads(answer.encode(fitting)) == fitting


def test_what_cannot_be_written_is_replaced(response_url: ResponseUrlServer) -> None:
    """A control character by a blank, half a character by a question mark."""
    event = stack_event(response_url)
    body = answer.response(event, "crm", "a\x00b\ud800c", "SUCCESS", {"Name": "\ud800é"})
    encoded = answer.encode(body)
    assert json.loads(encoded)["Reason"] in ("a b c", "a b?c")
    assert json.loads(encoded)["Data"] == {"Name": "?é"}
    assert "é".encode() in encoded


def test_data_is_kept_up_to_the_last_byte(response_url: ResponseUrlServer) -> None:
    """CloudFormation takes 4096."""
    event = stack_event(response_url)
    empty = len(answer.encode(answer.response(event, "crm", "", "SUCCESS", {"A": ""})))
    room = answer.MOST_BYTES - empty
    for length, is_kept in ((room, True), (room + 1, False)):
        body = answer.response(event, "crm", "", "SUCCESS", {"A": "x" * length})
        encoded = answer.encode(body)
        assert json.loads(encoded)["Data"] == ({"A": "x" * length} if is_kept else {})


def test_an_answer_is_a_put_that_follows_no_redirection(response_url: ResponseUrlServer) -> None:
    """Another host is none that was checked."""
    response_url.react(307)
    with pytest.raises(NetworkFailureError, match="HTTP 307"):
        answer.put(f"{response_url.origin}/key", b"{}", clock_of(5))
    assert [each.target for each in response_url.puts] == ["/key"]


@pytest.mark.parametrize("seconds", [0, -1])
def test_without_time_nothing_is_sent(seconds: float, response_url: ResponseUrlServer) -> None:
    """The reason says so."""
    clock = Clock(time.time, lambda _: None, lambda: seconds)
    with pytest.raises(NetworkFailureError) as refused:
        answer.put(response_url.origin, b"{}", clock)
    assert refused.value.reason == "CloudFormation did not take the answer: no time was left"
    assert response_url.puts == []


def test_tries_end_and_their_pauses_grow_at_random(response_url: ResponseUrlServer) -> None:
    """From nothing up to the present pause, and never past the time that is left."""
    response_url.react(*[503] * 99)
    slept: list[float] = []
    clock = Clock(time.time, slept.append, lambda: 0.5)
    with pytest.raises(NetworkFailureError):
        answer.put(response_url.origin, b"{}", clock)
    assert len(slept) == MOST_RESPONSE_ATTEMPTS
    assert 0 < len(response_url.puts) <= MOST_RESPONSE_ATTEMPTS  # a kept connection may be closed
    assert all(0 <= each <= 0.5 for each in slept)
    assert slept[0] < 0.2


def test_an_answer_is_tried_until_just_before_the_function_ends(
    response_url: ResponseUrlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than everything else, but for the end that is kept free."""
    clocks: list[Clock] = []
    monkeypatch.setattr(answer, "put", lambda _url, _body, clock: clocks.append(clock))
    invocation = Invocation(LambdaContext(FUNCTION, 60, clock=lambda: 0.0))
    answer.deliver("url", answer.response(stack_event(response_url), "crm", ""), invocation)
    (clock,) = clocks
    assert clock.remaining() == 59.95
    assert (clock.now, clock.sleep) == (invocation.clock.now, invocation.clock.sleep)


def test_a_connection_that_breaks_is_told_by_its_kind(response_url: ResponseUrlServer) -> None:
    """Its text may hold the URL, which is a credential."""
    response_url.react(*[HANG_UP] * 99)
    with pytest.raises(NetworkFailureError, match=r"the answer: ProtocolError$"):
        answer.put(response_url.origin, b"{}", clock_of(20))
