"""The in-memory fake and the stand-in behind the real adapter keep the same contract."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from handler.adapters.eventbridge import EventBridgeConnections
from handler.connections.drift import drift
from handler.connections.record import Record
from handler.connections.state import Connection
from handler.errors import AlreadyExistsError, InvalidRequestError, NotFoundError
from handler.operations.ports import Connections
from handler.requests.properties import is_private
from tests.support.fakes import START, FakeConnections, FakeTime
from tests.support.stand_in import Pace, StandIn
from tests.support.stand_in.documents import (
    API_KEY,
    BASIC,
    HEADERS,
    OAUTH,
    PRIVATE,
    PUBLIC,
    WITH_HEADERS,
)

MANY_LOOKS = 9


@pytest.fixture(params=["fake", "stand-in"])
def connections(
    request: pytest.FixtureRequest,
    adapter: EventBridgeConnections,
    stand_in: StandIn,
    fake_time: FakeTime,
) -> Connections:
    """Give the fake or the adapter; in both what passes lasts one look."""
    stand_in.pace = Pace(settle_seconds=0, looks=1, clock=lambda: fake_time.seconds)
    fake = FakeConnections(fake_time, looks_while_deleting=1)
    return adapter if request.param == "stand-in" else fake


def look(connections: Connections, name: str = "crm") -> Connection:
    """Describe a connection that is there."""
    seen = connections.describe(name)
    assert seen
    return seen


def states(connections: Connections, looks: int) -> list[str]:
    """Describe a connection several times."""
    return [look(connections).state for _ in range(looks)]


def until_gone(connections: Connections) -> None:
    """Describe a connection until it is not there."""
    assert any(connections.describe("crm") is None for _ in range(MANY_LOOKS))


def with_invocation(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Give BASIC's properties with invocation parameters."""
    auth_parameters = {**BASIC["AuthParameters"], "InvocationHttpParameters": parameters}
    return {**BASIC, "AuthParameters": auth_parameters}


def test_nothing_is_there_at_first(connections: Connections) -> None:
    """None, not an error."""
    assert connections.describe("crm") is None


@pytest.mark.parametrize("properties", [BASIC, API_KEY], ids=["basic", "api key"])
def test_what_was_created_is_there(
    connections: Connections, properties: dict[str, Any], fake_time: FakeTime
) -> None:
    """Usable at once, with its ARN and times, without any credential."""
    arn = connections.create(properties).arn
    seen = look(connections)
    assert (seen.name, seen.arn, seen.state) == ("crm", arn, "AUTHORIZED")
    assert seen.authorization_type == properties["AuthorizationType"]
    assert ":secret:events!connection/crm/" in seen.secret_arn
    assert seen.creation_time == seen.last_authorized_time == fake_time.now
    assert "pass" not in str(seen.properties)
    assert "value" not in str(seen.properties)
    assert set(seen.properties) == {"AuthParameters"}


def test_no_name_is_given_twice(connections: Connections) -> None:
    """The first keeps it."""
    connections.create(BASIC)
    with pytest.raises(AlreadyExistsError):
        connections.create(API_KEY)
    assert look(connections).authorization_type == "BASIC"


def test_oauth_takes_a_while(connections: Connections) -> None:
    """AUTHORIZING, then AUTHORIZED."""
    connections.create(OAUTH)
    assert states(connections, 3) == ["AUTHORIZING", "AUTHORIZED", "AUTHORIZED"]


def test_a_private_connection_takes_a_while(connections: Connections) -> None:
    """CREATING, then ACTIVE; UPDATING, then ACTIVE."""
    properties = {**BASIC, "InvocationConnectivityParameters": PRIVATE}
    connections.create(properties)
    assert is_private(look(connections).properties)
    assert states(connections, 2) == ["ACTIVE", "ACTIVE"]
    connections.update(properties)
    assert states(connections, 2) == ["UPDATING", "ACTIVE"]


def test_a_private_oauth_connection_is_authorized_in_passing(connections: Connections) -> None:
    """AUTHORIZED is not the end."""
    connections.create({**OAUTH, "InvocationConnectivityParameters": PRIVATE})
    assert states(connections, 3) == ["AUTHORIZING", "AUTHORIZED", "ACTIVE"]


