"""What the unit tests share: little chance, the same at every run, and AWS out of reach."""

import os

import pytest
from hypothesis import settings

from handler.entrypoints import response_delivery as answer
from tests.support.entry_point import ENVIRONMENT
from tests.support.fake_aws import FakeAws

settings.register_profile("unit", max_examples=60, deadline=None, derandomize=True, database=None)
settings.load_profile("unit")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the function's variables, and nothing by which AWS could be reached."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(answer, "LAST_SECOND", 0.05)  # these invocations are short


@pytest.fixture
def fake_aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """Give AWS, every call noted."""
    fake = FakeAws()
    fake.use(monkeypatch)
    return fake
