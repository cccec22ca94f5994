"""Validate: everything that a Create checks, without writing."""

from handler.connections.ownership import Standing, already_exists
from handler.connections.state import Connection
from handler.operations.completion import Completion, Outcome
from handler.operations.current_state import read_current_state
from handler.operations.ports import Ports
from handler.operations.resolution import resolve
from handler.requests.options import OnExisting
from handler.requests.request import Request


def validate(ports: Ports, request: Request) -> Completion:
    """Check ownership and references as an upsert does."""
    known = ports.registry.read(request.name)
    found = read_current_state(ports, request.name, request.owner, known)
    adopts = request.on_existing is OnExisting.ADOPT
    if found.standing is Standing.FOREIGN or (found.standing is Standing.UNOWNED and not adopts):
        raise already_exists(request.name, found.standing, found.record)
    resolve(ports, request)
    return Completion(Outcome.VALIDATED, found.connection or Connection(request.name))
