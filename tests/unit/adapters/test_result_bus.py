"""Results that go out to whoever waits for a task."""

import pytest

from handler.composition import Invocation
from tests.support.entry_point import FUNCTION
from tests.support.fake_aws import FakeAws, refusal
from tests.support.lambda_context import LambdaContext

pytestmark = pytest.mark.usefixtures("environment")


def test_a_task_that_no_longer_waits_is_told(fake_aws: FakeAws) -> None:
    """There is nobody to tell, which is no failure."""
    fake_aws.plan("send_task_success", refusal("TaskTimedOut"))
    Invocation(LambdaContext(FUNCTION)).results.finish_task("token", {"Status": "SUCCESS"})
    assert len(fake_aws.calls) == 1
