"""When messages come back: a matter of time only, so that a failure keeps nobody from working."""

from collections.abc import Sequence

from handler.composition import Invocation
from handler.entrypoints.execution import unexpected
from handler.observability import logger

MOST_ENTRIES = 10  # of one ChangeMessageVisibilityBatch


def hide(
    invocation: Invocation, queue_url: str, receipt_handles: Sequence[str], seconds: int
) -> None:
    """Hide received messages for some seconds from now."""
    entries = [
        {"Id": str(index), "ReceiptHandle": handle, "VisibilityTimeout": seconds}
        for index, handle in enumerate(receipt_handles)
    ]
    try:
        for start in range(0, len(entries), MOST_ENTRIES):
            invocation.caller("sqs")(
                "change_message_visibility_batch",
                "the queue",
                QueueUrl=queue_url,
                Entries=entries[start : start + MOST_ENTRIES],
            )
    except Exception as raised:  # noqa: BLE001 (only when they come back is at stake)
        logger.warning("visibility not changed", reason=unexpected(raised).reason)
