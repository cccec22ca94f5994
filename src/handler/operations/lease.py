"""One at a time per name: a lease in the registry while EventBridge is written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from handler.clock import instant
from handler.connections.ownership import Record
from handler.errors import NotStabilizedError, ProvisionerError
from handler.operations.ports import Ports
from handler.settings import LEASE_MARGIN_SECONDS


@contextmanager
def hold_lease(
    ports: Ports,
    record: Record,
    before: Record | None = None,
    write: Callable[[Record], Record] | None = None,
) -> Iterator[Record]:
    """
    Hold the lease on a record's name; a failure gives it back, a crash leaves it to expire.

    Whoever succeeds writes ``released(record)``, which fails if the lease was not its own any more.

    Args:
        ports: where to.
        record: what is written with the lease.
        before: what is written back where EventBridge refuses for good; else the record.
        write: how it is written first.

    Raises:
        ResourceConflictError: somebody was faster.
    """
    until = instant(ports.clock.now()) + timedelta(
        seconds=max(ports.clock.remaining(), 0) + LEASE_MARGIN_SECONDS
    )
    held = (write or ports.registry.write)(
        replace(record, lease_holder=ports.holder, leased_until=until, claimed_until=until)
    )
    try:
        yield held
    except ProvisionerError as error:
        with suppress(ProvisionerError):
            ports.registry.write(_given_back(held, before or record, error))
        raise


def _given_back(held: Record, before: Record, error: ProvisionerError) -> Record:
    if error.is_transient or error.has_unknown_end or isinstance(error, NotStabilizedError):
        # The holder stays noted: it may have written, whatever the connection shows.
        return replace(held, leased_until=None)
    return replace(without_lease(before), seen=held.seen)


@contextmanager
def hold_claim(ports: Ports, claim: Record, before: Record | None) -> Iterator[Record]:
    """
    Hold the lease on a new claim, which is taken back where it came to nothing for good.

    Raises:
        SupersededError: its owner deleted the name after it asked for it.
    """
    new = replace(claim, seen=before.seen) if before else claim
    with hold_lease(ports, new, write=ports.registry.claim) as held:
        try:
            yield held
        except ProvisionerError as error:
            # What it replaces must stay known: Terraform keeps the new name though it failed.
            if not error.is_transient and not error.created_name and not claim.replaces:
                with suppress(ProvisionerError):
                    _take_back(ports, held, before)
            raise


def without_lease(record: Record) -> Record:
    """Give a record without its lease."""
    return replace(record, lease_holder="", leased_until=None)


def _take_back(ports: Ports, held: Record, before: Record | None) -> None:
    if before:
        ports.registry.write(replace(without_lease(before), seen=held.seen))
    else:
        ports.registry.remove(held)
