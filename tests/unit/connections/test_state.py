"""Which states are settled, which are usable, and how often to look."""

from typing import Any

import botocore.session
import pytest

from handler.connections.state import BAD, ConnectionState, is_moving, is_usable

USABLE, MOVING, FAILED = (True, False), (False, True), (False, False)


def test_the_states_are_those_of_the_model() -> None:
    """A state that AWS adds is noticed here."""
    model = botocore.session.get_session().get_service_model("events")
    shape: Any = model.shape_for("ConnectionState")
    assert set(shape.enum) == set(ConnectionState)


@pytest.mark.parametrize(
    ("state", "public", "private"),
    [
        ("CREATING", MOVING, MOVING),
        ("UPDATING", MOVING, MOVING),
        ("DELETING", MOVING, MOVING),
        ("AUTHORIZING", MOVING, MOVING),
        ("DEAUTHORIZING", MOVING, MOVING),
        ("AUTHORIZED", USABLE, MOVING),
        ("ACTIVE", USABLE, USABLE),
        ("DEAUTHORIZED", FAILED, FAILED),
        ("FAILED_CONNECTIVITY", FAILED, FAILED),
        ("A_STATE_OF_TOMORROW", MOVING, MOVING),
        ("", MOVING, MOVING),
    ],
)
def test_a_state_is_usable_moving_or_failed(
    state: str, public: tuple[bool, bool], private: tuple[bool, bool]
) -> None:
    """A private connection passes through AUTHORIZED on its way to ACTIVE."""
    assert (is_usable(state, is_private=False), is_moving(state, is_private=False)) == public
    assert (is_usable(state, is_private=True), is_moving(state, is_private=True)) == private
    assert (state in BAD) == (public == FAILED)
