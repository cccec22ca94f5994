"""Messages of a queue: what they hold, which run in parallel, when they come back."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import chain

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.clock import instant
from handler.errors import NotStabilizedError, ProvisionerError
from handler.requests.envelope import parsed
from handler.requests.properties import is_private
from handler.settings import (
    FIRST_DELAY_SECONDS,
    JITTER,
    LONGEST_DELAY_SECONDS,
    MOST_THREADS,
    PRIVATE_PATIENCE_SECONDS,
)


def document(record: SQSRecord) -> object:
    """Give the body's JSON, or a Violation that says why it cannot be read."""
    return parsed(str(record.get("body", "")))


def connection_name(record: SQSRecord) -> str:
    """Give the name of the connection that a message is about, "" where it names none."""
    try:
        given = document(record)
    except BaseException:  # noqa: BLE001 (where it is processed, it is this message's failure alone)
        return ""
    match given:
        case {"ResourceProperties": {"Name": str(name)}} | {"Name": str(name)}:
            return name
        case _:
            return ""


def receives(record: SQSRecord) -> int:
    """Tell how often the message was received, this time included."""
    return int(record.attributes.approximate_receive_count or 1)


def time_of(milliseconds: str | None) -> datetime:
    """Convert a timestamp of SQS."""
    return instant(int(milliseconds or "") / 1000)


def process_side_by_side(
    process: Callable[[SQSRecord], ProvisionerError | None], records: Iterable[SQSRecord]
) -> dict[str, ProvisionerError | None]:
    """
    Process messages in parallel; give for each id the error that makes it come back, or None.

    Messages of one connection are processed one after another, in the order of the batch.
    """
    groups: dict[str, list[SQSRecord]] = {}
    for record in records:
        groups.setdefault(connection_name(record) or record.message_id, []).append(record)
    with ThreadPoolExecutor(MOST_THREADS) as pool:
        ends = pool.map(
            lambda group: [(each.message_id, process(each)) for each in group], groups.values()
        )
        return dict(chain.from_iterable(ends))


def delay_seconds(receives: int, uniform: Callable[[float, float], float]) -> int:
    """Tell how long a message stays away after so many receives: twice as long each time."""
    delay = min(FIRST_DELAY_SECONDS << (receives - 1), LONGEST_DELAY_SECONDS)
    return round(delay * uniform(*JITTER))


def patience_seconds(error: ProvisionerError, properties: object, give_up_seconds: int) -> int:
    """Tell how long after its first receive a message's transient failure becomes final."""
    # For any error: one throttled call must not end the wait for a private connection.
    given = properties if isinstance(properties, Mapping) else {}
    waits = given.get("WaitTimeoutSeconds") not in (0, "0")
    is_connecting = isinstance(error, NotStabilizedError) and error.is_private
    is_patient = is_connecting or (waits and is_private(given))
    return max(give_up_seconds, PRIVATE_PATIENCE_SECONDS if is_patient else 0)
