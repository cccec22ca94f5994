"""Why a Refresh or a Reconcile failed last: when it is kept, and who is told as the owner."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handler.connections.record import MaintenanceFailure
from handler.errors import SecretNotUsableError, ThrottlingError
from handler.operations.maintenance_failure import (
    clear_failure,
    write_failure,
)
from handler.settings import LONGEST_KEPT_REASON
from tests.support.crm import ask
from tests.support.fakes import World

ERROR = SecretNotUsableError("the key password is not in the secret")


def failure(world: World) -> MaintenanceFailure | None:
    """Give what the registry keeps."""
    return world.registry.records["crm"].maintenance_failure


def lease(world: World, holder: str, seconds: int) -> None:
    """Let an invocation hold the lease for so many seconds from now."""
    until = world.time.now + timedelta(seconds=seconds)
    record = world.registry.records["crm"]
    world.registry.write(replace(record, lease_holder=holder, leased_until=until))


def test_a_failure_is_kept_with_its_time_until_it_is_cleared(world: World) -> None:
    """Its reason is cut to what an item of the largest request leaves room for."""
    ask(world)
    long = SecretNotUsableError("x" * (LONGEST_KEPT_REASON + 1))
    assert write_failure(world.ports, "crm", long) == "requests"
    kept = MaintenanceFailure("SecretNotUsable", "x" * LONGEST_KEPT_REASON, world.time.now)
    assert failure(world) == kept
    clear_failure(world.ports, world.registry.records["crm"])
    assert failure(world) is None


@pytest.mark.parametrize(("owner", "told"), [("requests", "requests"), ("requests/team-a", None)])
def test_only_the_owner_that_is_named_gets_it(world: World, owner: str, told: str | None) -> None:
    """The name may have changed hands since."""
    ask(world)
    assert write_failure(world.ports, "crm", ERROR, owner) == told
    assert (failure(world) is not None) == (told is not None)


def test_of_an_unregistered_name_nothing_is_kept(world: World) -> None:
    """There is no item that could keep it."""
    assert write_failure(world.ports, "crm", ERROR) is None
    assert world.registry.records == {}


@pytest.mark.parametrize(
    ("holder", "seconds", "is_kept"),
    [
        ("another invocation", 60, False),
        ("another invocation", 0, True),
        ("this invocation", 60, True),
    ],
)
def test_a_record_that_another_writes_is_left_alone(
    world: World, holder: str, seconds: int, is_kept: bool
) -> None:
    """It would fail and begin again; the owner is told anyway."""
    ask(world)
    lease(world, holder, seconds)
    assert write_failure(world.ports, "crm", ERROR) == "requests"
    assert (failure(world) is not None) == is_kept


def test_a_failure_of_the_registry_hides_no_failure(world: World) -> None:
    """What failed is reported anyway, with the owner where it was read before."""

    def throttled(*_: object) -> None:
        raise ThrottlingError("later")

    ask(world)
    world.registry.write = throttled  # type: ignore[assignment,method-assign]
    assert write_failure(world.ports, "crm", ERROR) == "requests"
    world.registry.read = throttled  # type: ignore[assignment,method-assign]
    assert write_failure(world.ports, "crm", ERROR) == ""
