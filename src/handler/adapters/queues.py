"""Adapter: requests that the function sends to its own queue."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handler.adapters.aws_client import Caller
from handler.clock import iso
from handler.errors import ServiceInternalError

ENTRIES_OF_A_BATCH = 10  # SendMessageBatch takes no more
MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class RequestQueueSender:
    """The request queue, seen from its other end."""

    make_sqs: Callable[[], Caller]  # few requests send others
    queue_url: str

    def send(self, documents: Sequence[Mapping[str, Any]], request_time: datetime) -> None:
        """
        Send requests, as old as what they are sent for.

        Raises:
            ServiceInternalError: there is no queue, or it did not take all of them.
        """
        if documents and not self.queue_url:
            raise ServiceInternalError(
                "the function's environment is not usable: REQUEST_QUEUE_URL: required"
            )
        for start in range(0, len(documents), ENTRIES_OF_A_BATCH):
            self._send_batch(documents[start : start + ENTRIES_OF_A_BATCH], request_time)

    def _send_batch(self, documents: Sequence[Mapping[str, Any]], request_time: datetime) -> None:
        time = {"RequestTime": iso(request_time)}
        left = {str(index): json.dumps({**each, **time}) for index, each in enumerate(documents)}
        for _ in range(MOST_TRIES):
            entries = [{"Id": each, "MessageBody": body} for each, body in left.items()]
            answer = self.make_sqs()(
                "send_message_batch", "the request queue", QueueUrl=self.queue_url, Entries=entries
            )
            failed = [each["Id"] for each in answer.get("Failed", [])]
            left = {each: left[each] for each in failed}
            if not left:
                return
        raise ServiceInternalError(f"the request queue did not take {len(left)} messages")
