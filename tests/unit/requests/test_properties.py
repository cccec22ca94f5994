"""The rules across members, and what properties amount to."""

from typing import Any

import pytest

from handler.references.source import Service, Source
from handler.requests.properties import (
    as_written,
    is_private,
    prepared,
    sources,
)
from handler.settings import MOST_SECRETS
from tests.support.bad_requests import (
    API_KEY,
    BASIC,
    BODY,
    CANARY,
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
    violations_of,
)
from tests.support.fakes import RULES

GO = "remove it"
ARN = "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-0123456789abcdef0"
PUBLIC: dict[str, Any] = {}
CONNECTIVITY = {"ResourceParameters": {"ResourceConfigurationArn": ARN}}
PRIVATE: dict[str, Any] = {"InvocationConnectivityParameters": CONNECTIVITY}
PRIVATE_TOKEN: dict[str, Any] = {"AuthParameters": {"ConnectivityParameters": CONNECTIVITY}}


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
    assert violations_of(changed(properties, everywhere)) == []


def test_what_is_wrong_beside_an_unused_block_is_told_too() -> None:
    """All at once; the secrets of that block count no more."""
    document = changed(with_secrets(MOST_SECRETS), {"Name": "a b", USERNAME: secret("u", "x")})
    document["AuthParameters"] |= {"OAuthParameters": OAUTH["AuthParameters"]["OAuthParameters"]}
    assert [each.split(": ")[0] for each in violations_of(document)] == [
        "AuthParameters.OAuthParameters",
        "Name",
        USERNAME,
        "AuthParameters",
    ]
    assert len(violations_of(changed(document, {USERNAME: "ada"}))) == 2


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
    (found,) = violations_of(changed(BASIC, {path: value}))
    assert found.startswith(f"{path}: {told_once}")


def with_secrets(count: int) -> dict[str, Any]:
    """Give properties that refer to so many different secrets, and to each of them twice."""
    names = [f"connections/s{number}" for number in range(count)]
    twice = [parameter(secret("k", name) + secret("l", name))[0] for name in names]
    return changed(BASIC, {USERNAME: "ada", PASSWORD: secret("p", names[0]), BODY: twice})


def test_fifty_different_secrets_are_enough() -> None:
    """Two keys of one secret count once."""
    assert len(sources(prepared(with_secrets(MOST_SECRETS), RULES))) == MOST_SECRETS == 50
    assert violations_of(with_secrets(MOST_SECRETS)) == []
    expected = "AuthParameters: refers to more than 50 different secrets"
    assert violations_of(with_secrets(MOST_SECRETS + 1)) == [expected]


def test_a_body_value_is_as_long_as_a_request_allows() -> None:
    """Every entry point has measured the document before, in bytes as they were sent."""
    letters = parameter("é" * 50_000, IsValueSecret=False)
    assert violations_of(changed(BASIC, {BODY: letters})) == []


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
