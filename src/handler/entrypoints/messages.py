"""What a message of a queue says beside its request; its own attributes say nothing."""

from datetime import datetime

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.clock import instant
from handler.requests.document import parsed


def document(record: SQSRecord) -> object:
    """Give the body's JSON, or a Violation that says why it cannot be read."""
    return parsed(str(record.get("body", "")))


def connection_name(record: SQSRecord) -> str:
    """Give the name of the connection that a message is about, "" where it names none."""
    match document(record):
        case {"ResourceProperties": {"Name": str(name)}} | {"Name": str(name)}:
            return name
        case _:
            return ""


def receives(record: SQSRecord) -> int:
    """Tell how often the message was received, this time included."""
    return int(record.attributes.approximate_receive_count or 1)


def time_of(milliseconds: str | None) -> datetime:
    """Understand one of SQS's own times."""
    return instant(int(milliseconds or "") / 1000)
