"""The function in this process, its clients pointed at the emulator by the environment."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from handler.adapters import aws_client as aws
from handler.app import lambda_handler
from handler.composition import Invocation
from tests.support.lambda_context import LambdaContext


@dataclass(frozen=True, slots=True)
class Function:
    """The entry point, called as Lambda calls it."""

    arn: str
    clock: Callable[[], float] = time.monotonic

    def __call__(
        self, event: Any, seconds: float = 60, clock: Callable[[], float] | None = None
    ) -> Any:
        """Invoke the function with an event and so many seconds to live, by a clock."""
        return lambda_handler(event, LambdaContext(self.arn, seconds, clock=clock or self.clock))

    def invocation(
        self, seconds: float = 60, clock: Callable[[], float] | None = None
    ) -> Invocation:
        """Give what an invocation is made of, to look at its adapters alone."""
        return Invocation(LambdaContext(self.arn, seconds, clock=clock or self.clock))


def forget_clients() -> None:
    """Let the function make its clients anew, as the environment then says."""
    aws.client.cache_clear()
    aws.session.cache_clear()
