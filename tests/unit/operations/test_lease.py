"""One at a time per name: who holds a lease, who gives it back, and who finds it lost."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handler.connections.record import Record, Stored
from handler.connections.state import Connection
from handler.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    NetworkFailureError,
    NotFoundError,
    NotStabilizedError,
    ProvisionerError,
    ResourceConflictError,
    SecretNotUsableError,
    ServiceLimitExceededError,
    SupersededError,
    ThrottlingError,
)
from handler.operations.completion import Completion, Outcome
from handler.operations.lease import hold_claim, hold_lease, is_leased_to_other, without_lease
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import DIRECT, REQUEST_QUEUE
from handler.requests.request import check
from handler.requests.unchecked_request import read_document
from handler.settings import LEASE_MARGIN_SECONDS
from tests.support import alpha, crm
from tests.support.alpha import failing
from tests.support.crm import BASIC, PASSWORD
from tests.support.fakes import RULES, START, World
from tests.support.lives import KilledError, properties_of

RECORD = Record("crm", "requests", claimed_at=START, request_time=START)
EARLIER = replace(RECORD, claimed_at=START - timedelta(hours=1))
OTHER_PASSWORD = "{{resolve:secretsmanager:connections/crm:SecretString:key}}"


def basic(password: str = PASSWORD) -> dict[str, Any]:
    """Give the properties of a connection."""
    block = {"BasicAuthParameters": {"Username": "ada", "Password": password}}
    return {"Name": "crm", "AuthorizationType": "BASIC", "AuthParameters": block}


def ask(world: World, request_type: str = "Create", password: str = PASSWORD) -> Completion:
    """Carry out a message sent now."""
    properties = {"Name": "crm"} if request_type == "Delete" else basic(password)
    document = {"RequestType": request_type, "ResourceProperties": properties}
    asked = read_document(document, REQUEST_QUEUE, "request", world.time.now)
    return carry_out(world.ports, check(asked, RULES))


throttled = failing(ThrottlingError("x"))


@pytest.fixture
def held(world: World) -> Record:
    """Give the registered connection's record, on which nobody has a lease."""
    return world.registry.write(RECORD)


@pytest.mark.parametrize(
    ("holder", "seconds", "expected"),
    [("you", 1, True), ("you", 0, False), ("you", -1, False), ("me", 1, False)],
)
def test_a_lease_holds_others_off_until_it_expires(
    holder: str, seconds: float, expected: bool
) -> None:
    """The holder itself may go on, and nobody waits for a lease that has run out."""
    until = START + timedelta(seconds=seconds)
    free = Record("crm", "requests", START, START)
    record = replace(free, lease_holder=holder, leased_until=until)
    assert is_leased_to_other(record, "me", START) is expected
    assert not is_leased_to_other(free, "me", START)


def test_a_lease_is_this_invocations_and_outlasts_it(world: World, held: Record) -> None:
    """It ends after the invocation must have ended, and not much later."""
    with hold_lease(world.ports, held) as lease:
        assert world.registry.records["crm"] == lease
        assert lease.lease_holder == world.holder
        left = world.time.deadline - world.time.seconds
        until = world.time.now + timedelta(seconds=left + LEASE_MARGIN_SECONDS)
        assert lease.leased_until == until


def test_a_lease_taken_in_the_last_moment_still_lasts(world: World, held: Record) -> None:
    """The time for work may be over while the answer's has only begun."""
    world.time.seconds = world.time.deadline + 5
    with hold_lease(world.ports, held) as lease:
        assert lease.leased_until == world.time.now + timedelta(seconds=LEASE_MARGIN_SECONDS)


def test_of_two_who_read_the_same_one_gets_the_lease(world: World, held: Record) -> None:
    """The write is conditional on what was read."""
    with (
        hold_lease(replace(world.ports, holder="other"), held),
        pytest.raises(ResourceConflictError),
        hold_lease(world.ports, held),
    ):
        pytest.fail("two had it")
    assert world.registry.records["crm"].lease_holder == "other"


@pytest.mark.parametrize("error", [ThrottlingError("x"), AccessDeniedError("x")])
def test_a_failure_gives_the_lease_back(
    world: World, held: Record, error: ProvisionerError
) -> None:
    """Nobody waits a quarter of an hour for one that has ended."""
    with pytest.raises(type(error)), hold_lease(world.ports, held):
        raise error
    left = world.registry.records["crm"]
    assert left.leased_until is None
    assert bool(left.lease_holder) is error.is_transient  # it may have written


