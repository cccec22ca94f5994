"""
Calls to AWS: clients made once, retries within the invocation's time, and errors in our own words.
"""

import threading
from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.session import Session

from handler.adapters.aws_errors import error_of_response
from handler.clock import Clock, growing_pauses
from handler.errors import (
    InvalidRequestError,
    NetworkFailureError,
    ProvisionerError,
    ResourceConflictError,
    ServiceInternalError,
    ThrottlingError,
)
from handler.settings import CALL_PAUSES, MOST_CALL_RETRIES

_SESSION_LOCK = threading.Lock()  # a session, unlike its clients, belongs to one thread at a time


@cache
def client(service: str, connect_timeout_seconds: int, read_timeout_seconds: int) -> Any:
    """
    Make a client, once for the life of the container.

    Raises:
        ServiceInternalError: boto3's own variables, an endpoint or a profile, are malformed.
    """
    # botocore's own retries are off: they repeat LimitExceededException, which is a quota, but not
    # ConcurrentModificationException, which passes.
    config = Config(
        connect_timeout=connect_timeout_seconds,
        read_timeout=read_timeout_seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    try:
        with _SESSION_LOCK:
            return session().create_client(service, config=config)
    except (BotoCoreError, ValueError) as error:
        problem = f"no client of {service} can be made ({type(error).__name__})"
        raise ServiceInternalError(problem) from None


@cache
def session() -> Session:
    """Make the session; all clients share the endpoints and credentials that it loads."""
    return Session()


class Caller(NamedTuple):
    """Calls one service; retries passing errors with growing, jittered pauses."""

    service: str
    client: Any
    clock: Clock
    retried: tuple[type[ProvisionerError], ...] = (
        NetworkFailureError,
        ResourceConflictError,
        ServiceInternalError,
        ThrottlingError,
    )
    most_retries: int = MOST_CALL_RETRIES

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
        pauses = islice(growing_pauses(*CALL_PAUSES), self.most_retries)
        has_unknown_end = False
        while True:
            try:
                return attempt(**parameters)
            except (ClientError, BotoCoreError) as foreign:
                error = self._translated(foreign, name, subject)
            has_unknown_end |= isinstance(error, (NetworkFailureError, ServiceInternalError))
            error.has_unknown_end = has_unknown_end
            pause = next(pauses, None) if isinstance(error, self.retried) else None
            if pause is None or self.clock.remaining() <= pause:
                raise error from None
            self.clock.sleep(self.clock.jitter(pause))

    def _translated(self, foreign: Exception, operation: str, subject: str) -> ProvisionerError:
        call = f"{self.service}:{operation} on {subject}"
        match foreign:
            case ClientError():
                return error_of_response(self.service, call, foreign.response)
            case ParamValidationError():
                return InvalidRequestError(f"{call} does not accept the request's form")
            case HTTPClientError() | BotoConnectionError():
                return NetworkFailureError(f"{call} got no answer ({type(foreign).__name__})")
            case _:
                return ServiceInternalError(f"{call} could not be made ({type(foreign).__name__})")
