"""
Malformed requests of every shape, with a canary at each place where a credential could stand.

What each entry point is sent of them, ``tests.support.deliveries`` makes.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

from tests.support.bad_requests import (
    API_KEY,
    API_KEY_BLOCK,
    BAD_REQUESTS,
    BASIC,
    BODY,
    CANARY,
    HEADERS,
    OAUTH,
    OAUTH_BLOCK,
    PASSWORD,
    changed,
    parameter,
    secret,
)

KEY = f"{API_KEY_BLOCK}.ApiKeyValue"
ORDERS = "connections/orders"
# No name, id, time, enum, reference or number; as a text it may stand where any text may.
WRONG: tuple[Any, ...] = (f"{CANARY} x", [CANARY], {CANARY: CANARY}, f'{{"Password": "{CANARY}"}}')
ANY_TEXT = ("RequestId", "TaskToken", "StackId", "LogicalResourceId", "ServiceToken")

Path = tuple[Any, ...]


def paths(document: object, path: Path = ()) -> Iterator[Path]:
    """Yield the path of everything in a document, the document first."""
    yield path
    if isinstance(document, dict | list):
        children = document.items() if isinstance(document, dict) else enumerate(document)
        for name, child in children:
            yield from paths(child, (*path, name))


def at(document: Any, path: Path) -> Any:
    """Give what stands at a path."""
    return at(document[path[0]], path[1:]) if path else document


def replaced(document: Any, path: Path, value: object) -> Any:
    """Copy a document with another value at a path."""
    if not path:
        return value
    copied = copy.copy(document)
    copied[path[0]] = replaced(document[path[0]], path[1:], value)
    return copied


def wrong_everywhere(document: Any) -> Iterator[Any]:
    """Yield the document with each member wrong in each way, and with further ones."""
    for path in paths(document):
        takes_any_text = path and path[-1] in ANY_TEXT
        for value in WRONG:
            if not (takes_any_text and isinstance(value, str)):
                yield replaced(document, path, value)
        if isinstance(held := at(document, path), dict):
            yield replaced(document, path, {**held, CANARY: CANARY, "Secret": CANARY})


def create(properties: dict[str, Any], **changes: object) -> dict[str, Any]:
    """Make a Create of properties, changed at dotted paths."""
    return {"RequestType": "Create", "ResourceProperties": changed(properties, changes)}


# Each holds a literal credential, so that it is refused also where the other place takes any text.
REFUSED: list[dict[str, Any]] = [
    {
        **create(BASIC, **{PASSWORD: CANARY, HEADERS: parameter(CANARY, IsValueSecret=False)}),
        "RequestId": "r",
        "Owner": "team-a",
        "RequestTime": "2026-11-28T17:00:00Z",
        "TaskToken": "token",
    },
    create(API_KEY, **{KEY: CANARY}),
    create(OAUTH, **{f"{OAUTH_BLOCK}.ClientParameters.ClientSecret": CANARY}),
]
# These ignore what they need not; what is wrong in them must not turn up for that.
OF_NAMES: list[dict[str, Any]] = [
    {"RequestType": kind, "ResourceProperties": {"Name": "bad-request", "AuthParameters": {}}}
    for kind in ("Delete", "Describe", "Release", "Refresh", "Reconcile", "List")
]
OF_MAINTENANCE: list[dict[str, Any]] = [
    {
        "RequestType": "Refresh",
        "ResourceProperties": {"SecretId": ORDERS, "AccountId": "123456789012", "VersionId": "v"},
    },
    {"RequestType": "Refresh", "ResourceProperties": {"ParameterName": "/connections/orders"}},
    {"RequestType": "Reconcile", "ResourceProperties": {"Name": "n", "ReconcileMode": "Report"}},
    {"RequestType": "List", "ResourceProperties": {"NextToken": "t"}},
]
OF_TERRAFORM: list[dict[str, Any]] = [
    {
        "ResourceProperties": {"Name": "bad-request", "AuthParameters": {"Password": CANARY}},
        "tf": {"action": action, "prev_input": create(BASIC, **{PASSWORD: CANARY})},
    }
    for action in ("create", "update", "delete")
]
# What people really sent: issues of other provisioners, and templates.
SENT: list[Any] = [
    create(BASIC, **{PASSWORD: CANARY + secret("empty")}),
    create(BASIC, AuthParameters=json.dumps({"BasicAuthParameters": {"Password": CANARY}})),
    create(API_KEY, **{KEY: CANARY, HEADERS: parameter("{{ resolve:ssm:connections }}")}),
    create(API_KEY, **{BODY: parameter(f"{{{{resolve:secretsmanager:{ORDERS}}}}}")}),
    create(BASIC, **{PASSWORD: secret("password") + f"\n{CANARY}"}),
    create(BASIC, **{PASSWORD: {"Fn::Sub": f"${{{CANARY}}}"}}),
    create(BASIC, Descripton=CANARY),
    create(BASIC, **{HEADERS: [{"Key": "", "Value": CANARY, "IsValueSecret": True}]}),
]
# Other services' envelopes around a request, and what is none at all.
FOREIGN: list[Any] = [
    {"Type": "Notification", "TopicArn": "arn", "Message": json.dumps(REFUSED[0])},
    {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": CANARY}}]},
    {"detail-type": "Made", "source": CANARY, "detail": REFUSED[0], "region": CANARY},
    {"requestContext": {"authorizer": CANARY}, "body": json.dumps(REFUSED[0]), "headers": {}},
    {"Records": [{"eventSource": "aws:sqs", "body": json.dumps(REFUSED[0])}]},
    {"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": CANARY}}}]},
    {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": CANARY},
    {"Input": REFUSED[0], "taskToken": CANARY},
    {CANARY: CANARY},
    *(CANARY, [CANARY], [REFUSED[0]], {"RequestType": CANARY}, {"Owner": WRONG[0], "tf": CANARY}),
]


def nested(levels: int) -> Any:
    """Put objects into each other, and the canary into all of them."""
    document: Any = CANARY
    for _ in range(levels):
        document = {"AuthParameters": [document], "Password": CANARY}
    return document


TOO_MUCH: list[Any] = [
    nested(20),
    create(BASIC, AuthParameters=nested(20)),
    create(BASIC, Description=CANARY * 20_000),
]
DOCUMENTS: list[Any] = [
    *(bad.request for bad in BAD_REQUESTS),
    *(each for base in (*REFUSED, *OF_NAMES, *OF_MAINTENANCE) for each in wrong_everywhere(base)),
    *(each for base in OF_TERRAFORM for each in wrong_everywhere(base)),
    *SENT,
    *FOREIGN,
    *TOO_MUCH,
]
# What is no JSON, or JSON that says nothing, as a message's body.
TEXTS: list[str] = [
    *("", CANARY, f'"{CANARY}"', f"'{CANARY}'", f"\ufeff\ufeff{CANARY}", f"{{{CANARY}}}"),
    *(f'{{"Password": "{CANARY}"', f'{{"Password": "{CANARY}",}}', f'{{"P": "{CANARY}\n"}}'),
    *(f"Password={CANARY}", f"<Password>{CANARY}</Password>", f"{{'Password': '{CANARY}'}}"),
    *(f'{{"P": "\\ud800{CANARY}"}}', f'{{"{CANARY}": NaN}}', f'{{"{CANARY}": {"9" * 5000}}}'),
    *("[" * 100_000, json.dumps(json.dumps(REFUSED[0])), json.dumps([REFUSED[0]])),
    json.dumps(REFUSED[0]) + CANARY,
    json.dumps(CANARY * 30_000),
]
