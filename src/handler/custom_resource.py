"""
Door: CloudFormation's custom resource, on crhelper; exactly one answer per request.

crhelper dispatches and guards the deadline. What it does badly is overridden in one class here.
"""

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from crhelper import CfnResource

from handler import answer
from handler.answerable import refuse_unanswerable
from handler.answering import deliver, id_of_unknown_end
from handler.asked import Asked, asked_by_custom_resource
from handler.errors import ProvisionerError
from handler.handling import Failed, Succeeded, handle
from handler.invocation import Context, Invocation
from handler.observability import logger
from handler.outcome import attributes

TIMEOUT_MARGIN_SECONDS = 5.0  # a PUT with its handshake takes up to one; the rest is for retries

# It prints events, and exceptions with their text.
logging.getLogger("crhelper").setLevel(logging.CRITICAL + 1)


def handle_custom_resource(event: Mapping[str, Any], context: Context) -> None:
    """
    Carry out a custom-resource request and answer it.

    Raises:
        InvalidRequestError: the event is none that could be answered.
        NetworkFailureError: the answer was not acknowledged; Lambda tries again.
    """
    refuse_unanswerable(event, context)
    invocation = Invocation(context)
    prefix = os.environ.get("CONNECTION_NAME_PREFIX", "")
    asked = asked_by_custom_resource(event, prefix, invocation.arrival)
    resource = ConnectionResource(event, asked, invocation)
    resource(event, context)
    if resource.undelivered:
        raise resource.undelivered from None


class _ReasonError(Exception):
    """When a request failed; its text is the Reason that a stack event shows."""


class ConnectionResource(CfnResource):
    """
    crhelper for one request; made anew each time, for it keeps state from one request to the next.
    """

    def __init__(self, event: Mapping[str, Any], asked: Asked, invocation: Invocation) -> None:
        """Register the one handler for all request types."""
        self._request = event
        self._asked = asked
        self._invocation = invocation
        self._answering = threading.Lock()
        self._is_answered = False
        self.undelivered: ProvisionerError | None = None
        with _without_clients():
            super().__init__(
                # It sets the root logger's level, to what it is already.
                log_level=logging.root.level,  # type: ignore[arg-type]
                boto_level="CRITICAL",
                sleep_on_delete=0,
            )
        for register in (self.create, self.update, self.delete):
            register(self._handle)

    def generate_physical_id(self, event: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Give an id that is the same at every retry, where crhelper's is random."""
        return self._asked.physical_resource_id or self._asked.name

    def _handle(self, event: Mapping[str, Any], _: Context) -> str:
        match handle(self._asked, self._invocation):
            case Failed(_, error):
                # What this request created must be known, so that CloudFormation can delete it.
                # An earlier delivery may have made it, too, if this one only ran out of tries.
                unknown = id_of_unknown_end(self._asked) if error.is_transient else ""
                self.PhysicalResourceId = error.created_name or unknown
                raise _ReasonError(f"{error.code}: {error.reason}") from None
            case Succeeded(_, completion):
                self.Data = attributes(completion)
                is_deletion = event["RequestType"] == "Delete"
                own_id = self._asked.physical_resource_id if is_deletion else ""
                return own_id or completion.connection.name

    def _log_setup(self, event: Mapping[str, Any], context: Context) -> None:
        """Leave everybody's log levels alone."""

    def _set_timeout(self) -> None:
        left = self._invocation.seconds_left()
        self._timer = threading.Timer(left - min(TIMEOUT_MARGIN_SECONDS, left / 2), self._timeout)
        self._timer.daemon = True
        self._timer.start()

    def _timeout(self) -> None:
        self.PhysicalResourceId = id_of_unknown_end(self._asked)
        self._send("FAILED", "the function's time ran out before EventBridge answered")

    def _send(self, status: str | None = None, reason: str = "", _: object = None) -> None:
        with self._answering:
            if self._is_answered:
                return
            self._is_answered = True
            self._deliver(self._body(status or self.Status, reason or str(self.Reason)))

    def _body(self, status: str, reason: str) -> dict[str, Any]:
        name = self.PhysicalResourceId or self.generate_physical_id(self._request)
        body = answer.failed(self._request, str(name), reason)
        return body if status == "FAILED" else {**body, "Status": status, "Data": self.Data}

    def _deliver(self, body: Mapping[str, Any]) -> None:
        try:
            deliver(self._request["ResponseURL"], body, self._invocation)
        except ProvisionerError as error:
            # Raised here, crhelper would answer FAILED for what succeeded.
            self.undelivered = error
            logger.error("answer not delivered", reason=error.reason, correlation_id=self.RequestId)


@contextmanager
def _without_clients() -> Iterator[None]:
    # Where this variable is set, crhelper's constructor leaves out three clients that only its
    # polling needs.
    before = os.environ.get("AWS_SAM_LOCAL")
    os.environ["AWS_SAM_LOCAL"] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ["AWS_SAM_LOCAL"]
        else:
            os.environ["AWS_SAM_LOCAL"] = before
