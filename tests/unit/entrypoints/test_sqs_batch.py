"""Which messages of a batch belong together, and that none waits for another."""

from collections.abc import Sequence
from threading import Event

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.entrypoints.message_processor import Ended
from handler.entrypoints.sqs_batch import _by_connection, connection_name, process_side_by_side
from handler.errors import ProvisionerError, ThrottlingError

PATIENCE_SECONDS = 60


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


def test_messages_of_one_connection_are_a_group_and_each_other_is_one_of_its_own() -> None:
    """So that one that cannot be read holds up no other."""
    bodies = ('{"Name": "a"}', "not JSON", '{"Name": "a"}', "not JSON")
    records = [SQSRecord({"messageId": str(at), "body": body}) for at, body in enumerate(bodies)]
    groups = [[each.message_id for each in group] for group in _by_connection(records)]
    assert groups == [["0", "2"], ["1"], ["3"]]


class Dying:
    """A processor that dies with each message."""

    def execute(self, record: SQSRecord) -> Ended:
        raise KeyboardInterrupt

    def publish(self, ended: Sequence[Ended]) -> list[ProvisionerError | None]:
        return [None for _ in ended]

    def finish(self, ended: Ended, _: ProvisionerError | None) -> ProvisionerError | None:
        assert isinstance(ended.end, ProvisionerError)
        return ended.end


def test_a_message_whose_processing_dies_comes_back() -> None:
    """The batch does not wait for ever."""
    record = SQSRecord({"messageId": "a", "body": "{}"})
    errors = process_side_by_side(Dying(), [record])  # type: ignore[arg-type]
    assert errors["a"]
    assert errors["a"].reason == "the message could not be carried out"


def test_messages_that_no_code_can_read_are_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fails for itself."""

    def fail(_: SQSRecord) -> object:
        raise MemoryError

    monkeypatch.setattr("handler.entrypoints.sqs_batch.document", fail)
    records = [SQSRecord({"messageId": each, "body": "{}"}) for each in "ab"]
    assert len(list(_by_connection(records))) == 2
