"""The JSON Schema: it accepts what the function accepts and refuses what it can know is wrong."""

import copy
import itertools
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from handler.errors import InvalidRequestError
from handler.requests.entry_point import DIRECT
from handler.requests.request import check
from handler.requests.service_model import LINEAR_PATTERNS
from handler.requests.unchecked_request import read_document
from tests.support.fakes import RULES, START
from tools.generated.schema import main, request_schema

ROOT = Path(__file__).parents[3]
SCHEMA = request_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:connections/orders-Ab12Cd"
SECRET = "{{resolve:secretsmanager:connections/orders:SecretString:key}}"
BASIC: dict[str, Any] = {
    "Name": "orders",
    "AuthorizationType": "BASIC",
    "AuthParameters": {"BasicAuthParameters": {"Username": SECRET, "Password": SECRET}},
}


def with_password(password: object) -> dict[str, Any]:
    """Return a bare document with that password."""
    properties = copy.deepcopy(BASIC)
    properties["AuthParameters"]["BasicAuthParameters"]["Password"] = password
    return properties


def with_header(**parameter: object) -> dict[str, Any]:
    """Return a bare document with one header."""
    properties = copy.deepcopy(BASIC)
    header = {"Key": "X-Header"} | parameter
    properties["AuthParameters"]["InvocationHttpParameters"] = {"HeaderParameters": [header]}
    return properties


def with_endpoint(endpoint: str) -> dict[str, Any]:
    """Return a bare document with that token endpoint."""
    client = {"ClientID": "client", "ClientSecret": SECRET}
    oauth = {
        "ClientParameters": client,
        "AuthorizationEndpoint": endpoint,
        "HttpMethod": "POST",
    }
    parameters = {"OAuthParameters": oauth}
    return BASIC | {"AuthorizationType": "OAUTH_CLIENT_CREDENTIALS", "AuthParameters": parameters}


def enveloped(request_type: str, properties: object, **members: object) -> dict[str, object]:
    """Return the properties in their envelope."""
    return {"RequestType": request_type, "ResourceProperties": properties} | members


def patterns(value: object) -> Iterator[str]:
    """Yield every pattern of a schema."""
    match value:
        case dict():
            yield from (item for name, item in value.items() if name == "pattern")
            yield from (each for item in value.values() for each in patterns(item))
        case list():
            yield from (each for item in value for each in patterns(item))


def test_the_schema_is_a_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """What the command prints is JSON Schema of the version it declares."""
    main()
    printed = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(printed)
    assert printed == SCHEMA


def test_the_committed_schema_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    """To renew it: ``make schema > examples/schema/request.schema.json``; it names no machine."""
    main()
    committed = (ROOT / "examples" / "schema" / "request.schema.json").read_text(encoding="utf-8")
    assert committed == capsys.readouterr().out
    assert str(ROOT) not in committed


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    """No definition is missing, and none is there for nothing."""
    used = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(SCHEMA)))
    assert used == set(SCHEMA["$defs"])


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("message-*.json")))
def test_example_messages_are_valid(path: Path) -> None:
    """What a producer copies from the examples is accepted."""
    assert VALIDATOR.is_valid(json.loads(path.read_text()))


