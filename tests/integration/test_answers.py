"""
CloudFormation's requests when things go wrong: one answer each, whatever crhelper would have done.

C1 to C31 are crhelper's known defects.
"""

import logging
import os
import re
import socket
import time
from threading import Thread
from typing import Any

import pytest

from handler.entrypoints import cloudformation_response as answer
from handler.errors import InvalidRequestError, NetworkFailureError
from tests.support.deadline import time_runs_out, time_runs_out_meanwhile
from tests.support.faulty_proxy import Answer, FaultyProxy, Forward, aws_error, edited
from tests.support.function import Function
from tests.support.function_output import FunctionOutput
from tests.support.response_url_server import (
    HANG,
    HANG_UP,
    LONGEST_HANG_SECONDS,
    Reaction,
    ResponseUrlServer,
    running_response_url_server,
)
from tests.support.stack_requests import CustomResource

DENIED = aws_error("AccessDeniedException")
STATE_REASON = "the endpoint says \x00\x1b[31m\r\n" + "no ü€𝄞 " * 600


@pytest.fixture
def resource(response_url: ResponseUrlServer) -> CustomResource:
    """Give a resource of a stack of its own."""
    return CustomResource(response_url.origin)


@pytest.fixture
def create(resource: CustomResource, basic: dict[str, Any]) -> dict[str, Any]:
    """Give a good Create."""
    return resource.request("Create", basic)


@pytest.mark.parametrize(
    "broken",
    [
        {"StackId": None},
        {"RequestId": None},
        {"LogicalResourceId": None},
        {"RequestType": None},
        {"RequestType": "Upsert"},
        {"ResponseURL": None},
        {"ResponseURL": ""},
        {"ResponseURL": "https://[bad"},
        {"StackId": 5},
        {"PhysicalResourceId": ["id"]},
        {"CrHelperPoll": "true"},
        {"CrHelperData": {"ConnectionArn": "arn:of:an:attacker"}},
    ],
    ids=str,
)
def test_a_malformed_event_answers_nobody_not_even_the_request_before(
    broken: dict[str, Any],
    function: Function,
    resource: CustomResource,
    create: dict[str, Any],
    response_url: ResponseUrlServer,
    proxy: FaultyProxy,
) -> None:
    """C1, C26, C31: a warm container would overwrite the last answer, a cold one would loop."""
    function(create)
    calls = len(proxy.calls)
    malformed = resource.request("Create", create["ResourceProperties"], **broken)
    with pytest.raises(InvalidRequestError):
        function(malformed)
    assert [answer["Status"] for answer in response_url.answers] == ["SUCCESS"]
    assert len(proxy.calls) == calls


def test_a_malformed_event_is_told_by_its_members(
    function: Function, resource: CustomResource
) -> None:
    """All of them, so that a test event can be mended in one go."""
    event = resource.request("Upsert", {}, StackId=None, RequestId=7)
    with pytest.raises(InvalidRequestError) as raised:
        function(event)
    assert "StackId: required, a string" in raised.value.reason
    assert "RequestId: required, a string" in raised.value.reason
    assert "RequestType: must be Create, Update or Delete" in raised.value.reason


@pytest.mark.parametrize("status", [301, 400, 403, 404])
def test_a_refused_answer_is_sent_once_and_raised(
    status: int,
    function: Function,
    create: dict[str, Any],
    response_url: ResponseUrlServer,
    output: FunctionOutput,
) -> None:
    """C2: an expired signature stays expired; Lambda must know, and nothing is redirected."""
    response_url.react(status)
    with pytest.raises(NetworkFailureError, match=f"did not take the answer: HTTP {status}$"):
        function(create)
    assert [answer["Status"] for answer in response_url.answers] == ["SUCCESS"]
    assert [line["message"] for line in output.lines][-1] == "answer not delivered"


def test_the_retry_after_a_lost_answer_answers_the_same(
    function: Function, create: dict[str, Any], name: str, response_url: ResponseUrlServer
) -> None:
    """C22: what succeeded is not answered FAILED because its answer got lost."""
    response_url.react(403)
    with pytest.raises(NetworkFailureError):
        function(create)
    function(create)
    first, second = response_url.answers
    assert (first["Status"], second["Status"]) == ("SUCCESS", "SUCCESS")
    assert first["PhysicalResourceId"] == second["PhysicalResourceId"] == name


