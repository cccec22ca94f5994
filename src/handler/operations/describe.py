"""Describe and List: one connection, or what is registered, a page at a time."""

from contextlib import suppress
from typing import Any

from handler.clock import iso
from handler.connections.ownership import Standing, not_own, standing
from handler.connections.record import Record
from handler.connections.state import Connection
from handler.errors import NotFoundError, ProvisionerError
from handler.operations.completion import Completion, Outcome
from handler.operations.ports import Ports
from handler.references.source import Source
from handler.requests.request import Request


def describe(ports: Ports, request: Request) -> Completion:
    """Give a connection as EventBridge shows it; to producers only what is theirs."""
    connection = ports.connections.describe(request.name)
    if connection is None:
        raise NotFoundError(f"there is no connection {request.name}")
    if request.entry_point.is_limited_to_owner:
        record = ports.registry.read(request.name)
        found = standing(record, connection, request.owner)
        if found is not Standing.OWN:
            raise not_own(request.name, record if found is Standing.FOREIGN else None)
    return Completion(Outcome.DESCRIBED, connection)


def list_connections(ports: Ports, request: Request) -> Completion:
    """Give registered connections with owner, state, secrets and last refresh."""
    records, token = ports.registry.page(request.selection.next_token)
    while not records and token:
        records, token = ports.registry.page(token)
    details: dict[str, Any] = {"Connections": [_entry(ports, record) for record in records]}
    if token:
        details["NextToken"] = token
    return Completion(Outcome.DESCRIBED, Connection(""), details=details)


def _entry(ports: Ports, record: Record) -> dict[str, Any]:
    connection = None
    with suppress(ProvisionerError):  # the others are listed anyway
        connection = ports.connections.describe(record.name)
    is_there = connection and connection.arn == record.connection_arn
    sources = [(Source.parse(text), each) for text, each in record.secret_versions.items()]
    entry = {
        "Name": record.name,
        "Owner": record.owner,
        "ConnectionArn": record.connection_arn,
        "ConnectionState": connection.state if connection and is_there else "",
        "IsAdopted": record.is_adopted,
        "Secrets": [
            {**source.secret.refresh_members, "VersionId": each} for source, each in sources
        ],
        "LastRefreshTime": iso(record.refreshed_at),
    }
    if failure := record.maintenance_failure:
        problem = {"ErrorCode": failure.code, "Reason": failure.reason}
        entry["LastFailure"] = problem | {"Time": iso(failure.failed_at)}
    return entry
