"""The dead-letter queue of an application: its letters one at a time, each hidden while handled."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tools.operating.application import LONGEST_ANSWER_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# The function may take its whole time over a letter; its receipt must be good after that.
HIDDEN_SECONDS = LONGEST_ANSWER_SECONDS + 50


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The letters of a queue; what is not deleted is held until it is shown again."""

    sqs: "SQSClient"
    url: str
    held: dict[str, str] = field(default_factory=dict)  # receipts by message id

    def received(self) -> Iterator["MessageTypeDef"]:
        """Yield each letter once that was there before."""
        # What fails again at once is a new letter, which would be sent back without end.
        started = time.time() * 1000
        seen: set[str] = set()
        while letters := self._receive():
            for letter in letters:
                self.held[letter["MessageId"]] = letter["ReceiptHandle"]
                is_old = int(letter["Attributes"]["SentTimestamp"]) <= started
                if is_old and letter["MessageId"] not in seen:
                    yield letter
                seen.add(letter["MessageId"])

    def delete(self, letter: "MessageTypeDef") -> None:
        """Delete a letter that is done."""
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=letter["ReceiptHandle"])
        del self.held[letter["MessageId"]]

    def show(self) -> None:
        """Let what was not deleted be seen at once."""
        for handle in self.held.values():
            with suppress(ClientError):  # it is seen again in any case, later
                self.sqs.change_message_visibility(
                    QueueUrl=self.url, ReceiptHandle=handle, VisibilityTimeout=0
                )

    def _receive(self) -> list["MessageTypeDef"]:
        received = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=1,  # the others' receipts would expire during a slow one
            WaitTimeSeconds=1,
            VisibilityTimeout=HIDDEN_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp", "DeadLetterQueueSourceArn"],
        )
        return received.get("Messages", [])


def error_code(letter: "MessageTypeDef") -> str:
    """Give the code of the error that a letter is kept for."""
    return attribute(letter, "ErrorCode") or "without ErrorCode"


def attribute(letter: "MessageTypeDef", name: str) -> str:
    """Give an attribute's text, "" if there is none."""
    found = letter.get("MessageAttributes", {}).get(name)
    return (found and found.get("StringValue")) or ""


def moved_from(letter: "MessageTypeDef") -> str:
    """Give the ARN of the queue from which SQS itself moved a letter, "" if it did not."""
    return letter["Attributes"].get("DeadLetterQueueSourceArn", "")


def document(letter: "MessageTypeDef") -> Any:
    """Give a letter's JSON, None if it is none."""
    try:
        return json.loads(letter["Body"])
    except (ValueError, RecursionError):
        return None


def dated(letter: "MessageTypeDef") -> str:
    """Give a request's text with its time."""
    # Only what SQS itself moved has no time of its own; SQS kept that of its sending.
    request = document(letter)
    if "RequestTime" in request:
        return letter["Body"]
    seconds = int(letter["Attributes"]["SentTimestamp"]) / 1000
    return json.dumps({**request, "RequestTime": datetime.fromtimestamp(seconds, UTC).isoformat()})
