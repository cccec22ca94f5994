"""What the log prints."""

import json

import pytest

from handler.observability import SERVICE, count_cold_start, emit, logger
from tests.support.fakes import START
from tests.support.function_output import FunctionOutput, measured


def test_half_a_character_does_not_cost_the_line(output: FunctionOutput) -> None:
    """JSON may hold half a surrogate pair, which no stream takes."""
    logger.warning("odd", extra={"reason": "\ud800"})
    (line,) = output.text.splitlines()
    assert json.loads(line)["reason"] == "\ud800"


def test_a_line_is_compact_and_keeps_every_character(output: FunctionOutput) -> None:
    """CloudWatch charges by the byte; what JSON does not know is told as text."""
    logger.warning("odd", extra={"reason": "é", "when": START})
    (line,) = output.text.splitlines()
    assert '"reason":"é"' in line
    assert f'"when":"{START}"' in line
    assert ": " not in line.replace(f"{START}", "")


def test_metrics_are_one_compact_line_of_this_installation(output: FunctionOutput) -> None:
    """The service is a dimension of all, the request's type of those that have one."""
    emit({"RequestType": "Create"}, ["ConnectionCreated"], {"TimeToSettled": 1.6})
    (line,) = output.text.splitlines()
    assert ": " not in line
    assert measured(json.loads(line)) == {
        "namespace": "EventBridgeConnectionProvisioner",
        "dimensions": {"RequestType": "Create", "service": SERVICE},
        "metrics": {"ConnectionCreated": (1, "Count"), "TimeToSettled": (2, "Milliseconds")},
    }


def test_a_containers_first_invocation_is_counted_once(
    output: FunctionOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It pays for the init phase."""
    monkeypatch.setattr("handler.observability._first_invocation", iter([True]))
    for _ in range(3):
        count_cold_start()
    assert [each["metrics"] for each in output.metrics] == [{"ColdStart": (1, "Count")}]
