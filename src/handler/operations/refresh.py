"""Refresh: connections follow the secrets that they were made from."""

from collections.abc import Mapping
from typing import Any

from handler.clock import instant
from handler.connections.drift import is_behind
from handler.connections.ownership import Record, Standing, last_known
from handler.connections.state import BAD, Connection
from handler.errors import NotFoundError, ServiceInternalError
from handler.operations.maintenance import clear_failure, is_following, repeat_of_owners_request
from handler.operations.observation import observe, refuse_if_changed
from handler.operations.outcome import Completion, Outcome
from handler.operations.ports import Ports
from handler.operations.resolution import Resolved, resolve
from handler.operations.writing import complete, write_connection
from handler.references.source import Secret, Source
from handler.requests.request import Request
from handler.settings import LONGEST_STALENESS


def refresh(ports: Ports, request: Request) -> Completion:
    """
    Bring one connection, or by one message each all that were made from a secret, to its version.

    Raises:
        NotFoundError: nobody is registered for the name, or its connection is gone.
    """
    if not request.name:
        return _fan_out(ports, request)
    record = ports.registry.read(request.name)
    if record is None and not request.selection.secrets:
        raise NotFoundError(f"nobody is registered for {request.name}")
    if record is None or _is_done(record, request):
        return Completion(Outcome.UNCHANGED, Connection(request.name))
    situation = observe(ports, record.name, record.owner, record)
    match situation.connection:
        case Connection() as connection if situation.standing is Standing.OWN:
            return refreshed(ports, request, record, connection)
        case _ if not record.properties:  # a Create is on its way, and fetches after this
            return Completion(Outcome.UNCHANGED, last_known(record))
        case _:
            refuse_if_changed(ports, record)
            if record.is_unwanted:
                return Completion(Outcome.UNCHANGED, last_known(record))
            if not record.connection_arn:
                raise ServiceInternalError(f"the repair of {record.name} is not done yet")
            raise NotFoundError(f"the connection {record.name} is gone, or was made anew")


def refreshed(ports: Ports, request: Request, record: Record, connection: Connection) -> Completion:
    """Write a connection again where another version of its secrets is current, or it is broken."""
    if not record.properties or record.is_unwanted:
        return Completion(Outcome.UNCHANGED, connection)
    wanted = repeat_of_owners_request(request, record, ports.rules)
    desired = resolve(ports, wanted)
    is_needed = is_behind(record, desired.versions) or bool(record.lease_holder)
    if is_needed or connection.state in BAD:
        record = write_connection(ports, wanted, record, connection, desired)
    elif not is_following(record):
        _refuse_stale(ports, request, record, desired)
        clear_failure(ports, record)
        return Completion(Outcome.UNCHANGED, connection)
    return Completion(Outcome.REFRESHED, complete(ports, wanted, record, desired).connection)


def _refuse_stale(ports: Ports, request: Request, record: Record, desired: Resolved) -> None:
    """
    Come back where Secrets Manager does not show yet what its event told of.

    An event that is older than what was applied looks the same for a while, and costs a few reads.
    """
    chosen = request.selection
    written_at = record.seen.written_at or record.claimed_at
    age = instant(ports.clock.now()) - request.request_time
    current = _versions(desired.versions, chosen.secrets)
    is_shown = not current or not chosen.version_id or chosen.version_id in current
    if not is_shown and written_at < request.request_time and age < LONGEST_STALENESS:
        raise ServiceInternalError(f"the newest secret of {record.name} is not to be seen yet")


def _fan_out(ports: Ports, request: Request) -> Completion:
    chosen = request.selection
    if not chosen.secrets:
        raise NotFoundError("there is nothing to refresh")
    about: dict[str, Any] = {}
    if chosen.version_id:
        about["VersionId"] = chosen.version_id
    if request.wait_timeout_seconds != request.entry_point.default_wait_seconds:
        about["WaitTimeoutSeconds"] = int(request.wait_timeout_seconds)
    names = {name: secret for secret in chosen.secrets for name in ports.registry.users(secret)}
    given = [{"Name": name, **secret.selector, **about} for name, secret in names.items()]
    ports.fan_out(request, given)
    return Completion(
        Outcome.REFRESHED if names else Outcome.UNCHANGED,
        Connection(""),
        is_silent=not names,
        details={"ConnectionCount": len(names)},
    )


def _is_done(record: Record, request: Request) -> bool:
    version_id = request.selection.version_id
    if not version_id or record.unsettled or record.lease_holder:
        return False
    return _versions(record.secret_versions, request.selection.secrets) == {version_id}


def _versions(versions: Mapping[str, str], secrets: tuple[Secret, ...]) -> set[str]:
    """Give the versions of a secret that follow its current one."""
    names = {secret.name for secret in secrets}
    parsed = ((Source.parse(text), each) for text, each in versions.items())
    return {
        each
        for source, each in parsed
        if source.secret.name in names
        and not source.is_pinned
        and source.version_stage in ("", "AWSCURRENT")
    }