def test_a_crash_leaves_the_lease_to_expire(world: World, held: Record) -> None:
    """What is killed gives nothing back."""
    with pytest.raises(KeyboardInterrupt), hold_lease(world.ports, held):
        raise KeyboardInterrupt
    left = world.registry.records["crm"]
    assert is_leased_to_other(left, "another", world.time.now)
    later = world.time.now + timedelta(seconds=890 + LEASE_MARGIN_SECONDS)
    assert not is_leased_to_other(left, "another", later)


def test_a_lease_that_cannot_be_given_back_hides_no_error(world: World, held: Record) -> None:
    """What went wrong is told, not that the registry then failed, too."""
    given_back = failing(ThrottlingError("registry"))
    world.registry.before_write = iter([lambda: None, given_back])
    with pytest.raises(NotStabilizedError), hold_lease(world.ports, held):
        raise NotStabilizedError("it is DEAUTHORIZED")
    assert world.registry.records["crm"].lease_holder == world.holder


def test_who_lost_its_lease_writes_nothing_more(world: World, held: Record) -> None:
    """The final write finds that somebody else went on, and is refused."""
    with hold_lease(world.ports, held) as lease:
        taken = replace(
            lease, lease_holder="other", secret_versions={"secretsmanager:theirs::": "1"}
        )
        world.registry.write(taken)
        with pytest.raises(ResourceConflictError):
            world.registry.write(without_lease(lease))
    assert world.registry.records["crm"].secret_versions == {"secretsmanager:theirs::": "1"}


@pytest.mark.parametrize("before", [None, EARLIER], ids=["new", "claimed before"])
def test_a_claim_that_came_to_nothing_for_good_is_taken_back(
    world: World, before: Record | None
) -> None:
    """A name that never worked is free again, and an earlier claim stands as it stood."""
    known = world.registry.write(before) if before else None
    claim = replace(RECORD, claimed_at=START + timedelta(hours=1))
    with pytest.raises(SecretNotUsableError), hold_claim(world.ports, claim, known):
        raise SecretNotUsableError("it is not there")
    left = world.registry.records.get("crm")
    assert (left and replace(left, stored=Stored())) == before


def test_a_refused_creation_gives_the_earlier_claim_back_with_no_lease(world: World) -> None:
    """Though this invocation held a lease before, which a failed write had not given back."""
    own: dict[str, Any] = {
        "lease_holder": world.holder,
        "leased_until": world.time.now + timedelta(minutes=9),
    }
    known = world.registry.write(replace(EARLIER, **own))
    refused = ResourceConflictError("it appeared")
    refused.has_made_nothing = True
    with pytest.raises(ResourceConflictError), hold_claim(world.ports, RECORD, known):
        raise refused
    left = world.registry.records["crm"]
    assert replace(left, stored=Stored()) == replace(EARLIER, lease_holder=world.holder)


def test_a_claim_whose_end_is_unknown_stays(world: World) -> None:
    """Its connection may exist; without the claim nobody would know whose it is."""
    with pytest.raises(ThrottlingError), hold_claim(world.ports, RECORD, None):
        raise ThrottlingError("no answer")
    left = world.registry.records["crm"]
    assert (left.owner, left.leased_until) == ("requests", None)


def test_a_claim_that_cannot_be_taken_back_hides_no_error(world: World) -> None:
    """What can never work is told as that, whatever the registry does then."""
    world.secrets.texts.clear()
    world.registry.remove = failing(ThrottlingError("registry"))  # type: ignore[method-assign]
    with pytest.raises(SecretNotUsableError):
        ask(world)


@pytest.mark.parametrize("error", [AccessDeniedError("x"), ThrottlingError("x")])
def test_what_was_created_is_never_forgotten(world: World, error: ProvisionerError) -> None:
    """Where the registry fails behind the creation, the claim stays, and a Delete finds it."""
    world.registry.before_write = iter([lambda: None, failing(error)])
    with pytest.raises(type(error)) as raised:
        ask(world)
    assert raised.value.created_name == "crm"
    assert world.owners == {"crm": "requests"}
    assert world.registry.records["crm"].leased_until is None
    assert ask(world, "Delete").outcome is Outcome.DELETED
    assert world.connections.stored == {}


