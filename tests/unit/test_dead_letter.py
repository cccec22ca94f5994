"""What is kept of a message: enough to mend and send it again, and nothing secret."""

import json
import re
from typing import Any

import pytest

from handler import dead_letter
from tests.bad_requests import (
    API_KEY,
    BASIC,
    BASIC_BLOCK,
    BODY,
    CANARY,
    HEADERS,
    OAUTH,
    OAUTH_BLOCK,
    PASSWORD,
    changed,
    parameter,
    secret,
    secret_arn,
)
from tests.fakes import RULES

MASK = "***"
ENVELOPE: dict[str, Any] = {"RequestType": "Create", "RequestId": "request-1"}


def kept(message: object) -> Any:
    """Give what is kept of a message."""
    return json.loads(dead_letter.body(json.dumps(message), RULES))


@pytest.mark.parametrize("properties", [BASIC, API_KEY, OAUTH])
def test_a_message_without_literals_is_kept_as_it_is(properties: dict[str, Any]) -> None:
    """A limit that was reached is mended by sending it again later."""
    own = {"OnExisting": "Adopt", "WaitTimeoutSeconds": 7, "Revision": "2"}
    message = {**ENVELOPE, "ResourceProperties": {**properties, **own}}
    assert kept(message) == message
    assert kept(properties) == properties


@pytest.mark.parametrize(
    "reference",
    [
        secret("key"),
        secret("key", "production/out-of-bounds"),
        f"Bearer {secret('key')}",
        {"ValueFrom": f"{secret_arn()}:key::"},
        "{{resolve:ssm-secure:/connections/crm:1}}",
    ],
)
def test_references_are_kept_as_they_were_spelled(reference: object) -> None:
    """They are what has to be mended, and tell nothing."""
    message = {
        **ENVELOPE,
        "ResourceProperties": changed(BASIC, {PASSWORD: reference, HEADERS: parameter(reference)}),
    }
    assert kept(message) == message


def test_the_task_token_is_masked() -> None:
    """Whoever holds it can answer for us."""
    message = {**ENVELOPE, "TaskToken": CANARY, "ResourceProperties": BASIC}
    assert kept(message) == {**message, "TaskToken": MASK}


@pytest.mark.parametrize("extra", [{"RequestId": "request-1"}, {"TaskToken": CANARY}])
def test_a_bare_document_with_an_id_or_a_token_is_kept_like_any_other(
    extra: dict[str, str],
) -> None:
    """It is a request like that without them, so that it can be sent again."""
    expected = {name: MASK if name == "TaskToken" else value for name, value in extra.items()}
    assert kept({**BASIC, **extra}) == {**BASIC, **expected}


@pytest.mark.parametrize(
    ("path", "masked_path"),
    [
        (PASSWORD, PASSWORD),
        ("AuthParameters.ApiKeyAuthParameters.ApiKeyValue", None),
        (f"{OAUTH_BLOCK}.ClientParameters.ClientSecret", None),
        (f"{BASIC_BLOCK}.Passwort", None),
        (f"{BASIC_BLOCK}.Password.Value", None),
        ("AuthParameters.Basic.Password", None),
        ("AuthParameters.Password", None),
        ("Password", None),
        ("Auth.BasicAuthParameters.Password", None),
        ("BasicAuthParameters.Password", None),
        (f"{OAUTH_BLOCK}.Scope", None),
        ("OAuthParameters", None),
    ],
)
@pytest.mark.parametrize("literal", [CANARY, [CANARY], {"Key": CANARY, "Value": CANARY}])
@pytest.mark.parametrize("is_bare", [True, False])
def test_a_literal_is_masked_wherever_it_was_put(
    path: str, masked_path: str | None, literal: object, is_bare: bool
) -> None:
    """In its place, misspelt, or nested wrongly; the rest can still be read."""
    properties = changed(BASIC, {PASSWORD: {}, path: literal})
    found = kept(properties if is_bare else {**ENVELOPE, "ResourceProperties": properties})
    assert CANARY not in json.dumps(found)
    shown = found if is_bare else found["ResourceProperties"]
    assert shown["Name"] == BASIC["Name"]
    assert masked_path is None or shown["AuthParameters"]["BasicAuthParameters"]["Password"] in (
        MASK,
        [MASK],
        {"Key": MASK, "Value": MASK},
    )


