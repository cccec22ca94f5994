"""What several suites share: one application, deployed once for a run."""

from collections.abc import Iterator

import pytest

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
