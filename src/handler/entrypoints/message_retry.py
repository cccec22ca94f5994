"""When a failed message comes back, and when its failure becomes final."""

from collections.abc import Callable, Mapping
from itertools import islice

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler.clock import growing_pauses, instant
from handler.composition import Invocation
from handler.entrypoints.sqs_message import receives, time_of
from handler.errors import NotStabilizedError, ProvisionerError
from handler.requests.properties import is_private
from handler.requests.unchecked_request import UncheckedRequest
from handler.settings import JITTER, MESSAGE_DELAYS, MOST_RECEIVES, PRIVATE_PATIENCE_SECONDS

LAST_RECEIVE = MOST_RECEIVES - 1  # one more is left in case sending to the DLQ fails


def may_come_back(
    record: SQSRecord, unchecked: UncheckedRequest, error: ProvisionerError, invocation: Invocation
) -> bool:
    """Tell whether a message's failure may pass, and the message has receives and time left."""
    if not error.is_transient or receives(record) >= LAST_RECEIVE:
        return False
    try:
        give_up_seconds = invocation.environment.give_up_seconds
    except ProvisionerError:
        return True  # the environment is not usable now
    received_at = time_of(record.attributes.approximate_first_receive_timestamp)
    age = instant(invocation.clock.now()) - received_at
    return age.total_seconds() < patience_seconds(error, unchecked.properties, give_up_seconds)


def delay_seconds(receive_count: int, uniform: Callable[[float, float], float]) -> int:
    """Tell how long a message stays away after so many receives: twice as long each time."""
    delays = islice(growing_pauses(*MESSAGE_DELAYS), min(receive_count, MOST_RECEIVES))
    return round(max(delays) * uniform(*JITTER))


def patience_seconds(error: ProvisionerError, properties: object, give_up_seconds: int) -> int:
    """Tell how long after its first receive a message's transient failure becomes final."""
    # For any error: one throttled call must not end the wait for a private connection.
    given = properties if isinstance(properties, Mapping) else {}
    waits = given.get("WaitTimeoutSeconds") not in (0, "0")
    is_connecting = isinstance(error, NotStabilizedError) and error.is_private
    is_patient = is_connecting or (waits and is_private(given))
    return max(give_up_seconds, PRIVATE_PATIENCE_SECONDS if is_patient else 0)
