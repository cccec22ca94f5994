"""Adapter: SQS, to send messages and to set when received ones come back."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from handler.adapters.aws_client import Caller
from handler.clock import iso
from handler.errors import ServiceInternalError, unusable_environment
from handler.settings import MOST_BATCH_TRIES

ENTRIES_OF_A_BATCH = 10  # SQS takes no more


class Queues(NamedTuple):
    """The application's queues, seen from the function."""

    make_sqs: Callable[[], Caller]  # few requests need it
    maintenance_queue_url: str
    dead_letter_queue_url: str

    def send(self, documents: Sequence[Mapping[str, Any]], request_time: datetime) -> None:
        if documents and not self.maintenance_queue_url:
            raise unusable_environment(["MAINTENANCE_QUEUE_URL: required"])
        time = {"RequestTime": iso(request_time)}
        for batch in _batches([json.dumps({**each, **time}) for each in documents]):
            self._send_batch({str(index): body for index, body in enumerate(batch)})

    def send_letter(self, body: str, attributes: Mapping[str, str]) -> None:
        """Put a letter into the dead-letter queue."""
        self.make_sqs()(
            "send_message",
            "the dead-letter queue",
            QueueUrl=self.dead_letter_queue_url,
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": text}
                for name, text in attributes.items()
            },
        )

    def change_visibility(
        self, queue_url: str, receipt_handles: Sequence[str], seconds: int
    ) -> None:
        """Hide received messages for some seconds from now."""
        for batch in _batches(receipt_handles):
            entries = [
                {"Id": str(index), "ReceiptHandle": handle, "VisibilityTimeout": seconds}
                for index, handle in enumerate(batch)
            ]
            self.make_sqs()(
                "change_message_visibility_batch", "the queue", QueueUrl=queue_url, Entries=entries
            )

    def _send_batch(self, left: Mapping[str, str]) -> None:
        for _ in range(MOST_BATCH_TRIES):
            entries = [{"Id": each, "MessageBody": body} for each, body in left.items()]
            answer = self.make_sqs()(
                "send_message_batch",
                "the maintenance queue",
                QueueUrl=self.maintenance_queue_url,
                Entries=entries,
            )
            left = {each["Id"]: left[each["Id"]] for each in answer.get("Failed", [])}
            if not left:
                return
        raise ServiceInternalError(f"the maintenance queue did not take {len(left)} messages")


def _batches(items: Sequence[str]) -> list[Sequence[str]]:
    starts = range(0, len(items), ENTRIES_OF_A_BATCH)
    return [items[start : start + ENTRIES_OF_A_BATCH] for start in starts]
