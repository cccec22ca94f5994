"""Refresh: connections follow their secrets; Reconcile shares some of its functions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from handler.clock import instant
from handler.connections.drift import is_behind
from handler.connections.ownership import Standing, not_own
from handler.connections.record import Record
from handler.connections.state import BAD, Connection
from handler.errors import NotFoundError, ServiceInternalError
from handler.operations import connection_write, current_state, lease, wait
from handler.operations.completion import Completion, Outcome
from handler.operations.maintenance_failure import clear_failure
from handler.operations.ports import Ports
from handler.operations.resolution import DesiredState, resolve
from handler.references.source import Secret, Source
from handler.requests.entry_point import MAINTENANCE_QUEUE
from handler.requests.properties import Rules, prepared, property_violations
from handler.requests.request import Request
from handler.requests.violation import refuse
from handler.settings import LONGEST_STALENESS


def refresh(ports: Ports, request: Request) -> Completion:
    """Bring one connection, or each that uses a secret, to the current version of its secrets."""
    if not request.name:
        return _refresh_users(ports, request)
    record = ports.registry.read(request.name)
    if record is None and not request.selection.secrets:
        raise NotFoundError(f"nobody is registered for {request.name}")
    if record and request.entry_point.is_limited_to_owner and record.owner != request.owner:
        raise not_own(request.name, record)
    if record is None:  # its secret has users no more
        return Completion(Outcome.UNCHANGED, Connection(request.name))
    return replace(_refresh_record(ports, request, record), owner=record.owner)


def _refresh_record(ports: Ports, request: Request, record: Record) -> Completion:
    if _is_done(record, request):
        return Completion(Outcome.UNCHANGED, Connection(request.name))
    found = current_state.read_current_state(ports, record.name, record.owner, record)
    if found.connection and found.standing is Standing.OWN:
        return _refresh_connection(ports, request, record, found.connection)
    if record.properties:  # otherwise a Create is running, and fetches later
        lease.refuse_if_changed(ports, record)
        if not record.is_deletion_pending:
            if not record.connection_arn and not found.connection:
                raise ServiceInternalError(f"{record.name} is still being repaired")
            problem = "was deleted or replaced outside this provisioner"
            raise NotFoundError(f"the connection {record.name} {problem}")
    return Completion(Outcome.UNCHANGED, record.registered_connection)


def _refresh_connection(
    ports: Ports, request: Request, record: Record, connection: Connection
) -> Completion:
    # Write it again if another version of its secrets is current, or if it is broken.
    if not record.properties or record.is_deletion_pending:
        return Completion(Outcome.UNCHANGED, connection)
    wanted = owners_request(request, record, ports.rules)
    desired = resolve(ports, wanted)
    is_needed = is_behind(record, desired.versions) or bool(record.lease_holder)
    if is_needed or connection.state in BAD:
        written = connection_write.lease_and_update(ports, wanted, record, connection, desired)
        return wait.finish_unless_settled(ports, wanted, written, desired)
    if not is_refresh_pending(record):
        _refuse_stale(ports, request, record, desired)
        clear_failure(ports, record)
        return Completion(Outcome.UNCHANGED, connection)
    return wait.finish_write(ports, wanted, record, desired)


def _refuse_stale(ports: Ports, request: Request, record: Record, desired: DesiredState) -> None:
    # A late event about an old version looks the same; to try again does no harm there, either.
    chosen = request.selection
    written_at = record.stored.written_at or record.claimed_at
    age = instant(ports.clock.now()) - request.request_time
    current = _versions(desired.versions, chosen.secrets)
    is_shown = not current or not chosen.version_id or chosen.version_id in current
    if not is_shown and written_at < request.request_time and age < LONGEST_STALENESS:
        problem = f"Secrets Manager does not return the new version of {record.name}'s secret yet"
        raise ServiceInternalError(problem)


def _refresh_users(ports: Ports, request: Request) -> Completion:
    about, secrets = _options(request), request.selection.secrets
    names = {name: secret for secret in secrets for name in ports.registry.users(secret)}
    given = [{"Name": name, **secret.refresh_members, **about} for name, secret in names.items()]
    fan_out(ports, request, given)
    outcome = Outcome.REFRESHED if names else Outcome.UNCHANGED
    details = {"ConnectionCount": len(names)}
    return Completion(outcome, Connection(""), is_silent=not names, details=details)


def _options(request: Request) -> dict[str, Any]:
    version_id, wait_seconds = request.selection.version_id, request.wait_timeout_seconds
    given: dict[str, Any] = {"VersionId": version_id} if version_id else {}
    if wait_seconds != request.entry_point.default_wait_seconds:
        longest = MAINTENANCE_QUEUE.longest_wait_seconds  # a direct request may wait longer
        given["WaitTimeoutSeconds"] = int(min(wait_seconds, longest))
    return given


def fan_out(ports: Ports, request: Request, about: Sequence[Mapping[str, Any]]) -> None:
    """Send a request of the same type and id for each of these properties."""
    kind = {"RequestType": request.request_type, "RequestId": request.request_id}
    documents = [{**kind, "ResourceProperties": each} for each in about]
    ports.send(documents, request.request_time)


def _is_done(record: Record, request: Request) -> bool:
    version_id = request.selection.version_id
    # With a failure on record it is looked at, so that success can clear it.
    if not version_id or record.pending_write or record.lease_holder or record.maintenance_failure:
        return False
    return _versions(record.secret_versions, request.selection.secrets) == {version_id}


def _versions(versions: Mapping[str, str], secrets: tuple[Secret, ...]) -> set[str]:
    """Give the versions of the sources that follow a secret's current version."""
    names = {secret.name for secret in secrets}
    parsed = ((Source.parse(text), each) for text, each in versions.items())
    return {
        each
        for source, each in parsed
        if source.secret.name in names
        and not source.is_pinned
        and source.version_stage in ("", "AWSCURRENT")
    }


def owners_request(request: Request, record: Record, rules: Rules) -> Request:
    """Rebuild the owner's request with its original time, if the rules still allow it."""
    properties = prepared(record.properties, rules)
    refuse(list(property_violations(properties, rules)))
    return replace(
        request, owner=record.owner, request_time=record.request_time, properties=properties
    )


def is_refresh_pending(record: Record) -> bool:
    """Tell whether a Refresh or a Reconcile wrote it and it was not seen settled since."""
    return record.pending_write is not None and record.pending_write.outcome == Outcome.REFRESHED
