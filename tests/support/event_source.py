"""Plays Lambda's event source mapping: from a real queue to the function's event."""

import base64
import json
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from tests.support.role_session import sqs_of_function
from tools.local.local_stack import LocalStack
from tools.local.ministack import REGION

TIMEOUT_SECONDS = 120
MOST_MESSAGES = 10


@dataclass(frozen=True, slots=True)
class EventSource:
    """A queue of a deployed application, whose own mapping is switched off."""

    stack: LocalStack
    queue: str = "RequestQueue"

    def clear(self) -> None:
        """Empty the queues."""
        for name in ("RequestQueueUrl", "MaintenanceQueueUrl", "DeadLetterQueueUrl"):
            self.stack.sqs.purge_queue(QueueUrl=self.stack.outputs[name])

    def batch(
        self,
        *bodies: object,
        receives: int = 1,
        age_seconds: float = 0,
        attributes: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """
        Send messages, receive them, and make the event that Lambda would make of them.

        ``age_seconds``: since their first receive. ``attributes``: of any type, as SQS takes them.
        """
        sent = [self._send(body, attributes or {}) for body in bodies]
        received: dict[str, Any] = {}
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not set(sent) <= set(received):  # the rules send, too: a test's secrets rotate
            if time.monotonic() > deadline:
                raise TimeoutError("not all messages came")
            received |= self._receive(f"{self.queue}Url")
        records = [self._record(received[each]) for each in sent]
        for record in records:
            first = (time.time() - age_seconds) * 1000
            record["attributes"]["ApproximateReceiveCount"] = str(receives)
            record["attributes"]["ApproximateFirstReceiveTimestamp"] = str(int(first))
        return {"Records": records}

    def arrived(self, count: int) -> dict[str, Any]:
        """Receive so many messages, whoever sent them, and make the event of them."""
        received: dict[str, Any] = {}
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while len(received) < count:
            if time.monotonic() > deadline:
                raise TimeoutError("not all messages came")
            received |= self._receive(f"{self.queue}Url")
        return {"Records": [self._record(message) for message in received.values()]}

    def settle(self, event: Mapping[str, Any], response: Mapping[str, Any]) -> list[str]:
        """Delete what the function did not return, as Lambda does; give the ids of the rest."""
        kept = [failure["itemIdentifier"] for failure in response["batchItemFailures"]]
        for record in event["Records"]:
            if record["messageId"] not in kept:
                self.stack.sqs.delete_message(
                    QueueUrl=self.stack.outputs[f"{self.queue}Url"],
                    ReceiptHandle=record["receiptHandle"],
                )
        return kept

    def dead_letters(self) -> list[Any]:
        """Take everything from the dead-letter queue."""
        taken = self._receive("DeadLetterQueueUrl")
        for message in taken.values():
            self.stack.sqs.delete_message(
                QueueUrl=self.stack.outputs["DeadLetterQueueUrl"],
                ReceiptHandle=message["ReceiptHandle"],
            )
        return list(taken.values())

    def _send(self, body: object, attributes: Mapping[str, Any]) -> str:
        text = body if isinstance(body, str) else json.dumps(body)
        is_own = self.queue == "MaintenanceQueue"  # which takes none of a producer's
        sender = sqs_of_function(self.stack) if is_own else nullcontext(self.stack.sqs)
        with sender as sqs:
            sent = sqs.send_message(
                QueueUrl=self.stack.outputs[f"{self.queue}Url"],
                MessageBody=text,
                MessageAttributes=attributes,
            )
        return sent["MessageId"]

    def _receive(self, queue: str) -> dict[str, Any]:
        received = self.stack.sqs.receive_message(
            QueueUrl=self.stack.outputs[queue],
            MaxNumberOfMessages=MOST_MESSAGES,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
            WaitTimeSeconds=1,
        )
        return {message["MessageId"]: message for message in received.get("Messages", [])}

    def _record(self, message: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": dict(message["Attributes"]),
            "messageAttributes": {
                name: _attribute(each)
                for name, each in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "md5OfMessageAttributes": message.get("MD5OfMessageAttributes"),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.stack.outputs[f"{self.queue}Arn"],
            "awsRegion": REGION,
        }


def _attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    """
    Give a message's attribute as Lambda passes it on: one value, and two lists that SQS reserves.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    value = {
        "stringValue": attribute.get("StringValue"),
        "binaryValue": base64.b64encode(attribute.get("BinaryValue", b"")).decode(),
    }
    return {
        **{name: each for name, each in value.items() if each},
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": attribute["DataType"],
    }
