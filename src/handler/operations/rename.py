"""
Terraform's renames: one request asks for the new connection and gives the old one up.

CloudFormation sends a Delete of its own for the old one, once the new one works.
"""

from collections.abc import Callable
from dataclasses import replace

from handler.connections.ownership import Record
from handler.operations.outcome import Completion
from handler.operations.ports import Ports
from handler.requests.request import Request
from handler.requests.unchecked_request import TERRAFORM, RequestType

UseCase = Callable[[Ports, Request], Completion]


def upsert_renamed(ports: Ports, request: Request, upsert: UseCase, delete: UseCase) -> Completion:
    """Bring about the new connection, then delete what its record says that it replaces."""
    completion = upsert(ports, request)
    record = _delete_replaced(ports, request, delete)
    if record and record.replaces:
        ports.registry.write(replace(record, replaces=()))
    return completion


def delete_renamed(ports: Ports, request: Request, delete: UseCase) -> Completion:
    """Delete a connection, and first what a rename that failed has left standing beside it."""
    _delete_replaced(ports, request, delete)
    return delete(ports, request)


def _delete_replaced(
    ports: Ports, request: Request, delete: UseCase, seen: tuple[str, ...] = ()
) -> Record | None:
    if request.entry_point is not TERRAFORM or not request.name:
        return None
    record = ports.registry.read(request.name)
    if record is None or record.owner != request.owner:
        return None
    for name in set(record.replaces) - {*seen, request.name}:
        old = replace(request, request_type=RequestType.DELETE, name=name, previous_name="")
        # It may replace another one in turn, where a rename failed before.
        _delete_replaced(ports, old, delete, (*seen, request.name))
        delete(ports, old)
    return record
