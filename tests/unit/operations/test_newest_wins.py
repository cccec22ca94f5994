"""Of one owner's requests for one name the newest wins, in whatever order they arrive."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from handler.connections.state import Connection
from handler.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    InvalidRequestError,
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
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import (
    DIRECT,
    REQUEST_QUEUE,
    EntryPoint,
)
from handler.requests.request import check
from handler.requests.unchecked_request import read_custom_resource, read_document
from tests.support import alpha
from tests.support.fakes import RULES, START, World

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/9f0c"
PASSWORD = "{{resolve:secretsmanager:connections/crm:SecretString:password}}"


def properties(username: str, **more: Any) -> dict[str, Any]:
    """Give the properties of a connection, told apart by its user."""
    block = {"BasicAuthParameters": {"Username": username, "Password": PASSWORD}}
    return {"Name": "crm", "AuthorizationType": "BASIC", "AuthParameters": block, **more}


def ask(
    world: World,
    sent: float,
    request_type: str = "Update",
    username: str = "ada",
    entry_point: EntryPoint = REQUEST_QUEUE,
    **more: Any,
) -> Completion:
    """Carry out a message that was sent so many seconds after the start."""
    given = {"Name": "crm"} if request_type == "Delete" else properties(username, **more)
    document = {"RequestType": request_type, "ResourceProperties": given}
    asked = read_document(document, entry_point, "request", START + timedelta(seconds=sent))
    return carry_out(world.ports, check(asked, RULES))


def stack(world: World, signed: datetime, request_type: str, username: str) -> Completion:
    """Carry out a custom resource's request, delivered whenever."""
    event = {
        "RequestType": request_type,
        "RequestId": "request",
        "StackId": STACK_ID,
        "LogicalResourceId": "Connection",
        "ResponseURL": f"https://bucket/key?X-Amz-Date={signed:%Y%m%dT%H%M%SZ}",
        "ResourceProperties": properties(username),
    }
    asked = read_custom_resource(event, "", world.time.now)
    return carry_out(world.ports, check(asked, RULES))


def username(world: World) -> str:
    """Give the user of the stored connection."""
    auth_parameters = world.connections.stored["crm"]["properties"]["AuthParameters"]
    return str(auth_parameters["BasicAuthParameters"]["Username"])


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])), ids=str)
def test_the_newest_stays_in_every_order(world: World, order: tuple[int, ...]) -> None:
    """Three Updates, six orders, one end."""
    for sent in order:
        with suppress(SupersededError):
            ask(world, sent, username=f"user-{sent}")
    assert username(world) == "user-3"


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])), ids=str)
def test_a_delete_that_is_the_newest_wins_in_every_order(
    world: World, order: tuple[int, ...]
) -> None:
    """Nothing that was sent before it brings the connection back."""
    for sent in order:
        with suppress(NotFoundError, SupersededError):
            ask(world, sent, "Delete" if sent == 3 else "Create")
    assert (world.connections.stored, world.owners) == ({}, {})


def test_a_superseded_request_does_nothing(world: World) -> None:
    """No fetch, no look, no write: it only says so."""
    ask(world, 10)
    world.connections.calls.clear()
    world.secrets.reads.clear()
    before = dict(world.registry.records)
    with pytest.raises(SupersededError):
        ask(world, 5, username="older")
    assert (world.connections.calls, world.secrets.reads) == ([], [])
    assert world.registry.records == before


def test_a_superseded_request_is_a_failure_that_no_retry_mends(world: World) -> None:
    """Told as success, a Step Functions task went on to use a connection that was gone."""
    ask(world, 10)
    with pytest.raises(
        SupersededError, match=r"^a newer request for crm was carried out$"
    ) as raised:
        ask(world, 5)
    assert (raised.value.code, raised.value.is_transient) == ("Superseded", False)
    ask(world, 20, "Delete")
    with pytest.raises(SupersededError, match="crm was deleted by a newer request"):
        ask(world, 15)


def test_a_wait_that_was_overtaken_ends_superseded(world: World) -> None:
    """Whatever became of the newer request's connection is not this one's failure."""
    world.connections.states_after_write = ("AUTHORIZING",) * 4 + ("AUTHORIZED",)
    describe = world.connections.describe

    def overtaken(name: str) -> Connection | None:
        world.connections.describe = describe  # type: ignore[method-assign]
        world.connections.states_after_write = ("DEAUTHORIZED",)
        with suppress(NotStabilizedError):
            ask(world, 20, username="newer", entry_point=DIRECT)
        return describe(name)

    ask(world, 1)
    update = world.connections.update

    def update_and_be_overtaken(properties: Mapping[str, Any]) -> Connection:
        world.connections.update = update  # type: ignore[method-assign]
        world.connections.describe = overtaken  # type: ignore[method-assign]
        return update(properties)

    world.connections.update = update_and_be_overtaken  # type: ignore[method-assign]
    with pytest.raises(SupersededError):
        ask(world, 10, username="older")
    assert username(world) == "newer"


