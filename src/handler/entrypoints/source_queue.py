"""The queue that a batch comes from, known by the ARN that Lambda gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handler.errors import InvalidRequestError
from handler.requests.entry_point import MAINTENANCE_QUEUE, REQUEST_QUEUE, EntryPoint
from handler.settings import REQUIRED_BY_QUEUE, environment, load

FOREIGN = "the records come from no queue of this installation; it takes those of its own only"


@dataclass(frozen=True, slots=True)
class SourceQueue:
    """A queue whose messages the function takes."""

    name: str  # in the template
    url: str
    entry_point: EntryPoint


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
    for name, variable, entry_point in (
        ("RequestQueue", "REQUEST_QUEUE_URL", REQUEST_QUEUE),
        ("MaintenanceQueue", "MAINTENANCE_QUEUE_URL", MAINTENANCE_QUEUE),
    ):
        url = given.get(variable, "")
        if is_batch_of(queue_arn(url, invoked_function_arn), records):
            return SourceQueue(name, url, entry_point)
    load(given, invoked_function_arn, (*REQUIRED_BY_QUEUE, "UNANSWERED_QUEUE_ARN"))
    raise InvalidRequestError(FOREIGN)


def queue_arn(url: str, invoked_function_arn: str) -> str:
    """Derive a queue's ARN from its URL, "" if there is none; it lies in the function's Region."""
    _, partition, _, region, *_ = [*invoked_function_arn.split(":"), *[""] * 4]
    _, _, path = url.partition("://")
    account, name, *_ = [*path.split("/")[-2:], ""]
    return f"arn:{partition}:sqs:{region}:{account}:{name}" if name else ""
