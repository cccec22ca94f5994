"""What a message of the request queue says beside its request."""

import json

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.violation import Violation

NOT_JSON = "the message is not valid JSON"
LONGEST_TIME = 15  # digits


def document(record: SQSRecord) -> object:
    """Give the body's JSON, or a Violation where it is none: where, and nothing of the text."""
    try:
        parsed: object = json.loads(record.body)
    except json.JSONDecodeError as error:
        return Violation("", f"{NOT_JSON} (line {error.lineno}, column {error.colno})")
    except (ValueError, RecursionError):
        return Violation("", NOT_JSON)
    return parsed


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


def request_time(record: SQSRecord) -> str:
    """Give the milliseconds of the first sending, through any number of redrives."""
    sent = record.attributes.sent_timestamp or "0"
    attribute = record.message_attributes["RequestTime"] if record.message_attributes else None
    carried = attribute.string_value if attribute else None
    is_older = bool(carried) and _is_milliseconds(str(carried)) and int(str(carried)) < int(sent)
    return str(carried) if is_older else sent


def _is_milliseconds(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_TIME
