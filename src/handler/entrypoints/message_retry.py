"""When a failed message comes back, and when its failure becomes final."""

from collections.abc import Callable, Mapping
from itertools import islice

from handler.clock import growing
from handler.errors import NotStabilizedError, ProvisionerError
from handler.requests.properties import is_private
from handler.settings import JITTER, MESSAGE_DELAYS, MOST_RECEIVES, PRIVATE_PATIENCE_SECONDS


def delay_seconds(receives: int, uniform: Callable[[float, float], float]) -> int:
    """Tell how long a message stays away after so many receives: twice as long each time."""
    delays = islice(growing(*MESSAGE_DELAYS), min(receives, MOST_RECEIVES))
    return round(max(delays) * uniform(*JITTER))


def patience_seconds(error: ProvisionerError, properties: object, give_up_seconds: int) -> int:
    """Tell how long after its first receive a message's transient failure becomes final."""
    # For any error: one throttled call must not end the wait for a private connection.
    given = properties if isinstance(properties, Mapping) else {}
    waits = given.get("WaitTimeoutSeconds") not in (0, "0")
    is_connecting = isinstance(error, NotStabilizedError) and error.is_private
    is_patient = is_connecting or (waits and is_private(given))
    return max(give_up_seconds, PRIVATE_PATIENCE_SECONDS if is_patient else 0)
