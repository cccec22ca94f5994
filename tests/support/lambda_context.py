"""Lambda's context, as much of it as the function and its libraries use."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4


@dataclass(slots=True)
class LambdaContext:
    """An invocation that ends ``seconds`` after it began, by a clock that a test may hold."""

    invoked_function_arn: str
    seconds: float = 60
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))
    function_name: str = "eventbridge-connection-provisioner"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 512
    clock: Callable[[], float] = time.monotonic
    started: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin."""
        self.started = self.clock()

    def get_remaining_time_in_millis(self) -> int:
        """Tell the milliseconds until Lambda would end the function."""
        return max(0, round((self.started + self.seconds - self.clock()) * 1000))
