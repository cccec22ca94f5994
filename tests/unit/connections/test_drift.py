"""Each way in which a connection can differ from what its owner asked for, and none that is not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handler.connections.drift import FINDING_OF_STATE, Finding, absence, drift, is_behind
from handler.connections.record import Record
from handler.connections.state import BAD, Connection, Write
from tests.support.bad_requests import changed
from tests.support.fakes import START

HEADERS = "AuthParameters.InvocationHttpParameters.HeaderParameters"
QUERY = "AuthParameters.InvocationHttpParameters.QueryStringParameters"
OAUTH = "AuthParameters.OAuthParameters"
ARN = "arn:aws:events:us-east-1:123456789012:connection/crm/0f"
VERSIONS = {"secretsmanager:connections/crm::": "version-1"}
RECORD = Record(
    name="crm",
    owner="requests",
    claimed_at=START,
    request_time=START,
    connection_arn=ARN,
    secret_versions=VERSIONS,
    last_modified_time=START,
)
SHOWN: dict[str, Any] = {"Key": "X-Shown", "Value": "7", "IsValueSecret": False}
HIDDEN: dict[str, Any] = {"Key": "X-Hidden", "Value": "resolved", "IsValueSecret": True}
DESIRED: dict[str, Any] = {
    "Name": "crm",
    "AuthorizationType": "OAUTH_CLIENT_CREDENTIALS",
    "Description": "the CRM",
    "AuthParameters": {
        "OAuthParameters": {
            "ClientParameters": {"ClientID": "id", "ClientSecret": "resolved"},
            "AuthorizationEndpoint": "https://login.example.com/token",
            "HttpMethod": "POST",
            "OAuthHttpParameters": {"BodyParameters": [SHOWN]},
        },
        "InvocationHttpParameters": {
            "HeaderParameters": [SHOWN, HIDDEN],
            "QueryStringParameters": [SHOWN],
        },
    },
}
# As Describe shows it.
OBSERVED: dict[str, Any] = changed(
    {name: DESIRED[name] for name in ("Description", "AuthParameters")},
    {
        f"{OAUTH}.ClientParameters": {"ClientID": "id"},
        HEADERS: [{"Key": "X-Hidden", "IsValueSecret": True}, SHOWN],
    },
)
CONNECTION = Connection(
    name="crm",
    arn=ARN,
    state="AUTHORIZED",
    authorization_type="OAUTH_CLIENT_CREDENTIALS",
    creation_time=START,
    last_modified_time=START,
    properties=OBSERVED,
)


def found(connection: Connection, record: Record = RECORD) -> list[Finding]:
    """Give what is found."""
    return list(drift(record, connection, DESIRED, VERSIONS))


def test_nothing_is_found_where_nothing_differs() -> None:
    """Whatever Describe hides, and in whatever order it lists parameters."""
    assert found(CONNECTION) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Description", "somebody else's"),
        ("Description", ""),
        (f"{OAUTH}.AuthorizationEndpoint", "https://evil.example.com/token"),
        (f"{OAUTH}.HttpMethod", "GET"),
        (f"{OAUTH}.ClientParameters.ClientID", "other"),
        (f"{OAUTH}.OAuthHttpParameters.BodyParameters", [{**SHOWN, "Value": "8"}]),
        (f"{OAUTH}.OAuthHttpParameters", {}),
        (HEADERS, [HIDDEN]),
        (HEADERS, [SHOWN]),
        (HEADERS, [{**SHOWN, "Value": "8"}, HIDDEN]),
        (HEADERS, [{"Key": "X-Shown", "IsValueSecret": True}, HIDDEN]),
        (HEADERS, [SHOWN, HIDDEN, {**SHOWN, "Key": "X-More"}]),
        (QUERY, []),
        (
            "AuthParameters.InvocationHttpParameters.BodyParameters",
            [SHOWN],
        ),
        ("KmsKeyIdentifier", "arn:aws:kms:us-east-1:123456789012:key/k"),
    ],
)
def test_each_visible_difference_is_found(path: str, value: object) -> None:
    """Though nobody touched LastModifiedTime, and though only one thing differs."""
    seen = replace(CONNECTION, properties=changed(OBSERVED, {path: value}))
    assert found(seen) == [Finding.CHANGED]


def test_another_type_is_found() -> None:
    """It is no member of the properties."""
    assert found(replace(CONNECTION, authorization_type="BASIC")) == [Finding.CHANGED]


@pytest.mark.parametrize("value", [None, START + timedelta(seconds=1), START - timedelta(1)])
def test_another_time_of_change_is_found(value: Any) -> None:
    """Somebody may have written what does not show: a credential."""
    assert found(replace(CONNECTION, last_modified_time=value)) == [Finding.CHANGED]


@pytest.mark.parametrize(
    "record",
    [
        replace(RECORD, last_modified_time=None),
        replace(
            RECORD,
            pending_write=Write("Updated", START, "AUTHORIZED"),
            last_modified_time=START - timedelta(1),
        ),
    ],
)
def test_what_still_settles_has_no_time_to_compare(record: Record) -> None:
    """It is our own write, whose time is not noted yet."""
    assert found(CONNECTION, record) == []


@pytest.mark.parametrize(("seconds", "is_found"), [(5, False), (5.000001, True)])
def test_an_answered_writes_own_time_is_no_change(seconds: float, is_found: bool) -> None:
    """EventBridge's clock may be some seconds ahead of ours; what is later is another's write."""
    answered = Write("Refreshed", START, "AUTHORIZED")
    record = replace(RECORD, answered_write=answered, last_modified_time=None)
    seen = replace(CONNECTION, last_modified_time=START + timedelta(seconds=seconds))
    assert found(seen, record) == [Finding.CHANGED] * is_found


@pytest.mark.parametrize("state", BAD)
def test_each_bad_state_is_found(state: str) -> None:
    """Every one has its name."""
    assert found(replace(CONNECTION, state=state)) == [FINDING_OF_STATE[state]]  # type: ignore[index]


@pytest.mark.parametrize(
    ("applied", "is_found"),
    [
        (VERSIONS, False),
        ({**VERSIONS, "secretsmanager:connections/dropped::": ""}, False),
        ({"secretsmanager:connections/crm::": "version-0"}, True),
        ({"secretsmanager:connections/crm::": ""}, True),
        ({}, True),
    ],
)
def test_a_version_is_behind_where_another_was_applied(
    applied: dict[str, str], is_found: bool
) -> None:
    """Another, or none; what is no longer asked for does not count."""
    record = replace(RECORD, secret_versions=applied)
    assert is_behind(record, VERSIONS) is is_found
    assert found(CONNECTION, record) == [Finding.SECRET_VERSION_BEHIND] * is_found


def test_no_connection_is_gone_and_another_ones_is_recreated() -> None:
    """The ARN tells a namesake."""
    assert absence(RECORD, None) is Finding.GONE
    assert absence(RECORD, replace(CONNECTION, arn=f"{ARN}-2")) is Finding.RECREATED
    assert absence(RECORD, CONNECTION) is None


def without(*path: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Give what drops a member of a document."""

    def drop(document: dict[str, Any]) -> dict[str, Any]:
        copy: dict[str, Any] = changed(document, {})
        above = copy
        for name in path[:-1]:
            above = above[name]
        above.pop(path[-1], None)
        return copy

    return drop


