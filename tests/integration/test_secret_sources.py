"""Secrets Manager and Parameter Store as the function reads them, through a whole request."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from handler.errors import AccessDeniedError, SecretNotUsableError
from tests.support.faulty_proxy import FaultyProxy, aws_error
from tests.support.function import Function
from tools.local.local_stack import LocalStack
from tools.local.ministack import ACCOUNT_ID, REGION

Store = Callable[[str, object], str]
PARAMETER_ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT_ID}:parameter"


@pytest.fixture
def secret_name(name: str) -> str:
    """Give the name of a secret that is only this test's."""
    return f"connections/{name}"


@pytest.fixture
def sent(
    function: Function, basic: dict[str, Any], proxy: FaultyProxy
) -> Callable[[object], object]:
    """Give what creates a connection and tells the password that EventBridge was sent."""

    def create(password: object) -> object:
        block = basic["AuthParameters"]["BasicAuthParameters"] | {"Password": password}
        auth_parameters = {"BasicAuthParameters": block}
        properties = basic | {"AuthParameters": auth_parameters}
        function({"RequestType": "Create", "ResourceProperties": properties}, seconds=10)
        sent = proxy.parameters_of("CreateConnection")[-1]
        return sent["AuthParameters"]["BasicAuthParameters"]["Password"]

    return create


def dynamic(secret_id: str, rest: str = "") -> str:
    """Spell a reference as CloudFormation does."""
    return f"{{{{resolve:secretsmanager:{secret_id}:SecretString{rest}}}}}"


def test_a_whole_secret_is_its_text(
    sent: Callable[[object], object], store_secret: Store, secret_name: str
) -> None:
    """Where no key is named."""
    store_secret(secret_name, "just-a-password")
    assert sent(dynamic(secret_name)) == "just-a-password"


def test_a_key_is_found_by_name_and_by_arn_in_every_spelling(
    sent: Callable[[object], object],
    function: Function,
    store_secret: Store,
    secret_name: str,
    name: str,
) -> None:
    """CloudFormation's with a name or an ARN, ECS's with an ARN, complete or not; two of them."""
    arn = store_secret(secret_name, {"key": "the-value-of-the-key"})
    spellings: list[object] = [
        dynamic(secret_name, ":key"),
        dynamic(arn, ":key"),
        {"ValueFrom": f"{arn}:key::"},
        dynamic(arn[:-7], ":key"),
        {"ValueFrom": f"{arn[:-7]}:key::"},
        dynamic(secret_name, ":key") * 2,
    ]
    values = []
    for spelling in spellings:
        values.append(sent(spelling))
        function({"RequestType": "Delete", "ResourceProperties": {"Name": name}})
    assert values == ["the-value-of-the-key"] * 5 + ["the-value-of-the-key" * 2]


def test_a_name_that_ends_like_an_arn_is_found_and_followed(
    sent: Callable[[object], object],
    function: Function,
    store_secret: Store,
    secret_name: str,
    name: str,
) -> None:
    """By an ARN without six characters more; its rotation is of that name."""
    named = f"{secret_name}-apikey"
    arn = store_secret(named, {"key": "the-value-of-the-key"})
    assert sent(dynamic(arn[:-7], ":key")) == "the-value-of-the-key"
    listed = function({"RequestType": "List"})
    while not any(each["Name"] == name for each in listed["Connections"]):
        token = {"NextToken": listed["NextToken"]}
        listed = function({"RequestType": "List", "ResourceProperties": token})
    (shown,) = [each for each in listed["Connections"] if each["Name"] == name]
    assert {each["SecretId"] for each in shown["Secrets"]} == {named, "connections/crm"}
    version = {"SecretId": named, "VersionId": "0" * 32}
    refreshed = function({"RequestType": "Refresh", "ResourceProperties": version})
    assert refreshed["ConnectionCount"] == 1


