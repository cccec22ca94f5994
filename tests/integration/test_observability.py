"""What operators see: one log line and one metrics document a request, without a single value."""

import json
from typing import Any

import pytest

from handler.adapters import aws_client as aws
from handler.errors import InvalidRequestError
from tests.support.cold_container import run
from tests.support.event_source import EventSource
from tests.support.faulty_proxy import FaultyProxy, aws_error
from tests.support.function import Function
from tests.support.function_output import FunctionOutput, measured
from tests.support.response_url_server import ResponseUrlServer
from tests.support.stack_requests import CustomResource

NAMESPACE = "EventBridgeConnectionProvisioner"
SERVICE = {"service": "eventbridge-connection-provisioner"}
KEYS = {
    *("level", "location", "message", "timestamp", "service"),
    *("entry_point", "request_type", "correlation_id", "owner", "connection_name", "members"),
    "duration_ms",
}
KEYS_OF_SUCCESS = KEYS | {"outcome", "connection_state", "connection_arn", "is_ignored", "drift"}
KEYS_OF_FAILURE = KEYS | {"error_code", "reason"}


def ask(request_type: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Make a request that documents and messages share."""
    return {
        "RequestType": request_type,
        "RequestId": f"request-to-{request_type}",
        "ResourceProperties": properties,
    }


def documents(output: FunctionOutput) -> list[dict[str, Any]]:
    """Give the documents of requests; not of a process's first invocation, nor of a receive."""
    others = {"ColdStart", "MessageAge"}
    return [each for each in output.metrics if others.isdisjoint(each["metrics"])]


def counted(output: FunctionOutput) -> list[tuple[dict[str, str], list[str]]]:
    """Give dimensions and names of the metrics."""
    return [(each["dimensions"], sorted(each["metrics"])) for each in documents(output)]


def test_a_batch_of_a_create_and_a_delete_counts_each_under_its_own_dimension(
    function: Function,
    event_source: EventSource,
    basic: dict[str, Any],
    name: str,
    output: FunctionOutput,
) -> None:
    """Two documents: in one, the second request would count under the first one's RequestType."""
    function(ask("Create", basic | {"Name": f"{name}-old"}))
    output.clear()
    event = event_source.batch(ask("Create", basic), ask("Delete", {"Name": f"{name}-old"}))
    function(event, seconds=200)
    found = sorted(counted(output), key=lambda each: each[1])  # they may end in either order
    assert found == [
        (SERVICE | {"RequestType": "Create"}, ["ConnectionCreated", "TimeToSettled"]),
        (SERVICE | {"RequestType": "Delete"}, ["ConnectionDeleted"]),
    ]
    assert {each["namespace"] for each in documents(output)} == {NAMESPACE}


def test_each_outcome_has_its_metric(
    function: Function, basic: dict[str, Any], name: str, output: FunctionOutput
) -> None:
    """Counted once each; the time only where EventBridge had something to settle."""
    changed = basic | {"Description": "another"}
    for request in (ask("Create", basic), ask("Create", basic), ask("Update", changed)):
        function(request)
    function(ask("Delete", {"Name": name}))
    assert [names for _, names in counted(output)] == [
        ["ConnectionCreated", "TimeToSettled"],
        ["ConnectionUnchanged"],
        ["ConnectionUpdated", "TimeToSettled"],
        ["ConnectionDeleted"],
    ]


def test_counts_and_times_have_their_units(
    function: Function, basic: dict[str, Any], output: FunctionOutput
) -> None:
    """One, and milliseconds that fit what really passed."""
    function(ask("Create", basic))
    (document,) = documents(output)
    assert document["metrics"]["ConnectionCreated"] == (1, "Count")
    milliseconds, unit = document["metrics"]["TimeToSettled"]
    assert unit == "Milliseconds"
    (line,) = output.lines
    assert 0 < milliseconds < 10_000
    assert abs(milliseconds - line["duration_ms"]) <= 1


def test_a_failure_counts_under_its_error_code(
    function: Function, basic: dict[str, Any], output: FunctionOutput
) -> None:
    """So that an alarm can tell throttling from typing errors."""
    with pytest.raises(InvalidRequestError):
        function(ask("Create", basic | {"Tags": "x"}))
    assert counted(output) == [(SERVICE | {"ErrorCode": "InvalidRequest"}, ["ConnectionFailed"])]


def test_a_message_that_comes_back_is_no_failure_yet(
    function: Function,
    event_source: EventSource,
    basic: dict[str, Any],
    proxy: FaultyProxy,
    output: FunctionOutput,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It counts as returned; else one throttled request would fail eight times."""
    proxy.spoil("DescribeConnection", aws_error("ThrottlingException"))
    monkeypatch.setattr(aws, "CALL_PAUSES", (0.01, 2.0, 0.01))
    function(event_source.batch(ask("Create", basic)))
    assert counted(output) == [(SERVICE, ["MessageReturned"])]
    (line,) = [line for line in output.lines if "request_type" in line]
    assert (line["level"], line["message"]) == ("WARNING", "request comes back")


def test_each_receive_counts_the_messages_age(
    function: Function, event_source: EventSource, basic: dict[str, Any], output: FunctionOutput
) -> None:
    """SQS leaves those that were received three times out of its own metric."""
    function(event_source.batch(ask("Validate", basic)), seconds=200)
    (document,) = [each for each in output.metrics if "MessageAge" in each["metrics"]]
    assert document["dimensions"] == SERVICE
    milliseconds, unit = document["metrics"]["MessageAge"]
    assert unit == "Milliseconds"
    assert milliseconds >= 0


def test_a_containers_first_invocation_counts_as_its_cold_start(
    function: Function, basic: dict[str, Any]
) -> None:
    """And no later one."""
    request = ask("Validate", basic)
    container = run([request, request], function.arn)
    lines = [json.loads(line) for line in container.output.splitlines() if line.startswith("{")]
    metrics = [measured(line) for line in lines if "_aws" in line]
    assert [sorted(each["metrics"]) for each in metrics] == [
        ["ColdStart"],
        ["ConnectionValidated"],
        ["ConnectionValidated"],
    ]
    assert metrics[0]["dimensions"] == SERVICE


def test_a_request_leaves_one_line_with_what_was_asked_and_what_became_of_it(
    function: Function, basic: dict[str, Any], name: str, output: FunctionOutput
) -> None:
    """Names of members, never what they hold."""
    result = function(ask("Create", basic))
    (line,) = output.lines
    assert set(line) == KEYS_OF_SUCCESS
    assert line["message"] == "request succeeded"
    assert line["entry_point"] == "direct"
    assert line["request_type"] == "Create"
    assert line["correlation_id"] == "request-to-Create"
    assert line["owner"] == "requests"
    assert line["connection_name"] == name
    assert line["members"] == ["AuthParameters", "AuthorizationType", "Name"]
    assert line["outcome"] == "Created"
    assert line["connection_state"] == "AUTHORIZED"
    assert line["connection_arn"] == result["ConnectionArn"]


def test_a_failure_leaves_one_line_with_code_and_reason(
    function: Function, basic: dict[str, Any], output: FunctionOutput
) -> None:
    """The whole reason, so that nobody need ask the requester."""
    with pytest.raises(InvalidRequestError) as raised:
        function(ask("Create", basic | {"OnExisting": "Never"}))
    (line,) = output.lines
    assert set(line) == KEYS_OF_FAILURE
    assert (line["level"], line["message"]) == ("ERROR", "request failed")
    assert (line["error_code"], line["reason"]) == ("InvalidRequest", raised.value.reason)


def test_each_entry_point_leaves_the_same_line(
    function: Function,
    event_source: EventSource,
    basic: dict[str, Any],
    name: str,
    response_url: ResponseUrlServer,
    output: FunctionOutput,
) -> None:
    """Found by the id that the requester knows."""
    resource = CustomResource(response_url.origin)
    from_stack = resource.request("Create", basic)
    function(from_stack)
    function(event_source.batch(ask("Validate", basic | {"Name": f"{name}-2"})), seconds=200)
    lines = [line for line in output.lines if line["message"] == "request succeeded"]
    assert [line["entry_point"] for line in lines] == ["cloudformation", "request_queue"]
    assert [line["correlation_id"] for line in lines] == [
        from_stack["RequestId"],
        "request-to-Validate",
    ]
    assert lines[0]["owner"] == f"cloudformation/{resource.stack_id}/Connection"
    assert [set(line) - KEYS_OF_SUCCESS for line in lines] == [set(), {"sender_id"}]
    assert all(set(line) >= KEYS_OF_SUCCESS for line in lines)


def test_nothing_of_one_request_stands_in_the_next_ones_line(
    function: Function, basic: dict[str, Any], output: FunctionOutput
) -> None:
    """Keys that are appended to a logger would survive."""
    with pytest.raises(InvalidRequestError):
        function(ask("Create", basic | {"OnExisting": "Never"}))
    function(ask("Validate", basic))
    _, line = output.lines
    assert set(line) == KEYS_OF_SUCCESS


def test_no_name_is_ever_a_dimension(
    function: Function,
    event_source: EventSource,
    basic: dict[str, Any],
    name: str,
    response_url: ResponseUrlServer,
    output: FunctionOutput,
) -> None:
    """Each would be a metric of its own, and be paid for; names and secrets stay in the log."""
    function(CustomResource(response_url.origin).request("Create", basic))
    function(event_source.batch(ask("Create", basic)), seconds=200)
    function(ask("Describe", {"Name": name}))
    allowed = {"service", "RequestType", "ErrorCode"}
    assert all(set(each["dimensions"]) <= allowed for each in documents(output))
    assert name not in json.dumps(output.metrics)


@pytest.mark.parametrize("request_type", ["Name-of-a-secret", "create", 5, None])
def test_an_unknown_request_type_is_no_dimension(
    request_type: Any, function: Function, basic: dict[str, Any], output: FunctionOutput
) -> None:
    """Else a requester could make metrics at will."""
    with pytest.raises(InvalidRequestError):
        function({"RequestType": request_type, "ResourceProperties": basic})
    assert [dimensions for dimensions, _ in counted(output)] == [
        SERVICE | {"ErrorCode": "InvalidRequest"}
    ]
    (line,) = output.lines
    assert line["request_type"] == ""
