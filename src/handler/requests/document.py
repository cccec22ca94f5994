"""A document before anybody reads it: its size, its nesting, and whose envelope it is."""

import json
from collections.abc import Collection

from handler.requests.violation import Violation
from handler.settings import MOST_LEVELS, MOST_REQUEST_BYTES

BYTE_ORDER_MARK = "\ufeff"
NOT_JSON = "the message is not valid JSON"
TOO_LARGE = Violation("", f"the request is larger than {MOST_REQUEST_BYTES // 1024} KB")
TOO_DEEP = Violation("", "the request is nested too deeply")


def parsed(text: str) -> object:
    """Give a text's JSON, or a Violation that says where it is none, with nothing of the text."""
    if len(text.encode(errors="replace")) > MOST_REQUEST_BYTES:
        return TOO_LARGE
    try:
        document: object = json.loads(text.removeprefix(BYTE_ORDER_MARK))
    except json.JSONDecodeError as error:
        return Violation("", f"{NOT_JSON} (line {error.lineno}, column {error.colno})")
    except RecursionError:
        return TOO_DEEP
    except ValueError:
        return Violation("", NOT_JSON)
    return TOO_DEEP if _is_deep(document) else document


def within_limits(document: object) -> object:
    """Give what Lambda parsed, or a Violation where it is too large or too deep."""
    try:
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    except RecursionError:
        return TOO_DEEP
    if len(text.encode(errors="replace")) > MOST_REQUEST_BYTES:
        return TOO_LARGE
    return TOO_DEEP if _is_deep(document) else document


def foreign(document: object) -> Violation | None:
    """Name another service's envelope, and how to send what is in it."""
    match document:
        case {"TopicArn": _, "Message": _} | {"Records": [{"EventSource": "aws:sns"}, *_]}:
            made_by = (
                "an SNS notification",
                "turn on raw message delivery of the queue's subscription",
            )
        case {"detail-type": _, "detail": _}:
            made_by = "an EventBridge event", "give the rule's target InputPath: $.detail"
        case {"requestContext": _}:
            made_by = "an API Gateway request", "send its body alone"
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            made_by = "an SQS event", "send the body of each record alone"
        case {"Records": [{"eventSource": "aws:s3"}, *_]} | {"Event": "s3:TestEvent"}:
            made_by = "an S3 event", "send the object's content"
        case _:
            return None
    return Violation("", f"this is {made_by[0]}, not a connection request; {made_by[1]}")


def _is_deep(document: object) -> bool:
    level: Collection[object] = [document]
    for _ in range(MOST_LEVELS):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return bool(level)
