"""The queue that a batch comes from, known by the ARN that Lambda gives."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from handler.environment import REQUIRED_BY_BATCH, environment, load, source_queues
from handler.errors import InvalidRequestError
from handler.requests.entry_point import (
    CLOUDFORMATION,
    MAINTENANCE_QUEUE,
    REQUEST_QUEUE,
    EntryPoint,
)

FOREIGN = "the records come from no queue of this installation; it takes those of its own only"


class QueueName(StrEnum):
    """The queues, as the template names them."""

    REQUEST = "RequestQueue"
    MAINTENANCE = "MaintenanceQueue"
    UNANSWERED = "UnansweredQueue"


@dataclass(frozen=True, slots=True)
class SourceQueue:
    """A queue whose messages the function takes."""

    name: QueueName
    url: str
    entry_point: EntryPoint  # of the requests in it


def is_batch_of(arn: str, records: Sequence[object]) -> bool:
    """Tell whether all records come from the queue of an ARN."""
    return bool(arn) and all(
        isinstance(record, Mapping) and record.get("eventSourceARN") == arn for record in records
    )


def source_queue(records: Sequence[object], invoked_function_arn: str) -> SourceQueue:
    """
    Find the queue that all records come from.

    Raises:
        InvalidRequestError: it is none of ours.
        ServiceInternalError: the environment does not say which are ours.
    """
    given = environment()
    for arn, queue in _queues(given, invoked_function_arn):
        if is_batch_of(arn, records):
            return queue
    load(given, invoked_function_arn, REQUIRED_BY_BATCH)
    raise InvalidRequestError(FOREIGN)


def _queues(
    given: Mapping[str, str], invoked_function_arn: str
) -> Iterator[tuple[str, SourceQueue]]:
    requests, maintenance, unanswered_arn = source_queues(given)
    # It is in the same account and Region as the request queue, whose URL is known.
    unanswered = f"{requests.rpartition('/')[0]}/{unanswered_arn.rpartition(':')[2]}"
    yield unanswered_arn, SourceQueue(QueueName.UNANSWERED, unanswered, CLOUDFORMATION)
    for name, url, entry_point in (
        (QueueName.REQUEST, requests, REQUEST_QUEUE),
        (QueueName.MAINTENANCE, maintenance, MAINTENANCE_QUEUE),
    ):
        yield queue_arn(url, invoked_function_arn), SourceQueue(name, url, entry_point)


def queue_arn(url: str, invoked_function_arn: str) -> str:
    """Derive a queue's ARN from its URL, "" if there is none; it lies in the function's Region."""
    _, partition, _, region, *_ = [*invoked_function_arn.split(":"), *[""] * 4]
    _, _, path = url.partition("://")
    account, name, *_ = [*path.split("/")[-2:], ""]
    return f"arn:{partition}:sqs:{region}:{account}:{name}" if name else ""
