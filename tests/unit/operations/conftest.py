"""What the tests of the use cases share: an account in memory."""

import pytest

from tests.support.fakes import World, make_world


@pytest.fixture
def world() -> World:
    """Give an empty account."""
    return make_world()
