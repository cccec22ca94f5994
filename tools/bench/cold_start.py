"""
Cold start: fresh processes under AWS's own runtime client and interface emulator, in turn with the
floor's: a function that only makes two clients of boto3, from the same pins, with bytecode as ours
has. INIT is what the emulator's ``INIT REPORT`` says. It is the same for SQS, direct and
CloudFormation path, for no event is known in it: an entry point's libraries are imported when its
first event comes. So its figure is the median of the starts of all paths. "First answer" is the
time from the invocation that starts the process until its answer, the entry point's imports
included: a whole Create, its secret fetched, its connection described, against the emulator of AWS
on the same machine, over TLS. The floor's own first answer calls nobody. As on AWS, no process may
leave bytecode behind. A plain build, which has no bytecode, is the floor of two rows.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tools.bench import floor
from tools.bench.asking import Asking, succeed
from tools.bench.measuring import Bench, Measured, Row, median, ratio
from tools.local.runtime import HANDLER, Artifact, running_function

INIT_AT_MOST = 0.85
FIRST_ANSWER_AT_MOST = {"CloudFormation": 1.3}
INIT_OF_PLAIN_AT_MOST = 0.6
FIRST_ANSWER_OF_PLAIN_AT_MOST = 0.8
FLOOR = "floor"
PLAIN = "plain build"


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
        Subject(FLOOR, bench.floor.compiled, floor.HANDLER, dict),
        Subject(PLAIN, bench.floor.artifact, floor.HANDLER, dict),
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
    floors, plain = starts.pop(FLOOR), starts.pop(PLAIN)
    init = _init([start for each in starts.values() for start in each])
    yield ratio("INIT, any path", init, _init(floors), "ms", INIT_AT_MOST)
    yield ratio("INIT, of a plain build's", init, _init(plain), "ms", INIT_OF_PLAIN_AT_MOST)
    for entry_point, each in starts.items():
        what, at_most = f"First answer, {entry_point}", FIRST_ANSWER_AT_MOST.get(entry_point)
        yield ratio(what, _first_answer(each), _first_answer(floors), "ms", at_most)
    yield ratio(
        "First answer, CloudFormation, of a plain build's",
        _first_answer(starts["CloudFormation"]),
        _first_answer(plain),
        "ms",
        FIRST_ANSWER_OF_PLAIN_AT_MOST,
    )


def _init(starts: Sequence[Start]) -> float:
    return median([start.init for start in starts])


def _first_answer(starts: Sequence[Start]) -> float:
    return median([start.first_answer for start in starts])
