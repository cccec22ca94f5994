"""What the end-to-end suites share."""

import pytest

from tools.demo import delivery
from tools.local.local_stack import LocalStack


@pytest.fixture(scope="session")
def role_arn(stack: LocalStack) -> str:
    """Create the role with which rules call API destinations."""
    return delivery.create_role(stack)
