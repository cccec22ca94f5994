"""
A batch of ten messages against one: the time from the invocation until its end, in turn, in one
warm function. Every call to AWS takes 50 ms: a server answers it as it was once answered by the
emulator of AWS, which itself would not keep up. Each message creates a connection of its own, all
from one secret.
"""

import json
import time
from collections.abc import Sequence
from typing import Any

from tests.support.faulty_proxy import Call, FaultyProxy, running_proxy
from tools.bench.asking import Asking, succeed
from tools.bench.measuring import Bench, Measured, median, ratio
from tools.bench.replay import answer_as, recorded
from tools.local.runtime import Runtime, running_function

MESSAGES = 10
CALL_SECONDS = 0.05
LIMIT = 1.5


def measure(bench: Bench) -> Measured:
    """Send one and ten in turn."""
    asking = Asking(bench)
    ones, tens = [], []
    stack = bench.stack
    with running_proxy(stack.endpoint_url, str(stack.ministack.ca_bundle)) as proxy:
        environment = {**bench.environment, "AWS_ENDPOINT_URL": proxy.url}
        with running_function(bench.artifact, environment) as function:
            calls = recorded(proxy, function, asking.sqs())
            proxy.least_seconds = CALL_SECONDS
            # The first one makes each thread open its connections.
            _seconds(proxy, calls, function, asking.sqs(MESSAGES))
            for _ in range(bench.effort.rounds):
                ones.append(_seconds(proxy, calls, function, asking.sqs()))
                tens.append(_seconds(proxy, calls, function, asking.sqs(MESSAGES)))
    what = f"A batch of {MESSAGES} messages, each call {CALL_SECONDS * 1000:g} ms, against one"
    return Measured([ratio(what, median(tens), median(ones), "s", LIMIT)], bench.effort.rounds)


def _seconds(
    proxy: FaultyProxy, calls: Sequence[Call], function: Runtime, event: dict[str, Any]
) -> float:
    asked = [json.loads(record["body"]) for record in event["Records"]]
    answer_as(proxy, calls, [each["ResourceProperties"]["Name"] for each in asked])
    began = time.perf_counter()
    succeed(function, event)
    return time.perf_counter() - began
