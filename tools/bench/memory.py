"""
Peak memory (``VmHWM`` of the Python process) of a warm function, against the floor's after as many
invocations. Every request asks for another description of one connection, so that it goes all the
way: registry, secret, UpdateConnection, DescribeConnection.
"""

from collections.abc import Callable
from typing import Any

from tools.bench import floor
from tools.bench.asking import Asking, succeed
from tools.bench.measuring import Bench, Measured, Row, ratio
from tools.bench.processes import peak_megabytes
from tools.runtime import HANDLER, Artifact, running_function

PEAK_LIMIT = 1.3
GROWTH_LIMIT = 1.01  # allocators give back and take by pages


def measure(bench: Bench) -> Measured:
    """Invoke both, and look half-way and at the end."""
    asked = Asking(bench).direct()

    def another_description(number: int) -> Any:
        properties = {**asked["ResourceProperties"], "Description": f"description {number}"}
        return {**asked, "ResourceProperties": properties}

    half, ours = _peaks(bench, bench.artifact, HANDLER, another_description)
    _, least = _peaks(bench, bench.floor.artifact, floor.HANDLER, lambda _: {})
    what = f"Peak memory after {bench.effort.requests:,} requests"
    return Measured([ratio(what, ours, least, "MB", PEAK_LIMIT), _growth(half, ours)])


def _growth(half: float, end: float) -> Row:
    what = "Peak memory at the end, against half-way"
    return ratio(what, end, half, "MB", GROWTH_LIMIT)


def _peaks(
    bench: Bench, artifact: Artifact, handler: str, event: Callable[[int], Any]
) -> tuple[float, float]:
    requests = bench.effort.requests
    with running_function(artifact, bench.environment, handler) as function:
        peaks = []
        for number in range(1, requests + 1):
            succeed(function, event(number))
            if number in {requests // 2, requests}:
                peaks.append(peak_megabytes(function.interpreter_id()))
    return peaks[0], peaks[-1]