def test_a_lease_is_held_whenever_eventbridge_is_written(world: World) -> None:
    """Create, Update and Delete alike: never two writers at a time."""
    holders = []

    def note(operation: str) -> Any:
        inner = getattr(world.connections, operation)

        def noted(*arguments: Any) -> Any:
            holders.append((operation, world.registry.records["crm"].lease_holder))
            return inner(*arguments)

        return noted

    for operation in ("create", "update", "delete"):
        setattr(world.connections, operation, note(operation))
    ask(world)
    ask(world, "Update", OTHER_PASSWORD)
    ask(world, "Delete")
    assert holders == [(each, world.holder) for each in ("create", "update", "delete")]


def test_after_every_request_nobody_holds_a_lease(world: World) -> None:
    """The next one need not wait."""
    for request_type, password in (("Create", PASSWORD), ("Update", OTHER_PASSWORD)):
        ask(world, request_type, password)
        assert world.registry.records["crm"].lease_holder == ""
    ask(world, "Delete")
    assert not world.registry.records


def test_nobody_waits_for_a_connection_to_settle_with_the_lease(world: World) -> None:
    """A private connection takes minutes; who wants another one need not wait for it."""
    world.connections.states_after_write = ("AUTHORIZING", "AUTHORIZING", "AUTHORIZED")
    seen = []
    describe = world.connections.describe

    def noting(name: str) -> Any:
        record = world.registry.records.get(name)
        seen.append(record.lease_holder if record and record.connection_arn else "")
        return describe(name)

    world.connections.describe = noting  # type: ignore[method-assign]
    ask(world)
    assert len(seen) >= 3
    assert set(seen) == {""}


def test_who_was_overtaken_looks_again_and_gives_way(world: World) -> None:
    """A newer request came between look and lease: the older one finds itself superseded."""
    ask(world)
    older = world.time.now
    world.time.seconds += 10

    def newer() -> None:
        world.registry.before_write = iter(())
        ask(world, "Update", OTHER_PASSWORD)

    world.registry.before_write = iter([newer])
    document = {"RequestType": "Update", "ResourceProperties": basic() | {"Description": "older"}}
    asked = read_document(document, REQUEST_QUEUE, "request", older)
    with pytest.raises(SupersededError):
        carry_out(world.ports, check(asked, RULES))
    assert "Description" not in world.connections.stored["crm"]["properties"]


