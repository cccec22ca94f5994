"""Secrets named by an ARN whose end may be a part of the name: which one is used, and followed."""

from dataclasses import replace
from typing import Any

import pytest

from handler.errors import SecretNotUsableError
from handler.operations.completion import Completion
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import DIRECT
from handler.requests.request import check
from handler.requests.unchecked_request import read_document
from tests.support.bad_requests import API_KEY, API_KEY_BLOCK, changed, secret_arn
from tests.support.fakes import POLICY, RULES, World, make_world

VALUE = f"{API_KEY_BLOCK}.ApiKeyValue"
PAY, PLAIN = "connections/pay-apikey", "connections/plain"
SPELLINGS = [
    "{{{{resolve:secretsmanager:{arn}}}}}",
    "{{{{resolve:secretsmanager:{arn}:::}}}}",
    None,
]


@pytest.fixture
def world() -> World:
    """Give an account with a secret whose name ends like an ARN, and one whose name does not."""
    world = make_world()
    world.secrets.texts = {PAY: "k-1", PLAIN: "tok-1"}
    return world


def ask(world: World, request_type: str, properties: dict[str, Any]) -> Completion:
    """Carry out a direct request."""
    document = {"RequestType": request_type, "ResourceProperties": properties}
    asked = read_document(document, DIRECT, "request-1", world.time.now)
    return carry_out(world.ports, check(asked, RULES))


def properties(name: str, spelling: str | None = SPELLINGS[0]) -> dict[str, Any]:
    """Ask for a connection from the secret that an ARN means."""
    arn = secret_arn(name)
    value: object = spelling.format(arn=arn) if spelling else {"ValueFrom": arn}
    return changed(API_KEY, {VALUE: value})


def followed(world: World) -> set[str]:
    """Give the secrets whose rotation is heard."""
    return {secret.name for secret, names in world.registry.links.items() if names}


def key_of(world: World) -> str:
    """Give the API key that the connection has."""
    stored = world.connections.stored["bad-request"]["properties"]
    return str(stored["AuthParameters"]["ApiKeyAuthParameters"]["ApiKeyValue"])


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(("name", "value"), [(PAY, "k-1"), (PLAIN, "tok-1")])
def test_an_arn_without_its_six_characters_means_the_secret_of_that_name(
    world: World, name: str, value: str, spelling: str | None
) -> None:
    """CDK renders such ARNs; only the secret that answered is linked, listed and applied."""
    assert ask(world, "Create", properties(name, spelling)).outcome == "Created"
    assert (key_of(world), followed(world)) == (value, {name})
    (shown,) = ask(world, "List", {}).details["Connections"]
    assert [each["SecretId"] for each in shown["Secrets"]] == [name]
    assert ask(world, "Update", properties(name, spelling)).outcome == "Unchanged"
    assert (followed(world), world.connections.calls.count("update")) == ({name}, 0)


@pytest.mark.parametrize("name", [PAY, PLAIN])
@pytest.mark.parametrize("how", ["name", "ARN", "complete ARN"])
def test_its_rotation_is_followed(world: World, name: str, how: str) -> None:
    """Whether the event, or whoever refreshes by hand, names it or gives an ARN of it."""
    ask(world, "Create", properties(name))
    world.secrets.rotate(name, "rotated")
    secret_id = {
        "name": name,
        "ARN": secret_arn(name),
        "complete ARN": secret_arn(f"{name}-Ab12Cd"),
    }
    assert ask(world, "Refresh", {"SecretId": secret_id[how]}).outcome == "Refreshed"
    (sent,) = world.requests.sent
    assert ask(world, "Refresh", sent["ResourceProperties"]).outcome == "Refreshed"
    assert (key_of(world), followed(world)) == ("rotated", {name})


@pytest.mark.parametrize("name", [PAY, "connections/pay"])
def test_a_rotation_before_the_first_answer_is_heard(world: World, name: str) -> None:
    """Both names are linked until Secrets Manager has told which it is."""
    seen: list[set[str]] = []
    world.secrets.texts = {name: "k-1"}
    world.secrets.before_read = lambda _: seen.append(followed(world))
    ask(world, "Create", properties(PAY))
    assert seen == [{"connections/pay", PAY}]
    assert followed(world) == {name}


def test_where_both_exist_the_answer_decides(world: World) -> None:
    """As Secrets Manager does, which compares whole ARNs first."""
    world.secrets.texts["connections/pay"] = "other"
    ask(world, "Create", properties(PAY))
    assert (key_of(world), followed(world)) == ("other", {"connections/pay"})


def test_a_name_that_is_answered_out_of_bounds_is_not_used(world: World) -> None:
    """The whole tail begins with the prefix; the secret that it turns out to be does not."""
    policy = replace(POLICY, secret_prefixes=(PAY.removesuffix("pikey"),))
    rules = replace(RULES, policy=policy)
    world.secrets.texts = {"connections/pay": "k-1"}
    document = {"RequestType": "Create", "ResourceProperties": properties(PAY)}
    asked = read_document(document, DIRECT, "request-1", world.time.now)
    with pytest.raises(SecretNotUsableError, match="its name must begin with an allowed prefix"):
        carry_out(replace(world.ports, rules=rules), check(asked, rules))
    assert "create" not in world.connections.calls