def test_a_version_is_found_by_stage_and_by_id(
    sent: Callable[[object], object],
    function: Function,
    stack: LocalStack,
    store_secret: Store,
    secret_name: str,
    name: str,
) -> None:
    """The previous one, for a moment after a rotation, or a pinned one."""
    store_secret(secret_name, {"key": "the-first-value"})
    first = stack.secretsmanager.get_secret_value(SecretId=secret_name)["VersionId"]
    store_secret(secret_name, {"key": "the-second-value"})
    values = []
    for rest in (":key", ":key:AWSCURRENT", ":key:AWSPREVIOUS", f":key::{first}"):
        values.append(sent(dynamic(secret_name, rest)))
        function({"RequestType": "Delete", "ResourceProperties": {"Name": name}})
    assert values == ["the-second-value"] * 2 + ["the-first-value"] * 2


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        ("-missing", "failed: ResourceNotFoundException"),
        (":SecretString:key:NOSTAGE", "failed: ResourceNotFoundException"),
        (f":SecretString:key::{'0' * 32}", "failed: ResourceNotFoundException"),
        (":SecretString:other", 'the secret has no key "other"'),
    ],
)
def test_what_is_not_there_is_told_with_its_path(
    rest: str,
    problem: str,
    sent: Callable[[object], object],
    store_secret: Store,
    secret_name: str,
    proxy: FaultyProxy,
) -> None:
    """And EventBridge is not asked for anything."""
    store_secret(secret_name, {"key": "the-value-of-the-key"})
    with pytest.raises(SecretNotUsableError) as raised:
        sent(f"{{{{resolve:secretsmanager:{secret_name}{rest}}}}}")
    path, _, told = raised.value.reason.partition(": ")
    assert path == "AuthParameters.BasicAuthParameters.Password"
    assert problem in told
    assert "CreateConnection" not in proxy.operations()


def test_a_binary_secret_is_refused(
    sent: Callable[[object], object], stack: LocalStack, secret_name: str
) -> None:
    """Its bytes are in no error."""
    stack.secretsmanager.create_secret(Name=secret_name, SecretBinary=b"\xff\x00CANARY")
    with pytest.raises(SecretNotUsableError, match="is binary; only text can be referenced") as e:
        sent(dynamic(secret_name, ":key"))
    assert "CANARY" not in str(e.value)


def test_a_secret_marked_for_deletion_is_refused(
    sent: Callable[[object], object], stack: LocalStack, store_secret: Store, secret_name: str
) -> None:
    """It is still there, and no longer to be used."""
    store_secret(secret_name, {"key": "v"})
    stack.secretsmanager.delete_secret(SecretId=secret_name)
    with pytest.raises(SecretNotUsableError, match="failed: InvalidRequestException"):
        sent(dynamic(secret_name, ":key"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("CANARY, no JSON", "the secret is not a JSON object"),
        ('["CANARY"]', "the secret is not a JSON object"),
        ('{"key": {"CANARY": 1}}', 'key "key" holds an object'),
        ('{"key": ["CANARY"]}', 'key "key" holds an array or null'),
        ('{"key": null, "other": "CANARY"}', 'key "key" holds an array or null'),
        ('{"key": "CANARY\\u0007"}', "the referenced value must match"),
        ('{"key": ""}', "it refers to an empty text"),
        (json.dumps({"key": "CANARY" * 100}), "the referenced value must have at most 512"),
    ],
)
def test_a_secret_of_another_form_is_told_without_its_value(
    text: str,
    problem: str,
    sent: Callable[[object], object],
    store_secret: Store,
    secret_name: str,
    proxy: FaultyProxy,
) -> None:
    """Checked against AWS's model before EventBridge sees it."""
    store_secret(secret_name, text)
    with pytest.raises(SecretNotUsableError) as raised:
        sent(dynamic(secret_name, ":key"))
    assert problem in raised.value.reason
    assert "CANARY" not in raised.value.reason
    assert "CreateConnection" not in proxy.operations()


