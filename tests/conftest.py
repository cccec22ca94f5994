"""What several suites share: one application, deployed once for a run, and what is printed."""

from collections.abc import Iterator

import pytest

from handler.observability import logger
from tests.support.function_output import CurrentStdout, FunctionOutput
from tools.local.destination import Destination, running_destination
from tools.local.local_stack import LocalStack, local_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """Give the application, really built and deployed to a MiniStack of its own."""
    with local_stack() as stack:
        yield stack


@pytest.fixture(scope="session")
def destination() -> Iterator[Destination]:
    """Give a server that plays API destinations, a token endpoint and a ResponseURL."""
    with running_destination() as destination:
        yield destination


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> FunctionOutput:
    """Collect what the function prints in this process."""
    monkeypatch.setattr(logger.registered_handler, "stream", CurrentStdout())
    return FunctionOutput(capsys)