def test_the_same_time_again_is_no_older(world: World) -> None:
    """A duplicate finds everything as it left it; of two at once the later one to come wins."""
    ask(world, 10)
    assert ask(world, 10).outcome is Outcome.UNCHANGED
    assert ask(world, 10, username="other").outcome is Outcome.UPDATED


def test_an_unchanged_request_counts_as_the_newest(world: World) -> None:
    """What it asks for is what there is, and nothing older may change that."""
    ask(world, 10)
    assert ask(world, 20).outcome is Outcome.UNCHANGED
    with pytest.raises(SupersededError):
        ask(world, 15, username="older")


def test_a_newer_request_that_never_worked_supersedes_nothing(world: World) -> None:
    """Only what was applied counts: the older one is still what its owner has."""
    ask(world, 1)
    with pytest.raises(SecretNotUsableError):
        ask(world, 20, username="{{resolve:secretsmanager:connections/none:SecretString:user}}")
    assert ask(world, 10, username="in-between").outcome is Outcome.UPDATED


def test_a_newer_request_that_was_written_counts_though_it_failed(world: World) -> None:
    """UpdateConnection was called; the older one must not be written over it."""
    ask(world, 1)
    world.connections.states_after_write = ("DEAUTHORIZED",)
    with pytest.raises(NotStabilizedError):
        ask(world, 20, username="newest", entry_point=DIRECT)
    with pytest.raises(SupersededError):
        ask(world, 10, username="older")
    assert username(world) == "newest"


def test_an_older_request_that_comes_back_gives_way(world: World) -> None:
    """Throttled at first; when it is tried again, a newer one was applied."""
    update = world.connections.update

    def throttled(*_: object) -> None:
        world.connections.update = update  # type: ignore[method-assign]
        raise ThrottlingError("slow down")

    ask(world, 1)
    world.connections.update = throttled  # type: ignore[method-assign, assignment]
    with pytest.raises(ThrottlingError):
        ask(world, 5, username="older")
    ask(world, 10, username="newer")
    with pytest.raises(SupersededError):
        ask(world, 5, username="older")
    assert username(world) == "newer"


@pytest.mark.parametrize("adopted", [False, True], ids=["own", "adopted"])
def test_the_time_survives_a_recreation(world: World, adopted: bool) -> None:
    """Deleted by hand and created again by a newer request: an old Update stays old."""
    if adopted:
        world.connections.make_by_hand("crm", properties("ada"))
    ask(world, 10, entry_point=DIRECT, OnExisting="Adopt")
    del world.connections.stored["crm"]
    ask(world, 20, username="newer")
    with pytest.raises(SupersededError):
        ask(world, 15, username="older")


def test_owners_do_not_supersede_each_other(world: World) -> None:
    """Somebody else's newer request is no reason to be told success."""
    ask(world, 10)
    with pytest.raises(AlreadyExistsError):
        stack(world, START, "Create", "ada")


def test_a_retried_older_request_of_a_stack_gives_way(world: World) -> None:
    """Lambda delivers an Update again, an hour after the roll-back undid it."""
    world.time.seconds += 3600
    world.time.deadline = world.time.seconds + 890
    for minutes, request_type, user in ((0, "Create", "v1"), (10, "Update", "v2")):
        stack(world, START + timedelta(minutes=minutes), request_type, user)
    rolled_back = START + timedelta(minutes=20)
    assert stack(world, rolled_back, "Update", "v1").outcome is Outcome.UPDATED
    with pytest.raises(SupersededError):
        stack(world, START + timedelta(minutes=10), "Update", "v2")
    assert username(world) == "v1"


def test_a_retry_with_the_request_id_and_other_properties_is_applied(world: World) -> None:
    """CloudFormation reuses RequestIds; the signature, not the id, tells what is newer."""
    stack(world, START, "Create", "v1")
    world.time.seconds += 60
    assert stack(world, START + timedelta(seconds=30), "Update", "v2").outcome is Outcome.UPDATED
    assert username(world) == "v2"


