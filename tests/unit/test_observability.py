"""What the log prints."""

import json

import pytest

from handler.observability import logger
from tests.support.function_output import CurrentStdout, FunctionOutput


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> FunctionOutput:
    """Collect what the function prints."""
    monkeypatch.setattr(logger.registered_handler, "stream", CurrentStdout())
    return FunctionOutput(capsys)


def test_half_a_character_does_not_cost_the_line(output: FunctionOutput) -> None:
    """JSON may hold half a surrogate pair, which no stream takes."""
    logger.warning("odd", extra={"reason": "\ud800"})
    (line,) = output.text.splitlines()
    assert json.loads(line)["reason"] == "\ud800"
