"""One message of SQS: its document, its sender, its age and how often it was received."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.clock import instant
from handler.observability import logger
from handler.requests.envelope import parsed


@contextmanager
def naming_sender(record: SQSRecord) -> Iterator[None]:
    """Let each log line of this thread tell who sent the message."""
    logger.thread_safe_append_keys(sender_id=_sender_id(record))
    try:
        yield
    finally:
        logger.thread_safe_clear_keys()


def _sender_id(record: SQSRecord) -> str:
    match record.raw_event:
        case {"attributes": {"SenderId": str(sender_id)}}:
            return sender_id
    return ""


def document(record: SQSRecord) -> object:
    """Give the body's JSON, or a Violation that says why it cannot be read."""
    return parsed(str(record.get("body", "")))


def receives(record: SQSRecord) -> int:
    """Tell how often the message was received, this time included."""
    return int(record.attributes.approximate_receive_count or 1)


def time_of(milliseconds: str | None) -> datetime:
    """Convert a timestamp of SQS."""
    return instant(int(milliseconds or "") / 1000)
