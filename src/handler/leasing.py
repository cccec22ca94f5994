"""One at a time per name: a lease in the registry while EventBridge is written."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from handler.errors import ProvisionerError
from handler.ownership import Record, following, instant
from handler.ports import Ports

MARGIN_SECONDS = 30.0  # more than an invocation keeps back for its answer


@contextmanager
def leased(ports: Ports, record: Record) -> Iterator[Record]:
    """
    Hold the lease on a record's name; a failure gives it back, a crash leaves it to expire.

    Whoever succeeds writes ``released(record)``, which fails if the lease was not its own any more.

    Raises:
        ResourceConflictError: somebody was faster.
    """
    until = instant(ports.clock.now()) + timedelta(
        seconds=max(ports.clock.remaining(), 0) + MARGIN_SECONDS
    )
    held = ports.registry.write(replace(record, lease_holder=ports.holder, leased_until=until))
    try:
        yield held
    except ProvisionerError:
        with suppress(ProvisionerError):
            ports.registry.write(released(held))
        raise


@contextmanager
def claimed(ports: Ports, claim: Record, before: Record | None) -> Iterator[Record]:
    """Hold the lease on a new claim, which is taken back where it came to nothing for good."""
    with leased(ports, following(before, claim, instant(ports.clock.now()))) as held:
        try:
            yield held
        except ProvisionerError as error:
            if not error.is_transient and not error.created_name:
                with suppress(ProvisionerError):
                    _take_back(ports, held, before)
            raise


def released(record: Record) -> Record:
    """Give a record without its lease."""
    return replace(record, lease_holder="", leased_until=None)


def _take_back(ports: Ports, held: Record, before: Record | None) -> None:
    if before:
        ports.registry.write(replace(released(before), seen=held.seen))
    else:
        ports.registry.remove(held)
