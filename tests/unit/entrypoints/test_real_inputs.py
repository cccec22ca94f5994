"""Inputs that people really send, at every entry point: each works, or is told in one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from handler.errors import InvalidRequestError, ProvisionerError, SecretNotUsableError
from handler.operations.use_cases import carry_out
from handler.references.malformed_reference import MALFORMED, MISSPELT, UNRESOLVED
from handler.requests.entry_point import DIRECT, REQUEST_QUEUE
from handler.requests.request import check
from handler.requests.unchecked_request import (
    UncheckedRequest,
    read_custom_resource,
    read_document,
)
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
    PASSWORD,
    USERNAME,
    changed,
    parameter,
    secret_arn,
)
from tests.support.fakes import RULES, World, make_world

SECRETS = {
    "connections/orders": '{"username": "ada", "password": "p-1", "api_key": "k-1", "empty": ""}',
    "connections/token": "t-1",
    "connections/list": '["t-1"]',
    "connections/marked": '\ufeff{"key": "k-1"}',
    "connections/marked-text": "\ufefft-1",
    "connections/audience": '{"audience": "https://api.example.com"}',
    "connections/number": '{"pin": 20261122}',
    "connections/blank": "",
    "connections/erp-primary": "t-1",
}
KEY = f"{API_KEY_BLOCK}.ApiKeyValue"
ORDERS = "{{{{resolve:secretsmanager:connections/orders:SecretString:{}}}}}".format
TOKEN = "{{resolve:secretsmanager:connections/token}}"
AUDIENCE = "{{resolve:secretsmanager:connections/audience}}"
KEY_WANTED = "the secret holds JSON, so the reference must name a key of it"
BARE = "must hold references and no text around them, neither a blank nor a line break"
LITERAL = "must hold a reference to a secret, such as"


@dataclass(frozen=True)
class Good:
    """Changes of a request, and the value that a path of the created connection has."""

    changes: Mapping[str, object]
    value: str
    path: str = KEY
    properties: dict[str, Any] | None = None


GOOD = [
    Good({KEY: f"{{{{resolve:secretsmanager:{secret_arn('connections/token')}}}}}"}, "t-1"),
    Good({KEY: {"ValueFrom": secret_arn("connections/token")}}, "t-1"),
    Good({KEY: {"ValueFrom": f"{secret_arn('connections/orders')}:api_key::"}}, "k-1"),
    Good({KEY: f"{{{{resolve:secretsmanager:{secret_arn('connections/erp-primary')}}}}}"}, "t-1"),
    Good({KEY: {"ValueFrom": secret_arn("connections/orders-Ab12Cd") + ":api_key"}}, "k-1"),
    Good({KEY: f"Bearer {TOKEN}"}, "Bearer t-1"),
    Good({KEY: "{{resolve:secretsmanager:connections/token:SecretString::AWSCURRENT}}"}, "t-1"),
    Good({KEY: "{{resolve:secretsmanager:connections/marked:SecretString:key}}"}, "k-1"),
    Good({KEY: "{{resolve:secretsmanager:connections/marked-text}}"}, "t-1"),
    Good({KEY: "{{resolve:secretsmanager:connections/number:SecretString:pin}}"}, "20261122"),
    Good({PASSWORD: ORDERS("password") * 2}, "p-1p-1", PASSWORD, BASIC),
    Good({USERNAME: "eu-" + ORDERS("username")}, "eu-ada", USERNAME, BASIC),
]

Bad = tuple[dict[str, Any], Mapping[str, object], type[ProvisionerError], list[str]]
BAD: list[Bad] = [
    # blanks, another case and other brackets in a reference
    *(
        (
            API_KEY,
            {HEADERS: parameter(spelled, IsValueSecret=False)},
            InvalidRequestError,
            [f"{HEADERS}[0].Value: {MALFORMED}"],
        )
        for spelled in (
            "{{ resolve:secretsmanager:connections/token }}",
            "{{Resolve:secretsmanager:connections/token}}",
            "${resolve:secretsmanager:connections/token}",
            "tenant {{ resolve:secretsmanager:connections/token }}!",
        )
    ),
    (
        BASIC,
        {USERNAME: "{{RESOLVE:ssm:/connections/x}}"},
        InvalidRequestError,
        [f"{USERNAME}: {MALFORMED}"],
    ),
    (
        BASIC,
        {PASSWORD: {"valueFrom": secret_arn()}},
        InvalidRequestError,
        [f"{PASSWORD}: {MISSPELT}"],
    ),
    (BASIC, {PASSWORD: {"Ref": "Secret"}}, InvalidRequestError, [f"{PASSWORD}: {UNRESOLVED}"]),
    (
        BASIC,
        {PASSWORD: {"ValueFrom": "connections/orders:password::"}},
        InvalidRequestError,
        [f"{PASSWORD}: ValueFrom must be the full ARN of a secret or of a parameter; this"],
    ),
    # a literal around a reference, or where a reference must stand
    (BASIC, {PASSWORD: CANARY + ORDERS("empty")}, InvalidRequestError, [f"{PASSWORD}: {BARE}"]),
    (BASIC, {PASSWORD: ORDERS("password") + "\n"}, InvalidRequestError, [f"{PASSWORD}: {BARE}"]),
    (
        OAUTH,
        {f"{OAUTH_BLOCK}.ClientParameters.ClientSecret": CANARY + ORDERS("empty")},
        InvalidRequestError,
        [f"{OAUTH_BLOCK}.ClientParameters.ClientSecret: {BARE}"],
    ),
    (BASIC, {PASSWORD: 20261122}, InvalidRequestError, [f"{PASSWORD}: {LITERAL}"]),
    # a value that is empty, or no value
    (
        API_KEY,
        {KEY: CANARY + ORDERS("empty")},
        SecretNotUsableError,
        [f'{KEY}: "{ORDERS("empty")}": it refers to an empty text'],
    ),
    (
        BASIC,
        {USERNAME: CANARY + ORDERS("empty")},
        SecretNotUsableError,
        [f'{USERNAME}: "{ORDERS("empty")}": it'],
    ),
    (
        API_KEY,
        {HEADERS: parameter("x{{resolve:secretsmanager:connections/blank}}")},
        SecretNotUsableError,
        [f'{HEADERS}[0].Value: "{{{{resolve:secretsmanager:connections/blank}}}}": it refers'],
    ),
    (
        API_KEY,
        {BODY: parameter(AUDIENCE)},
        SecretNotUsableError,
        [f'{BODY}[0].Value: "{AUDIENCE}": {KEY_WANTED}'],
    ),
    (
        API_KEY,
        {KEY: f"Bearer {AUDIENCE}"},
        SecretNotUsableError,
        [f'{KEY}: "{AUDIENCE}": {KEY_WANTED}'],
    ),
    (
        BASIC,
        {USERNAME: "{{resolve:secretsmanager:connections/list}}"},
        SecretNotUsableError,
        [KEY_WANTED],
    ),
    (
        BASIC,
        {PASSWORD: {"ValueFrom": f"{secret_arn('connections/orders')}:pasword::"}},
        SecretNotUsableError,
        [f'{PASSWORD}: "{secret_arn("connections/orders")}:pasword::": the secret has no key "pas'],
    ),
    # structures as text, and what a skeleton prints
    *(
        (BASIC, {path: text}, InvalidRequestError, [f"{path}: must be an object, not JSON text"])
        for path in ("AuthParameters", BASIC_BLOCK)
        for text in (
            f'{{"Password": "{CANARY}"}}',
            f'{{"Password": "{CANARY}", "Username": "{TOKEN}"}}',
        )
    ),
    (
        BASIC,
        {"AuthParameters": [CANARY]},
        InvalidRequestError,
        ["AuthParameters: must be an object, not a list"],
    ),
    (
        API_KEY,
        {
            HEADERS: [{"Key": "", "Value": "", "IsValueSecret": True}],
            BODY: [{"Key": "", "Value": ""}],
        },
        InvalidRequestError,
        [f"{HEADERS}[0]: empty; remove this entry", f"{BODY}[0]: empty; remove this entry"],
    ),
    (
        BASIC,
        {"Descripton": CANARY},
        InvalidRequestError,
        ["Descripton: unknown member; did you mean Description?"],
    ),
]


def at_each_entry_point(properties: dict[str, Any], world: World) -> dict[str, UncheckedRequest]:
    """Send properties as a message, as a direct request, bare, and as a custom resource's."""
    document = {"RequestType": "Create", "ResourceProperties": properties}
    event = {
        **document,
        "RequestId": "request-1",
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1",
        "LogicalResourceId": "Connection",
    }
    now = world.time.now
    return {
        "message": read_document(document, REQUEST_QUEUE, "request-1", now),
        "direct": read_document(document, DIRECT, "request-1", now),
        "bare": read_document(properties, DIRECT, "request-1", now),
        "stack": read_custom_resource(event, "", now),
    }


