"""
Memory sizes: computed, since nothing here limits the CPU. Measured is the CPU time that the
function's process takes for a first and for a warm Create. Lambda gives CPU in proportion to
memory, a whole one at 1,769 MB; so time is CPU time divided by that share, plus the waiting for
AWS. That waiting is assumed, as is a whole CPU in the init phase. Prices are arm64's in us-east-1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.bench.asking import Asking, succeed
from tools.bench.measuring import Bench, Measured, Row, median
from tools.bench.processes import cpu_milliseconds
from tools.generated.cost import LAMBDA_GB_SECOND, LAMBDA_REQUEST
from tools.local.runtime import HANDLER, running_function

SIZES = (128, 256, 512, 1024, 1769)
WHOLE_CPU = 1769
WAITING_MILLISECONDS = 150  # for AWS's answers to a Create
SHARE_OF_REQUESTS = 10
REFUSED = {"source": "nobody"}  # refused before it reaches any entry point


@dataclass(frozen=True, slots=True)
class Work:
    """CPU time in milliseconds: of the init phase, and of requests."""

    init: float
    first: float
    warm: float


def measure(bench: Bench) -> Measured:
    """Measure the CPU time, and compute the table from it."""
    works = [_work(bench) for _ in range(bench.effort.long_rounds)]
    typical = Work(
        median([work.init for work in works]),
        median([work.first for work in works]),
        median([work.warm for work in works]),
    )
    return Measured(list(_rows(typical)), bench.effort.long_rounds, "\n".join(_table(typical)))


def _work(bench: Bench) -> Work:
    asking = Asking(bench)
    requests = max(1, bench.effort.requests // SHARE_OF_REQUESTS)
    with running_function(bench.artifact, bench.environment, HANDLER) as function:
        function.invoke(REFUSED)
        interpreter = function.interpreter_id()
        init = cpu_milliseconds(interpreter)
        succeed(function, asking.message())
        first = cpu_milliseconds(interpreter)
        for _ in range(requests):
            succeed(function, asking.message())
        warm = cpu_milliseconds(interpreter)
    return Work(init, first - init, (warm - first) / requests)


def _rows(work: Work) -> Iterator[Row]:
    yield Row("CPU time of the init phase, Python included", f"{work.init:.0f} ms", "-", work.init)
    yield Row("CPU time of a first Create", f"{work.first:.0f} ms", "-", work.first)
    yield Row("CPU time of a warm Create", f"{work.warm:.1f} ms", "-", work.warm)


def _table(work: Work) -> Iterator[str]:
    yield f"Waiting for AWS: {WAITING_MILLISECONDS} ms, assumed."
    yield ""
    yield "| Memory | First Create, its init phase left out | Warm Create | 1,000 warm Creates |"
    yield "|---|---|---|---|"
    for size in SIZES:
        first, warm = duration(work.first, size), duration(work.warm, size)
        dollars = price(warm, size) * 1000
        yield f"| {size:,} MB | {first:.0f} ms | {warm:.0f} ms | ${dollars:.5f} |"


def duration(cpu_time: float, size: int) -> float:
    """Give the milliseconds of a request at a memory size."""
    return cpu_time * WHOLE_CPU / size + WAITING_MILLISECONDS


def price(milliseconds: float, size: int) -> float:
    """Give the dollars of a request at a memory size."""
    return milliseconds / 1000 * size / 1024 * LAMBDA_GB_SECOND + LAMBDA_REQUEST
