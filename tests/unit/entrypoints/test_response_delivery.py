"""The answer to CloudFormation: which id and reason it tells, and that it is delivered."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from handler.entrypoints import cloudformation as custom_resource
from handler.entrypoints import response_delivery as answer
from handler.entrypoints.execution import Failed
from handler.errors import (
    AlreadyExistsError,
    InvalidRequestError,
    NetworkFailureError,
    SupersededError,
    ThrottlingError,
)
from handler.requests.entry_point import CLOUDFORMATION
from tests.support import alpha
from tests.support.entry_point import DONE, clock_of, handled_as, invoke, stack_event
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


@pytest.mark.parametrize("status", [301, 400, 403])
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
