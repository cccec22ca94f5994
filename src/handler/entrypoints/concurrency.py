"""Messages of a batch side by side: they mostly wait for AWS, each for its own connection."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.entrypoints.messages import connection_name
from handler.errors import ProvisionerError

MOST_THREADS = 10  # as many as a batch has messages, and a client's pool has connections


def at_once(
    process: Callable[[SQSRecord], ProvisionerError | None], records: Iterable[SQSRecord]
) -> dict[str, ProvisionerError | None]:
    """
    Process messages, and give for the id of each what makes it come back, if anything.

    Those of one connection are processed one after another, in the order of the batch.
    """
    groups: dict[str, list[SQSRecord]] = {}
    for record in records:
        groups.setdefault(connection_name(record) or record.message_id, []).append(record)
    with ThreadPoolExecutor(MOST_THREADS) as pool:
        ends = pool.map(
            lambda group: [(each.message_id, process(each)) for each in group], groups.values()
        )
        return dict(chain.from_iterable(ends))
