"""Door: the request queue, on Powertools' batch processing; one bad message harms no other."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.clock import instant
from handler.composition import Context, Invocation
from handler.entrypoints import dead_letter
from handler.entrypoints.execution import Failed, Succeeded, handle, observe_failure, unexpected
from handler.entrypoints.messages import (
    delay_seconds,
    document,
    patience_seconds,
    process_side_by_side,
    receives,
    time_of,
)
from handler.errors import (
    ProvisionerError,
    ResourceConflictError,
    ServiceInternalError,
    SupersededError,
)
from handler.observability import emit, logger
from handler.requests.unchecked_request import QUEUE, UncheckedRequest, read_document
from handler.requests.violation import Violation
from handler.settings import (
    BATCH_MARGIN_SECONDS,
    LEAST_MESSAGE_SECONDS,
    MOST_RECEIVES,
    REQUIRED_BY_QUEUE,
    environment,
)

LAST_RECEIVE = MOST_RECEIVES - 1  # one is kept for the case that burying fails
UNREAD = Violation("", "the function could not carry this message out; its log says why")


def handle_batch(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Carry out a batch of messages; what is returned names those that shall come back."""
    if not event["Records"]:
        return {"batchItemFailures": []}
    queue = RequestQueue(Invocation(context, REQUIRED_BY_QUEUE))
    queue.hold(event["Records"])
    errors = process_side_by_side(queue.process, map(SQSRecord, event["Records"]))

    def outcome_of(record: SQSRecord) -> None:
        if error := errors[record.message_id]:
            raise error

    # A batch of one that fails would raise, and print, everything.
    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(
        event=dict(event), record_handler=outcome_of, processor=processor
    )
    return dict(response)


class RequestQueue:
    """The queue's side of one invocation."""

    def __init__(
        self, invocation: Invocation, uniform: Callable[[float, float], float] = random.uniform
    ) -> None:
        """
        Note the time at hand: where it is short, a message may need more than its fair share of it.
        """
        self._invocation, self._uniform = invocation, uniform
        with suppress(Exception):  # each message will be told
            invocation.prepare()
        self._least_seconds = min(LEAST_MESSAGE_SECONDS, invocation.seconds_left() / 2)

    def hold(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Let the batch come back soon after this invocation's end, should it crash."""
        seconds = int(self._invocation.seconds_left()) + BATCH_MARGIN_SECONDS
        self._hide([record.get("receiptHandle", "") for record in records], seconds)

    def process(self, record: SQSRecord) -> ProvisionerError | None:
        """Carry out one message, whatever happens; give what makes it come back, if anything."""
        try:
            error = self._finish(record, self._handled(record))
        except BaseException as raised:  # noqa: BLE001 (no message harms another)
            error = unexpected(raised)
            keys = {"error_code": error.code, "reason": error.reason}
            logger.error("message comes back", extra={"message_id": record.message_id, **keys})
        if error:
            emit({}, ["MessageReturned"], {})
            with suppress(Exception):  # then it comes back when the batch would
                seconds = delay_seconds(receives(record), self._uniform)
                self._hide([record.receipt_handle], seconds)
        return error

    def _handled(self, record: SQSRecord) -> Succeeded | Failed:
        is_last = receives(record) >= LAST_RECEIVE
        given = UNREAD if is_last else document(record)
        sent_at = time_of(record.attributes.sent_timestamp)
        unchecked = read_document(given, QUEUE, record.message_id, sent_at)
        if is_last:
            failed = Failed(unchecked, ServiceInternalError(UNREAD.problem))
            observe_failure(failed, 0, is_final=True)
            return failed
        if self._invocation.seconds_left() < self._least_seconds:
            raise ResourceConflictError("no time is left for this message")
        return handle(
            unchecked, self._invocation, lambda error: self._comes_back(record, unchecked, error)
        )

    def _comes_back(
        self, record: SQSRecord, unchecked: UncheckedRequest, error: ProvisionerError
    ) -> bool:
        return error.is_transient and self._is_early(record, unchecked)

    def _is_early(self, record: SQSRecord, unchecked: UncheckedRequest) -> bool:
        if receives(record) >= LAST_RECEIVE:
            return False
        try:
            give_up_seconds = self._invocation.settings.give_up_seconds
        except ProvisionerError:
            return True  # the environment is not usable now
        received_at = time_of(record.attributes.approximate_first_receive_timestamp)
        age = instant(self._invocation.clock.now()) - received_at
        return age.total_seconds() < patience_seconds(unchecked.properties, give_up_seconds)

    def _finish(self, record: SQSRecord, handled: Succeeded | Failed) -> ProvisionerError | None:
        """Let everybody know before the message is gone; give what makes it come back, if any."""
        error = handled.error if isinstance(handled, Failed) else None
        if error and self._comes_back(record, handled.unchecked, error):
            return error
        untold = self._untold(handled)
        if untold and self._is_early(record, handled.unchecked):
            return untold
        error = error or untold
        if error and not isinstance(error, SupersededError):  # nobody could do it any more
            self._bury(handled.unchecked, error)
        return None

    def _untold(self, handled: Succeeded | Failed) -> ProvisionerError | None:
        results = self._invocation.results
        try:
            if isinstance(handled, Failed) or not handled.completion.is_silent:
                results.publish(handled.result)
            results.finish_task(handled.unchecked.task_token, handled.result)
        except Exception as raised:  # noqa: BLE001 (what cannot be told is buried in the end)
            error = unexpected(raised)
            keys = {"correlation_id": handled.unchecked.request_id, "reason": error.reason}
            logger.error("result not told", extra=keys)
            return error
        return None

    def _bury(self, unchecked: UncheckedRequest, error: ProvisionerError) -> None:
        body = dead_letter.body(unchecked, error, self._invocation.rules)
        self._invocation.queues.send_letter(
            body, dead_letter.attributes(error, unchecked.request_id)
        )

    def _hide(self, receipt_handles: Sequence[str], seconds: int) -> None:
        try:
            queue_url = environment().get("REQUEST_QUEUE_URL", "")
            self._invocation.queues.change_visibility(queue_url, receipt_handles, seconds)
        except Exception as raised:  # noqa: BLE001 (only when they come back is at stake)
            logger.warning("visibility not changed", reason=unexpected(raised).reason)
