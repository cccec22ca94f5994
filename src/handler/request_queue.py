"""Door: the request queue, on Powertools' batch processing; one bad message harms no other."""

import os
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler import dead_letter
from handler.asked import QUEUE, asked_by_document
from handler.concurrency import at_once
from handler.errors import ProvisionerError, ResourceConflictError
from handler.handling import Failed, Succeeded, handle
from handler.invocation import Context, Invocation
from handler.message import document, receives, request_time
from handler.observability import emit, logger
from handler.ownership import instant
from handler.settings import REQUIRED_BY_QUEUE, Settings
from handler.visibility import hide

MARGIN_SECONDS = 30  # after the function's end, until the messages it could not finish come back
LEAST_SECONDS = 90.0  # for one message: its wait of at most 60 s, and what AWS takes
FIRST_DELAY_SECONDS = 10
LONGEST_DELAY_SECONDS = 900


def handle_batch(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Carry out a batch of messages; what is returned names those that shall come back."""
    if not event["Records"]:
        return {"batchItemFailures": []}
    queue = RequestQueue(Invocation(context, REQUIRED_BY_QUEUE))
    queue.hold(event["Records"])
    # A batch of one that fails would raise, and print, everything.
    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    with at_once(queue.process, map(SQSRecord, event["Records"])) as outcome_of:
        response = process_partial_response(
            event=dict(event), record_handler=outcome_of, processor=processor
        )
    return dict(response)


class RequestQueue:
    """The queue's side of one invocation."""

    def __init__(self, invocation: Invocation) -> None:
        """
        Note the time at hand: where it is short, a message may need more than its fair share of it.
        """
        self._invocation = invocation
        with suppress(ProvisionerError):  # each message will be told
            invocation.prepare()
        self._least_seconds = min(LEAST_SECONDS, invocation.seconds_left() / 2)

    def hold(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Let the batch come back soon after this invocation's end, should it crash."""
        seconds = int(self._invocation.seconds_left()) + MARGIN_SECONDS
        self._hide([record["receiptHandle"] for record in records], seconds)

    def process(self, record: SQSRecord) -> None:
        """
        Carry out one message; to return is to consume it.

        Raises:
            ProvisionerError: the message shall come back.
        """
        if self._invocation.seconds_left() < self._least_seconds:
            raise ResourceConflictError("no time is left for this message")
        sent = instant(int(request_time(record)) / 1000)
        asked = asked_by_document(document(record), QUEUE, record.message_id, sent)
        handled = handle(asked, self._invocation, lambda error: self._comes_back(record, error))
        try:
            self._finish(record, handled)
        except ProvisionerError:
            emit({}, ["MessageReturned"], {})
            # Those who were throttled together must not come back together.
            jitter = random.uniform(0.5, 1.5)  # noqa: S311
            delay = FIRST_DELAY_SECONDS * 2 ** (receives(record) - 1) * jitter
            self._hide([record.receipt_handle], int(min(delay, LONGEST_DELAY_SECONDS)))
            raise

    def _comes_back(self, record: SQSRecord, error: ProvisionerError) -> bool:
        try:
            return error.is_transient and receives(record) < self._settings.max_attempts
        except ProvisionerError:
            return True  # the environment is not usable now

    def _finish(self, record: SQSRecord, handled: Succeeded | Failed) -> None:
        """Let everybody know before the message is gone, or raise what makes it come back."""
        error = handled.error if isinstance(handled, Failed) else None
        if error and self._comes_back(record, error):
            raise error from None
        untold = self._untold(record, handled)
        error = error or untold
        if error:
            self._bury(record, handled.asked.request_id, error)

    def _untold(self, record: SQSRecord, handled: Succeeded | Failed) -> ProvisionerError | None:
        results = self._invocation.results
        try:
            if isinstance(handled, Failed) or not handled.completion.is_silent:
                results.publish(handled.result)
            results.finish_task(handled.asked.task_token, handled.result)
        except ProvisionerError as error:
            if receives(record) < self._settings.max_attempts:
                raise
            logger.error("result not told", extra={"reason": error.reason})
            return error
        return None

    def _bury(self, record: SQSRecord, request_id: str, error: ProvisionerError) -> None:
        self._invocation.caller("sqs")(
            "send_message",
            "the dead-letter queue",
            QueueUrl=self._settings.dead_letter_queue_url,
            MessageBody=dead_letter.body(record.body, self._invocation.rules),
            MessageAttributes=dead_letter.attributes(error, request_id, request_time(record)),
        )

    def _hide(self, receipt_handles: Sequence[str], seconds: int) -> None:
        hide(self._invocation, os.environ.get("REQUEST_QUEUE_URL", ""), receipt_handles, seconds)

    @property
    def _settings(self) -> Settings:
        return self._invocation.settings