@pytest.mark.parametrize(
    "change",
    [
        without("Description"),
        without("AuthParameters", "InvocationHttpParameters", "QueryStringParameters"),
        without("AuthParameters", "OAuthParameters", "OAuthHttpParameters"),
    ],
)
def test_what_was_not_asked_for_and_is_not_there_is_no_difference(
    change: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    """AWS leaves out what is empty, or shows it empty."""
    seen = replace(CONNECTION, properties=change(OBSERVED))
    assert list(drift(RECORD, seen, change(DESIRED), VERSIONS)) == []


def test_an_empty_description_is_none() -> None:
    """AWS shows nothing where an empty text was sent."""
    seen = replace(CONNECTION, properties=without("Description")(OBSERVED))
    assert list(drift(RECORD, seen, {**DESIRED, "Description": ""}, VERSIONS)) == []


@pytest.mark.parametrize("key", ["X-Tenant", "Value", "Password", "IsValueSecret"])
def test_a_changed_parameter_is_found_whatever_its_key(key: str) -> None:
    """Its key is a name of somebody's API, not a member of AWS's shape."""
    header = {"Key": key, "Value": "7", "IsValueSecret": False}
    desired = changed(DESIRED, {HEADERS: [header]})
    observed = changed(OBSERVED, {HEADERS: [{**header, "Value": "8"}]})
    shown = replace(CONNECTION, properties=observed)
    assert list(drift(RECORD, shown, desired, VERSIONS)) == [Finding.CHANGED]
