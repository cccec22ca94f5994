"""Entry point: a batch of a queue, by Powertools' batch processing; no message harms another."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.composition import Context, Invocation
from handler.entrypoints.message_processor import Ended, MessageProcessor
from handler.entrypoints.source_queue import SourceQueue
from handler.entrypoints.sqs_message import document
from handler.environment import REQUIRED_BY_QUEUE
from handler.errors import ProvisionerError, ServiceInternalError
from handler.settings import LONGEST_HELD_RESULT_SECONDS, MOST_THREADS, RESULTS_OF_A_CALL


def handle_batch(event: Mapping[str, Any], context: Context, queue: SourceQueue) -> dict[str, Any]:
    """Let a MessageProcessor carry out each message; return the ids of those that come back."""
    processor = MessageProcessor(Invocation(context, REQUIRED_BY_QUEUE), queue)
    processor.hold(event["Records"])
    errors = process_side_by_side(processor, map(SQSRecord, event["Records"]))

    def outcome_of(record: SQSRecord) -> None:
        if error := errors[record.message_id]:
            raise error

    return partial_response(event, outcome_of)


def partial_response(
    event: Mapping[str, Any], handle: Callable[[SQSRecord], None]
) -> dict[str, Any]:
    """Handle each record of a batch; return the ids of those for which it raised."""
    # By default, a batch of which every message fails raises and prints everything.
    response = process_partial_response(
        event=dict(event),
        record_handler=handle,
        processor=BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False),
    )
    return dict(response)


def connection_name(record: SQSRecord) -> str:
    """Give the name of the connection that a message is about, "" where it names none."""
    try:
        given = document(record)
    except BaseException:  # noqa: BLE001 (it fails again, for this message alone)
        return ""
    match given:
        case {"ResourceProperties": {"Name": str(name)}} | {"Name": str(name)}:
            return name
        case _:
            return ""


def process_side_by_side(
    processor: MessageProcessor, records: Iterable[SQSRecord]
) -> dict[str, ProvisionerError | None]:
    """
    Process messages in parallel; give for each id the error that makes it come back, or None.

    Messages of one connection are processed one after another, in the order of the batch.
    """
    groups = _by_connection(records)
    ended: SimpleQueue[Ended] = SimpleQueue()
    finishing: dict[str, Future[ProvisionerError | None]] = {}
    with ThreadPoolExecutor(MOST_THREADS) as pool:
        for group in groups:
            pool.submit(_carry_out_group, processor, group, ended)
        for together in _ended_together(ended, sum(map(len, groups))):
            for each, failure in zip(together, processor.publish(together), strict=True):
                finishing[each.record.message_id] = pool.submit(processor.finish, each, failure)
    return {message_id: finished.result() for message_id, finished in finishing.items()}


def _carry_out_group(
    processor: MessageProcessor, group: Iterable[SQSRecord], ended: SimpleQueue[Ended]
) -> None:
    for record in group:
        try:
            ended.put(processor.execute(record))
        except BaseException:  # noqa: BLE001 (each must end, or the batch would wait for ever)
            ended.put(Ended(record, ServiceInternalError("the message could not be carried out")))


def _by_connection(records: Iterable[SQSRecord]) -> Iterable[list[SQSRecord]]:
    groups: dict[str, list[SQSRecord]] = {}
    for record in records:
        groups.setdefault(connection_name(record) or record.message_id, []).append(record)
    return groups.values()


def _ended_together(ended: SimpleQueue[Ended], left: int) -> Iterator[list[Ended]]:
    # One call publishes their results; a slow message holds up no other's for long.
    while left:
        together = [ended.get()]
        until = time.monotonic() + LONGEST_HELD_RESULT_SECONDS
        with suppress(Empty):
            while len(together) < min(left, RESULTS_OF_A_CALL):
                together.append(ended.get(timeout=max(until - time.monotonic(), 0)))
        left -= len(together)
        yield together