def test_a_claim_taken_back_writes_over_nobodys(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another owner may claim the name between the taking back and the lease's end."""
    remove = world.registry.remove

    def removing(record: Any) -> None:
        remove(record)
        world.registry.write(replace(record, owner=alpha.STACK_B, stored=type(record.stored)()))

    monkeypatch.setattr(world.registry, "remove", removing)
    refusing = alpha.connections(world, create=alpha.failing(ServiceLimitExceededError("quota")))
    with pytest.raises(ServiceLimitExceededError):
        alpha.run(world, alpha.message(owner=alpha.STACK_A), connections=refusing)
    assert world.registry.records["alpha"].owner == alpha.STACK_B


@pytest.mark.parametrize("more", [{}, {"ServiceTimeout": "3000"}, {"ServiceTimeout": "600"}])
@pytest.mark.parametrize("kind", ["Create", "Delete"])
def test_the_retry_of_a_killed_delivery_outlasts_its_lease(
    world: World, kind: str, more: dict[str, Any]
) -> None:
    """A stack's failure is final: the retry waits for the lease as long as it lives itself."""
    if kind == "Delete":
        alpha.deliver(world, alpha.of_stack("Create", **more), "h0")
    world.time.seconds += 1000
    given = "alpha" if kind == "Delete" else ""
    asked = alpha.of_stack(kind, given, sent=1000, **more)
    kill = alpha.failing(KilledError())
    killed = alpha.connections(world, create=kill, delete=kill)
    world.time.seconds += 3
    with pytest.raises(KilledError):
        alpha.deliver(world, asked, "h1", connections=killed)
    world.time.seconds += 63
    world.connections.looks_while_deleting = 3
    assert alpha.deliver(world, asked, "h2").outcome in (Outcome.CREATED, Outcome.DELETED)


@pytest.mark.parametrize("kind", ["Create", "Delete"])
def test_a_claim_of_weeks_ago_does_not_own_what_was_made_since(world: World, kind: str) -> None:
    """Nobody writes for a claim after its lease."""
    storm = alpha.connections(world, create=alpha.failing(crm.lost_answer()))
    with pytest.raises(NetworkFailureError):
        alpha.run(world, alpha.message(), connections=storm)
    world.time.seconds += alpha.FORTNIGHT
    world.time.deadline += alpha.FORTNIGHT
    world.connections.make_by_hand("alpha", properties_of("alpha", 0))
    with suppress(AlreadyExistsError):
        alpha.run(world, alpha.message(kind, sent=alpha.FORTNIGHT))
    assert alpha.user(world) == "u0"


def test_a_release_waits_for_the_lease(world: World) -> None:
    """Else what is being created would be nobody's."""
    create = world.connections.create

    def released_meanwhile(properties: Mapping[str, Any]) -> Connection:
        arn = create(properties)
        with pytest.raises(ResourceConflictError):
            alpha.run(world, alpha.message("Release", entry_point=DIRECT), holder="h2")
        return arn

    creating = alpha.connections(world, create=released_meanwhile)
    alpha.run(world, alpha.message(owner=alpha.STACK_A), connections=creating, holder="h1")
    assert world.owners == {"alpha": alpha.STACK_A}


@pytest.mark.parametrize("then", ["Update", "Delete", "Reconcile"])
def test_a_write_without_an_answer_is_remembered(world: World, then: str) -> None:
    """Also by a refused request: Describe shows no credential, so that only a write mends it."""
    world.connections.states_after_write = ("AUTHORIZING", "AUTHORIZING", "AUTHORIZED")
    crm.ask(world, "Create", {**basic(), "WaitTimeoutSeconds": 0})
    world.connections.states_after_write = ()
    crm.pass_time(world)
    update = world.connections.update

    def update_and_lose(properties: Mapping[str, Any]) -> Connection:
        update(properties)
        raise crm.lost_answer()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.connections, "update", update_and_lose)
        with pytest.raises(NetworkFailureError):
            crm.ask(world, "Update", basic(OTHER_PASSWORD))
    crm.pass_time(world)
    if then == "Reconcile":
        assert crm.ask(world, then, {"Name": "crm"}).outcome is Outcome.UPDATED
    else:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(world.connections, then.lower(), failing(AccessDeniedError("no")))
            with pytest.raises(AccessDeniedError):
                crm.ask(world, then, basic(OTHER_PASSWORD))
    crm.pass_time(world)
    crm.ask(world, "Update", basic())
    assert crm.password_of(world) == "correct horse"


def test_a_lease_of_somebody_else_is_awaited(world: World) -> None:
    """While another invocation writes, the request waits; the lease of a crashed one expires."""
    until = START + timedelta(seconds=20)
    other = Record("crm", "cloudformation/other/X", claimed_at=START, request_time=START)
    world.registry.write(replace(other, lease_holder="other", leased_until=until))
    assert crm.ask(world).outcome is Outcome.CREATED
    assert world.time.now >= until


def test_a_lease_that_outlasts_the_patience_is_a_conflict(world: World) -> None:
    """Transient: the request may come back."""
    until = START + timedelta(seconds=900)
    other = Record("crm", "cloudformation/other/X", claimed_at=START, request_time=START)
    world.registry.write(replace(other, lease_holder="other", leased_until=until))
    with pytest.raises(ResourceConflictError, match="is being changed by"):
        crm.ask(world)
    assert set(world.connections.calls) == {"describe"}


def test_the_lease_is_held_while_eventbridge_is_written(world: World) -> None:
    """It is this invocation's, and outlasts it."""
    seen: list[Record | None] = []
    world.connections.before_create = lambda name: seen.append(world.registry.read(name))
    crm.send(world)
    (claim,) = seen
    assert claim is not None
    assert claim.lease_holder == world.ports.holder
    assert claim.leased_until is not None
    assert claim.leased_until.timestamp() > world.time.deadline