ENTRY_POINTS = ["message", "direct", "bare", "stack"]


@pytest.fixture
def world() -> World:
    """Give an account with such secrets as people have."""
    world = make_world()
    world.secrets.texts = dict(SECRETS)
    return world


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
@pytest.mark.parametrize("good", GOOD, ids=lambda each: str(each.changes)[-60:])
def test_what_people_mean_works(good: Good, entry_point: str, world: World) -> None:
    """The connection has the value that was meant."""
    properties = changed(good.properties or API_KEY, {USERNAME: "u"} if good.properties else {})
    asked = at_each_entry_point(changed(properties, dict(good.changes)), world)[entry_point]
    assert carry_out(world.ports, check(asked, RULES)).outcome == "Created"
    value: Any = world.connections.stored["bad-request"]["properties"]
    for name in good.path.split("."):
        value = value[name]
    assert value == good.value


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
# pytest escapes a backslash of an id once more at each collection; mutmut collects twice.
@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(bad[1])[-60:].replace("\\", "/"))
def test_what_nobody_can_mean_is_told_in_one_sentence(
    bad: Bad, entry_point: str, world: World
) -> None:
    """A sentence for each path, what to do in it, and nothing of a value; nothing is written."""
    properties, changes, kind, told = bad
    asked = at_each_entry_point(changed(properties, dict(changes)), world)[entry_point]
    with pytest.raises(kind) as raised:
        carry_out(world.ports, check(asked, RULES))
    assert type(raised.value) is kind
    assert all(each in raised.value.reason for each in told)
    assert raised.value.reason.count("(2)") == (len(told) > 1)
    assert CANARY not in f"{raised.value!r} {raised.value.reason}"
    assert "create" not in world.connections.calls