@pytest.mark.parametrize(
    ("secrecy", "expected"),
    [
        ({}, MASK),
        ({"IsValueSecret": True}, MASK),
        ({"IsValueSecret": "false"}, MASK),
        ({"IsValueSecret": 0}, MASK),
        ({"IsValueSecret": None}, MASK),
        ({"IsValueSecret": False}, "literal"),
    ],
)
@pytest.mark.parametrize("list_path", [HEADERS, BODY])
def test_a_value_is_kept_only_where_it_is_declared_plain(
    list_path: str, secrecy: dict[str, object], expected: str
) -> None:
    """As the request itself is judged."""
    properties = changed(BASIC, {list_path: parameter("literal", **secrecy)})
    found = kept(properties)["AuthParameters"]["InvocationHttpParameters"]
    ((value,),) = found.values()
    assert (value["Key"], value["Value"]) == ("X-Header", expected)


@pytest.mark.parametrize(
    "members",
    [
        {"RequestType": "create"},
        {"RequestType": "C" * 64},
        {"RequestType": 5},
        {"RequestType": True},
        {"RequestId": 4711},
        {"RequestId": 47.11},
        {"RequestId": False},
        {"ResourceProperties": 5},
    ],
)
def test_a_mistake_in_an_envelope_can_be_seen(members: dict[str, object]) -> None:
    """Whoever mends the letter must find it."""
    message = {**ENVELOPE, "ResourceProperties": BASIC, **members}
    assert kept(message) == message


@pytest.mark.parametrize("request_type", ["C" * 65, "Create 1", "Créate", CANARY])
def test_what_is_no_word_is_no_request_type(request_type: str) -> None:
    """It may be anything."""
    assert kept({**ENVELOPE, "RequestType": request_type})["RequestType"] == MASK


@pytest.mark.parametrize("number", [5, 1.5, True])
@pytest.mark.parametrize("member", ["Name", "Description", "KmsKeyIdentifier", "OnExisting"])
def test_a_number_outside_auth_parameters_can_be_seen(member: str, number: float) -> None:
    """Somebody forgot its quotes."""
    assert kept({**BASIC, member: number}) == {**BASIC, member: number}


@pytest.mark.parametrize(
    "path",
    [
        "AuthParameters",
        PASSWORD,
        f"{BASIC_BLOCK}.Username",
        "Password",
        "BasicAuthParameters.Password",
    ],
)
def test_a_number_that_may_be_a_credential_is_masked(path: str) -> None:
    """In its place or in one that the model does not know: a PIN is a credential, too."""
    document = changed(BASIC, {PASSWORD: {}, path: 20261122})
    assert "20261122" not in json.dumps(kept(document))
    assert "20261122" not in json.dumps(kept({**ENVELOPE, "ResourceProperties": document}))


@pytest.mark.parametrize("member", ["TaskToken", "Password"])
def test_a_number_elsewhere_in_an_envelope_is_masked(member: str) -> None:
    """The token is a secret whatever it looks like."""
    assert kept({**ENVELOPE, member: 5}) == {**ENVELOPE, member: MASK}


@pytest.mark.parametrize(
    "members",
    [
        {"RequestType": CANARY},
        {"RequestType": [CANARY]},
        {"RequestId": {"x": CANARY}},
        {"ResourceProperties": CANARY},
        {"ResourceProperties": [{"Password": CANARY}]},
        {"Password": CANARY},
        {"OldResourceProperties": changed(BASIC, {PASSWORD: CANARY})},
        {"ResponseURL": f"https://bucket/?X-Amz-Signature={CANARY}"},
        {"ResourceProperties": {"WaitTimeoutSeconds": [CANARY]}},
        {"ResourceProperties": {"Revision": {"Text": CANARY}}},
        {"ResourceProperties": {"OnExisting": {"ValueFrom": CANARY}}},
    ],
)
def test_an_envelope_that_is_wrong_is_masked_where_it_is(members: dict[str, object]) -> None:
    """Its names stay, so that one sees what it was."""
    message = {**ENVELOPE, "ResourceProperties": BASIC, **members}
    found = kept(message)
    assert set(found) == set(message)
    assert CANARY not in json.dumps(found)