@pytest.mark.parametrize(
    "reactions",
    [(500,), (503,), (503, 500), (429,), (408,), (HANG_UP,), (HANG_UP, 503)],
    ids=["500", "503", "503-500", "429", "408", "closed", "closed-503"],
)
def test_what_may_pass_is_tried_again_until_it_is_delivered(
    reactions: tuple[Any, ...],
    function: Function,
    create: dict[str, Any],
    response_url: ResponseUrlServer,
) -> None:
    """C2, C3: S3 has bad moments; the same bytes are sent again."""
    response_url.react(*reactions)
    function(create)
    assert len(response_url.puts) == len(reactions) + 1
    assert len({put.body for put in response_url.puts}) == 1


@pytest.mark.parametrize("reaction", [HANG, HANG_UP, Reaction(500)], ids=["hangs", "closes", "500"])
def test_an_answer_that_nobody_takes_ends_in_time(
    reaction: Reaction, function: Function, create: dict[str, Any], response_url: ResponseUrlServer
) -> None:
    """C3, C4: no endless loop and no endless wait; the error comes while Lambda still listens."""
    response_url.react(*[reaction] * 50)
    started = time.monotonic()
    with pytest.raises(NetworkFailureError, match="did not take the answer"):
        function(create, seconds=1.7)
    assert time.monotonic() - started < LONGEST_HANG_SECONDS / 2


def test_a_port_where_nobody_listens_ends_in_time(
    function: Function, resource: CustomResource, basic: dict[str, Any]
) -> None:
    """C3: crhelper was still running after 25 seconds."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"https://localhost:{closed.getsockname()[1]}/key?X-Amz-Signature=0"
        started = time.monotonic()
        with pytest.raises(NetworkFailureError, match="did not take the answer: NewConnection"):
            function(resource.request("Create", basic, ResponseURL=url), seconds=1.7)
    assert time.monotonic() - started < LONGEST_HANG_SECONDS / 2


def test_a_server_whose_certificate_is_not_trusted_gets_nothing(
    function: Function,
    create: dict[str, Any],
    response_url: ResponseUrlServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The answer and its URL go to the bucket and nobody in between."""
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setattr(answer, "MOST_RESPONSE_ATTEMPTS", 2)
    with pytest.raises(NetworkFailureError, match="SSLError"):
        function(create)
    assert response_url.puts == []


