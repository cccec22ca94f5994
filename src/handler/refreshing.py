"""Refresh: connections follow the secrets that they were made from."""

from handler.drift import is_behind
from handler.errors import NotFoundError
from handler.lifecycle import BAD, Connection
from handler.looking import look
from handler.outcome import Completion, Outcome
from handler.owners_request import owners_request
from handler.ownership import Record, Standing, remembered
from handler.ports import Ports
from handler.request import Request
from handler.resolution import resolve
from handler.source import Source
from handler.writing import completed, written


def refresh(ports: Ports, request: Request) -> Completion:
    """
    Bring one connection, or by one message each all that were made from a secret, to its version.

    Raises:
        NotFoundError: nobody is registered for the name, or its connection is gone.
    """
    if not request.name:
        return _handed_on(ports, request)
    record = ports.registry.read(request.name)
    if record is None and request.selection.secret is None:
        raise NotFoundError(f"nobody is registered for {request.name}")
    if record is None or record.deleted_at or _is_done(record, request):
        return Completion(Outcome.UNCHANGED, Connection(request.name))
    situation = look(ports, record.name, record.owner, record)
    match situation.connection:
        case Connection() as connection if situation.standing is Standing.OWN:
            return refreshed(ports, request, record, connection)
        case _ if not record.connection_arn:  # a Create is on its way, and fetches after this
            return Completion(Outcome.UNCHANGED, remembered(record))
        case _:
            raise NotFoundError(f"the connection {record.name} is gone, or was made anew")


def refreshed(ports: Ports, request: Request, record: Record, connection: Connection) -> Completion:
    """Write a connection again where another version of its secrets is current, or it is broken."""
    if not record.properties:
        return Completion(Outcome.UNCHANGED, connection)
    wanted = owners_request(request, record, ports.rules)
    desired = resolve(ports, wanted, record)
    is_needed = is_behind(record, desired.versions) or bool(record.lease_holder)
    if is_needed or connection.state in BAD:
        record = written(ports, wanted, record, connection, desired)
    elif record.unsettled_outcome != Outcome.REFRESHED:
        return Completion(Outcome.UNCHANGED, connection)
    return Completion(Outcome.REFRESHED, completed(ports, wanted, record, desired).connection)


def _handed_on(ports: Ports, request: Request) -> Completion:
    chosen = request.selection
    if chosen.secret is None:
        raise NotFoundError("there is nothing to refresh")
    names = ports.registry.users(chosen.secret)
    version = {"VersionId": chosen.version_id} if chosen.version_id else {}
    about = {**chosen.secret.selector, **version}
    ports.requests.send(
        [
            {
                "RequestType": request.request_type,
                "RequestId": request.request_id,
                "ResourceProperties": {"Name": name, **about},
            }
            for name in names
        ]
    )
    return Completion(
        Outcome.REFRESHED if names else Outcome.UNCHANGED,
        Connection(""),
        is_silent=not names,
        details={"ConnectionCount": len(names)},
    )


def _is_done(record: Record, request: Request) -> bool:
    secret, version_id = request.selection.secret, request.selection.version_id
    if not secret or not version_id or record.unsettled_outcome or record.lease_holder:
        return False
    versions = [
        applied
        for source, applied in record.secret_versions.items()
        if Source.parse(source).secret.name == secret.name and not Source.parse(source).is_pinned
    ]
    return set(versions) == {version_id}