@pytest.mark.parametrize("request_type", ["Describe", "Validate"])
def test_only_what_changes_something_is_superseded(world: World, request_type: str) -> None:
    """Who only looks may look whenever."""
    ask(world, 10)
    given: dict[str, Any] = properties("ada") if request_type == "Validate" else {"Name": "crm"}
    document = {"RequestType": request_type, "ResourceProperties": given}
    asked = read_document(document, DIRECT, "request", START)
    assert carry_out(world.ports, check(asked, RULES)).outcome in (
        Outcome.DESCRIBED,
        Outcome.VALIDATED,
    )


def test_after_a_release_the_time_begins_anew(world: World) -> None:
    """Nobody is registered, so nothing is remembered."""
    ask(world, 10)
    document = {"RequestType": "Release", "ResourceProperties": {"Name": "crm"}}
    carry_out(world.ports, check(read_document(document, DIRECT, "r", START), RULES))
    assert ask(world, 5, entry_point=DIRECT, OnExisting="Adopt").outcome is Outcome.ADOPTED


@pytest.mark.parametrize(
    ("kind", "operation", "error"),
    [
        ("Update", "update", InvalidRequestError("no such resource configuration")),
        ("Delete", "delete", AccessDeniedError("no")),
    ],
)
def test_what_eventbridge_refused_for_good_supersedes_nothing(
    world: World, kind: str, operation: str, error: ProvisionerError
) -> None:
    """Only what was applied counts."""
    alpha.run(world, alpha.message(variant=0))
    refusing = alpha.connections(world, **{operation: alpha.failing(error)})
    with pytest.raises(type(error)):
        alpha.run(world, alpha.message(kind, sent=20), connections=refusing)
    assert alpha.run(world, alpha.message("Update", variant=5, sent=10)).outcome is Outcome.UPDATED


def test_a_claim_under_way_supersedes_nothing(world: World) -> None:
    """It may come to nothing; then the older one is all that was asked for."""

    def refuse(_: object) -> None:
        with pytest.raises(ResourceConflictError):
            alpha.run(world, alpha.message(variant=0, sent=10), holder="h2")
        raise ServiceLimitExceededError("quota")

    with pytest.raises(ServiceLimitExceededError):
        alpha.run(
            world,
            alpha.message(sent=20),
            connections=alpha.connections(world, create=refuse),
            holder="h1",
        )
    assert not world.registry.records


def test_an_overtaken_direct_request_ends_superseded_when_its_time_is_over(world: World) -> None:
    """Its connection never settled, and no pause was left in which to look again."""
    world.connections.states_after_write = ("AUTHORIZING",) * 10_000
    describe = world.connections.describe

    def overtake(name: str) -> Connection | None:
        if world.time.seconds > START.timestamp() + 10:
            world.connections.describe = describe  # type: ignore[method-assign]
            ask(world, 10, username="newer", WaitTimeoutSeconds=0)
        return describe(name)

    world.connections.describe = overtake  # type: ignore[method-assign]
    with pytest.raises(SupersededError, match=r"^a newer request for crm was carried out$"):
        ask(world, 0, "Create", entry_point=DIRECT)
    assert username(world) == "newer"


def test_a_deleted_direct_request_ends_superseded_when_its_time_is_over(world: World) -> None:
    """The newer request may have been a Delete: nothing is there, and nobody should try again."""
    world.connections.states_after_write = ("AUTHORIZING",) * 10_000
    describe = world.connections.describe

    def overtake(name: str) -> Connection | None:
        if world.time.seconds > START.timestamp() + 29:
            world.connections.describe = describe  # type: ignore[method-assign]
            ask(world, 20, "Delete")
            world.time.seconds += 1
        return describe(name)

    world.connections.describe = overtake  # type: ignore[method-assign]
    with pytest.raises(SupersededError, match=r"^crm was deleted by a newer request$"):
        ask(world, 0, "Create", entry_point=DIRECT)
    assert world.connections.stored == {}


def test_the_time_survives_a_namesake_made_by_hand(world: World) -> None:
    """Deleted and made anew by hand, then deleted again: an old Create stays old."""
    ask(world, 10)
    del world.connections.stored["crm"]
    world.connections.make_by_hand("crm", properties("hand"))
    with pytest.raises(AlreadyExistsError):
        ask(world, 20, username="newer")
    del world.connections.stored["crm"]
    with pytest.raises(SupersededError):
        ask(world, 5, username="older")