@pytest.mark.parametrize(
    ("request_type", "physical_resource_id", "expected"),
    [
        ("Create", "", "{name}"),
        ("Update", "{name}", "{name}"),
        ("Delete", "shop-Connection-MADEUP", "shop-Connection-MADEUP"),
    ],
)
def test_running_out_of_time_is_answered_once_with_the_stable_id(
    request_type: str,
    physical_resource_id: str,
    expected: str,
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    name: str,
    response_url: ResponseUrlServer,
    proxy: FaultyProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """C5, C6, C8: while EventBridge hangs; nothing is answered after that."""
    if request_type != "Create":
        function(resource.request("Create", basic))
        response_url.reset()

    def hang(forward: Forward) -> Answer:
        time_runs_out()
        return forward()

    proxy.spoil("DescribeConnection", hang, times=1)
    event = resource.request(request_type, basic, physical_resource_id.format(name=name))
    function(event)
    (told,) = response_url.answers
    assert told["Status"] == "FAILED"
    assert told["Reason"] == "the function's time ran out before EventBridge answered"
    assert told["PhysicalResourceId"] == expected.format(name=name)
    assert (told["StackId"], told["RequestId"]) == (event["StackId"], event["RequestId"])


def test_the_guard_keeps_quiet_while_an_answer_is_under_way(
    function: Function, create: dict[str, Any], response_url: ResponseUrlServer
) -> None:
    """C7: a slow SUCCESS must not be overwritten by FAILED."""
    striking: list[Thread] = []
    response_url.react(Reaction(meanwhile=lambda: striking.append(time_runs_out_meanwhile())))
    function(create)
    (guard,) = striking
    guard.join()
    assert [answer["Status"] for answer in response_url.answers] == ["SUCCESS"]


@pytest.mark.parametrize("has_name", [True, False], ids=["named", "nameless"])
def test_a_create_that_fails_twice_gives_the_same_id(
    has_name: bool,
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    name: str,
    response_url: ResponseUrlServer,
    proxy: FaultyProxy,
) -> None:
    """C19: a new id at each retry would be a new resource to CloudFormation."""
    proxy.spoil("CreateConnection", DENIED)
    if not has_name:
        del basic["Name"]
    function(resource.request("Create", basic))
    function(resource.request("Create", basic))
    first, second = response_url.answers
    assert first["Status"] == second["Status"] == "FAILED"
    assert first["PhysicalResourceId"] == second["PhysicalResourceId"] != ""
    assert first["PhysicalResourceId"] == name or not has_name


def test_a_failed_rename_that_created_nothing_keeps_the_old_id(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    name: str,
    response_url: ResponseUrlServer,
    proxy: FaultyProxy,
) -> None:
    """Another id would make CloudFormation take the old connection for replaced."""
    function(resource.request("Create", basic))
    proxy.spoil("CreateConnection", DENIED)
    function(resource.request("Update", basic | {"Name": f"{name}-v2"}, name))
    assert response_url.answers[-1]["Status"] == "FAILED"
    assert response_url.answers[-1]["PhysicalResourceId"] == name


def test_a_failed_rename_that_created_something_tells_its_name(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    name: str,
    response_url: ResponseUrlServer,
    proxy: FaultyProxy,
) -> None:
    """CloudFormation's cleanup then deletes what was made."""
    function(resource.request("Create", basic))
    proxy.calls.clear()
    renamed = f"{name}-v2"
    failing = proxy.after("CreateConnection", edited(ConnectionState="DEAUTHORIZED"))
    proxy.spoil("DescribeConnection", failing, containing=renamed)
    function(resource.request("Update", basic | {"Name": renamed}, name))
    assert response_url.answers[-1]["Status"] == "FAILED"
    assert response_url.answers[-1]["PhysicalResourceId"] == renamed


def test_a_long_reason_keeps_its_head_and_fits(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    response_url: ResponseUrlServer,
) -> None:
    """C10, C11: our own words come first, and CloudFormation takes 4096 bytes."""
    numbers = str.maketrans("0123456789", "abcdefghij")
    unknown = {f"{n:03}".translate(numbers) * 13: n for n in range(200)}
    function(resource.request("Create", basic | unknown))
    (put,) = response_url.puts
    assert len(put.body) <= 4096
    assert put.answer["Reason"].startswith(f"InvalidRequest: (1) {'a' * 39}: unknown member (2) ")
    assert put.answer["Status"] == "FAILED"
    assert put.answer["PhysicalResourceId"] == basic["Name"]


@pytest.mark.parametrize("state", ["AUTHORIZED", "DEAUTHORIZED"])
def test_eventbridges_own_reason_is_made_to_fit(
    state: str,
    function: Function,
    create: dict[str, Any],
    response_url: ResponseUrlServer,
    proxy: FaultyProxy,
) -> None:
    """C9 to C11: long, non-ASCII, with control characters; in Data and in Reason."""
    shown = edited(ConnectionState=state, StateReason=STATE_REASON)
    proxy.spoil("DescribeConnection", proxy.after("CreateConnection", shown))
    function(create)
    (put,) = response_url.puts
    answer = put.answer
    reason = answer["Data"]["StateReason"] if state == "AUTHORIZED" else answer["Reason"]
    assert len(put.body) <= 4096
    assert "the endpoint says" in reason
    assert "ü€𝄞" in reason
    assert reason.isprintable()
    assert answer["Status"] == ("SUCCESS" if state == "AUTHORIZED" else "FAILED")


def test_nothing_is_carried_over_from_one_request_to_the_next(
    function: Function,
    resource: CustomResource,
    create: dict[str, Any],
    basic: dict[str, Any],
    response_url: ResponseUrlServer,
) -> None:
    """C1, C17: neither Data nor NoEcho nor ids nor status nor reason."""
    function(create)
    failing = CustomResource(response_url.origin, "Other").request(
        "Create", basic | {"OnExisting": "Never"}
    )
    function(failing)
    function(resource.request("Delete", basic, basic["Name"]))
    created, failed, deleted = response_url.answers
    assert failed["Data"] == {}
    assert failed["LogicalResourceId"] == "Other"
    assert (failed["RequestId"], failed["StackId"]) == (failing["RequestId"], failing["StackId"])
    assert (deleted["Status"], deleted["Reason"]) == (created["Status"], created["Reason"])
    assert [answer["NoEcho"] for answer in response_url.answers] == [False] * 3


@pytest.mark.parametrize("level", [35, logging.DEBUG, logging.WARNING])
def test_every_level_of_logging_is_left_as_it_was(
    level: int,
    function: Function,
    create: dict[str, Any],
    response_url: ResponseUrlServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """C14: crhelper sets the root logger's level, and boto's, at every request."""
    monkeypatch.setattr(logging.root, "level", level)
    levels = {name: logging.getLogger(name).level for name in ("boto3", "botocore", "urllib3")}
    function(create)
    assert {name: logging.getLogger(name).level for name in levels} == levels
    assert logging.root.level == level
    assert response_url.answers[0]["Status"] == "SUCCESS"


def test_a_delete_is_answered_at_once(
    function: Function, resource: CustomResource, basic: dict[str, Any]
) -> None:
    """C25: crhelper sleeps two minutes where there is time."""
    started = time.monotonic()
    function(resource.request("Delete", basic, basic["Name"]), seconds=890)
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_missing_settings_are_answered_by_name_and_for_now_only(
    request_type: str,
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    name: str,
    response_url: ResponseUrlServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """C16: a container that started badly would fail for ever."""
    event = resource.request(request_type, basic, "" if request_type == "Create" else name)
    with monkeypatch.context() as patch:
        patch.delenv("REGISTRY_TABLE_NAME")
        function(event)
    function(event)
    failed, succeeded = response_url.answers
    assert failed["Status"] == "FAILED"
    assert "REGISTRY_TABLE_NAME: required" in failed["Reason"]
    assert failed["PhysicalResourceId"] == name
    assert succeeded["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("{origin}/key", ""),
        ("{origin}/key", "example.com"),
        ("{origin}/key", "localhost.example.com"),
        ("https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com@{host}/key", ""),
        ("https://cloudformation-custom-resource-response-euwest1.s3.amazonaws.com/key", ""),
        ("https://bucket.s3.us-east-1.amazonaws.com/key", ""),
        ("http://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/key", ""),
        ("http://bucket.example.com/key", "bucket.example.com"),
        ("ftp://{host}/key", "localhost"),
        ("file:///etc/passwd", ""),
    ],
)
def test_a_strangers_host_is_refused_and_no_request_is_made(
    url: str,
    hosts: str,
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    response_url: ResponseUrlServer,
    proxy: FaultyProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """C24: whoever may invoke the function could make it call any host."""
    monkeypatch.setenv("RESPONSE_URL_HOSTS", hosts)
    host = response_url.origin.removeprefix("https://")
    target = url.format(origin=response_url.origin, host=host)
    with pytest.raises(InvalidRequestError, match="ResponseURL: must lead to CloudFormation's"):
        function(resource.request("Create", basic, ResponseURL=target))
    assert response_url.puts == []
    assert proxy.calls == []


def test_plain_http_is_for_a_loopback_host_on_the_list_only(
    function: Function, basic: dict[str, Any]
) -> None:
    """C23: emulators may speak it; localhost is listed here, 127.0.0.1 is not."""
    with running_response_url_server(None) as plain:
        resource = CustomResource(plain.origin)
        function(resource.request("Create", basic))
        assert [answer["Status"] for answer in plain.answers] == ["SUCCESS"]
        unlisted = CustomResource(plain.origin.replace("localhost", "127.0.0.1"))
        with pytest.raises(InvalidRequestError, match="ResponseURL"):
            function(unlisted.request("Create", basic))
        assert len(plain.puts) == 1


def test_a_bug_of_our_own_is_answered_too(
    function: Function,
    create: dict[str, Any],
    response_url: ResponseUrlServer,
    proxy: FaultyProxy,
) -> None:
    """Here an answer of AWS that its model does not allow; told by kind and place."""
    proxy.spoil("CreateConnection", edited(ConnectionArn=None))
    function(create)
    (answer,) = response_url.answers
    assert answer["Status"] == "FAILED"
    told = r"ServiceInternalError: unexpected KeyError at eventbridge\.py:\d+"
    assert re.fullmatch(told, answer["Reason"])


def test_crhelper_makes_no_clients_and_leaves_the_environment_alone(
    function: Function, create: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """C15: its polling is not used; AWS_SAM_LOCAL would switch Powertools' tracer off."""
    monkeypatch.delenv("AWS_SAM_LOCAL", raising=False)
    before = dict(os.environ)
    function(create)
    assert dict(os.environ) == before
