"""
The answer to CloudFormation for an OAuth connection that settles after three seconds: the time from
the invocation of a warm function until the answer arrives at the request's ResponseURL. EventBridge
is a stand-in that moves through AWS's states, everything else the emulator of AWS.
"""

import time

from tests.support.stand_in import Pace, running_stand_in
from tools.bench.asking import RESPONSE_PATH, Asking, succeed
from tools.bench.measuring import Bench, Measured, Row, median
from tools.local.runtime import Runtime, running_function

SETTLE_SECONDS = 3.0
MOST_SECONDS_MORE = 0.5


def measure(bench: Bench) -> Measured:
    """Create as many connections as there are rounds."""
    asking = Asking(bench)
    stack = bench.stack
    with running_stand_in(
        stack.endpoint_url,
        ca_bundle=str(stack.ministack.ca_bundle),
        pace=Pace(settle_seconds=SETTLE_SECONDS),
    ) as stand_in:
        environment = {**bench.environment, "AWS_ENDPOINT_URL": stand_in.url}
        with running_function(bench.artifact, environment) as function:
            succeed(function, asking.cloudformation())
            seconds = median(
                [_seconds(bench, function, asking) for _ in range(bench.effort.long_rounds)]
            )
    what = "Answer to CloudFormation for an OAuth connection, seconds beyond its settling"
    row = Row(
        what,
        f"{seconds:.2f} s",
        f"{SETTLE_SECONDS:g} s",
        seconds - SETTLE_SECONDS,
        MOST_SECONDS_MORE,
    )
    return Measured([row], bench.effort.long_rounds)


def _seconds(bench: Bench, function: Runtime, asking: Asking) -> float:
    answers = bench.destination.count(RESPONSE_PATH)
    began = time.perf_counter()
    succeed(function, asking.cloudformation_oauth())
    bench.destination.wait_for(RESPONSE_PATH, after=answers)
    return time.perf_counter() - began