@pytest.mark.parametrize(
    ("held", "value"), [(20261122, "20261122"), (1.50, "1.5"), (True, "true"), (False, "false")]
)
def test_numbers_and_booleans_become_their_json_text(
    held: object,
    value: str,
    sent: Callable[[object], object],
    store_secret: Store,
    secret_name: str,
) -> None:
    """A PIN is often stored as a number."""
    store_secret(secret_name, {"key": held})
    assert sent(dynamic(secret_name, ":key")) == value


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("{{{{resolve:ssm-secure:{name}}}}}", "the-second-value"),
        ("{{{{resolve:ssm-secure:{name}:1}}}}", "the-first-value"),
        ("{{{{resolve:ssm-secure:{name}:2}}}}", "the-second-value"),
        ({"ValueFrom": PARAMETER_ARN + "{name}"}, "the-second-value"),
    ],
    ids=["current", "first", "second", "arn"],
)
def test_a_secure_string_is_found_by_name_version_and_arn(
    reference: Any, value: str, sent: Callable[[object], object], stack: LocalStack, name: str
) -> None:
    """Decrypted, whatever the key."""
    parameter_name = f"/connections/{name}"
    for text in ("the-first-value", "the-second-value"):
        stack.ssm.put_parameter(
            Name=parameter_name, Value=text, Type="SecureString", Overwrite=True
        )
    if isinstance(reference, dict):
        reference = {"ValueFrom": reference["ValueFrom"].format(name=parameter_name)}
    else:
        reference = reference.format(name=parameter_name)
    assert sent(reference) == value


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("{{{{resolve:ssm-secure:{name}}}}}", "the parameter is no SecureString"),
        ({"ValueFrom": PARAMETER_ARN + "{name}"}, "must refer to a secret or to a SecureString"),
        ("{{{{resolve:ssm-secure:{name}-missing}}}}", "failed: ParameterNotFound"),
        ("{{{{resolve:ssm-secure:{name}:9}}}}", "failed: ParameterVersionNotFound"),
    ],
    ids=["no-secure-string", "arn", "missing", "version"],
)
def test_a_plain_parameter_is_no_credential(
    reference: Any, problem: str, sent: Callable[[object], object], stack: LocalStack, name: str
) -> None:
    """Whoever may describe parameters could read it."""
    stack.ssm.put_parameter(Name=f"/connections/{name}", Value="plain", Type="String")
    if isinstance(reference, dict):
        reference = {"ValueFrom": reference["ValueFrom"].format(name=f"/connections/{name}")}
    else:
        reference = reference.format(name=f"/connections/{name}")
    with pytest.raises(SecretNotUsableError, match=problem):
        sent(reference)


def test_a_plain_parameter_may_be_the_user_name(
    function: Function, stack: LocalStack, basic: dict[str, Any], name: str, proxy: FaultyProxy
) -> None:
    """It is no secret."""
    stack.ssm.put_parameter(Name=f"/connections/{name}", Value="ada", Type="String")
    user = f"{{{{resolve:ssm:/connections/{name}}}}}"
    block = basic["AuthParameters"]["BasicAuthParameters"] | {"Username": user}
    properties = basic | {"AuthParameters": {"BasicAuthParameters": block}}
    function({"RequestType": "Create", "ResourceProperties": properties})
    (created,) = proxy.parameters_of("CreateConnection")
    assert created["AuthParameters"]["BasicAuthParameters"]["Username"] == "ada"


def test_a_secret_is_fetched_once_a_request_and_anew_in_the_next(
    function: Function, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """User and password out of one secret cost one call; no value outlives its request."""
    function({"RequestType": "Create", "ResourceProperties": basic})
    assert proxy.operations().count("GetSecretValue") == 1
    function({"RequestType": "Create", "ResourceProperties": basic})
    assert proxy.operations().count("GetSecretValue") == 2


def test_a_rotated_secret_reaches_the_connection_with_the_next_request(
    function: Function,
    basic: dict[str, Any],
    store_secret: Store,
    secret_name: str,
    proxy: FaultyProxy,
) -> None:
    """The same request again, and it is an update."""
    store_secret(secret_name, {"user": "ada-lovelace", "password": "the-first-value"})
    text = json.dumps(basic).replace("connections/crm", secret_name)
    request = {"RequestType": "Create", "ResourceProperties": json.loads(text)}
    assert function(request)["Outcome"] == "Created"
    store_secret(secret_name, {"user": "ada-lovelace", "password": "the-second-value"})
    assert function(request)["Outcome"] == "Updated"
    (updated,) = proxy.parameters_of("UpdateConnection")
    password = updated["AuthParameters"]["BasicAuthParameters"]["Password"]
    assert password == "the-second-value"


@pytest.mark.parametrize("code", ["AccessDeniedException", "DecryptionFailure"])
def test_a_refused_secret_is_told_as_denied(
    code: str,
    sent: Callable[[object], object],
    store_secret: Store,
    secret_name: str,
    proxy: FaultyProxy,
) -> None:
    """By IAM, by the secret's policy or by its key."""
    store_secret(secret_name, "x")
    proxy.spoil("GetSecretValue", aws_error(code))
    with pytest.raises(AccessDeniedError, match="secretsmanager:GetSecretValue on secret"):
        sent(dynamic(secret_name))


def test_a_throttled_secret_is_asked_for_again(
    sent: Callable[[object], object], store_secret: Store, secret_name: str, proxy: FaultyProxy
) -> None:
    """Twice it is too fast, then not."""
    store_secret(secret_name, "the-value-at-last")
    proxy.spoil("GetSecretValue", aws_error("ThrottlingException"), times=2)
    assert sent(dynamic(secret_name)) == "the-value-at-last"