@pytest.mark.parametrize(
    "request_",
    [
        BASIC,
        BASIC | {"OnExisting": "Adopt", "WaitTimeoutSeconds": 0, "Revision": "2"},
        enveloped("Create", BASIC, RequestId="1", TaskToken="token"),
        enveloped("Update", BASIC),
        enveloped("Delete", {"Name": "orders"}),
        enveloped("Delete", BASIC),
        enveloped("Describe", {"Name": "orders"}),
        enveloped("Refresh", {"Name": "orders"}),
        enveloped("Refresh", {"Name": "orders", "WaitTimeoutSeconds": 0}),
        enveloped("Refresh", {"SecretId": "connections/orders"}, TaskToken="token"),
        enveloped("Refresh", {"SecretId": ARN, "VersionId": "0" * 32}),
        enveloped("Refresh", {"SecretId": "connections/orders", "AccountId": "123456789012"}),
        enveloped("Refresh", {"Name": "orders", "SecretId": "connections/orders"}),
        enveloped("Refresh", {"Name": "orders", "ParameterName": "/connections/orders"}),
        enveloped("Refresh", {"ParameterName": "orders"}),
        enveloped("Reconcile", {"Name": "orders"}),
        enveloped("Reconcile", {"ReconcileMode": "Report"}),
        enveloped("Reconcile", {}),
        {"RequestType": "Reconcile", "RequestId": "1"},
        enveloped("List", {"NextToken": "WyJhIl0="}),
        {"RequestType": "List"},
        with_password({"ValueFrom": ARN}),
        with_password({"ValueFrom": f"{ARN}:password:AWSPREVIOUS:"}),
        with_password({"ValueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/connections/p"}),
        with_password("{{resolve:secretsmanager:connections/orders}}"),
        with_password("{{resolve:secretsmanager:connections/orders::::}}"),
        with_password(f"{{{{resolve:secretsmanager:{ARN}:SecretString:key::{'0' * 32}}}}}"),
        with_password("{{resolve:ssm-secure:/connections/orders}}"),
        with_password(SECRET + SECRET),
        with_password({"ValueFrom": ARN.removesuffix("-Ab12Cd")}),
        with_header(Value=SECRET),
        with_header(Value=f"Bearer {SECRET}, and {SECRET}"),
        with_header(Value=f"{{{SECRET}}} $"),
        with_header(Value='{"resolve": "a b"}', IsValueSecret=False),
        with_header(Value=SECRET, IsValueSecret=True),
        with_header(Value="literal", IsValueSecret=False),
        with_header(Value="{{resolve:ssm:/connections/orders:1}}", IsValueSecret=False),
        with_endpoint("https://login.example.com/token"),
        with_endpoint("http://localhost:8080/token"),
        with_endpoint("http://127.0.0.1"),
    ],
)
def test_good_requests_pass(request_: object) -> None:
    """Every spelling and both forms of a request are accepted, by schema and function."""
    assert [error.json_path for error in VALIDATOR.iter_errors(request_)] == []
    assert check(read_document(request_, DIRECT, "request-1", START), RULES)


