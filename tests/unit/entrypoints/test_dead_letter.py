"""What is kept of a message: a request that can be sent again as it is, or ids and a reason."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from handler.entrypoints import dead_letter
from handler.errors import InvalidRequestError
from handler.requests.entry_point import MAINTENANCE_QUEUE, REQUEST_QUEUE, EntryPoint
from handler.requests.envelope import parsed
from handler.requests.request import check
from handler.requests.unchecked_request import UncheckedRequest, read_document
from handler.settings import LONGEST_LETTER_BYTES, MOST_REQUEST_BYTES
from tests.support.bad_requests import (
    ACCOUNT,
    API_KEY,
    BAD_REQUESTS,
    BASIC,
    BODY,
    CANARY,
    HEADERS,
    OAUTH,
    PASSWORD,
    QUERY,
    BadRequest,
    changed,
    parameter,
    secret,
    secret_arn,
)
from tests.support.fakes import RULES, START

LATER = START + timedelta(hours=1)
EMPTY = {"RequestId": "request-1"}
ENDPOINT = "AuthParameters.OAuthParameters.AuthorizationEndpoint"
TEXT = json.dumps(changed(BASIC, {PASSWORD: CANARY})["AuthParameters"])
SNS = {"TopicArn": "arn", "Message": json.dumps(changed(BASIC, {PASSWORD: CANARY}))}
HOSTILE: dict[str, object] = {
    "SNS envelope": SNS,
    "AuthParameters as text": changed(BASIC, {"AuthParameters": TEXT}),
    "reference in an unknown member": changed(BASIC, {"Passwort": f"{CANARY}{secret('key')}"}),
    "credential as a key": changed(BASIC, {CANARY: secret("key")}),
    "credential as an envelope's key": {"RequestType": "Create", CANARY: 1},
    "user in an odd endpoint": changed(OAUTH, {ENDPOINT: f"https:/u:{CANARY}@h/"}),
    "user in an endpoint": changed(OAUTH, {ENDPOINT: f"https://u:{CANARY}@h/"}),
    "literal beside a reference": changed(BASIC, {PASSWORD: f"{CANARY} {{resolve:ssm:/a}}"}),
    "name": changed(BASIC, {"Name": f"{CANARY} x"}),
    "RequestType": {"RequestType": CANARY, "ResourceProperties": BASIC},
    "RequestTime": {**BASIC, "RequestTime": CANARY},
    "TaskToken": {**BASIC, "TaskToken": [CANARY]},
    "Owner": {**BASIC, "Owner": f"{CANARY}!"},
    "text": f'{CANARY} {{"Name": "x"}}',
    "large": changed(BASIC, {"Description": CANARY * MOST_REQUEST_BYTES}),
}


def asked(document: object, queue: EntryPoint = REQUEST_QUEUE) -> UncheckedRequest:
    """Read a message."""
    text = document if isinstance(document, str) else json.dumps(document)
    return read_document(parsed(text), queue, "request-1", START)


def letter(document: object, queue: EntryPoint = REQUEST_QUEUE) -> str:
    """Give the body of the letter that is kept."""
    return dead_letter.body(asked(document, queue), RULES)


def kept(document: object, queue: EntryPoint = REQUEST_QUEUE) -> Any:
    """Give what is kept of a message."""
    return json.loads(letter(document, queue))


@pytest.mark.parametrize(
    "properties",
    [
        *(BASIC, API_KEY, OAUTH),
        {**BASIC, "OnExisting": "Fail", "WaitTimeoutSeconds": 7, "Revision": "2"},
        changed(BASIC, {HEADERS: parameter("plain", IsValueSecret=False)}),
        changed(BASIC, {PASSWORD: {"ValueFrom": f"{secret_arn()}:key::"}}),
    ],
)
@pytest.mark.parametrize("request_type", ["Create", "Update", "Validate"])
def test_a_request_that_passed_every_check_can_be_sent_again(
    request_type: str, properties: dict[str, Any]
) -> None:
    """As it was asked, references as they were spelled, and as old as it was."""
    document = {"RequestType": request_type, "RequestId": "mine", "ResourceProperties": properties}
    found = kept({**document, "TaskToken": CANARY})
    assert found == {**document, "RequestTime": "2026-01-01T00:00:00Z"}
    before = asked(document)
    again = read_document(found, REQUEST_QUEUE, "another", LATER)
    assert again == before
    assert check(again, RULES) == check(before, RULES)


def test_a_bare_document_becomes_an_envelope() -> None:
    """So that its time has a place."""
    assert kept(BASIC) == {
        "RequestType": "Create",
        "RequestId": "request-1",
        "RequestTime": "2026-01-01T00:00:00Z",
        "ResourceProperties": BASIC,
    }


def test_what_is_kept_of_what_was_kept_is_the_same() -> None:
    """Through any number of redrives."""
    once = letter(BASIC)
    again = read_document(parsed(once), REQUEST_QUEUE, "another", LATER)
    assert dead_letter.body(again, RULES) == once


@pytest.mark.parametrize(
    ("queue", "request_type", "properties"),
    [
        (REQUEST_QUEUE, "Refresh", {"Name": "crm"}),
        (MAINTENANCE_QUEUE, "Refresh", {"Name": "crm"}),
        (MAINTENANCE_QUEUE, "Refresh", {"SecretId": "connections/crm", "AccountId": ACCOUNT}),
        (MAINTENANCE_QUEUE, "Refresh", {"ParameterName": "/c/crm", "WaitTimeoutSeconds": 5}),
        (MAINTENANCE_QUEUE, "Reconcile", {"Name": "crm", "ReconcileMode": "Report"}),
        (MAINTENANCE_QUEUE, "Reconcile", None),
        (REQUEST_QUEUE, "Delete", {"Name": "crm"}),
        (REQUEST_QUEUE, "Describe", {"Name": "crm"}),
    ],
    ids=lambda each: getattr(each, "name", str(each)),
)
def test_every_request_type_can_be_sent_again(
    queue: EntryPoint, request_type: str, properties: object
) -> None:
    """To the queue that it came from, with or without properties."""
    given = {"ResourceProperties": properties} if properties else {}
    found = kept({"RequestType": request_type, **given}, queue=queue)
    assert found.pop("RequestTime")
    assert found == {"RequestType": request_type, "RequestId": "request-1", **given}


@pytest.mark.parametrize("owner", ["team-a", "a", "A.b_c-9", "o" * 64])
def test_a_letter_keeps_whose_request_it_is(owner: str) -> None:
    """Sent again, it acts for the same owner, not for nobody's connections."""
    document = {"RequestType": "Create", "Owner": owner, "ResourceProperties": BASIC}
    found = kept(document)
    assert found["Owner"] == owner
    again = read_document(found, REQUEST_QUEUE, "another", LATER)
    assert again == asked(document)
    assert check(again, RULES).owner == f"requests/{owner}"


