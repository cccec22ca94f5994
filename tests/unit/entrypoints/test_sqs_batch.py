"""Which messages belong together, when one comes back, and for how long."""

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from threading import Event

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from hypothesis import given
from hypothesis import strategies as st

from handler.entrypoints.message_processor import Ended
from handler.entrypoints.message_retry import delay_seconds, patience_seconds
from handler.entrypoints.sqs_batch import connection_name, process_side_by_side
from handler.errors import ProvisionerError, ThrottlingError
from handler.settings import PRIVATE_PATIENCE_SECONDS
from tests.support.bad_requests import BASIC

CONFIGURATION = "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-1"
CONNECTIVITY = {"ResourceParameters": {"ResourceConfigurationArn": CONFIGURATION}}
PRIVATE = {**BASIC, "InvocationConnectivityParameters": CONNECTIVITY}
LONGEST = 900
PATIENCE_SECONDS = 60

THROTTLED = ThrottlingError("slow down")


def receives(properties: object, seed: int, limit: int) -> Iterator[float]:
    """Yield the age of a message at each receive, the last one being that at which it is final."""
    uniform = random.Random(seed).uniform
    age, count = 0.0, 1
    while age < patience_seconds(THROTTLED, properties, limit):
        yield age
        age += delay_seconds(count, uniform)
        count += 1
    yield age


@given(st.integers(), st.integers(60, 3600))
def test_a_transient_failure_is_never_final_too_early_nor_much_too_late(
    seed: int, limit: int
) -> None:
    """Whatever the delays come to: 8 % of them once gave up five minutes early."""
    last = list(receives(BASIC, seed, limit))[-1]
    assert limit <= last < limit + LONGEST


@given(st.integers())
def test_a_private_connection_that_still_moves_is_waited_for_an_hour(seed: int) -> None:
    """After the first few receives looked at every five minutes, and no more often."""
    ages = list(receives(PRIVATE, seed, 1800))
    assert PRIVATE_PATIENCE_SECONDS <= ages[-1] < PRIVATE_PATIENCE_SECONDS + LONGEST
    pauses = [later - earlier for earlier, later in pairwise(ages)]
    assert all(300 <= pause <= LONGEST for pause in pauses[6:])
    assert len(ages) <= 18


@pytest.mark.parametrize(
    "properties", [BASIC, None, [], {"InvocationConnectivityParameters": "odd"}, {"Name": "crm"}]
)
def test_all_else_is_waited_for_as_long_as_configured(properties: object) -> None:
    """A public connection settles within seconds."""
    assert patience_seconds(THROTTLED, properties, 1800) == 1800


@pytest.mark.parametrize(("count", "middle"), [(1, 10), (2, 20), (6, 320), (7, 600), (1000, 600)])
def test_a_delay_grows_up_to_a_quarter_of_an_hour(count: int, middle: int) -> None:
    """And differs by half to both sides, so that messages do not meet again."""
    assert delay_seconds(count, min) == middle / 2
    assert delay_seconds(count, max) == middle * 1.5


def test_a_longer_patience_than_an_hour_is_a_private_connections_too() -> None:
    """Whoever configures more gets more."""
    assert patience_seconds(THROTTLED, PRIVATE, 7200) == 7200


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('{"RequestType": "Create", "ResourceProperties": {"Name": "orders"}}', "orders"),
        ('{"RequestType": "Refresh", "Name": "orders"}', "orders"),
        ('{"ResourceProperties": {"Name": 7}}', ""),
        ('{"ResourceProperties": {}}', ""),
        ("not JSON", ""),
    ],
)
def test_messages_of_one_connection_are_known_by_its_name(body: str, name: str) -> None:
    """Those of one connection are processed in the order of the batch."""
    assert connection_name(SQSRecord({"body": body})) == name


class Played:
    """A processor whose first message ends slowly: it waits until the other's result is out."""

    def __init__(self) -> None:
        """Know what has happened."""
        self.is_finishing, self.is_told = Event(), Event()

    def execute(self, record: SQSRecord) -> Ended:
        if record.message_id == "b":
            assert self.is_finishing.wait(PATIENCE_SECONDS)
        return Ended(record, ThrottlingError("x"))

    def publish(self, ended: Sequence[Ended]) -> list[ProvisionerError | None]:
        if any(each.record.message_id == "b" for each in ended):
            self.is_told.set()
        return [None for _ in ended]

    def finish(self, ended: Ended, _: ProvisionerError | None) -> ProvisionerError | None:
        if ended.record.message_id == "a":
            self.is_finishing.set()
            assert self.is_told.wait(PATIENCE_SECONDS)
        return None


def test_a_message_that_ends_slowly_holds_up_no_others_result() -> None:
    """Its letter or its waiting task may take as long as a call may."""
    records = [SQSRecord({"messageId": each, "body": f'{{"Name": "{each}"}}'}) for each in "ab"]
    errors = process_side_by_side(Played(), records)  # type: ignore[arg-type]
    assert errors == {"a": None, "b": None}
