"""Calls to AWS answered as they once were, by a server that costs nothing worth counting."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import cycle
from typing import Any

from tests.support.faulty_proxy import Call, Fault, FaultyProxy
from tools.bench.asking import succeed
from tools.local.runtime import Runtime

ALWAYS = 1_000_000


def recorded(proxy: FaultyProxy, function: Runtime, event: Any) -> list[Call]:
    """Let a function make its calls for real, and tell which."""
    proxy.reset()
    succeed(function, event)
    return list(proxy.calls)


def answer_as(proxy: FaultyProxy, calls: Sequence[Call], names: Sequence[str] = ("",)) -> None:
    """Answer the calls about each name as recorded, those of an operation in their order."""
    proxy.reset()
    answers: dict[str, list[Any]] = defaultdict(list)
    for call in calls:
        answers[call.operation].append(call.answer)
    for name in dict.fromkeys([*names, ""]):  # some calls are about no connection
        for operation, given in answers.items():
            proxy.spoil(operation, _in_turn(given), times=ALWAYS, containing=name)


def _in_turn(answers: Sequence[Any]) -> Fault:
    turns = cycle(answers)
    return lambda _: next(turns)
