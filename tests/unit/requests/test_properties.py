"""The rules across members, and what properties amount to."""

from typing import Any

import pytest
from botocore.utils import ArgumentGenerator

from handler.references.source import Service, Source
from handler.requests.properties import (
    BLOCK_OF_TYPE,
    as_written,
    is_private,
    prepared,
    property_violations,
    sources,
)
from handler.settings import MOST_SECRETS
from tests.support.bad_requests import (
    ABSENT,
    API_KEY,
    BASIC,
    BLOCK_OF,
    BODY,
    CANARY,
    ENDPOINT,
    HEADERS,
    OAUTH,
    PASSWORD,
    QUERY,
    RESOURCE,
    USERNAME,
    changed,
    parameter,
    secret,
    secret_arn,
)
from tests.support.fakes import RULES, SHAPE

GO = "remove it"
ARN = "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-0123456789abcdef0"
PUBLIC: dict[str, Any] = {}
CONNECTIVITY = {"ResourceParameters": {"ResourceConfigurationArn": ARN}}
PRIVATE: dict[str, Any] = {"InvocationConnectivityParameters": CONNECTIVITY}
PRIVATE_TOKEN: dict[str, Any] = {"AuthParameters": {"ConnectivityParameters": CONNECTIVITY}}


def told(properties: dict[str, Any]) -> list[str]:
    """Give all violations of properties, as somebody wrote them."""
    return [str(each) for each in property_violations(prepared(properties, RULES), RULES)]


@pytest.mark.parametrize("properties", [BASIC, API_KEY, OAUTH])
def test_every_field_of_todays_model_may_be_asked_for(properties: dict[str, Any]) -> None:
    """Each type with parameters, private endpoints, a key and a description."""
    everywhere: dict[str, object] = {
        "Description": "",
        "KmsKeyIdentifier": "alias/crm",
        f"InvocationConnectivityParameters.{RESOURCE}": ARN,
        f"AuthParameters.ConnectivityParameters.{RESOURCE}": ARN,
        HEADERS: parameter(secret("h")),
        QUERY: parameter("q", IsValueSecret=False),
        BODY: parameter({"ValueFrom": f"{secret_arn()}:b::"}),
    }
    assert told(changed(properties, everywhere)) == []


def test_the_blocks_are_those_of_the_model() -> None:
    """Each AuthorizationType has one; a type that AWS adds is noticed here."""
    shape: Any = SHAPE
    assert list(BLOCK_OF_TYPE) == sorted(
        shape.members["AuthorizationType"].enum, key=list(BLOCK_OF_TYPE).index
    )
    blocks = {name for name in shape.members["AuthParameters"].members if "Auth" in name}
    assert set(BLOCK_OF_TYPE.values()) == blocks == set(BLOCK_OF)


@pytest.mark.parametrize("wanted", list(BLOCK_OF_TYPE))
@pytest.mark.parametrize("present", [[], *([block] for block in BLOCK_OF), list(BLOCK_OF)])
def test_just_the_block_of_the_type_must_be_there(wanted: str, present: list[str]) -> None:
    """What is missing is told, and each that is too many."""
    blocks = {block: BLOCK_OF[block]["AuthParameters"][block] for block in present}
    found = told({"Name": "crm", "AuthorizationType": wanted, "AuthParameters": blocks})
    missing = {BLOCK_OF_TYPE[wanted]} - set(present)
    unwanted = set(present) - {BLOCK_OF_TYPE[wanted]}
    assert {each for each in found if GO not in each} == {
        f"AuthParameters.{block}: required with AuthorizationType {wanted}" for block in missing
    }
    assert [each.split(": ")[0] for each in found if GO in each] == [
        f"AuthParameters.{block}" for block in BLOCK_OF_TYPE.values() if block in unwanted
    ]


def test_unused_blocks_of_a_skeleton_are_told_first_and_nothing_beneath_them() -> None:
    """What the CLI prints, filled in for BASIC: CloudFormation's cut must not hide what to do."""
    model: Any = SHAPE
    printed: Any = ArgumentGenerator().generate_skeleton(model)
    document = changed(
        printed | {"Name": "crm", "AuthorizationType": "BASIC"},
        {"AuthParameters.BasicAuthParameters": BASIC["AuthParameters"]["BasicAuthParameters"]},
    )
    go = f"does not go with AuthorizationType BASIC; {GO}"
    first, second, *others = told(document)
    assert first == f"AuthParameters.ApiKeyAuthParameters: {go}"
    assert second == f"AuthParameters.OAuthParameters: {go}"
    assert not any("ApiKeyAuthParameters" in each or "OAuthParameters" in each for each in others)
    empty = [each for each in others if each.startswith("AuthParameters.Invocation")]
    assert empty == [f"{path}[0]: empty; remove this entry" for path in (HEADERS, QUERY, BODY)]


