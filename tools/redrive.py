"""
Sends dead letters back to the request queue, each with the time of its first sending.

SQS's own redrive would make them new requests, which would undo what was asked for since.
"""

import argparse
import sys
import time
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
    with application(parser.parse_args().stack) as found:
        queues = found.outputs["DeadLetterQueueUrl"], found.outputs["RequestQueueUrl"]
        sent, kept = redrive(found.sqs, *queues)
    print(
        f"{sent} sent back; {kept} left: masked, a stack's, which must be asked for anew, or what"
        " a rule could not deliver, which the next Reconcile makes up for"
    )
    return 0


def redrive(sqs: "SQSClient", source_url: str, target_url: str) -> tuple[int, int]:
    """Send back every letter that can work again; give how many were sent and how many left."""
    sent = 0
    kept: list[str] = []
    for letter in _letters(sqs, source_url):
        if not _can_work(letter):
            kept.append(letter["ReceiptHandle"])
            continue
        sqs.send_message(
            QueueUrl=target_url,
            MessageBody=letter["Body"],
            MessageAttributes=_request_time(letter),
        )
        sqs.delete_message(QueueUrl=source_url, ReceiptHandle=letter["ReceiptHandle"])
        sent += 1
    for handle in kept:  # to be seen again at once
        sqs.change_message_visibility(
            QueueUrl=source_url, ReceiptHandle=handle, VisibilityTimeout=0
        )
    return sent, len(kept)


def _can_work(letter: "MessageTypeDef") -> bool:
    # What was masked is lost, and what a stack asked for is the stack's to ask for again. What
    # EventBridge could not deliver is no request, but the event that a rule had matched.
    attributes = letter.get("MessageAttributes", {})
    if "RULE_ARN" in attributes:
        return False
    code = attributes.get("ErrorCode")
    is_unanswered = code is not None and code["StringValue"] == "Unanswered"
    return MASK not in letter["Body"] and not is_unanswered and not _is_length(letter["Body"])


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
