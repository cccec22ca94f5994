"""Which states are settled, which are usable, and how often to look."""

import itertools
from typing import Any

import botocore.session
import pytest

from handler.connections.state import BAD, ConnectionState, is_moving, is_usable
from handler.operations.ports import describe_pauses
from handler.requests.properties import is_private

ARN = "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-0123456789abcdef0"
PUBLIC: dict[str, Any] = {}
CONNECTIVITY = {"ResourceParameters": {"ResourceConfigurationArn": ARN}}
PRIVATE: dict[str, Any] = {"InvocationConnectivityParameters": CONNECTIVITY}
PRIVATE_TOKEN: dict[str, Any] = {"AuthParameters": {"ConnectivityParameters": CONNECTIVITY}}
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


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (PUBLIC, False),
        (PRIVATE, True),
        (PRIVATE_TOKEN, False),
        ({"AuthParameters": {}}, False),
        ({"AuthParameters": {"BasicAuthParameters": {}}}, False),
        ({"InvocationConnectivityParameters": {}}, False),
        (
            {
                "InvocationConnectivityParameters": {
                    "ResourceParameters": {"ResourceConfigurationArn": ""}
                }
            },
            False,
        ),
    ],
)
def test_private_is_what_reaches_into_a_vpc(properties: dict[str, Any], expected: bool) -> None:
    """The empty ARN says public."""
    assert is_private(properties) is expected


def test_looks_are_frequent_first_and_rarer_later() -> None:
    """Basic connections are ready at once, private ones take minutes."""
    first = list(itertools.islice(describe_pauses(), 120))
    assert first == sorted(first)
    assert first[0] <= 0.5
    assert sum(first[:4]) < 3
    at_three_seconds = next(
        pause for pause, end in zip(first, itertools.accumulate(first), strict=True) if end > 3
    )
    assert at_three_seconds <= 0.3  # OAuth
    assert first[-1] == 5.0