@pytest.mark.parametrize("member", ["RequestType", "ResourceProperties"])
def test_what_stands_beside_half_an_envelope_is_masked(member: str) -> None:
    """It belongs nowhere, so that nobody knows what it is."""
    found = kept({**BASIC, member: {"Name": "crm"}})
    assert [found[name] for name in BASIC] == [MASK] * len(BASIC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        CANARY,
        f'"{CANARY}"',
        f'["{CANARY}"]',
        f'{{"Password": "{CANARY}"',
        "[" * 100_000,
        '{"a":' * 100_000 + f'"{CANARY}"' + "}" * 100_000,
        '{"a":' * 700 + f'"{CANARY}"' + "}" * 700,
        "5",
        "null",
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_readable_object_is_told_by_its_length(text: str) -> None:
    """Nothing of it can be judged."""
    found = json.loads(dead_letter.body(text, RULES))
    assert found == {"Length": len(text)} or CANARY not in json.dumps(found)
    assert isinstance(found, dict)


@pytest.mark.parametrize("character", ["\ud800", "\ufffe", "\uffff", "\x00", "\x1b", "雪"])
def test_a_queue_takes_what_is_kept(character: str) -> None:
    """SQS refuses some characters that JSON can spell; with one, nothing could be buried."""
    message = {**ENVELOPE, "ResourceProperties": {**BASIC, "Description": character}}
    body = dead_letter.body(json.dumps(message), RULES)
    assert re.fullmatch(r"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*", body)
    assert json.loads(body) == message


@pytest.mark.parametrize(
    "text",
    [
        '{"Tags":[' + "1," * 100_000 + "1]}",
        '{"Tags":{' + ",".join(f'"k{n}":""' for n in range(20_000)) + "}}",
        json.dumps(changed(BASIC, {BODY: parameter("雪" * 80_000)}), ensure_ascii=False),
    ],
    ids=["numbers", "members", "wide"],
)
def test_a_queue_has_room_for_what_is_kept(text: str) -> None:
    """What came in a message fits into one, also masked."""
    size = len(text.encode())
    assert size > 200_000
    assert len(dead_letter.body(text, RULES).encode()) <= size


def test_what_is_kept_of_what_was_kept_is_the_same() -> None:
    """A dead letter sent again and failing again loses nothing more."""
    once = kept(
        {**ENVELOPE, "TaskToken": "t", "ResourceProperties": changed(BASIC, {PASSWORD: "x"})}
    )
    assert kept(once) == once


ACCOUNT_ID = "123456789012"
SELECTORS: list[tuple[str, dict[str, object]]] = [
    ("Refresh", {"Name": "crm"}),
    ("Refresh", {"SecretId": "connections/crm", "AccountId": ACCOUNT_ID, "VersionId": "v" * 36}),
    ("Refresh", {"Name": "crm", "SecretId": secret_arn(), "WaitTimeoutSeconds": 7}),
    ("Refresh", {"ParameterName": "/connections/crm"}),
    ("Reconcile", {"Name": "crm"}),
    ("Reconcile", {"NextToken": "WyJhIl0="}),
    ("Reconcile", {}),
]


@pytest.mark.parametrize(("request_type", "selectors"), SELECTORS)
def test_a_refresh_and_a_reconcile_can_be_sent_again(
    request_type: str, selectors: dict[str, object]
) -> None:
    """What they are about is no secret."""
    message = {"RequestType": request_type, "ResourceProperties": selectors}
    assert kept(message) == message
    assert kept({"RequestType": request_type}) == {"RequestType": request_type}


@pytest.mark.parametrize(
    "member", ["SecretId", "AccountId", "VersionId", "ParameterName", "NextToken", "Password"]
)
@pytest.mark.parametrize("value", [f"{CANARY} with spaces", [CANARY], {"Value": CANARY}])
def test_what_no_selector_can_be_is_masked(member: str, value: object) -> None:
    """Whoever mistakes a credential for a selector finds it nowhere."""
    message = {"RequestType": "Refresh", "ResourceProperties": {"Name": "crm", member: value}}
    found = kept(message)
    assert CANARY not in json.dumps(found)
    assert set(found["ResourceProperties"]) == {"Name", member}
