"""When a message comes back, and for how long: a matter of time, not of luck."""

from collections.abc import Callable

from handler.requests.properties import is_private

FIRST_DELAY_SECONDS = 10
LONGEST_DELAY_SECONDS = 600  # times the jitter: from the seventh receive on, 5 to 15 minutes
JITTER = (0.5, 1.5)  # those who were throttled together must not come back together
PRIVATE_SECONDS = 3600  # EventBridge and VPC Lattice need up to that long to connect
# Beyond every receive that the patience allows for, and throttled polls; else SQS would bury.
MOST_RECEIVES = 25


def delay_seconds(receives: int, uniform: Callable[[float, float], float]) -> int:
    """Tell how long a message stays away after so many receives: twice as long each time."""
    delay = min(FIRST_DELAY_SECONDS << (receives - 1), LONGEST_DELAY_SECONDS)
    return round(delay * uniform(*JITTER))


def patience_seconds(properties: object, give_up_seconds: int) -> int:
    """Tell how long after its first receive a message's transient failure becomes final."""
    # Whatever fails: a call that is throttled once must not end the wait for a private connection.
    return max(give_up_seconds, PRIVATE_SECONDS) if is_private(properties) else give_up_seconds
