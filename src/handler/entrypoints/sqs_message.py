"""One message of a queue: carried out, told, buried, or left to come back."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.clock import instant
from handler.composition import Invocation
from handler.entrypoints import dead_letter
from handler.entrypoints.execution import (
    Failed,
    Succeeded,
    execute,
    unexpected,
)
from handler.entrypoints.message_retry import delay_seconds, patience_seconds
from handler.entrypoints.request_metrics import observe_failure
from handler.entrypoints.source_queue import SourceQueue
from handler.errors import (
    ProvisionerError,
    ResourceConflictError,
    ServiceInternalError,
    SupersededError,
)
from handler.observability import emit, logger
from handler.requests.envelope import parsed
from handler.requests.unchecked_request import UncheckedRequest, read_document
from handler.requests.violation import Violation
from handler.settings import (
    BATCH_MARGIN_SECONDS,
    LEAST_MESSAGE_SECONDS,
    MOST_RECEIVES,
)

LAST_RECEIVE = MOST_RECEIVES - 1  # one more is left in case sending to the DLQ fails
UNREAD = Violation("", "the function could not carry this message out; its log says why")


class MessageProcessor:
    """The messages of one invocation."""

    def __init__(
        self,
        invocation: Invocation,
        queue: SourceQueue,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Note the least time for a message: 90 s, or half of a short invocation."""
        self._invocation, self._queue, self._uniform = invocation, queue, uniform
        with suppress(Exception):  # each message will report it
            invocation.prepare()
        self._least_seconds = min(LEAST_MESSAGE_SECONDS, invocation.seconds_left() / 2)

    def hold(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Make the batch come back soon after this invocation's end, if it crashes."""
        seconds = int(self._invocation.seconds_left()) + BATCH_MARGIN_SECONDS
        self._hide([record.get("receiptHandle", "") for record in records], seconds)

    def process(self, record: SQSRecord) -> ProvisionerError | None:
        """Carry out one message without raising; give the error that makes it come back, if any."""
        logger.thread_safe_append_keys(sender_id=_sender_id(record))
        try:
            return self._process(record)
        finally:
            logger.thread_safe_clear_keys()

    def _process(self, record: SQSRecord) -> ProvisionerError | None:
        try:
            error = self._finish(record, self._execute(record))
        except BaseException as raised:  # noqa: BLE001 (no message harms another)
            error = unexpected(raised)
            keys = {"error_code": error.code, "reason": error.reason}
            logger.error("message comes back", extra={"message_id": record.message_id, **keys})
        if error:
            emit({}, ["MessageReturned"], {})
            with suppress(Exception):  # if this fails, it comes back with the batch
                seconds = delay_seconds(receives(record), self._uniform)
                self._hide([record.receipt_handle], seconds)
        return error

    def _execute(self, record: SQSRecord) -> Succeeded | Failed:
        is_last = receives(record) >= LAST_RECEIVE
        given = UNREAD if is_last else document(record)
        sent_at = time_of(record.attributes.sent_timestamp)
        # SQS leaves a message that was received three times out of its own metric.
        age = instant(self._invocation.clock.now()) - sent_at
        emit({}, [], {"MessageAge": age.total_seconds() * 1000})
        unchecked = read_document(given, self._queue.entry_point, record.message_id, sent_at)
        if is_last:
            error = ServiceInternalError(UNREAD.problem)
            observe_failure(unchecked, error, 0)
            return Failed(unchecked, error)
        if self._invocation.seconds_left() < self._least_seconds:
            raise ResourceConflictError("no time is left for this message")
        return execute(
            unchecked, self._invocation, lambda error: self._is_early(record, unchecked, error)
        )

    def _is_early(
        self, record: SQSRecord, unchecked: UncheckedRequest, error: ProvisionerError
    ) -> bool:
        if not error.is_transient or receives(record) >= LAST_RECEIVE:
            return False
        try:
            give_up_seconds = self._invocation.settings.give_up_seconds
        except ProvisionerError:
            return True  # the environment is not usable now
        received_at = time_of(record.attributes.approximate_first_receive_timestamp)
        age = instant(self._invocation.clock.now()) - received_at
        patience = patience_seconds(error, unchecked.properties, give_up_seconds)
        return age.total_seconds() < patience

    def _finish(self, record: SQSRecord, executed: Succeeded | Failed) -> ProvisionerError | None:
        """Publish the result before the message is gone; give the error that makes it come back."""
        error = executed.error if isinstance(executed, Failed) else None
        if isinstance(executed, Failed) and not executed.is_final:
            return error
        untold = self._publish(executed)
        if untold and self._is_early(record, executed.unchecked, untold):
            return untold
        error = error or untold
        if error and not isinstance(error, SupersededError):  # sending that one again is useless
            body = dead_letter.body(executed.unchecked, self._invocation.rules)
            why = dead_letter.attributes(error, executed.unchecked.request_id, self._queue.name)
            self._invocation.queues.send_letter(body, why)
        return None

    def _publish(self, executed: Succeeded | Failed) -> ProvisionerError | None:
        results = self._invocation.results
        try:
            if isinstance(executed, Failed) or not executed.completion.is_silent:
                results.publish(executed.result)
            results.finish_task(executed.unchecked.task_token, executed.result)
        except Exception as raised:  # noqa: BLE001 (a result not told goes to the DLQ in the end)
            error = unexpected(raised)
            keys = {"correlation_id": executed.unchecked.request_id, "reason": error.reason}
            logger.error("result not told", extra=keys)
            return error
        return None

    def _hide(self, receipt_handles: Sequence[str], seconds: int) -> None:
        try:
            queues = self._invocation.queues
            queues.change_visibility(self._queue.url, receipt_handles, seconds)
        except Exception as raised:  # noqa: BLE001 (this only affects when they come back)
            logger.warning("visibility not changed", reason=unexpected(raised).reason)


def _sender_id(record: SQSRecord) -> str:
    match record.raw_event:
        case {"attributes": {"SenderId": str(sender_id)}}:
            return sender_id
    return ""


def document(record: SQSRecord) -> object:
    """Give the body's JSON, or a Violation that says why it cannot be read."""
    return parsed(str(record.get("body", "")))


def receives(record: SQSRecord) -> int:
    """Tell how often the message was received, this time included."""
    return int(record.attributes.approximate_receive_count or 1)


def time_of(milliseconds: str | None) -> datetime:
    """Convert a timestamp of SQS."""
    return instant(int(milliseconds or "") / 1000)
