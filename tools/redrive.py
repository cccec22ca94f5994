"""
Sends dead letters back to the request queue, each with the time of its first sending.

SQS's own redrive would make them new requests, which would undo what was asked for since.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tools.application import application

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

MASK = '"***"'


def main() -> int:
    """Redrive the letters of a deployed application, or of the stack that the demo left."""
    parser = argparse.ArgumentParser(prog="make redrive", description=__doc__)
    parser.add_argument("--stack", help="on AWS: the application's stack; else the local one")
    parser.add_argument("--error", default="", help="only letters of this ErrorCode")
    given = parser.parse_args()
    with application(given.stack) as found:
        queues = found.outputs["DeadLetterQueueUrl"], found.outputs["RequestQueueUrl"]
        print(summary(*redrive(found.sqs, *queues, given.error)))
    return 0


def summary(sent: Counter[str], left: Counter[str]) -> str:
    """Tell how many letters were sent back, by code, and why the others were left."""
    return f"{_told(sent, 'sent back')}; {_told(left, 'left')}"


def redrive(
    sqs: "SQSClient", source_url: str, target_url: str, error: str = ""
) -> tuple[Counter[str], Counter[str]]:
    """
    Send back every letter that can work again, or those of one code; count which, and which not.
    """
    sent: Counter[str] = Counter()
    left: Counter[str] = Counter()
    handles: list[str] = []
    for letter in _letters(sqs, source_url):
        if why := _why_left(letter, error):
            left[f"{_code(letter)} ({why})"] += 1
            handles.append(letter["ReceiptHandle"])
            continue
        sqs.send_message(
            QueueUrl=target_url,
            MessageBody=letter["Body"],
            MessageAttributes=_request_time(letter),
        )
        sqs.delete_message(QueueUrl=source_url, ReceiptHandle=letter["ReceiptHandle"])
        sent[_code(letter)] += 1
    for handle in handles:  # to be seen again at once
        sqs.change_message_visibility(
            QueueUrl=source_url, ReceiptHandle=handle, VisibilityTimeout=0
        )
    return sent, left


def _told(counted: Counter[str], done: str) -> str:
    each = ", ".join(f"{number} {code}" for code, number in counted.most_common())
    return f"{counted.total()} {done}" + (f": {each}" if each else "")


def _code(letter: "MessageTypeDef") -> str:
    code = letter.get("MessageAttributes", {}).get("ErrorCode")
    return code["StringValue"] if code else "without ErrorCode"


def _why_left(letter: "MessageTypeDef", error: str) -> str:
    code, body = _code(letter), letter["Body"]
    reasons = {
        "what a rule could not deliver; the next Reconcile makes up for it": (
            "RULE_ARN" in letter.get("MessageAttributes", {})
        ),
        "a stack's, which must be asked for anew": code == "Unanswered",
        "masked, so send the request anew": MASK in body or _is_length(body),
        "ERROR names another code": error not in ("", code),
        "can never work as it stands; ERROR=InvalidRequest sends it": (
            code == "InvalidRequest" and not error
        ),
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _is_length(body: str) -> bool:
    return body.startswith('{"Length":')


def _letters(sqs: "SQSClient", url: str) -> Iterator["MessageTypeDef"]:
    # What fails again at once is a new letter, which would be sent back without end.
    started = time.time() * 1000
    seen: set[str] = set()
    while True:
        received = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            VisibilityTimeout=60,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        fresh = [each for each in received.get("Messages", []) if each["MessageId"] not in seen]
        if not fresh:
            return
        seen.update(each["MessageId"] for each in fresh)
        yield from (each for each in fresh if int(each["Attributes"]["SentTimestamp"]) <= started)


def _request_time(letter: "MessageTypeDef") -> Any:
    # A letter that SQS moved has no attribute, and kept the time of its own sending.
    carried = letter.get("MessageAttributes", {}).get("RequestTime")
    sent = carried["StringValue"] if carried else letter["Attributes"]["SentTimestamp"]
    return {"RequestTime": {"DataType": "String", "StringValue": sent}}


if __name__ == "__main__":
    sys.exit(main())
