"""What the tests of entry points share: a server behind ResponseURLs."""

from collections.abc import Iterator

import pytest

from tests.support.response_url_server import ResponseUrlServer, running_response_url_server


@pytest.fixture(scope="module")
def bucket() -> Iterator[ResponseUrlServer]:
    """Run a server behind ResponseURLs."""
    with running_response_url_server(None) as server:
        yield server


@pytest.fixture
def response_url(bucket: ResponseUrlServer) -> Iterator[ResponseUrlServer]:
    """Give the server with nothing received yet."""
    bucket.reset()
    yield bucket
    bucket.reset()
