"""
Calls to AWS: clients made once, retries within the invocation's time, and errors in our own words.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    ParamValidationError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from handler.aws_errors import error_class
from handler.clock import Clock
from handler.errors import (
    AccessDeniedError,
    InvalidRequestError,
    NetworkFailureError,
    ProvisionerError,
    ResourceConflictError,
    SecretNotUsableError,
    ServiceInternalError,
    ThrottlingError,
)

MOST_RETRIES = 5
LONGEST_PAUSE_SECONDS = 5.0
HINTS: dict[type[ProvisionerError], str] = {
    AccessDeniedError: "; a policy of the function's role, of the resource or of its KMS key"
    " refuses it",
    SecretNotUsableError: "; it does not exist, not in that version, or it is being deleted",
}


@cache
def client(service: str, connect_timeout_seconds: int, read_timeout_seconds: int) -> Any:
    """Make a client, once for the life of the container."""
    # botocore's own retries are off: they repeat LimitExceededException, which is a quota, but not
    # ConcurrentModificationException, which passes.
    config = Config(
        connect_timeout=connect_timeout_seconds,
        read_timeout=read_timeout_seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return boto3.session.Session().client(service, config=config)  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls one service; what may pass is tried again with growing, jittered pauses."""

    service: str
    client: Any
    clock: Clock
    retried: tuple[type[ProvisionerError], ...] = (
        NetworkFailureError,
        ResourceConflictError,
        ServiceInternalError,
        ThrottlingError,
    )

    def __call__(self, operation: str, subject: str, **parameters: Any) -> dict[str, Any]:
        """
        Call an operation, such as ``describe_connection``.

        Args:
            operation: the client's method.
            subject: what it is about, for the reason of an error; never a value.
            parameters: what the method takes.

        Raises:
            ProvisionerError: in our own words; AWS's message is left out, for it may echo values.
        """
        attempt: Callable[..., dict[str, Any]] = getattr(self.client, operation)
        name = self.client.meta.method_to_api_mapping[operation]
        pauses = _pauses()
        while True:
            try:
                return attempt(**parameters)
            except (ClientError, BotoCoreError) as foreign:
                error = self._translated(foreign, name, subject)
            pause = next(pauses, None)
            if (
                pause is None
                or not isinstance(error, self.retried)
                or self.clock.remaining() <= pause
            ):
                raise error from None
            self.clock.sleep(pause)

    def _translated(self, foreign: Exception, operation: str, subject: str) -> ProvisionerError:
        call = f"{self.service}:{operation} on {subject}"
        match foreign:
            case ClientError():
                return _of_answer(self.service, call, foreign.response)
            case ParamValidationError():
                return InvalidRequestError(f"{call} does not accept the request's form")
            case HTTPClientError() | BotoConnectionError():
                return NetworkFailureError(f"{call} got no answer ({type(foreign).__name__})")
            case _:
                return ServiceInternalError(f"{call} could not be made ({type(foreign).__name__})")


def _of_answer(service: str, call: str, response: Any) -> ProvisionerError:
    told = response.get("Error", {})
    code = str(
        told.get("QueryErrorCode") or told.get("Code", "")
    )  # SQS keeps its model's name there
    metadata = response.get("ResponseMetadata", {})
    kind = error_class(service, code, int(metadata.get("HTTPStatusCode", 500)))
    reason = f"{call} failed: {code}{HINTS.get(kind, '')}"
    request_id = metadata.get("RequestId")
    return kind(f"{reason} (AWS request {request_id})" if request_id else reason)


def _pauses() -> Iterator[float]:
    for attempt in range(MOST_RETRIES):
        yield random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.2 * 2**attempt))  # noqa: S311 (jitter)
