"""What a queue's message says of itself, before anything is checked."""

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.entrypoints.messages import connection_name


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