def test_a_private_connection_becomes_public(connections: Connections) -> None:
    """By an empty ARN, not by leaving it out."""
    connections.create({**BASIC, "InvocationConnectivityParameters": PRIVATE})
    connections.update(BASIC)
    assert is_private(look(connections).properties)
    connections.update({**BASIC, "InvocationConnectivityParameters": PUBLIC})
    seen = look(connections)
    assert (is_private(seen.properties), seen.state) == (False, "AUTHORIZED")


def test_secret_values_are_not_shown(connections: Connections) -> None:
    """Others are; whether it is one is shown, too."""
    plain: dict[str, Any] = {**HEADERS[0], "IsValueSecret": False}
    connections.create(with_invocation({"HeaderParameters": [plain, HEADERS[1]]}))
    shown = look(connections).properties["AuthParameters"]["InvocationHttpParameters"]
    assert shown["HeaderParameters"] == [plain, {"Key": "x-private", "IsValueSecret": True}]


def test_what_an_update_leaves_out_stays(connections: Connections, fake_time: FakeTime) -> None:
    """Headers and description, user name and ARN."""
    connections.create({**WITH_HEADERS, "Description": "the CRM"})
    before = look(connections)
    fake_time.seconds += 5
    connections.update(
        {
            "Name": "crm",
            "AuthorizationType": "BASIC",
            "AuthParameters": {"BasicAuthParameters": {"Password": "two"}},
        }
    )
    after = look(connections)
    assert (after.arn, after.secret_arn) == (before.arn, before.secret_arn)
    assert after.properties == before.properties
    assert before.last_modified_time
    assert after.last_modified_time
    assert after.last_modified_time > before.last_modified_time
    assert after.last_authorized_time == fake_time.now


def test_a_description_alone_authorizes_nothing(
    connections: Connections, fake_time: FakeTime
) -> None:
    """The state stays as it is, and so does LastAuthorizedTime."""
    connections.create(BASIC)
    before = look(connections)
    fake_time.seconds += 5
    connections.update({"Name": "crm", "Description": "the CRM"})
    after = look(connections)
    assert after.properties["Description"] == "the CRM"
    assert (after.state, after.last_authorized_time) == ("AUTHORIZED", before.last_authorized_time)


def test_an_update_replaces_lists_and_clears_what_is_empty(connections: Connections) -> None:
    """In the default position of the switches."""
    connections.create({**WITH_HEADERS, "Description": "the CRM"})
    other = {"Key": "x-other", "Value": "1", "IsValueSecret": False}
    connections.update(with_invocation({"HeaderParameters": [other]}))
    shown = look(connections).properties
    assert shown["AuthParameters"]["InvocationHttpParameters"] == {"HeaderParameters": [other]}
    connections.update({**with_invocation({}), "Description": ""})
    shown = look(connections).properties
    assert not shown["AuthParameters"]["InvocationHttpParameters"]
    assert "Description" not in shown


def test_another_type_drops_everything_of_the_old_one(connections: Connections) -> None:
    """The ARN stays, the secret is another."""
    connections.create(WITH_HEADERS)
    before = look(connections)
    connections.update(API_KEY)
    after = look(connections)
    assert (after.arn, after.authorization_type) == (before.arn, "API_KEY")
    assert after.secret_arn != before.secret_arn
    expected = {"ApiKeyAuthParameters": {"ApiKeyName": "key"}}
    assert after.properties["AuthParameters"] == expected


def test_parameters_need_their_type(connections: Connections) -> None:
    """Though the model marks it optional."""
    connections.create(BASIC)
    with pytest.raises(InvalidRequestError):
        connections.update({"Name": "crm", "AuthParameters": BASIC["AuthParameters"]})


