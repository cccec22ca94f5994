"""
Cold start: fresh processes under AWS's own runtime client and interface emulator, in turn with the
floor's. INIT is what the emulator's ``INIT REPORT`` says. It is the same for SQS, direct and
CloudFormation path, for no event is known in it: an entry point's libraries are imported when its
first event comes. So its figure is the median of the starts of all paths. "With the first answer"
is the time from the invocation that starts the process until its answer, the entry point's imports
included: a whole Create, its secret fetched, its connection described, against the emulator of AWS
on the same machine, over TLS. The floor answers at once, and calls nobody. As on AWS, no process
may leave bytecode behind. The floor is what a plain build gives, without bytecode; the last row
tells what is left where it had some.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tools.bench import floor
from tools.bench.asking import Asking, succeed
from tools.bench.measuring import Bench, Measured, Row, median, ratio
from tools.local.runtime import HANDLER, Artifact, running_function

INIT_LIMIT = 0.6
FIRST_ANSWER_LIMITS = {"CloudFormation": 0.8}
COMPILED = "floor with bytecode"


@dataclass(frozen=True, slots=True)
class Start:
    """One cold start, in milliseconds."""

    init: float
    first_answer: float


@dataclass(frozen=True, slots=True)
class Subject:
    """What is started, and with what."""

    name: str
    artifact: Artifact
    handler: str
    make_event: Callable[[], Any]


def measure(bench: Bench) -> Measured:
    """Start each entry point and the floor in turn."""
    asking = Asking(bench)
    subjects = [
        Subject("floor", bench.floor.artifact, floor.HANDLER, dict),
        Subject(COMPILED, bench.floor.compiled, floor.HANDLER, dict),
        Subject("SQS", bench.artifact, HANDLER, asking.sqs),
        Subject("direct", bench.artifact, HANDLER, asking.direct),
        Subject("CloudFormation", bench.artifact, HANDLER, asking.cloudformation),
    ]
    starts: dict[str, list[Start]] = {subject.name: [] for subject in subjects}
    for _ in range(bench.effort.rounds):
        for subject in subjects:
            starts[subject.name].append(_started(bench, subject))
    return Measured(list(_rows(starts)), bench.effort.rounds)


def _started(bench: Bench, subject: Subject) -> Start:
    event = subject.make_event()
    with running_function(subject.artifact, bench.environment, subject.handler) as function:
        began = time.perf_counter()
        succeed(function, event)
        first_answer = (time.perf_counter() - began) * 1000
        if subject.handler == HANDLER and "request succeeded" not in function.log:
            raise RuntimeError(f"the Create did not succeed:\n{function.log}")
        return Start(function.init_milliseconds, first_answer)


def _rows(starts: dict[str, list[Start]]) -> Iterator[Row]:
    floors, compiled = starts.pop("floor"), starts.pop(COMPILED)
    init = _init([start for each in starts.values() for start in each])
    yield ratio("Cold start, INIT, any path", init, _init(floors), "ms", INIT_LIMIT)
    for entry_point, each in starts.items():
        what = f"Cold start with the first answer, {entry_point} path"
        limit = FIRST_ANSWER_LIMITS.get(entry_point)
        yield ratio(what, _first_answer(each), _first_answer(floors), "ms", limit)
    what = "Cold start, INIT, any path, against the floor with bytecode"
    yield ratio(what, init, _init(compiled), "ms")


def _init(starts: Sequence[Start]) -> float:
    return median([start.init for start in starts])


def _first_answer(starts: Sequence[Start]) -> float:
    return median([start.first_answer for start in starts])
