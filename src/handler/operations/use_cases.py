"""The use case of each request type (Create and Update: upsert), and how often it is tried."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from handler import errors
from handler.clock import growing_pauses, instant
from handler.connections.ownership import superseded
from handler.operations import delete, describe, lease, reconcile, refresh, upsert, validate
from handler.operations.completion import Completion
from handler.operations.ports import Ports
from handler.requests.entry_point import RequestType
from handler.requests.request import Request
from handler.settings import LEAST_PATIENCE_SECONDS, ROUND_PAUSES

USE_CASES: dict[RequestType, Callable[[Ports, Request], Completion]] = {
    RequestType.CREATE: upsert.upsert,
    RequestType.UPDATE: upsert.upsert,
    RequestType.DELETE: delete.delete,
    RequestType.DESCRIBE: describe.describe,
    RequestType.VALIDATE: validate.validate,
    RequestType.RELEASE: delete.release,
    RequestType.REFRESH: refresh.refresh,
    RequestType.RECONCILE: reconcile.reconcile,
    RequestType.LIST: describe.list_connections,
}


def carry_out(ports: Ports, checked: Request) -> Completion:
    """
    Do what a request asks; retry a conflict, for a stack's request any transient error.

    Raises:
        ProvisionerError: what ended it; created_name names a connection that it created.
    """
    request = replace(checked, started_at=instant(ports.clock.now()))
    patience_seconds = max(request.wait_timeout_seconds, LEAST_PATIENCE_SECONDS)
    until_remaining = ports.clock.remaining() - patience_seconds
    passing: type[errors.TransientError] = errors.ResourceConflictError
    if request.entry_point.is_answered_once:
        # Retry until near the deadline: a delivery that was killed may hold the lease until then.
        until_remaining, passing = ports.clock.spare_seconds(), errors.TransientError
    waiting = ports.clock.pauses(growing_pauses(*ROUND_PAUSES), until_remaining)
    created_name = ""
    while True:
        try:
            return USE_CASES[request.request_type](ports, request)
        except errors.ProvisionerError as error:
            failure = error
        failure.created_name = created_name = failure.created_name or created_name
        if isinstance(failure, passing) and next(waiting, None) is not None:
            continue
        # A newer request may have caused the conflict after this one's last look at the registry.
        if isinstance(failure, errors.ResourceConflictError):
            failure = _overtaken(ports, request) or failure
            failure.created_name = created_name
        raise failure from None


def _overtaken(ports: Ports, request: Request) -> errors.SupersededError | None:
    if USE_CASES[request.request_type] is not upsert.upsert:
        return None
    with suppress(errors.ProvisionerError):
        if record := ports.registry.read(request.name):
            # A newer request may still fail while it holds the lease.
            now = instant(ports.clock.now())
            is_leased = lease.is_leased_to_other(record, ports.holder, now)
            is_older = not is_leased and record.supersedes(request.owner, request.request_time)
            return superseded(request.name) if is_older else None
        deletion = ports.registry.read_deletion(request.name, request.owner)
        if deletion and deletion.refuses(request.request_time):
            return superseded(request.name, is_deleted=True)
    return None