def test_deauthorizing_takes_everything_away(connections: Connections) -> None:
    """What is left takes new credentials, and has nothing of the old ones."""
    connections.create(WITH_HEADERS)
    before = look(connections)
    connections.deauthorize("crm")
    assert "AuthParameters" not in look(connections).properties
    seen = look(connections)
    assert (seen.state, seen.secret_arn, seen.arn) == ("DEAUTHORIZED", "", before.arn)
    connections.update(BASIC)
    after = look(connections)
    assert (after.state, after.arn) == ("AUTHORIZED", before.arn)
    assert after.secret_arn not in ("", before.secret_arn)
    assert after.properties["AuthParameters"] == {"BasicAuthParameters": {"Username": "user"}}


@pytest.mark.parametrize(
    "change",
    [lambda port: port.update(BASIC), lambda port: port.deauthorize("crm")],
    ids=["update", "deauthorize"],
)
def test_what_is_not_there_cannot_be_changed(
    connections: Connections, change: Callable[[Connections], None]
) -> None:
    """Not even brought into being."""
    with pytest.raises(NotFoundError):
        change(connections)
    assert connections.describe("crm") is None


def test_deleting_takes_a_while(connections: Connections) -> None:
    """And may be asked for twice; the name is taken until it is over."""
    connections.create(BASIC)
    connections.delete("crm")
    with pytest.raises(AlreadyExistsError):
        connections.create(BASIC)
    connections.delete("crm")
    until_gone(connections)


def test_deleting_what_is_not_there_is_fine(connections: Connections) -> None:
    """Nothing is left either way."""
    connections.delete("crm")
    assert connections.describe("crm") is None


def test_a_recreated_connection_is_another(connections: Connections) -> None:
    """The ARN tells."""
    first = connections.create(BASIC)
    connections.delete("crm")
    until_gone(connections)
    assert connections.create(BASIC) != first


WITH_EVERYTHING: dict[str, Any] = {
    **OAUTH,
    "Description": "the CRM",
    "KmsKeyIdentifier": "arn:aws:kms:us-east-1:123456789012:key/0f",
    "AuthParameters": {
        "OAuthParameters": {
            **OAUTH["AuthParameters"]["OAuthParameters"],
            "OAuthHttpParameters": {"HeaderParameters": HEADERS, "BodyParameters": HEADERS},
        },
        "InvocationHttpParameters": {
            "HeaderParameters": HEADERS,
            "QueryStringParameters": HEADERS,
            "BodyParameters": HEADERS,
        },
    },
}
KINDS: dict[str, dict[str, Any]] = {
    "basic": BASIC,
    "api key": API_KEY,
    "oauth": OAUTH,
    "empty description": {**BASIC, "Description": ""},
    "headers": WITH_HEADERS,
    "empty list": with_invocation({"HeaderParameters": []}),
    "no parameters": with_invocation({}),
    "everything": WITH_EVERYTHING,
    "private": {**API_KEY, "InvocationConnectivityParameters": PRIVATE},
    "said to be public": {**BASIC, "InvocationConnectivityParameters": PUBLIC},
    "private token endpoint": {
        **OAUTH,
        "AuthParameters": {**OAUTH["AuthParameters"], "ConnectivityParameters": PRIVATE},
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_connection_has_not_drifted(
    connections: Connections, kind: str, fake_time: FakeTime
) -> None:
    """Else a Reconcile would report, and write, the same connection for ever."""
    desired = _spoken_out(KINDS[kind])
    connections.create(desired)
    states(connections, MANY_LOOKS)
    seen = look(connections)
    record = Record("crm", "requests", START, START, last_modified_time=seen.last_modified_time)
    assert list(drift(record, seen, desired, {})) == []
    fake_time.seconds += 60
    connections.update(desired)
    states(connections, MANY_LOOKS)
    seen = look(connections)
    record = Record("crm", "requests", START, START, last_modified_time=seen.last_modified_time)
    assert list(drift(record, seen, desired, {})) == []


def _spoken_out(properties: Any) -> Any:
    # The function says IsValueSecret of every parameter.
    match properties:
        case {"Key": _}:
            return {"IsValueSecret": False, **properties}
        case {}:
            return {name: _spoken_out(value) for name, value in properties.items()}
        case list():
            return [_spoken_out(each) for each in properties]
        case _:
            return properties