@pytest.mark.parametrize(
    "request_",
    [
        [],
        {},
        BASIC | {"Tags": {}},
        BASIC | {"$schema": "request.schema.json"},
        BASIC | {"ServiceToken": "arn"},
        BASIC | {"Name": "with spaces"},
        BASIC | {"Name": "orders\n"},
        BASIC | {"Name": "n" * 65},
        BASIC | {"Name": 5},
        BASIC | {"Description": SECRET},
        BASIC | {"AuthorizationType": "API_KEY"},
        BASIC | {"AuthorizationType": "basic"},
        BASIC | {"AuthParameters": {}},
        BASIC | {"OnExisting": "Replace"},
        BASIC | {"WaitTimeoutSeconds": 301},
        BASIC | {"WaitTimeoutSeconds": "soon"},
        enveloped("Upsert", BASIC),
        enveloped("Create", {"Name": "orders"}),
        enveloped("Create", BASIC, Priority=1),
        enveloped("Describe", {}),
        enveloped("Describe", "orders"),
        {"RequestType": "Create"},
        {"RequestType": "Refresh"},
        enveloped("Refresh", {}),
        enveloped("Refresh", BASIC),
        enveloped("Refresh", {"Name": "with spaces"}),
        enveloped("Refresh", {"Name": "orders", "OnExisting": "Fail"}),
        enveloped("Refresh", {"Name": "orders", "WaitTimeoutSeconds": 301}),
        enveloped("Refresh", {"Name": "orders", "NextToken": "WyJhIl0="}),
        enveloped("Refresh", {"SecretId": "with spaces"}),
        enveloped("Refresh", {"SecretId": "connections/\u00e9"}),
        enveloped("Refresh", {"SecretId": ["connections/orders"]}),
        enveloped("Refresh", {"SecretId": "connections/orders\n"}),
        enveloped("Refresh", {"SecretId": "connections/orders", "AccountId": 123456789012}),
        enveloped("Refresh", {"SecretId": "connections/orders", "VersionId": ""}),
        enveloped("Refresh", {"SecretId": "connections/orders", "ParameterName": "/p"}),
        enveloped("Refresh", {"Name": "orders", "VersionId": "0" * 32}),
        enveloped("Refresh", {"ParameterName": "/p", "AccountId": "123456789012"}),
        enveloped("Refresh", {"ParameterName": "p:1"}),
        enveloped("Reconcile", {"SecretId": "connections/orders"}),
        enveloped("Reconcile", "orders"),
        enveloped("Reconcile", {"Name": "n" * 65}),
        enveloped("List", {"Name": "orders"}),
        enveloped("List", {"NextToken": ""}),
        enveloped("List", []),
        {"ResourceProperties": BASIC},
        with_password("literal"),
        with_password(5),
        with_password("{{resolve:ssm:/connections/orders:1}}"),
        with_password("{{resolve:secretsmanager:connections/orders"),
        with_password(f"{SECRET}{{{{resolve:vault:x}}}}"),
        with_password("{{resolve:secretsmanager:events!connection/orders/0f}}"),
        with_password(f"Bearer {SECRET}"),
        with_password(f"{SECRET}\n"),
        with_password({"valueFrom": ARN}),
        with_password({"Ref": "Secret"}),
        with_header(Value="{{ Resolve:ssm:/connections/orders }}", IsValueSecret=False),
        with_header(Value=f"{SECRET} ${{resolve:ssm:/x}}"),
        with_endpoint("https:/ada:secret@login.example.com/"),
        with_endpoint("https://ada:secret@login.example.com/"),
        with_password({"ValueFrom": ARN, "Value": "literal"}),
        with_password({"ValueFrom": f"{ARN}:password:AWSCURRENT:{'0' * 32}"}),
        with_header(Value="literal"),
        with_header(Value="literal", IsValueSecret=True),
        with_header(Value="literal", IsValueSecret="false"),
        with_header(Value="li\u00e9", IsValueSecret=False),
        with_header(Value=SECRET, IsValueSecret=False),
        with_header(Value={"ValueFrom": ARN}, IsValueSecret=False),
        with_endpoint("http://login.example.com/token"),
        with_endpoint("http://localhost.example.com/token"),
        with_endpoint("http://localhost:80@login.example.com/token"),
    ],
)
def test_bad_requests_fail(request_: object) -> None:
    """What the function refuses without knowing its settings, the schema refuses too."""
    assert not VALIDATOR.is_valid(request_)
    with pytest.raises(InvalidRequestError):
        check(read_document(request_, DIRECT, "request-1", START), RULES)


@pytest.mark.parametrize(("published", "linear"), sorted(LINEAR_PATTERNS.items()))
def test_the_linear_patterns_accept_what_aws_accepts(published: str, linear: str) -> None:
    """On every short text of telling characters both say the same."""
    for length in range(7):
        for characters in itertools.product(" \ta:\x00\u00e9", repeat=length):
            text = "".join(characters)
            assert bool(re.fullmatch(published, text)) == bool(re.fullmatch(linear, text))


@pytest.mark.parametrize("pattern", sorted(set(patterns(SCHEMA))))
@pytest.mark.parametrize("hostile", ["a " * 27 + "\x00", "%41" * 680 + "\x00", "{{" * 1000])
def test_no_pattern_backtracks_for_long(pattern: str, hostile: str) -> None:
    """An editor must not hang; 27 words cost the published patterns most of a minute."""
    started = time.process_time()
    re.search(pattern, hostile)
    assert time.process_time() - started < 30
