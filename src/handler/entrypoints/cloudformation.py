"""
Entry point: CloudFormation's custom resource, on crhelper; exactly one answer per request.

If the wait outlasts the invocation, the answer comes from a later one: Lambda delivers the request
again, up to twice.

crhelper dispatches and guards the deadline. What it does badly is overridden in one class here.
"""

import logging
import threading
from collections.abc import Mapping
from typing import Any

from crhelper import CfnResource

from handler.clock import instant
from handler.composition import Context, Invocation
from handler.entrypoints.cloudformation_event import (
    refuse_forwarded_event,
    refuse_unanswerable_event,
)
from handler.entrypoints.cloudformation_response import (
    deliver,
    physical_id_of_unknown_end,
    response,
)
from handler.entrypoints.execution import Failed, Succeeded, execute
from handler.entrypoints.result import attributes
from handler.environment import connection_name_prefix, environment, pretend_sam_local
from handler.errors import ProvisionerError, SupersededError
from handler.observability import logger
from handler.requests.unchecked_request import UncheckedRequest, read_custom_resource
from handler.settings import MOST_STACK_CALL_RETRIES, TIMEOUT_MARGIN_SECONDS, TIMEOUT_SHARE

# crhelper logs events, and exceptions with their text.
logging.getLogger("crhelper").setLevel(logging.CRITICAL + 1)


def handle_custom_resource(event: Mapping[str, Any], context: Context) -> None:
    """
    Carry out a custom-resource request and answer it.

    Raises:
        InvalidRequestError: the event cannot be answered, or another function will answer it.
        NetworkFailureError: the answer was not acknowledged; Lambda tries again.
        ProvisionerError: the invocation ends before the wait does; Lambda tries again.
    """
    refuse_unanswerable_event(event, context)
    refuse_forwarded_event(event, context)
    invocation = Invocation(context, most_call_retries=MOST_STACK_CALL_RETRIES)
    prefix = connection_name_prefix(environment())
    unchecked = read_custom_resource(event, prefix, invocation.arrival)
    resource = ConnectionResource(event, unchecked, invocation)
    resource(event, context)  # crhelper calls _handle, then _send
    if resource.unanswered:
        raise resource.unanswered from None


class _ReasonError(Exception):
    """When a request failed; its text is the Reason that a stack event shows."""


class ConnectionResource(CfnResource):
    """crhelper for one request; a new instance each time, because crhelper keeps state."""

    def __init__(
        self, event: Mapping[str, Any], unchecked: UncheckedRequest, invocation: Invocation
    ) -> None:
        """Register the one handler for all request types."""
        self._request = event
        self._unchecked = unchecked
        self._invocation = invocation
        self._answering = threading.Lock()
        self._is_answered = False
        self.unanswered: ProvisionerError | None = None
        with pretend_sam_local():
            super().__init__(
                # crhelper sets the root logger's level; keep the present one.
                log_level=logging.root.level,  # type: ignore[arg-type]
                boto_level="CRITICAL",
                sleep_on_delete=0,
            )
        for register in (self.create, self.update, self.delete):
            register(self._handle)

    def generate_physical_id(self, event: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Give an id that is the same at every retry, unlike crhelper's random one."""
        return self._unchecked.physical_resource_id or self._unchecked.name

    def _handle(self, event: Mapping[str, Any], _: Context) -> str:
        match execute(self._unchecked, self._invocation, self._comes_back):
            case Failed(_, error, is_final):
                if not is_final:
                    self._leave_unanswered(error)
                # CloudFormation must know what this request created, to be able to delete it. If it
                # is not known whether anything was created, answer with the name, too: an earlier
                # delivery may have created it.
                is_unknown = error.is_transient or isinstance(error, SupersededError)
                unknown = physical_id_of_unknown_end(self._unchecked) if is_unknown else ""
                self.PhysicalResourceId = error.created_name or unknown
                raise _ReasonError(self._told(f"{error.code}: {error.reason}")) from None
            case Succeeded(_, completion):
                self.Data = attributes(completion)
                is_deletion = event["RequestType"] == "Delete"
                own_id = self._unchecked.physical_resource_id if is_deletion else ""
                return own_id or completion.connection.name

    def _comes_back(self, error: ProvisionerError) -> bool:
        return error.is_transient and self._is_waiting()

    def _is_waiting(self) -> bool:
        invocation = self._invocation
        return invocation.progress.has_time_left(instant(invocation.clock.now()))

    def _leave_unanswered(self, error: ProvisionerError) -> None:
        with self._answering:
            if not self._is_answered:
                self._is_answered, self.unanswered = True, error

    def _told(self, reason: str) -> str:
        seen = self._invocation.progress.seen
        if seen is None or seen.state_and_reason in reason:
            return reason
        return f"{reason}; {seen.name} was last seen {seen.state_and_reason}"

    def _log_setup(self, event: Mapping[str, Any], context: Context) -> None:
        """Leave everybody's log levels alone."""

    def _set_timeout(self) -> None:
        left = self._invocation.seconds_left()
        margin = min(TIMEOUT_MARGIN_SECONDS, left * TIMEOUT_SHARE)
        self._timer = threading.Timer(left - margin, self._timeout)
        self._timer.daemon = True
        self._timer.start()

    def _timeout(self) -> None:
        if self._is_waiting():
            return  # if the wait still hangs, Lambda ends the invocation
        told = self._told("the function's time ran out before EventBridge answered")
        self._send_once("FAILED", told, physical_id_of_unknown_end(self._unchecked))

    def _send(self, status: str | None = None, reason: str = "", _: object = None) -> None:
        self._send_once(status or self.Status, reason or str(self.Reason))

    def _send_once(self, status: str, reason: str, physical_id: str = "") -> None:
        with self._answering:
            if not self._is_answered:
                self._is_answered = True
                self._deliver(self._body(status, reason, physical_id))

    def _body(self, status: str, reason: str, physical_id: str) -> dict[str, Any]:
        known = physical_id or self.PhysicalResourceId
        name = known or self.generate_physical_id(self._request)
        return response(self._request, str(name), reason, status, self.Data)

    def _deliver(self, body: Mapping[str, Any]) -> None:
        try:
            deliver(self._request["ResponseURL"], body, self._invocation)
        except ProvisionerError as error:
            # If this raised, crhelper would answer FAILED for a request that succeeded.
            self.unanswered = error
            logger.error("answer not delivered", reason=error.reason, correlation_id=self.RequestId)
