"""Messages of a batch side by side: they mostly wait for AWS, each for its own connection."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.message import connection_name

MOST_THREADS = 10  # as many as a batch has messages, and a client's pool has connections


@contextmanager
def at_once(
    process: Callable[[SQSRecord], None], records: Iterable[SQSRecord]
) -> Iterator[Callable[[SQSRecord], None]]:
    """
    Begin to process messages, and give what awaits the end of one and raises as it did.

    Those of one connection are processed one after another, in the order of the batch.
    """
    groups: dict[str, list[tuple[SQSRecord, Future[None]]]] = {}
    ends: dict[str, Future[None]] = {}
    for record in records:
        end = ends[record.message_id] = Future()
        groups.setdefault(connection_name(record) or record.message_id, []).append((record, end))
    with ThreadPoolExecutor(MOST_THREADS) as pool:
        for group in groups.values():
            pool.submit(_process, process, group)

        def outcome_of(record: SQSRecord) -> None:
            ends[record.message_id].result()

        yield outcome_of


def _process(
    process: Callable[[SQSRecord], None], group: list[tuple[SQSRecord, Future[None]]]
) -> None:
    for record, end in group:
        try:
            process(record)
            end.set_result(None)
        except BaseException as error:  # noqa: BLE001 (raised where it is awaited)
            end.set_exception(error)