def test_what_is_wrong_beside_an_unused_block_is_told_too() -> None:
    """All at once; the secrets of that block count no more."""
    document = changed(with_secrets(MOST_SECRETS), {"Name": "a b", USERNAME: secret("u", "x")})
    document["AuthParameters"] |= {"OAuthParameters": OAUTH["AuthParameters"]["OAuthParameters"]}
    assert [each.split(": ")[0] for each in told(document)] == [
        "AuthParameters.OAuthParameters",
        "Name",
        USERNAME,
        "AuthParameters",
    ]
    assert len(told(changed(document, {USERNAME: "ada"}))) == 2


@pytest.mark.parametrize("authorization_type", [ABSENT, "NONE", 5, None, ["BASIC"], secret("x")])
@pytest.mark.parametrize("present", [[], list(BLOCK_OF)[:2]])
def test_without_a_type_there_must_be_one_block(
    authorization_type: object, present: list[str]
) -> None:
    """Which one is nobody's to guess, so all three are named."""
    blocks = {block: BLOCK_OF[block]["AuthParameters"][block] for block in present}
    document = changed(BASIC, {"AuthorizationType": authorization_type, "AuthParameters": blocks})
    problem = "must hold exactly one of BasicAuthParameters, ApiKeyAuthParameters, OAuthParameters"
    assert f"AuthParameters: {problem}" in told(document)
    one = changed(BASIC, {"AuthorizationType": authorization_type})
    assert [each.split(": ")[0] for each in told(one)] == ["AuthorizationType"]


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://login.example.com",
        "https://login.example.com/token?tenant=a&x=%41",
        "https://login.example.com:8443/token",
        "https://localhost/token",
        "http://localhost:8080/token",
        "http://LOCALHOST/token",
        "http://127.0.0.1:8080/token",
    ],
)
def test_a_token_endpoint_is_https_or_loopback(endpoint: str) -> None:
    """The client secret goes there."""
    assert told(changed(OAUTH, {ENDPOINT: endpoint})) == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://login.example.com/token",
        "http://localhost.example.com/token",
        "http://127.0.0.1.example.com/token",
        "http:/localhost",
        "https:/login.example.com",
        "https://login.example.com:port/token",
        "https://login.example.com;x/token",
        "https://login%2eexample.com/token",
        "http://",
        "https://",
        "https:///token",
        "https:login.example.com",
        "HTTP://login.example.com",
        "ftp://localhost/token",
        "//login.example.com/token",
        "login.example.com",
        "https",
    ],
)
def test_any_other_token_endpoint_is_refused(endpoint: str) -> None:
    """Also what only looks like a loopback host."""
    problem = "must begin with https:// (http:// only to a loopback host)"
    assert told(changed(OAUTH, {ENDPOINT: endpoint})) == [f"{ENDPOINT}: {problem}"]


@pytest.mark.parametrize(
    "endpoint",
    [
        f"https://ada:{CANARY}@login.example.com/token",
        f"https:/ada:{CANARY}@login.example.com/token",
        f"https:///ada:{CANARY}@login.example.com/token",
        f"https:ada:{CANARY}@login.example.com",
        f"https:\\\\ada:{CANARY}@login.example.com/",
        f"https://ada:{CANARY}@login.example.com\\@trusted.example.com/",
        f"https://login.example.com?{CANARY}@other.example.com",
        f"HTTPS://ada:{CANARY}@login.example.com/token",
        f"//ada:{CANARY}@login.example.com",
        f"ada:{CANARY}@login.example.com",
        "http://127.0.0.1@login.example.com/token",
        "http://localhost:80@login.example.com/token",
    ],
)
def test_an_endpoint_holds_no_login_in_any_spelling(endpoint: str) -> None:
    """Parsers read them differently, so what might be one to any of them is one."""
    found = told(changed(OAUTH, {ENDPOINT: endpoint}))
    assert f"{ENDPOINT}: must not hold a user name or password" in found
    assert CANARY not in str(found)


def test_an_at_sign_in_a_path_is_no_login() -> None:
    """The host has ended."""
    endpoint = "https://login.example.com/tenants/a@b/token?c=d@e"
    assert told(changed(OAUTH, {ENDPOINT: endpoint})) == []


def test_a_long_endpoint_is_judged_at_once() -> None:
    """Whoever sends it waits for nobody's regular expression."""
    for endless in (
        "a" * 200_000,
        "/" * 200_000,
        "https:" + "\\" * 200_000,
        "https://a?" + ":" * 9999,
    ):
        assert told(changed(OAUTH, {ENDPOINT: endless}))


