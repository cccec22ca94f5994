"""
CPU time of a warm request: of the function's process, against that of a function that makes the
same calls with the same parameters through boto3 and does nothing else. The calls are recorded from
a run of the function. Both run under the same runtime client, in turn, and are answered by the same
server in another process, over HTTP, with what was recorded; so both include the runtime client's
own work. Over TLS, as on AWS, calls cost more, and the ratio is nearer to one. The bound of 1.12
would leave 0.75 ms of the CPU measured here for everything else. The function takes about 1 ms to
check a request, replace its references and decide, and about as long again for its log line and
metrics under the runtime client. Next best would be to give up Powertools' log and metrics.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.faulty_proxy import Call, running_proxy
from tools.bench import bare_loop
from tools.bench.asking import Asking, succeed
from tools.bench.measuring import Bench, Measured, median, ratio
from tools.bench.processes import cpu_milliseconds
from tools.bench.replay import answer_as, recorded
from tools.local.runtime import Runtime, running_function

SHARE_OF_REQUESTS = 10
LEAST_REQUESTS = 20  # the kernel counts in steps of 10 ms
AT_MOST = {
    "CPU time of a warm request, Create": 1.12,
    "CPU time of a warm request, Update that changes nothing": 1.25,
}


def measure(bench: Bench) -> Measured:
    """Measure a Create, and an Update that finds everything as it shall be."""
    rows = []
    stack = bench.stack
    with running_proxy(stack.endpoint_url, str(stack.ministack.ca_bundle)) as proxy:
        environment = {**bench.environment, "AWS_ENDPOINT_URL": proxy.url}
        with running_function(bench.artifact, environment) as function:
            asked = Asking(bench).message()
            for what, at_most in AT_MOST.items():
                calls = recorded(proxy, function, asked)
                with _running_loop(bench, environment, calls) as loop:
                    answer_as(proxy, calls)
                    ours, least = _measured(bench, function, asked, loop)
                rows.append(ratio(what, ours, least, "ms", at_most))
                proxy.reset()
    return Measured(rows, bench.effort.rounds)


@contextmanager
def _running_loop(
    bench: Bench, environment: Mapping[str, str], calls: Sequence[Call]
) -> Iterator[Runtime]:
    with TemporaryDirectory() as folder:
        artifact = bare_loop.write(Path(folder), calls, bench.floor.artifact.layer)
        with running_function(artifact, environment, bare_loop.HANDLER) as loop:
            yield loop


def _measured(bench: Bench, function: Runtime, event: Any, loop: Runtime) -> tuple[float, float]:
    requests = max(LEAST_REQUESTS, bench.effort.requests // SHARE_OF_REQUESTS)
    ours, least = [], []
    succeed(loop, {})
    for _ in range(bench.effort.rounds):
        ours.append(_cpu(function, event, requests))
        least.append(_cpu(loop, {}, requests))
    return median(ours), median(least)


def _cpu(function: Runtime, event: Any, requests: int) -> float:
    interpreter = function.interpreter_id()
    before = cpu_milliseconds(interpreter)
    for _ in range(requests):
        succeed(function, event)
    return (cpu_milliseconds(interpreter) - before) / requests
