"""Where references must and must not stand, and what of a request may be kept."""

from collections.abc import Iterator
from typing import Any

import pytest

from handler.credentials import MASK, credential_violations, masked, with_secret_parameters
from handler.near_miss import MALFORMED, MISSPELT, UNRESOLVED
from handler.properties import as_written, prepared, property_violations
from handler.reference import Text
from handler.spelling import with_texts
from tests.bad_requests import (
    API_KEY,
    API_KEY_BLOCK,
    BASIC,
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
from tests.fakes import ACCOUNT, POLICY, REGION, RULES, SHAPE

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
    full: Any = with_secret_parameters(with_texts(properties, POLICY), SHAPE)
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
    full: Any = with_secret_parameters(document, SHAPE)
    assert full == changed(
        document,
        {HEADERS: parameter("a", IsValueSecret=True) + parameter("b", IsValueSecret=False)},
    )
    assert with_secret_parameters([CANARY, None], SHAPE) == [CANARY, None]


FULL: dict[str, Any] = {
    "Name": "crm",
    "Description": "the CRM",
    "AuthorizationType": "BASIC",
    "KmsKeyIdentifier": "alias/crm",
    "InvocationConnectivityParameters": {"ResourceParameters": {"ResourceConfigurationArn": "a"}},
    "AuthParameters": {
        **BASIC["AuthParameters"],
        **API_KEY["AuthParameters"],
        **OAUTH["AuthParameters"],
        "InvocationHttpParameters": {
            "HeaderParameters": parameter(secret("key"), IsValueSecret=True),
            "QueryStringParameters": parameter(secret("key")),
            "BodyParameters": parameter("plain", IsValueSecret=False),
        },
    },
}
SENSITIVE = [
    PASSWORD,
    f"{API_KEY_BLOCK}.ApiKeyValue",
    f"{CLIENT}.ClientSecret",
    f"{HEADERS}.0.Value",
    f"{QUERY}.0.Value",
]
HARMLESS = [
    "Name",
    "Description",
    "AuthorizationType",
    "KmsKeyIdentifier",
    "InvocationConnectivityParameters.ResourceParameters.ResourceConfigurationArn",
    f"{OAUTH_BLOCK}.HttpMethod",
    f"{HEADERS}.0.Key",
    f"{BODY}.0.Value",
]


def kept(document: object) -> Any:
    """Give what is kept of a document, as plain JSON."""
    hidden: Any = masked(with_texts(document, POLICY), SHAPE)
    return as_written(hidden) if isinstance(hidden, dict) else hidden


def places(document: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every value in a document, structures too, list items by number."""
    items: Any = document.items() if isinstance(document, dict) else enumerate(document)
    for name, value in items:
        yield f"{path}{name}"
        if isinstance(value, (dict, list)):
            yield from places(value, f"{path}{name}.")


def put(document: Any, path: str, value: object) -> Any:
    """Copy a document with another value at a path."""
    name, _, rest = path.partition(".")
    if isinstance(document, list):
        head, tail = document[: int(name)], document[int(name) + 1 :]
        return [*head, put(document[int(name)], rest, value) if rest else value, *tail]
    return {**document, name: put(document[name], rest, value) if rest else value}


def test_a_good_request_is_kept_as_it_is() -> None:
    """So that it can be sent again once the cause is mended."""
    assert kept(FULL) == FULL


@pytest.mark.parametrize("path", SENSITIVE)
@pytest.mark.parametrize(
    "literal",
    [CANARY, {"ValueFrom": CANARY}, f"{{{{resolve:{CANARY}", f"{{{{resolve:a:{CANARY}}}}}"],
)
def test_a_literal_credential_is_masked(path: str, literal: object) -> None:
    """Also one that only looks like a reference; all else stays."""
    assert kept(put(FULL, path, literal)) == put(FULL, path, MASK)


@pytest.mark.parametrize("path", HARMLESS)
def test_what_is_harmless_is_kept(path: str) -> None:
    """Whoever reads a dead letter must see what was asked."""
    document = put(FULL, path, "something")
    assert kept(document) == document


@pytest.mark.parametrize("path", list(places(FULL)))
@pytest.mark.parametrize(
    "wrong",
    [
        [CANARY],
        {"Misplaced": CANARY},
        {"Misplaced": [{"Password": CANARY, "Key": CANARY}]},
        {"Value": [CANARY], "IsValueSecret": False},
        [[{"Value": CANARY}]],
        {"Value": CANARY, "IsValueSecret": "false"},
    ],
)
def test_nothing_misplaced_is_kept(path: str, wrong: object) -> None:
    """At whatever place of the model something else stands than belongs there."""
    assert CANARY not in str(kept(put(FULL, path, wrong)))


@pytest.mark.parametrize("above", ["", *(path for path in places(FULL) if path[-1] != "0")])
def test_nothing_under_an_unknown_name_is_kept(above: str) -> None:
    """A misspelt member may hold the credential."""
    unknown = {"Passwort": CANARY, "Basic": {"Password": CANARY, "Key": CANARY}}
    document = put(FULL, above, unknown) if above else {**FULL, **unknown}
    assert CANARY not in str(kept(document))


@pytest.mark.parametrize("number", [20261122, 3.14])
@pytest.mark.parametrize("path", [*SENSITIVE, "Name", USERNAME, f"{HEADERS}.0.IsValueSecret"])
def test_numbers_are_masked(path: str, number: float) -> None:
    """A PIN is a credential, too."""
    assert str(number) not in str(kept(put(FULL, path, number)))


@pytest.mark.parametrize(
    "endpoint", [f"https://ada:{CANARY}@login.example.com/", f"https://{CANARY}@login.example.com"]
)
def test_a_credential_inside_an_endpoint_is_not_kept(endpoint: str) -> None:
    """Such an endpoint is refused for just that reason."""
    path = f"{OAUTH_BLOCK}.AuthorizationEndpoint"
    assert CANARY not in str(kept(put(FULL, path, endpoint)))


def test_a_reference_that_is_only_out_of_bounds_is_kept() -> None:
    """It holds no value, and tells what to mend."""
    document = put(FULL, PASSWORD, secret("key", "production/crm"))
    assert kept(document) == document


@pytest.mark.parametrize("document", [CANARY, [CANARY], 5])
def test_what_is_no_document_is_masked(document: object) -> None:
    """Nothing is known about it."""
    assert CANARY not in str(kept(document))
    assert MASK in str(kept(document))


def test_a_text_in_the_place_of_everything_is_judged_alike() -> None:
    """Kept where it is understood, masked where it is not."""
    assert masked(Text(CANARY, ()), SHAPE) == MASK