@pytest.mark.parametrize(
    ("path", "value", "told_once"),
    [
        (PASSWORD, 5, "must hold a reference to a secret, such as"),
        (PASSWORD, True, "must hold a reference to a secret, such as"),
        (PASSWORD, None, "must hold a reference to a secret, such as"),
        (PASSWORD, "", "must hold a reference to a secret, such as"),
        (PASSWORD, [secret("p")], "must hold a reference to a secret, such as"),
        (USERNAME, 5, "must be a string, not a number"),
        (USERNAME, "", "must not be empty"),
        (USERNAME, {"Value": "x"}, "must be a string, not an object"),
    ],
)
def test_a_path_is_told_one_thing(path: str, value: object, told_once: str) -> None:
    """What to do, not everything that it is not."""
    (found,) = told(changed(BASIC, {path: value}))
    assert found.startswith(f"{path}: {told_once}")


@pytest.mark.parametrize("host", ["login.example.com", "localhost"])
@pytest.mark.parametrize("login", [CANARY, f"ada:{CANARY}", ""])
def test_an_endpoint_must_not_hold_a_login(host: str, login: str) -> None:
    """It would be a literal credential, and shown by Describe."""
    found = told(changed(OAUTH, {ENDPOINT: f"https://{login}@{host}/token"}))
    assert found == [f"{ENDPOINT}: must not hold a user name or password"]


@pytest.mark.parametrize("endpoint", ["https://[::1", "https://[login]/", "http://[::1]:80/t"])
def test_an_endpoint_with_brackets_is_refused(endpoint: str) -> None:
    """AWS's model has none either; without a crash, and in one sentence."""
    (found,) = told(changed(OAUTH, {ENDPOINT: endpoint}))
    assert found.startswith(f"{ENDPOINT}: must begin with https://")


def test_an_endpoint_that_only_the_model_refuses_is_told_in_its_words() -> None:
    """A fragment, say."""
    (found,) = told(changed(OAUTH, {ENDPOINT: "https://login.example.com/#fragment"}))
    assert found.startswith(f"{ENDPOINT}: must match")


def with_secrets(count: int) -> dict[str, Any]:
    """Give properties that refer to so many different secrets, and to each of them twice."""
    names = [f"connections/s{number}" for number in range(count)]
    twice = [parameter(secret("k", name) + secret("l", name))[0] for name in names]
    return changed(BASIC, {USERNAME: "ada", PASSWORD: secret("p", names[0]), BODY: twice})


def test_fifty_different_secrets_are_enough() -> None:
    """Two keys of one secret count once."""
    assert len(sources(prepared(with_secrets(MOST_SECRETS), RULES))) == MOST_SECRETS == 50
    assert told(with_secrets(MOST_SECRETS)) == []
    expected = "AuthParameters: refers to more than 50 different secrets"
    assert told(with_secrets(MOST_SECRETS + 1)) == [expected]


def test_a_body_value_is_as_long_as_a_request_allows() -> None:
    """Every entry point has measured the document before, in bytes as they were sent."""
    letters = parameter("é" * 50_000, IsValueSecret=False)
    assert told(changed(BASIC, {BODY: letters})) == []


def test_versions_and_stages_are_sources_of_their_own() -> None:
    """Each is fetched; keys are not."""
    name = "connections/orders"
    spelled = "".join(secret(options) for options in ("a", "b", "a:AWSPREVIOUS", f"a::{'0' * 32}"))
    found = sources(prepared(changed(BASIC, {PASSWORD: spelled}), RULES))
    assert set(found) == {
        Source(Service.SECRETS_MANAGER, name),
        Source(Service.SECRETS_MANAGER, name, version_stage="AWSPREVIOUS"),
        Source(Service.SECRETS_MANAGER, name, version_id="0" * 32),
    }


def test_properties_can_be_written_down_again() -> None:
    """References as they were spelled, and what was left unsaid."""
    document = changed(BASIC, {HEADERS: parameter({"ValueFrom": CANARY})})
    said = changed(document, {HEADERS: parameter({"ValueFrom": CANARY}, IsValueSecret=True)})
    assert as_written(prepared(document, RULES)) == said


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (PUBLIC, False),
        (PRIVATE, True),
        (PRIVATE_TOKEN, False),
        ({"AuthParameters": {}}, False),
        ({"AuthParameters": {"BasicAuthParameters": {}}}, False),
        ({"InvocationConnectivityParameters": {}}, False),
        (
            {
                "InvocationConnectivityParameters": {
                    "ResourceParameters": {"ResourceConfigurationArn": ""}
                }
            },
            False,
        ),
    ],
)
def test_private_is_what_reaches_into_a_vpc(properties: dict[str, Any], expected: bool) -> None:
    """The empty ARN says public."""
    assert is_private(properties) is expected
