"""Where references must and must not stand."""

from typing import Any

import pytest

from handler.references.malformed_reference import MALFORMED, MISSPELT, UNRESOLVED
from handler.references.syntax import with_texts
from handler.requests.credential_rules import credential_violations, with_secrecy
from handler.requests.properties import prepared, property_violations
from handler.requests.service_model import rebuilt
from tests.support.bad_requests import (
    API_KEY,
    API_KEY_BLOCK,
    BASIC,
    BASIC_BLOCK,
    BODY,
    CANARY,
    HEADERS,
    OAUTH,
    OAUTH_BLOCK,
    OAUTH_HEADERS,
    PASSWORD,
    QUERY,
    USERNAME,
    changed,
    parameter,
    secret,
    secret_arn,
)
from tests.support.fakes import ACCOUNT, POLICY, REGION, RULES, SHAPE

SECURE = "{{resolve:ssm-secure:/connections/crm:1}}"
PLAIN = "{{resolve:ssm:/connections/crm}}"
VALUE_FROM = {"ValueFrom": f"{secret_arn()}:key::"}
PARAMETER_ARN = {"ValueFrom": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/connections/crm"}
CLIENT = f"{OAUTH_BLOCK}.ClientParameters"
CREDENTIALS = [
    (BASIC, PASSWORD),
    (API_KEY, f"{API_KEY_BLOCK}.ApiKeyValue"),
    (OAUTH, f"{CLIENT}.ClientSecret"),
]
LITERAL = "a literal needs IsValueSecret: false; a secret needs a reference"
PUBLIC = "refers to a secret, so IsValueSecret must not be false"


def told(properties: dict[str, Any]) -> list[str]:
    """Give all violations of properties, as somebody wrote them."""
    full: Any = rebuilt(with_texts(properties, POLICY), SHAPE, with_secrecy)
    return [str(violation) for violation in credential_violations(full, SHAPE)]


@pytest.mark.parametrize(("properties", "path"), CREDENTIALS)
@pytest.mark.parametrize("literal", [CANARY, "", PLAIN, f"Bearer {PLAIN}", 5, True, None])
def test_a_credential_must_be_a_reference_to_a_secret(
    properties: dict[str, Any], path: str, literal: object
) -> None:
    """A literal is refused, and so is a plain parameter, whose value anybody may read."""
    (violation,) = told(changed(properties, {path: literal}))
    assert violation.startswith(f"{path}: must hold a reference to a secret")
    assert CANARY not in violation


@pytest.mark.parametrize(("properties", "path"), CREDENTIALS)
def test_a_plain_parameter_is_not_called_a_literal(properties: dict[str, Any], path: str) -> None:
    """Whoever wrote a reference is told that it is of the wrong kind."""
    problem = (
        "must hold a reference to a secret or a SecureString;"
        " an ssm reference names a plain parameter"
    )
    assert told(changed(properties, {path: PLAIN})) == [f"{path}: {problem}"]


@pytest.mark.parametrize(("properties", "path"), CREDENTIALS)
@pytest.mark.parametrize(
    "reference",
    [secret("key"), SECURE, VALUE_FROM, PARAMETER_ARN, secret("a") + secret("b"), PLAIN + SECURE],
)
def test_a_credential_may_be_any_reference_to_a_secret(
    properties: dict[str, Any], path: str, reference: object
) -> None:
    """What a parameter's ARN leads to shows when it is fetched."""
    assert told(changed(properties, {path: reference})) == []


@pytest.mark.parametrize("text", ["Bearer {}", "{} ", "{}\n", " {}", "{}:{}", f"{CANARY}{{}}"])
@pytest.mark.parametrize(("properties", "path"), CREDENTIALS)
def test_only_an_api_key_may_have_text_around_its_reference(
    properties: dict[str, Any], path: str, text: str
) -> None:
    """Bearer tokens need it; a literal piece of a password is a literal."""
    found = told(changed(properties, {path: text.replace("{}", secret("key"))}))
    bare = "must hold references and no text around them, neither a blank nor a line break"
    assert found == ([] if path.endswith("ApiKeyValue") else [f"{path}: {bare}"])


NEAR_MISSES = [
    ("{{ resolve:secretsmanager:connections/crm }}", MALFORMED),
    ("{{Resolve:secretsmanager:connections/crm}}", MALFORMED),
    ("${resolve:secretsmanager:connections/crm}", MALFORMED),
    ("Bearer {{ resolve:secretsmanager:connections/crm}}", MALFORMED),
    ({"valueFrom": secret_arn()}, MISSPELT),
    ({"Ref": "Secret"}, UNRESOLVED),
    ({"Fn::Sub": "${Secret}"}, UNRESOLVED),
    ({"Fn::GetAtt": ["Secret", "Id"]}, UNRESOLVED),
    ({"ValueFrom": secret_arn(), "x": 1}, MISSPELT),
    ({"valueFrom": secret_arn(), "name": CANARY}, MISSPELT),
    ({"ValueFrom": {"Ref": "Secret"}, "x": 1}, MISSPELT),
    ({"Fn::Sub": "${Secret}", "x": CANARY}, UNRESOLVED),
]
PLACES = [
    *CREDENTIALS,
    (BASIC, USERNAME),
    (OAUTH, f"{CLIENT}.ClientID"),
    *((BASIC, path) for path in (HEADERS, QUERY, BODY)),
    (OAUTH, OAUTH_HEADERS),
]


@pytest.mark.parametrize(("properties", "path"), PLACES)
@pytest.mark.parametrize(("value", "problem"), NEAR_MISSES)
@pytest.mark.parametrize("secrecy", [{}, {"IsValueSecret": True}, {"IsValueSecret": False}])
def test_a_near_miss_is_never_data(
    properties: dict[str, Any], path: str, value: object, problem: str, secrecy: dict[str, object]
) -> None:
    """At every place where a reference is allowed, and in one sentence."""
    is_list = path.endswith("Parameters")
    given = parameter(value, **secrecy) if is_list else value
    found = [
        str(each)
        for each in property_violations(prepared(changed(properties, {path: given}), RULES), RULES)
    ]
    assert found == [f"{path}[0].Value: {problem}" if is_list else f"{path}: {problem}"]


@pytest.mark.parametrize("path", ["Name", "Description", "KmsKeyIdentifier", "AuthorizationType"])
def test_an_unresolved_function_is_told_as_that_anywhere(path: str) -> None:
    """Where no reference may stand, too."""
    assert f"{path}: {UNRESOLVED}" in told(changed(BASIC, {path: {"Ref": "Parameter"}}))


@pytest.mark.parametrize("path", ["AuthParameters", BASIC_BLOCK, HEADERS])
def test_what_stands_for_a_structure_is_told_once(path: str) -> None:
    """A structure is never a reference; an object is not told to be none."""
    for value, problem in (
        ({"Ref": "Parameters"}, UNRESOLVED),
        ({"ValueFrom": secret_arn()}, "a reference is not allowed here"),
        ({"valueFrom": secret_arn()}, "a reference is not allowed here"),
        (secret("key"), f"must be {'a list' if path == HEADERS else 'an object'}, not text"),
    ):
        properties = prepared(changed(BASIC, {path: value}), RULES)
        found = [str(each) for each in property_violations(properties, RULES)]
        assert found == [f"{path}: {problem}"]


@pytest.mark.parametrize(
    "reference", ["literal", secret("user"), SECURE, PLAIN, VALUE_FROM, PARAMETER_ARN]
)
def test_user_names_and_client_ids_may_be_either(reference: object) -> None:
    """They are no secrets, but often lie in one."""
    assert told(changed(BASIC, {USERNAME: reference})) == []
    assert told(changed(OAUTH, {f"{CLIENT}.ClientID": reference})) == []


@pytest.mark.parametrize("list_path", [HEADERS, QUERY, BODY, OAUTH_HEADERS])
@pytest.mark.parametrize(
    ("value", "secrecy", "problem"),
    [
        (CANARY, {}, LITERAL),
        (CANARY, {"IsValueSecret": True}, LITERAL),
        (CANARY, {"IsValueSecret": "false"}, LITERAL),
        (CANARY, {"IsValueSecret": None}, LITERAL),
        (CANARY, {"IsValueSecret": 0}, LITERAL),
        (CANARY, {"IsValueSecret": False}, ""),
        ("", {"IsValueSecret": False}, ""),
        (secret("key"), {}, ""),
        (secret("key"), {"IsValueSecret": True}, ""),
        (secret("key"), {"IsValueSecret": False}, PUBLIC),
        (f"Bearer {secret('key')}", {"IsValueSecret": False}, PUBLIC),
        (SECURE, {"IsValueSecret": False}, PUBLIC),
        (VALUE_FROM, {"IsValueSecret": False}, PUBLIC),
        (PLAIN, {}, ""),
        (PLAIN, {"IsValueSecret": False}, ""),
        (PARAMETER_ARN, {}, ""),
        (PARAMETER_ARN, {"IsValueSecret": False}, ""),
    ],
)
def test_a_value_is_secret_unless_it_says_false(
    list_path: str, value: object, secrecy: dict[str, object], problem: str
) -> None:
    """A literal needs the false, a secret must not have it."""
    properties = OAUTH if list_path == OAUTH_HEADERS else BASIC
    found = told(changed(properties, {list_path: parameter(value, **secrecy)}))
    assert found == ([f"{list_path}[0].Value: {problem}"] if problem else [])


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        (BASIC, "Name"),
        (BASIC, "Description"),
        (BASIC, "AuthorizationType"),
        (BASIC, "KmsKeyIdentifier"),
        (BASIC, "InvocationConnectivityParameters.ResourceParameters.ResourceConfigurationArn"),
        (API_KEY, f"{API_KEY_BLOCK}.ApiKeyName"),
        (OAUTH, f"{OAUTH_BLOCK}.AuthorizationEndpoint"),
        (OAUTH, f"{OAUTH_BLOCK}.HttpMethod"),
    ],
)
@pytest.mark.parametrize("reference", [secret("key"), f"x{PLAIN}", VALUE_FROM, "{{resolve:"])
def test_anywhere_else_a_reference_is_an_error(
    properties: dict[str, Any], path: str, reference: object
) -> None:
    """One violation each, even where the reference itself is wrong, too."""
    found = told(changed(properties, {path: reference}))
    assert found == [f"{path}: a reference is not allowed here"]


@pytest.mark.parametrize("secrecy", [{}, {"IsValueSecret": True}, {"IsValueSecret": False}])
def test_a_wrong_reference_is_told_once(secrecy: dict[str, object]) -> None:
    """Not as a missing one beside."""
    outside = secret("key", "production/crm")
    found = told(changed(BASIC, {PASSWORD: outside, HEADERS: parameter(outside, **secrecy)}))
    assert [each.split(": ")[0] for each in found] == [PASSWORD, f"{HEADERS}[0].Value"]


def test_what_is_left_unsaid_is_said() -> None:
    """IsValueSecret is true as in CloudFormation; the API would take it for false."""
    document = changed(BASIC, {HEADERS: parameter("a") + parameter("b", IsValueSecret=False)})
    full: Any = rebuilt(document, SHAPE, with_secrecy)
    assert full == changed(
        document,
        {HEADERS: parameter("a", IsValueSecret=True) + parameter("b", IsValueSecret=False)},
    )
    assert rebuilt([CANARY, None], SHAPE, with_secrecy) == [CANARY, None]