@pytest.mark.parametrize("failure", crm.FAILURES)
def test_a_create_that_made_nothing_leaves_the_registry_as_it_was(
    world: World, failure: str
) -> None:
    """Nobody waits for a lease to expire, and what a hand makes at once is not taken for ours."""
    with crm.failing_before_creation(world, failure), pytest.raises(ProvisionerError):
        crm.send(world)
    assert world.registry.records == {}


@pytest.mark.parametrize("request_type", ["Create", "Delete"])
def test_a_lease_whose_write_had_no_answer_is_given_back(world: World, request_type: str) -> None:
    """The registry holds it for all that the request knows."""
    if request_type == "Delete":
        crm.ask(world)
        crm.pass_time(world)
    before = dict(world.registry.records)
    operation = "write" if before else "claim"
    write = getattr(world.registry, operation)

    def write_and_lose(record: Record) -> Record:
        setattr(world.registry, operation, write)
        write(record)
        raise crm.lost_answer()

    setattr(world.registry, operation, write_and_lose)
    with pytest.raises(NetworkFailureError):
        crm.ask(world, request_type)
    left = world.registry.records
    assert {name: replace(each, stored=Stored()) for name, each in left.items()} == {
        name: replace(each, stored=Stored()) for name, each in before.items()
    }


def test_a_lease_whose_write_had_no_answer_leaves_another_writers_alone(world: World) -> None:
    """What the registry holds by then may be somebody else's."""
    claim = world.registry.claim

    def be_overtaken(record: Record) -> Record:
        claim(replace(record, lease_holder="other"))
        raise crm.lost_answer()

    world.registry.claim = be_overtaken  # type: ignore[method-assign]
    with pytest.raises(NetworkFailureError):
        crm.send(world)
    assert world.registry.records["crm"].lease_holder == "other"


def make_by_hand_after_a_failed_create(world: World, seconds: float) -> None:
    """Throttle a Create until it is given up; then let somebody else make the connection."""
    world.connections.before_create = throttled
    with pytest.raises(ThrottlingError):
        crm.ask(world)
    world.connections.before_create = None
    world.time.seconds += seconds
    world.connections.make_by_hand("crm", BASIC)


def test_a_claim_that_was_given_back_covers_nothing_made_later(world: World) -> None:
    """Throttled, nothing was made; what a hand makes five minutes later is not ours."""
    make_by_hand_after_a_failed_create(world, 300)
    with pytest.raises(AlreadyExistsError):
        crm.ask(world)
    assert world.connections.calls.count("update") == 0


def test_a_delete_after_a_claim_that_was_given_back_spares_what_a_hand_made(world: World) -> None:
    """A stack that gave up under throttling rolls back; somebody made a namesake meanwhile."""
    make_by_hand_after_a_failed_create(world, 10)
    with suppress(NotFoundError):
        crm.ask(world, "Delete")
    assert set(world.connections.stored) == {"crm"}


@pytest.mark.parametrize("error", [AccessDeniedError("no"), crm.lost_answer()], ids=type)
def test_a_claim_that_could_not_be_completed_spares_what_a_hand_made(
    world: World, error: ProvisionerError
) -> None:
    """The registry failed after the creation; somebody made a namesake later."""
    world.registry.before_write = iter([lambda: None, failing(error)])
    with pytest.raises(type(error)):
        crm.ask(world)
    del world.connections.stored["crm"]
    world.time.seconds += 10
    world.connections.make_by_hand("crm", BASIC)
    crm.ask(world, "Delete")
    assert set(world.connections.stored) == {"crm"}


def test_a_claim_whose_call_may_have_arrived_covers_what_it_made(world: World) -> None:
    """Without an answer, the creation may be carried out a while after the invocation gave up."""
    with pytest.raises(NetworkFailureError), hold_claim(world.ports, RECORD, None):
        raise crm.lost_answer()
    left = world.registry.records["crm"]
    assert left.claimed_until is not None
    assert left.claimed_until > world.time.now + timedelta(seconds=60)


def test_a_failed_claim_is_taken_back_by_one_write(world: World) -> None:
    """A second one, whose revision is stale by then, would be refused."""
    world.secrets.texts.clear()
    writes: list[str] = []
    world.registry.before_write = (lambda: writes.append("write") for _ in range(9))
    with pytest.raises(SecretNotUsableError):
        crm.ask(world)
    assert len(writes) == 2  # the claim, and its removal
    assert world.registry.records == {}
