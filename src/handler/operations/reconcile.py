"""Reconcile: find what events missed, and what was done behind our back."""

from collections.abc import Iterable, Iterator

from handler.clock import instant
from handler.connections.drift import Finding, absence, drift
from handler.connections.ownership import Record, is_same, last_known
from handler.connections.state import BAD, Connection, is_usable
from handler.errors import AlreadyExistsError, NotFoundError
from handler.operations.maintenance import clear_failure, is_following, repeat_of_owners_request
from handler.operations.observation import observe, refuse_if_changed
from handler.operations.outcome import Completion, Outcome
from handler.operations.ports import Ports
from handler.operations.resolution import Resolved, resolve
from handler.operations.upsert import create
from handler.operations.writing import complete, write_connection
from handler.requests.request import Request


def reconcile(ports: Ports, request: Request) -> Completion:
    """
    Compare one connection with what its owner asked for, or by one message each all there are.

    A version of a secret that is behind is always written, all else where repairing is switched on;
    what somebody else made anew is never touched.

    Raises:
        NotFoundError: nobody is registered for the name.
    """
    if not request.name:
        return _fan_out(ports, request)
    record = ports.registry.read(request.name)
    if record is None and not request.entry_point.waits_again:
        raise NotFoundError(f"nobody is registered for {request.name}")
    if record is None:  # released since it was handed on
        return _found(Outcome.UNCHANGED, Connection(request.name), ())
    if not record.properties:
        return _found(Outcome.UNCHANGED, last_known(record), ())  # not made yet
    situation = observe(ports, record.name, record.owner, record)
    if record.is_unwanted:
        return _unwanted(ports, record, situation.connection)
    missing = absence(record, situation.connection)
    if missing or situation.connection is None:
        refuse_if_changed(ports, record)
        return _replaced(ports, request, record, missing or Finding.GONE)
    return _compared(ports, request, record, situation.connection)


def _replaced(ports: Ports, request: Request, record: Record, missing: Finding) -> Completion:
    if missing is Finding.RECREATED or not _repairs(ports, request):
        return _found(Outcome.UNCHANGED, last_known(record), [missing])
    wanted = repeat_of_owners_request(request, record, ports.rules)
    try:
        made = create(ports, wanted, record)
    except AlreadyExistsError:
        return _found(Outcome.UNCHANGED, last_known(record), [Finding.RECREATED])
    return _found(Outcome.CREATED, made.connection, [missing])


def _unwanted(ports: Ports, record: Record, connection: Connection | None) -> Completion:
    # Its Delete ended unseen, or goes on; either way its owner has no use for it.
    if connection is None or not is_same(record, connection):
        deletion = record.deletion(record.request_time, instant(ports.clock.now()))
        ports.registry.remove(record, deletion)
    return _found(Outcome.UNCHANGED, connection or last_known(record), ())


def _compared(ports: Ports, request: Request, record: Record, connection: Connection) -> Completion:
    wanted = repeat_of_owners_request(request, record, ports.rules)
    desired = resolve(ports, wanted)
    found = list(drift(record, connection, desired.properties, desired.versions))
    is_behind = Finding.SECRET_VERSION_BEHIND in found
    if is_behind or (found and _repairs(ports, request)):
        record = write_connection(ports, wanted, record, connection, desired)
    elif not is_following(record) or connection.state in BAD:
        if not found:
            _settle(ports, wanted, record, desired, connection)
        return _found(Outcome.UNCHANGED, connection, found)
    outcome = Outcome.REFRESHED if is_behind else Outcome.UPDATED
    return _found(outcome, complete(ports, wanted, record, desired).connection, found)


def _settle(
    ports: Ports, wanted: Request, record: Record, desired: Resolved, connection: Connection
) -> None:
    # Nobody waited for it to settle; without the time, a change by hand would never be seen.
    if not record.unsettled:
        clear_failure(ports, record)
    elif is_usable(connection.state, is_private=wanted.is_private):
        complete(ports, wanted, record, desired, connection)


def _repairs(ports: Ports, request: Request) -> bool:
    mode = request.selection.reconcile_mode
    return mode == "Repair" if mode else ports.is_repairing


def _found(outcome: Outcome, connection: Connection, found: Iterable[Finding]) -> Completion:
    findings = [str(each) for each in found]
    is_silent = not findings and outcome is Outcome.UNCHANGED
    details = {"Drift": findings} if findings else {}
    return Completion(outcome, connection, is_silent=is_silent, details=details)


def _fan_out(ports: Ports, request: Request) -> Completion:
    # All pages in this invocation: a chain of messages, each sent by the one before, is what
    # Lambda takes for a loop and cuts off.
    mode = {"ReconcileMode": request.selection.reconcile_mode}
    chosen = {name: value for name, value in mode.items() if value}
    count = 0
    for records in _pages(ports):
        ports.fan_out(request, [{"Name": record.name} | chosen for record in records])
        count += len(records)
    details = {"ConnectionCount": count}
    return Completion(Outcome.UNCHANGED, Connection(""), is_silent=True, details=details)


def _pages(ports: Ports) -> Iterator[list[Record]]:
    records, token = ports.registry.page("")
    yield records
    while token:
        records, token = ports.registry.page(token)
        yield records