@pytest.mark.parametrize("queue", [REQUEST_QUEUE, MAINTENANCE_QUEUE], ids=lambda each: each.name)
@pytest.mark.parametrize(
    "document",
    [
        {"RequestType": "Create", "ResourceProperties": {**BASIC, "OnExisting": "Adopt"}},
        {"RequestType": "List"},
        {"RequestType": "Release", "ResourceProperties": {"Name": "crm"}},
    ],
    ids=lambda each: each["RequestType"],
)
def test_what_no_queue_takes_leaves_its_id_alone(queue: EntryPoint, document: object) -> None:
    """Sending it again would be refused again."""
    assert kept(document, queue=queue) == EMPTY


@pytest.mark.parametrize("document", [BASIC, {"RequestType": "Delete", "ResourceProperties": {}}])
def test_what_is_asked_of_the_wrong_queue_leaves_its_id_alone(document: object) -> None:
    """A Create that reached the maintenance queue is no request that may be sent again there."""
    assert kept(document, queue=MAINTENANCE_QUEUE) == EMPTY


@pytest.mark.parametrize(
    "properties", [{"SecretId": "connections/crm"}, {"ParameterName": "/connections/crm"}]
)
def test_a_producers_refresh_by_secret_leaves_its_id_alone(properties: object) -> None:
    """Nor would a redrive carry it anywhere else."""
    assert kept({"RequestType": "Refresh", "ResourceProperties": properties}) == EMPTY


