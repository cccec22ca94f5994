"""Carry out each message of a batch, then tell its result, leave a dead letter or let it return."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.clock import instant
from handler.composition import Invocation
from handler.entrypoints import dead_letter, log_and_metrics
from handler.entrypoints.execution import Failed, Succeeded, as_provisioner_error, execute
from handler.entrypoints.message_retry import LAST_RECEIVE, delay_seconds, may_come_back
from handler.entrypoints.source_queue import SourceQueue
from handler.entrypoints.sqs_message import document, naming_sender, receives, time_of
from handler.errors import (
    ProvisionerError,
    ResourceConflictError,
    ServiceInternalError,
    ThrottlingError,
)
from handler.observability import logger
from handler.requests.unchecked_request import UncheckedRequest, read_document
from handler.requests.violation import Violation
from handler.settings import BATCH_MARGIN_SECONDS, LEAST_MESSAGE_SECONDS

UNREAD = Violation("", "the function could not carry this message out; its log says why")


@dataclass(frozen=True, slots=True)
class Ended:
    """A message that was carried out, or the error that makes it come back."""

    record: SQSRecord
    end: Succeeded | Failed | ProvisionerError

    @property
    def has_result(self) -> bool:
        """Tell whether somebody is told how it ended."""
        match self.end:
            case Succeeded(completion=completion):
                return not completion.is_silent
            case Failed(is_final=is_final):
                return is_final
        return False

    @property
    def result(self) -> Mapping[str, Any]:
        """Give what is told."""
        return {} if isinstance(self.end, ProvisionerError) else self.end.result


class MessageProcessor:
    """The steps of a batch: hold all, execute each, publish what ended together, finish each."""

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

    def execute(self, record: SQSRecord) -> Ended:
        """Carry out one message without raising."""
        with naming_sender(record):
            try:
                return Ended(record, self._read_and_execute(record))
            except BaseException as raised:  # noqa: BLE001 (no message harms another)
                return Ended(record, _logged(record, raised))

    def publish(self, ended: Sequence[Ended]) -> list[ProvisionerError | None]:
        """Publish the results in one call; give for each message why its result was not told."""
        told = [each for each in ended if each.has_result]
        try:
            ends = self._invocation.results.publish([each.result for each in told])
            failures = [end for _, end in zip(told, ends, strict=True)]
        except BaseException as raised:  # noqa: BLE001 (a result not told goes to the DLQ in the end)
            error = as_provisioner_error(raised)
            # After no answer or a 5xx the bus may have them, so do not send them again one by one.
            is_everyones = isinstance(error, ThrottlingError) or error.has_unknown_end
            if len(told) > 1 and not is_everyones:  # what is wrong with one harms no other
                return [found for each in ended for found in self.publish([each])]
            failures = [error for _ in told]
        left = iter(failures)
        return [next(left) if each.has_result else None for each in ended]

    def finish(self, ended: Ended, failure: ProvisionerError | None) -> ProvisionerError | None:
        """Leave a dead letter where one is due; give the error that makes a message come back."""
        with naming_sender(ended.record):
            try:
                error = self._finish(ended, failure)
            except BaseException as raised:  # noqa: BLE001 (no message harms another)
                error = _logged(ended.record, raised)
            if error:
                log_and_metrics.count_returned_message()
                with suppress(Exception):  # if this fails, it comes back with the batch
                    seconds = delay_seconds(receives(ended.record), self._uniform)
                    self._hide([ended.record.receipt_handle], seconds)
            return error

    def _read_and_execute(self, record: SQSRecord) -> Succeeded | Failed:
        is_last = receives(record) >= LAST_RECEIVE
        given = UNREAD if is_last else document(record)
        sent_at = time_of(record.attributes.sent_timestamp)
        # Measured here: SQS's own metric leaves out messages that were received three times.
        age = instant(self._invocation.clock.now()) - sent_at
        log_and_metrics.observe_message_age(age.total_seconds())
        unchecked = read_document(given, self._queue.entry_point, record.message_id, sent_at)
        if is_last:
            error = ServiceInternalError(UNREAD.problem)
            log_and_metrics.observe_failure(unchecked, error, 0)
            return Failed(unchecked, error)
        if self._invocation.seconds_left() < self._least_seconds:
            raise ResourceConflictError("no time is left for this message")
        return execute(
            unchecked,
            self._invocation,
            lambda error: may_come_back(record, unchecked, error, self._invocation),
        )

    def _finish(self, ended: Ended, failure: ProvisionerError | None) -> ProvisionerError | None:
        if isinstance(ended.end, ProvisionerError):
            return ended.end
        unchecked, error = ended.end.unchecked, None
        if isinstance(ended.end, Failed):
            error = ended.end.error
            if not ended.end.is_final:
                return error
        if failure := failure or self._finish_task(ended.end):
            keys = {"correlation_id": unchecked.request_id, "reason": failure.reason}
            logger.error("result not told", extra=keys)
            if may_come_back(ended.record, unchecked, failure, self._invocation):
                return failure
        error = error or failure
        if error and dead_letter.is_left_by(error):
            self._send_letter(unchecked, error)
        return None

    def _send_letter(self, unchecked: UncheckedRequest, error: ProvisionerError) -> None:
        body = dead_letter.body(unchecked, self._invocation.rules)
        why = dead_letter.attributes(error, unchecked.request_id, self._queue.name)
        self._invocation.queues.send_letter(body, why)

    def _finish_task(self, executed: Succeeded | Failed) -> ProvisionerError | None:
        try:
            self._invocation.results.finish_task(executed.unchecked.task_token, executed.result)
        except Exception as raised:  # noqa: BLE001 (a result not told goes to the DLQ in the end)
            return as_provisioner_error(raised)
        return None

    def _hide(self, receipt_handles: Sequence[str], seconds: int) -> None:
        try:
            queues = self._invocation.queues
            queues.change_visibility(self._queue.url, receipt_handles, seconds)
        except Exception as raised:  # noqa: BLE001 (this only affects when they come back)
            logger.warning("visibility not changed", reason=as_provisioner_error(raised).reason)


def _logged(record: SQSRecord, raised: BaseException) -> ProvisionerError:
    error = as_provisioner_error(raised)
    keys = {"error_code": error.code, "reason": error.reason}
    logger.error("message comes back", extra={"message_id": record.message_id, **keys})
    return error
