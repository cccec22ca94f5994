"""References resolved: what may become a credential, and everything unusable at once."""

import pytest

from handler.errors import (
    InvalidRequestError,
    NotFoundError,
    ProvisionerError,
    SecretNotUsableError,
)
from tests.support.bad_requests import secret_arn
from tests.support.crm import BASIC, PASSWORD, WITH_HEADER, ask
from tests.support.fakes import World

WHOLE = "{{resolve:secretsmanager:connections/crm}}"


def test_a_secret_used_twice_by_one_request_is_one_source(world: World) -> None:
    """The adapter is asked for one source only, however many keys are taken of it."""
    user = PASSWORD.replace("password", "user")
    both = {"BasicAuthParameters": {"Username": user, "Password": PASSWORD}}
    ask(world, properties={**BASIC, "AuthParameters": both})
    assert set(world.secrets.reads) == {"connections/crm"}
    stored = world.connections.stored["crm"]["properties"]["AuthParameters"]
    assert stored["BasicAuthParameters"]["Username"] == "ada"


def test_every_unusable_reference_is_told_at_once(world: World) -> None:
    """Two keys are absent: one error with both paths, and no value."""
    both = {
        "BasicAuthParameters": {
            "Username": PASSWORD.replace("password", "nope"),
            "Password": PASSWORD.replace("password", "neither"),
        }
    }
    with pytest.raises(SecretNotUsableError) as raised:
        ask(world, properties={**BASIC, "AuthParameters": both})
    assert 'Username: "{{resolve:' in raised.value.reason
    assert 'no key "neither"' in raised.value.reason
    assert "correct horse" not in raised.value.reason


def test_a_value_that_eventbridge_would_refuse_is_told_without_the_value(world: World) -> None:
    """A colon in a password is found here, not by AWS, whose message would echo it."""
    world.secrets.texts["connections/crm"] = '{"password": "with:colon"}'
    with pytest.raises(SecretNotUsableError, match=r"Password: the referenced value must match"):
        ask(world)
    assert "create" not in world.connections.calls


@pytest.mark.parametrize(
    "reference", [WHOLE, {"ValueFrom": secret_arn("connections/crm-Ab12Cd")}, f"Bearer {WHOLE}"]
)
@pytest.mark.parametrize("text", ['{"password": "p"}', '["p"]', '\ufeff{"password": "p"}'])
def test_a_whole_json_secret_lacks_a_key_wherever_it_is_referred_to(
    world: World, reference: object, text: str
) -> None:
    """Also in a body, which takes any text."""
    world.secrets.texts["connections/crm"] = text
    parameters = {"BodyParameters": [{"Key": "k", "Value": reference}]}
    block = {"BasicAuthParameters": {"Username": reference, "Password": WHOLE}}
    block["InvocationHttpParameters"] = parameters  # type: ignore[assignment]
    with pytest.raises(SecretNotUsableError) as raised:
        ask(world, properties={**BASIC, "AuthParameters": block})
    problem = "the secret holds JSON, so the reference must name a key of it"
    assert raised.value.reason.count(problem) == 3
    assert "BodyParameters[0].Value: " in raised.value.reason
    assert "create" not in world.connections.calls


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("Username", SecretNotUsableError),
        ("Password", InvalidRequestError),
        ("Value", SecretNotUsableError),
    ],
)
def test_an_empty_value_leaves_no_literal_credential(
    world: World, path: str, refusal: type[ProvisionerError]
) -> None:
    """The text around it would be the credential."""
    world.secrets.texts["connections/crm"] = '{"password": "p", "empty": ""}'
    text = "CANARY" + PASSWORD.replace("password", "empty")
    basic = {"Username": "ada", "Password": PASSWORD} | {path: text}
    value = basic.pop("Value", PASSWORD)
    parameters = {"HeaderParameters": [{"Key": "k", "Value": value}]}
    blocks = {"BasicAuthParameters": basic, "InvocationHttpParameters": parameters}
    with pytest.raises(refusal) as raised:
        ask(world, properties={**BASIC, "AuthParameters": blocks})
    assert f"{path}: " in raised.value.reason
    assert "CANARY" not in raised.value.reason


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("with:colon", WHOLE),
        ('{"a":' * 12_000, WHOLE),
        ('{"password": "with:colon"}', PASSWORD),
        ('{"with": "colon"}', "{{resolve:ssm-secure:/connections/crm}}"),
    ],
)
def test_where_no_key_is_lacking_none_is_asked_for(world: World, text: str, reference: str) -> None:
    """It is no JSON, has its key, or is a parameter, of which no key can be named."""
    world.secrets.texts |= {"connections/crm": text, "/connections/crm": text}
    block = {"BasicAuthParameters": {"Username": "ada", "Password": reference}}
    with pytest.raises(SecretNotUsableError, match=r"Password: the referenced value must "):
        ask(world, properties={**BASIC, "AuthParameters": block})


def test_a_plain_parameter_is_no_password(world: World) -> None:
    """Only the fetched parameter tells whether it is a SecureString."""
    arn = "arn:aws:ssm:us-east-1:123456789012:parameter/connections/crm"
    world.secrets.texts["/connections/crm"] = "open"
    world.secrets.plain.add("/connections/crm")
    block = {"BasicAuthParameters": {"Username": "ada", "Password": {"ValueFrom": arn}}}
    with pytest.raises(SecretNotUsableError, match=r"Parameters\.Password: .* SecureString"):
        ask(world, properties={**BASIC, "AuthParameters": block})


@pytest.mark.parametrize("is_value_secret", [True, False])
def test_a_plain_parameter_may_be_the_value_of_a_header(
    world: World, is_value_secret: bool
) -> None:
    """Only a credential must be secret."""
    arn = "arn:aws:ssm:us-east-1:123456789012:parameter/connections/tenant"
    world.secrets.texts["/connections/tenant"] = "7"
    world.secrets.plain.add("/connections/tenant")
    header = {"Key": "X-Tenant", "Value": {"ValueFrom": arn}, "IsValueSecret": is_value_secret}
    parameters = {"InvocationHttpParameters": {"HeaderParameters": [header]}}
    ask(world, properties={**BASIC, "AuthParameters": {**BASIC["AuthParameters"], **parameters}})
    stored = world.connections.stored["crm"]["properties"]["AuthParameters"]
    (header,) = stored["InvocationHttpParameters"]["HeaderParameters"]
    assert header["Value"] == "7"


def test_a_securestring_is_no_plain_value(world: World) -> None:
    """DescribeConnection would show it to everybody."""
    world.secrets.texts["/connections/token"] = "t-1"
    arn = "arn:aws:ssm:us-east-1:123456789012:parameter/connections/token"
    header = {"Key": "X-Token", "Value": {"ValueFrom": arn}, "IsValueSecret": False}
    parameters = {"InvocationHttpParameters": {"HeaderParameters": [header]}}
    properties = {**BASIC, "AuthParameters": {**BASIC["AuthParameters"], **parameters}}
    problem = r"HeaderParameters\[0\]\.Value: .* IsValueSecret must not be false"
    with pytest.raises(SecretNotUsableError, match=problem):
        ask(world, properties=properties)


def test_what_an_update_refers_to_and_is_not_there_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NotFound may be about a key or a resource configuration, for which no new look helps."""

    def refuse(_: object) -> None:
        raise NotFoundError("no such key")

    ask(world)
    monkeypatch.setattr(world.connections, "update", refuse)
    with pytest.raises(NotFoundError, match="key"):
        ask(world, "Update", WITH_HEADER)