@pytest.mark.parametrize("request_type", ["Delete", "Describe"])
def test_where_the_name_alone_counts_nothing_else_is_kept(request_type: str) -> None:
    """Nobody looked at it."""
    own = {"Revision": CANARY, "WaitTimeoutSeconds": 5}
    properties = changed(BASIC, {PASSWORD: CANARY, "Description": CANARY, **own})
    found = kept({"RequestType": request_type, "ResourceProperties": properties})
    assert found["ResourceProperties"] == {"Name": BASIC["Name"]}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_did_not_pass_leaves_its_id_alone(kind: str) -> None:
    """There is no mask that an attack could go round."""
    assert kept(HOSTILE[kind]) == EMPTY


@pytest.mark.parametrize("bad", BAD_REQUESTS, ids=lambda bad: bad.kind)
def test_no_bad_request_leaves_more_than_its_id(bad: BadRequest) -> None:
    """Whatever is wrong with it."""
    assert set(kept(bad.request)) == {"RequestId"}


@pytest.mark.parametrize(
    ("length", "is_kept"), [(400, True), (440, False)], ids=["small enough", "near the limit"]
)
def test_a_letter_fits_every_queue_and_is_taken_again(length: int, is_kept: object) -> None:
    """A request near the limit would grow beyond it by its time and attributes."""
    parameters = [{"Key": "k" * 380, "Value": "v" * length, "IsValueSecret": False}] * 100
    lists: dict[str, object] = {HEADERS: parameters, QUERY: parameters, BODY: parameters}
    document = changed(BASIC, lists)
    assert len(json.dumps(document)) < MOST_REQUEST_BYTES
    assert check(asked(document), RULES)
    assert ("ResourceProperties" in kept(document)) is is_kept


@pytest.mark.parametrize(
    "character",
    ["\ud800", "\ufffe", "\uffff", "\u001b", "雪"],
    ids=lambda each: f"U+{ord(each):04X}",
)
def test_a_queue_takes_what_is_kept(character: str) -> None:
    """
    JSON carries every character, escaped; SQS takes no other than XML does.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    """
    document = {**BASIC, "Description": f"two {character}", "RequestId": f"id {character}"}
    found = letter(document)
    assert not re.search(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", found)
    assert json.loads(found)["RequestId"] == f"id {character}"


def test_the_attributes_say_why_and_where_from() -> None:
    """None is empty, none holds a control character; else SQS would refuse the letter."""
    values = dead_letter.attributes(InvalidRequestError("a\x00b" * 999), "", "MaintenanceQueue")
    assert (values["ErrorCode"], values["Queue"]) == ("InvalidRequest", "MaintenanceQueue")
    assert values["Reason"].startswith("a ba b")
    assert len(values["Reason"]) == dead_letter.LONGEST_ATTRIBUTE
    assert values["RequestId"] == "-"


def create(properties: dict[str, Any]) -> dict[str, Any]:
    """Make a Create."""
    return {"RequestType": "Create", "ResourceProperties": properties}


def test_a_letter_is_as_short_as_json_can_be() -> None:
    """It must fit beside its attributes; only what SQS refuses is escaped."""
    text = letter(create(changed(BASIC, {"Description": "é"})))
    assert "é" in text
    assert ": " not in text
    assert ", " not in text


@pytest.mark.parametrize(("more", "is_kept"), [(0, True), (1, False)])
def test_a_letter_is_kept_up_to_its_longest(more: int, is_kept: bool) -> None:
    """A longer one keeps its id."""
    path = "AuthParameters.InvocationHttpParameters.BodyParameters"
    given = changed(BASIC, {path: parameter("", IsValueSecret=False)})
    room = LONGEST_LETTER_BYTES - len(letter(create(given)))
    filled = changed(BASIC, {path: parameter("x" * (room + more), IsValueSecret=False)})
    found = kept(create(filled))
    assert ("ResourceProperties" in found) is is_kept
