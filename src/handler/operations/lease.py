"""One writer at a time per name: a lease in the registry is held while EventBridge is written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime

from handler.clock import instant
from handler.connections.ownership import own_record
from handler.connections.record import Record
from handler.errors import NotStabilizedError, ProvisionerError, ResourceConflictError
from handler.operations.ports import Ports
from handler.settings import LEASE_MARGIN_SECONDS


@contextmanager
def hold_lease(ports: Ports, record: Record, before: Record | None = None) -> Iterator[Record]:
    """
    Hold the lease on a record's name; a failure gives it back, a crash leaves it to expire.

    On success the caller writes ``without_lease(record)``, which fails if the lease was lost. A
    failure that wrote nothing gives back what the registry held before: ``before``, else the
    record. Any other keeps the record and ends its claim.
    """
    yield from _hold(ports, ports.registry.write, record, before or record)


@contextmanager
def hold_claim(ports: Ports, claim: Record, before: Record | None) -> Iterator[Record]:
    """Hold the lease on a new claim; a failure that wrote nothing gives back what was before."""
    new = replace(claim, stored=before.stored) if before else claim
    kept = before
    if claim.replaces:
        # Keep a rename's claim even if it fails: Terraform then knows only the new name, and only
        # the claim still knows the old one. An earlier claim may have created the connection.
        own = own_record(before, claim.owner)
        kept = replace(own, replaces=claim.replaces) if own else new.over()
    yield from _hold(ports, ports.registry.claim, new, kept)


@contextmanager
def nothing_written() -> Iterator[None]:
    """Say of a failure that nothing was sent to EventBridge under the lease so far."""
    try:
        yield
    except ProvisionerError as error:
        error.has_unknown_end, error.has_made_nothing = False, True
        raise


def _hold(
    ports: Ports, write: Callable[[Record], Record], record: Record, before: Record | None
) -> Iterator[Record]:
    seconds = max(ports.clock.remaining(), 0) + LEASE_MARGIN_SECONDS
    until = instant(ports.clock.now() + seconds)
    wanted = replace(record, lease_holder=ports.holder, leased_until=until, claimed_until=until)
    try:
        held = write(wanted)
    except ProvisionerError as error:
        if error.has_unknown_end:
            with suppress(ProvisionerError):
                _give_back_unanswered(ports, wanted, before)
        raise
    try:
        yield held
    except ProvisionerError as error:
        with suppress(ProvisionerError):
            _give_back(ports, held, before, error)
        raise


def _give_back(ports: Ports, held: Record, before: Record | None, error: ProvisionerError) -> None:
    if _may_have_written(error):
        # Keep lease_holder as a sign of that, whatever Describe shows. The claim ends now: what is
        # created later is not ours. A call without an answer may still be carried out: its claim
        # goes on.
        now = instant(ports.clock.now())
        until = held.claimed_until if error.has_unknown_end else now
        ports.registry.write(replace(held, leased_until=None, claimed_until=until))
    else:
        _restore(ports, held, before)


def _give_back_unanswered(ports: Ports, wanted: Record, before: Record | None) -> None:
    left = ports.registry.read(wanted.name)
    its_lease = (wanted.lease_holder, wanted.leased_until)
    if left and (left.lease_holder, left.leased_until) == its_lease:  # the write had arrived
        _restore(ports, left, before)


def _restore(ports: Ports, held: Record, before: Record | None) -> None:
    if before:
        # Its own lease_holder says that an earlier try may have written.
        ports.registry.write(replace(before, stored=held.stored, leased_until=None))
    else:
        ports.registry.remove(held)


def _may_have_written(error: ProvisionerError) -> bool:
    if error.has_made_nothing:
        return False
    is_unsure = error.is_transient or error.has_unknown_end
    return is_unsure or bool(error.created_name) or isinstance(error, NotStabilizedError)


def without_lease(record: Record) -> Record:
    """Give a record without its lease."""
    return replace(record, lease_holder="", leased_until=None)


def is_leased_to_other(record: Record, holder: str, now: datetime) -> bool:
    """Tell whether somebody else is writing; a lease ends by itself."""
    is_running = record.leased_until is not None and now < record.leased_until
    return is_running and record.lease_holder != holder


def refuse_if_leased(ports: Ports, record: Record | None) -> None:
    """Raise ResourceConflictError where somebody else is writing to the name."""
    if record and is_leased_to_other(record, ports.holder, instant(ports.clock.now())):
        raise ResourceConflictError(f"{record.name} is being changed by {record.owner}")


def refuse_if_changed(ports: Ports, record: Record) -> None:
    """Raise ResourceConflictError if the record was written since, so that all is read again."""
    if ports.registry.read(record.name) != record:
        raise ResourceConflictError(f"{record.name} was changed while this request was reading it")
