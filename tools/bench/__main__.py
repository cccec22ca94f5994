"""
``make bench``: measure, print a table, and write docs/benchmarks.md.

A measurement is a module of this package with a function ``measure(bench)``; MEASUREMENTS lists
them. Its docstring becomes its part of the page.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tools.bench import (
    batch,
    bulk_creation,
    calls,
    cold_start,
    fleet_reconcile,
    fleet_rotation,
    floor,
    machine,
    memory,
    memory_sizes,
    size,
    throttled_stack,
    waiting,
    warm_cpu,
)
from tools.bench.measuring import ALL_REQUESTS, Bench, Effort, Measured, Measurement
from tools.bench.page import page, table
from tools.local import deployment
from tools.local.deployment import ROOT
from tools.local.destination import running_destination
from tools.local.invoke import function_environment
from tools.local.local_stack import LocalStack, local_stack
from tools.local.runtime import built_artifact

MEASUREMENTS: tuple[Measurement, ...] = (
    cold_start.measure,
    size.measure,
    memory.measure,
    memory_sizes.measure,
    warm_cpu.measure,
    batch.measure,
    waiting.measure,
    calls.measure,
    throttled_stack.measure,
    # Last: they leave a full registry behind.
    fleet_reconcile.measure,
    bulk_creation.measure,
    fleet_rotation.measure,
)
PAGE = ROOT / "docs" / "benchmarks.md"
FLOOR_DIRECTORY = ROOT / ".local" / "bench"
FULL = Effort(rounds=7, requests=ALL_REQUESTS)
SMOKE = Effort(rounds=1, requests=10)


def main() -> int:
    """Measure; the exit code is 0 even where a figure is missed, for the page says so."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=FULL.rounds)
    parser.add_argument("--smoke", action="store_true", help="only see that it works")
    options = parser.parse_args()
    effort = SMOKE if options.smoke else Effort(options.rounds, FULL.requests)
    with local_stack() as stack, bench_in(stack, effort) as bench:
        measured = run(bench)
    print(table([row for each in measured.values() for row in each.rows]))
    if not options.smoke:
        PAGE.write_text(page(measured, machine.description()), "utf-8")
        print(f"written to {PAGE.relative_to(ROOT)}")
    return 0


@contextmanager
def bench_in(stack: LocalStack, effort: Effort) -> Iterator[Bench]:
    """Prepare everything that measurements need, before the first begins."""
    if not deployment.has_bytecode():
        print("without bytecode: no Python of the runtime's version was found", file=sys.stderr)
    with running_destination() as destination:
        yield Bench(
            stack=stack,
            destination=destination,
            artifact=built_artifact(),
            floor=floor.build(FLOOR_DIRECTORY),
            environment=function_environment(stack),
            effort=effort,
        )


def run(bench: Bench) -> dict[Measurement, Measured]:
    """Take every measurement, one after the other."""
    return {measure: _told(measure, bench) for measure in MEASUREMENTS}


def _told(measure: Measurement, bench: Bench) -> Measured:
    print(f"measuring {measure.__module__.rpartition('.')[2].replace('_', ' ')}", file=sys.stderr)
    return measure(bench)


if __name__ == "__main__":
    sys.exit(main())
