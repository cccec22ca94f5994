"""What the unit tests share: little chance, the same at every run, and AWS out of reach."""

import gc
import os
import ssl
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from handler.entrypoints import cloudformation_response as answer
from handler.errors import ProvisionerError
from tests.support.entry_point import ENVIRONMENT
from tests.support.fake_aws import FakeAws

settings.register_profile("unit", max_examples=60, deadline=None, derandomize=True, database=None)
settings.load_profile("unit")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what stays to the end, thousands of tests, from being searched for garbage each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True, scope="session")
def _every_error_has_a_reason() -> Iterator[None]:
    """Let no error pass that does not say what is wrong."""
    without_check = ProvisionerError.__init__

    def keep(self: ProvisionerError, reason: str) -> None:
        assert reason
        without_check(self, reason)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProvisionerError, "__init__", keep)
        yield


@pytest.fixture(scope="session")
def trust() -> ssl.SSLContext:
    """Read the machine's certificates once, which takes longer than the rest of an answer."""
    return ssl.create_default_context()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, trust: ssl.SSLContext) -> None:
    """Have the function's variables, and nothing by which AWS could be reached."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(answer, "UNUSED_SECONDS", 0.05)  # these invocations are short
    monkeypatch.setattr("ssl.create_default_context", lambda: trust)


@pytest.fixture
def fake_aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """Give AWS, every call noted."""
    fake = FakeAws()
    fake.use(monkeypatch)
    return fake
