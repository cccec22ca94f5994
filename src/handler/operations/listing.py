"""List: what is registered, a page at a time."""

from contextlib import suppress
from typing import Any

from handler.clock import iso
from handler.connections.ownership import MaintenanceFailure, Record
from handler.connections.state import Connection
from handler.errors import ProvisionerError
from handler.operations.outcome import Completion, Outcome
from handler.operations.ports import Ports
from handler.references.source import Source
from handler.requests.request import Request


def listing(ports: Ports, request: Request) -> Completion:
    """Give registered connections with owner, state, secrets and last refresh."""
    records, token = ports.registry.page(request.selection.next_token)
    while not records and token:
        records, token = ports.registry.page(token)
    details: dict[str, Any] = {"Connections": [_shown(ports, record) for record in records]}
    if token:
        details["NextToken"] = token
    return Completion(Outcome.DESCRIBED, Connection(""), details=details)


def _shown(ports: Ports, record: Record) -> dict[str, Any]:
    connection = None
    with suppress(ProvisionerError):  # one that cannot be seen hides no other
        connection = ports.connections.describe(record.name)
    is_there = connection and connection.arn == record.connection_arn
    return {
        "Name": record.name,
        "Owner": record.owner,
        "ConnectionArn": record.connection_arn,
        "ConnectionState": connection.state if connection and is_there else "",
        "IsAdopted": record.is_adopted,
        "Secrets": [_secret(source, version) for source, version in record.secret_versions.items()],
        "LastRefreshTime": iso(record.refreshed_at),
    } | _failure(record.maintenance_failure)


def _failure(failure: MaintenanceFailure | None) -> dict[str, Any]:
    if failure is None:
        return {}
    told = {"ErrorCode": failure.code, "Reason": failure.reason, "Time": iso(failure.failed_at)}
    return {"LastFailure": told}


def _secret(text: str, version_id: str) -> dict[str, str]:
    source = Source.parse(text)
    return {**source.secret.selector, "VersionId": version_id}
