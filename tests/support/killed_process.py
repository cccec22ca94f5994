"""Invocations in processes of their own, ended by SIGKILL, as Lambda ends what is out of time."""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from handler.operations import lease
from tests.support.function import Function

SECONDS = 30.0
WORKING_SECONDS = 24.0  # of these; the function keeps the rest for its answer


@contextmanager
def invoked_until_killed(
    function: Function, event: Mapping[str, Any], lease_seconds: float = 0.4
) -> Iterator[Callable[[], bool]]:
    """
    Invoke the function in another process, and kill that at the end of the block.

    Its leases last for so many seconds, which a test can wait for. What is given tells whether it
    has ended by itself.
    """
    spawning = multiprocessing.get_context("spawn")
    process = spawning.Process(target=_invoke, args=(function, dict(event), lease_seconds))
    process.start()
    try:
        yield lambda: not process.is_alive()
        assert process.is_alive()
    finally:
        process.kill()
        process.join()


def _invoke(function: Function, event: Mapping[str, Any], lease_seconds: float) -> None:
    lease.LEASE_MARGIN_SECONDS = lease_seconds - WORKING_SECONDS  # type: ignore[attr-defined]
    function(event, SECONDS)
