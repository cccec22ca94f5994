"""
Peak memory (``VmHWM`` of the Python process) of a warm function, and the floor's after as many
invocations, each in a fresh process. Every request is a direct invocation that asks for
another description of one connection, so that it goes all the way: registry, secret,
UpdateConnection, DescribeConnection. Then the same process takes whole batches of messages, which
hold the most at a time: each message has its thread, and creates a connection.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from tools.bench import floor
from tools.bench.asking import Asking, succeed
from tools.bench.batch import MESSAGES
from tools.bench.measuring import Bench, Measured, Row, ratio
from tools.bench.processes import peak_megabytes
from tools.local.runtime import HANDLER, Runtime, running_function

PEAK_LIMIT = 1.3
GROWTH_LIMIT = 1.01  # allocators give back and take by pages
SHARE_OF_BATCHES = 100


def measure(bench: Bench) -> Measured:
    """Invoke one after the other, once: peaks differ by less than a hundredth."""
    half, end, whole = _peaks(bench)
    rows = _rows(bench.effort.requests, half, end, whole, _peak_of_floor(bench))
    return Measured(rows, rounds=1)


def _rows(requests: int, half: float, end: float, whole: float, least: float) -> Sequence[Row]:
    after = f"Peak memory after {requests:,} requests"
    batches = f"{_batches(requests)} batches of {MESSAGES} messages"
    return [
        ratio(after, end, least, "MB", PEAK_LIMIT),
        ratio("Peak memory at the end, against half-way", end, half, "MB", GROWTH_LIMIT),
        ratio(f"{after} and {batches}", whole, least, "MB", PEAK_LIMIT),
    ]


def _peaks(bench: Bench) -> tuple[float, float, float]:
    asking, requests = Asking(bench), bench.effort.requests
    asked = asking.direct()
    batches = (asking.sqs(MESSAGES) for _ in range(_batches(requests)))
    with running_function(bench.artifact, bench.environment, HANDLER) as function:
        half = _peak_after(function, _described(asked, range(requests // 2)))
        end = _peak_after(function, _described(asked, range(requests // 2, requests)))
        return half, end, _peak_after(function, batches)


def _peak_of_floor(bench: Bench) -> float:
    with running_function(bench.floor.artifact, bench.environment, floor.HANDLER) as function:
        return _peak_after(function, [{}] * bench.effort.requests)


def _batches(requests: int) -> int:
    return max(1, requests // SHARE_OF_BATCHES)


def _described(asked: Any, numbers: Iterable[int]) -> Iterable[Any]:
    for number in numbers:
        properties = {**asked["ResourceProperties"], "Description": f"description {number}"}
        yield {**asked, "ResourceProperties": properties}


def _peak_after(function: Runtime, events: Iterable[Any]) -> float:
    for event in events:
        succeed(function, event)
    return peak_megabytes(function.interpreter_id())
