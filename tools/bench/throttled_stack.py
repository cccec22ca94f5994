"""
A stack of many connections while EventBridge takes ten calls about connections a second and refuses
all others with ThrottlingException. EventBridge is a stand-in, everything else the emulator of AWS;
that one deploys one resource after another, so the events are made here. As CloudFormation
sends them for resources that do not depend on one another, all come at once, each to an environment
of its own: a process that is forked from one whose init phase is over. The answers arrive at a
server here; what is not answered SUCCESS would roll the stack back. The time until the last answer
is held against what the limit allows: the calls that one Create makes where nobody else asks, times
the connections, at ten calls a second.
"""

import json
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from tests.support.stand_in import StandIn, running_stand_in
from tests.support.stand_in.weather import THROTTLING, throttle
from tools.bench.asking import Asking
from tools.bench.environments import invoke_side_by_side
from tools.bench.measuring import Bench, Measured, Row, ratio
from tools.local.destination import Delivery

CONNECTIONS = 100
CALLS_A_SECOND = 10
AT_MOST = 1.3
RESPONSE_PATH = "/stack"


def measure(bench: Bench) -> Measured:
    """Create one undisturbed, to count its calls, and then the stack."""
    size = min(CONNECTIONS, bench.effort.requests)
    ca_bundle = str(bench.stack.ministack.ca_bundle)
    with running_stand_in(bench.stack.endpoint_url, ca_bundle=ca_bundle) as stand_in:
        _create(bench, stand_in, 1)
        needed = size * len(_about_connections(stand_in))
        stand_in.reset()
        stand_in.plan(throttle(CALLS_A_SECOND))
        seconds, made = _create(bench, stand_in, size)
        calls = _about_connections(stand_in)
    what = f"A stack of {size} connections, {CALLS_A_SECOND} calls a second allowed"
    rows = [
        ratio(f"{what}, until all are made", seconds, needed / CALLS_A_SECOND, "s", AT_MOST),
        Row(f"{what}, not made", str(size - made), "-", size - made, 0),
    ]
    return Measured(rows, rounds=1, remarks=_remarks(calls, needed))


def _create(bench: Bench, stand_in: StandIn, count: int) -> tuple[float, int]:
    """Give the seconds until all were answered, and how many well."""
    events = _events(bench, count)
    answered = len(_answers(bench))
    environment = {**bench.environment, "AWS_ENDPOINT_URL": stand_in.url}
    function_arn = bench.stack.outputs["ConnectionProvisionerServiceToken"]
    began = time.perf_counter()
    invoke_side_by_side(bench.artifact, environment, function_arn, events)
    seconds = time.perf_counter() - began
    answers = [json.loads(each.body) for each in _answers(bench)[answered:]]
    return seconds, sum(each["Status"] == "SUCCESS" for each in answers)


def _events(bench: Bench, count: int) -> list[dict[str, Any]]:
    asking = Asking(bench)
    return [
        {
            **asking.cloudformation(),
            "RequestId": str(uuid4()),
            "LogicalResourceId": f"Connection{number}",
            "ResponseURL": bench.destination.url + RESPONSE_PATH,
        }
        for number in range(count)
    ]


def _answers(bench: Bench) -> list[Delivery]:
    return [each for each in bench.destination.deliveries if each.path == RESPONSE_PATH]


def _about_connections(stand_in: StandIn) -> list[str]:
    return [each.outcome for each in stand_in.calls if each.operation.endswith("Connection")]


def _remarks(outcomes: Sequence[str], needed: int) -> str:
    refused = outcomes.count(THROTTLING)
    return (
        f"Of {len(outcomes)} calls about connections, {refused} were refused;"
        f" {len(outcomes) - refused} were let through, {needed} were needed."
    )
