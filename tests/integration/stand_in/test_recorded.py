"""The stand-in behaves as recorded of AWS, row by row, when an unmodified boto3 talks to it."""

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.stand_in import StandIn
from tests.support.stand_in.clients import refusal, state, times, without_metadata
from tests.support.stand_in.documents import API_KEY, BASIC, HEADERS, OAUTH, WITH_HEADERS
from tests.support.stand_in.seconds import Seconds

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
DEAUTHORIZED_REASON = (
    "The authorization parameters were removed from this connection by a DeauthorizeConnection "
    "operation."
)


def test_an_api_key_connection_keeps_empty_invocation_parameters(
    events: "EventBridgeClient",
) -> None:
    """N1: ``{}`` is stored, and shown, as ``{}``."""
    parameters = {**API_KEY["AuthParameters"], "InvocationHttpParameters": {}}
    answer = events.create_connection(**{**API_KEY, "AuthParameters": parameters})
    assert answer["ConnectionState"] == "AUTHORIZED"
    assert events.describe_connection(Name="crm")["AuthParameters"] == {
        "ApiKeyAuthParameters": {"ApiKeyName": "key"},
        "InvocationHttpParameters": {},
    }


def test_a_basic_connection_is_authorized_at_once(
    events: "EventBridgeClient", seconds: Seconds
) -> None:
    """N2: AUTHORIZED without a wait; no password, and no key for what was not given."""
    created = events.create_connection(**BASIC)
    assert set(without_metadata(created)) == {
        "ConnectionArn",
        "ConnectionState",
        "CreationTime",
        "LastModifiedTime",
    }
    assert re.fullmatch(
        rf"arn:aws:events:us-east-1:\d{{12}}:connection/crm/{UUID}", created["ConnectionArn"]
    )
    described = without_metadata(events.describe_connection(Name="crm"))
    now = int(seconds.now)
    assert set(times(described).values()) == {now}
    assert re.fullmatch(
        rf"arn:aws:secretsmanager:us-east-1:\d{{12}}:secret:events!connection/crm/{UUID}-\w{{6}}",
        described["SecretArn"],
    )
    assert created["ConnectionArn"].rpartition("/")[2] not in described["SecretArn"]
    known = {"CreationTime", "LastModifiedTime", "LastAuthorizedTime", "SecretArn"}
    assert {name: value for name, value in described.items() if name not in known} == {
        "ConnectionArn": created["ConnectionArn"],
        "Name": "crm",
        "ConnectionState": "AUTHORIZED",
        "AuthorizationType": "BASIC",
        "AuthParameters": {"BasicAuthParameters": {"Username": "user"}},
    }


def test_an_api_key_connection_is_authorized_at_once(events: "EventBridgeClient") -> None:
    """N3: the name of the key is shown, its value is not."""
    assert events.create_connection(**API_KEY)["ConnectionState"] == "AUTHORIZED"
    described = events.describe_connection(Name="crm")
    assert described["AuthParameters"] == {"ApiKeyAuthParameters": {"ApiKeyName": "key"}}


def test_an_oauth_connection_is_authorizing_first(
    events: "EventBridgeClient", seconds: Seconds
) -> None:
    """N4: the secret is there, LastAuthorizedTime is 1970 until a token has come."""
    assert events.create_connection(**OAUTH)["ConnectionState"] == "AUTHORIZING"
    described = events.describe_connection(Name="crm")
    assert (described["ConnectionState"], "StateReason" in described) == ("AUTHORIZING", False)
    assert described["SecretArn"]
    assert times(described)["LastAuthorizedTime"] == 0
    parameters = OAUTH["AuthParameters"]["OAuthParameters"]
    assert described["AuthParameters"] == {
        "OAuthParameters": {**parameters, "ClientParameters": {"ClientID": "id"}}
    }
    seconds.pass_by(2)
    described = events.describe_connection(Name="crm")
    assert described["ConnectionState"] == "AUTHORIZED"
    assert times(described)["LastAuthorizedTime"] == int(seconds.now)


def test_an_unreachable_token_endpoint_leaves_a_connection_authorizing(
    stand_in: StandIn, events: "EventBridgeClient", seconds: Seconds
) -> None:
    """Transitions (2.2): with a StateReason, which stays while the connection is DELETING."""
    stand_in.settle_as("crm", "AUTHORIZING", "Could not connect to the specified endpoint.")
    events.create_connection(**OAUTH)
    first = events.describe_connection(Name="crm")
    seconds.pass_by(600)
    described = events.describe_connection(Name="crm")
    assert described["ConnectionState"] == "AUTHORIZING"
    assert first["StateReason"] == described["StateReason"]
    assert described["StateReason"] == "Could not connect to the specified endpoint."
    assert times(described)["LastAuthorizedTime"] == 0
    assert events.delete_connection(Name="crm")["ConnectionState"] == "DELETING"
    assert events.describe_connection(Name="crm")["StateReason"] == described["StateReason"]


def test_an_unknown_type_is_refused_with_the_values_allowed(events: "EventBridgeClient") -> None:
    """N5: the text names value, path and set."""
    given = {"Name": "crm", "AuthorizationType": "INVALID_AUTH_TYPE", "AuthParameters": {}}
    assert refusal(events.create_connection, **given) == (
        "ValidationException",
        (
            "1 validation error detected: Value 'INVALID_AUTH_TYPE' at 'authorizationType' failed "
            "to satisfy constraint: Member must satisfy enum value set: "
            "[BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY]"
        ),
        400,
    )


def test_a_name_with_blanks_is_refused_with_the_pattern(events: "EventBridgeClient") -> None:
    """N6: the pattern is told as the model has it."""
    given = {**BASIC, "Name": "Invalid Name With Spaces!"}
    assert refusal(events.create_connection, **given) == (
        "ValidationException",
        (
            "1 validation error detected: Value 'Invalid Name With Spaces!' at 'name' failed to "
            r"satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+"
        ),
        400,
    )


def test_all_that_is_wrong_is_told_at_once(events: "EventBridgeClient") -> None:
    """N7: pattern, length and enum, in this order."""
    name = "name with blanks " * 5
    given = {"Name": name, "AuthorizationType": "INVALID", "AuthParameters": {}}
    assert refusal(events.create_connection, **given)[:2] == (
        "ValidationException",
        (
            f"3 validation errors detected: Value '{name}' at 'name' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+; "
            f"Value '{name}' at 'name' failed to satisfy constraint: "
            "Member must have length less than or equal to 64; "
            "Value 'INVALID' at 'authorizationType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY]"
        ),
    )


def test_a_list_shows_no_parameters(events: "EventBridgeClient") -> None:
    """N8: neither SecretArn nor Description nor AuthParameters."""
    events.create_connection(**BASIC, Description="the CRM")
    (item,) = events.list_connections()["Connections"]
    assert set(item) == {
        "ConnectionArn",
        "Name",
        "ConnectionState",
        "AuthorizationType",
        "CreationTime",
        "LastModifiedTime",
        "LastAuthorizedTime",
    }


def test_deleting_takes_a_while(events: "EventBridgeClient", seconds: Seconds) -> None:
    """N9: the answer is DELETING with LastAuthorizedTime, and so is Describe for a moment."""
    events.create_connection(**BASIC)
    answer = events.delete_connection(Name="crm")
    assert answer["ConnectionState"] == "DELETING"
    assert "LastAuthorizedTime" in answer
    assert state(events) == "DELETING"
    seconds.pass_by(2)
    assert refusal(events.describe_connection, Name="crm")[0] == "ResourceNotFoundException"


def test_what_is_not_there_cannot_be_described(events: "EventBridgeClient") -> None:
    """N10: the text names the connection."""
    assert refusal(events.describe_connection, Name="crm") == (
        "ResourceNotFoundException",
        "Failed to describe the connection(s). Connection 'crm' does not exist.",
        400,
    )


def test_the_managed_secret_goes_with_its_connection(
    events: "EventBridgeClient", secretsmanager: "SecretsManagerClient", seconds: Seconds
) -> None:
    """N11: nothing is left of it."""
    events.create_connection(**BASIC)
    arn = events.describe_connection(Name="crm")["SecretArn"]
    events.delete_connection(Name="crm")
    seconds.pass_by(2)
    assert refusal(secretsmanager.describe_secret, SecretId=arn)[0] == "ResourceNotFoundException"


def test_new_credentials_are_a_new_version_of_the_same_secret(
    events: "EventBridgeClient", secretsmanager: "SecretsManagerClient"
) -> None:
    """N12: AUTHORIZED, the same SecretArn, another VersionId, the whole JSON anew."""
    events.create_connection(**BASIC)
    arn = events.describe_connection(Name="crm")["SecretArn"]
    before = secretsmanager.get_secret_value(SecretId=arn)
    parameters = {
        "BasicAuthParameters": {"Username": "new", "Password": "newer"},
        "InvocationHttpParameters": {},
    }
    answer = events.update_connection(**{**BASIC, "AuthParameters": parameters})
    assert answer["ConnectionState"] == "AUTHORIZED"
    assert events.describe_connection(Name="crm")["SecretArn"] == arn
    after = secretsmanager.get_secret_value(SecretId=arn)
    assert after["VersionId"] != before["VersionId"]
    assert json.loads(after["SecretString"]) == {
        "username": "new",
        "password": "newer",
        "invocation_http_parameters": {},
    }


@pytest.mark.parametrize(
    ("properties", "stored"),
    [
        (BASIC, {"username": "user", "password": "pass"}),
        (API_KEY, {"api_key_name": "key", "api_key_value": "value"}),
        (
            OAUTH,
            {
                "client_id": "id",
                "client_secret": "secret",
                "authorization_endpoint": "https://example.com/oauth",
                "http_method": "POST",
            },
        ),
    ],
    ids=["basic", "api key", "oauth"],
)
def test_the_managed_secret_holds_the_credentials(
    events: "EventBridgeClient",
    secretsmanager: "SecretsManagerClient",
    properties: dict[str, Any],
    stored: dict[str, str],
) -> None:
    """N13: under EventBridge's own names."""
    events.create_connection(**properties)
    arn = events.describe_connection(Name="crm")["SecretArn"]
    assert json.loads(secretsmanager.get_secret_value(SecretId=arn)["SecretString"]) == stored


def test_a_parameter_is_not_secret_unless_it_says_so(events: "EventBridgeClient") -> None:
    """N14 and N15: left out means false, and the value is shown; a secret one is not."""
    events.create_connection(**WITH_HEADERS)
    shown = events.describe_connection(Name="crm")["AuthParameters"]["InvocationHttpParameters"]
    assert shown["HeaderParameters"] == [
        {"Key": "x-public", "Value": "visible", "IsValueSecret": False},
        {"Key": "x-private", "IsValueSecret": True},
    ]


def test_the_managed_secret_holds_all_parameters(
    events: "EventBridgeClient", secretsmanager: "SecretsManagerClient"
) -> None:
    """N16: also those that are not secret."""
    events.create_connection(**WITH_HEADERS)
    arn = events.describe_connection(Name="crm")["SecretArn"]
    stored = json.loads(secretsmanager.get_secret_value(SecretId=arn)["SecretString"])
    assert stored["invocation_http_parameters"] == {
        "header_parameters": [
            {"key": "x-public", "value": "visible", "is_value_secret": False},
            {"key": "x-private", "value": "hidden", "is_value_secret": True},
        ]
    }


def test_the_managed_secret_belongs_to_eventbridge(
    events: "EventBridgeClient", secretsmanager: "SecretsManagerClient"
) -> None:
    """N17 and N18: it says whose it is, and nobody else writes it."""
    events.create_connection(**BASIC)
    arn = events.describe_connection(Name="crm")["SecretArn"]
    described: Any = secretsmanager.describe_secret(SecretId=arn)
    assert described["OwningService"] == "events"
    assert described["Tags"] == [{"Key": "aws:secretsmanager:owningService", "Value": "events"}]
    assert refusal(secretsmanager.put_secret_value, SecretId=arn, SecretString="mine")[:2] == (
        "InvalidRequestException",
        "Operation is not allowed on secret owned by events",
    )


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"AuthParameters": {"BasicAuthParameters": {"Password": "two"}}},
        {"AuthorizationType": "BASIC"},
        {
            "AuthorizationType": "BASIC",
            "AuthParameters": {"InvocationHttpParameters": {"HeaderParameters": HEADERS}},
        },
        {"Description": "", "AuthParameters": {"BasicAuthParameters": {"Password": "two"}}},
    ],
    ids=["name only", "no type", "no parameters", "no block", "no type beside a description"],
)
def test_an_update_needs_type_and_parameters_together(
    events: "EventBridgeClient", change: dict[str, Any]
) -> None:
    """N19: though the model marks both optional."""
    events.create_connection(**BASIC)
    assert refusal(events.update_connection, Name="crm", **change) == (
        "ValidationException",
        (
            "Failed to update the connection(s). At least one of the following is required: "
            "Description, KmsKeyIdentifier, AuthorizationType with BasicAuthParameters, "
            "ApiKeyAuthParameters, or OAuthParameters."
        ),
        400,
    )


def test_what_an_update_leaves_out_stays(
    events: "EventBridgeClient",
    secretsmanager: "SecretsManagerClient",
    stand_in: StandIn,
    seconds: Seconds,
) -> None:
    """N20: user name and headers stay; the answer tells the old LastModifiedTime."""
    events.create_connection(**WITH_HEADERS)
    before = events.describe_connection(Name="crm")
    (first,) = secretsmanager.describe_secret(SecretId=before["SecretArn"])["VersionIdsToStages"]
    seconds.pass_by(6)
    change = {"BasicAuthParameters": {"Password": "two"}}
    answer = events.update_connection(
        Name="crm",
        AuthorizationType="BASIC",
        AuthParameters=change,  # type: ignore[arg-type]
    )
    now = int(seconds.now)
    assert times(answer) == {
        "CreationTime": now - 6,
        "LastModifiedTime": now - 6,
        "LastAuthorizedTime": now,
    }
    after = events.describe_connection(Name="crm")
    assert times(after)["LastModifiedTime"] == now
    assert after["AuthParameters"] == before["AuthParameters"]
    arrived = stand_in.connections["crm"].auth_parameters["BasicAuthParameters"]
    assert arrived == {"Username": "user", "Password": "two"}
    stages = secretsmanager.describe_secret(SecretId=before["SecretArn"])["VersionIdsToStages"]
    assert (len(stages), stages[first]) == (2, ["AWSPREVIOUS"])


def test_a_new_description_authorizes_nothing(
    events: "EventBridgeClient", stand_in: StandIn, seconds: Seconds
) -> None:
    """N21: no new version of the secret, LastAuthorizedTime as before."""
    events.create_connection(**BASIC)
    seconds.pass_by(3)
    answer = events.update_connection(Name="crm", Description="the CRM")
    now = int(seconds.now)
    assert answer["ConnectionState"] == "AUTHORIZED"
    assert times(answer)["LastAuthorizedTime"] == now - 3
    assert times(answer)["LastModifiedTime"] == now
    described = events.describe_connection(Name="crm")
    assert (described["Description"], times(described)) == ("the CRM", times(answer))
    secret = stand_in.connections["crm"].secret
    assert secret
    assert len(secret.versions) == 1


def test_deauthorizing_takes_everything_away(events: "EventBridgeClient", seconds: Seconds) -> None:
    """N22 and N23: the parameters at once, the secret's ARN in a while; the type stays."""
    events.create_connection(**WITH_HEADERS)
    assert events.deauthorize_connection(Name="crm")["ConnectionState"] == "DEAUTHORIZING"
    described = events.describe_connection(Name="crm")
    assert (described["ConnectionState"], described["AuthParameters"]) == ("DEAUTHORIZING", {})
    assert described["SecretArn"]
    seconds.pass_by(2)
    described = events.describe_connection(Name="crm")
    assert (described["ConnectionState"], described["AuthParameters"]) == ("DEAUTHORIZED", {})
    assert "SecretArn" not in described
    assert described["AuthorizationType"] == "BASIC"
    assert described["StateReason"] == DEAUTHORIZED_REASON


def test_deauthorizing_twice_succeeds(events: "EventBridgeClient", seconds: Seconds) -> None:
    """Transitions (2.2): DEAUTHORIZING again, then DEAUTHORIZED."""
    events.create_connection(**BASIC)
    events.deauthorize_connection(Name="crm")
    assert events.deauthorize_connection(Name="crm")["ConnectionState"] == "DEAUTHORIZING"
    seconds.pass_by(2)
    assert state(events) == "DEAUTHORIZED"


def test_the_secret_of_a_deauthorized_connection_cannot_be_read(
    events: "EventBridgeClient", secretsmanager: "SecretsManagerClient", seconds: Seconds
) -> None:
    """N24: marked for deletion first, then gone."""
    events.create_connection(**BASIC)
    arn = events.describe_connection(Name="crm")["SecretArn"]
    events.deauthorize_connection(Name="crm")
    assert refusal(secretsmanager.get_secret_value, SecretId=arn)[:2] == (
        "InvalidRequestException",
        "You can't perform this operation on the secret because it was marked for deletion.",
    )
    seconds.pass_by(2)
    assert refusal(secretsmanager.get_secret_value, SecretId=arn)[:2] == (
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret.",
    )


def test_a_connection_cannot_be_updated_while_it_is_deauthorizing(
    events: "EventBridgeClient", seconds: Seconds
) -> None:
    """N25: a moment later it can."""
    events.create_connection(**BASIC)
    events.deauthorize_connection(Name="crm")
    assert refusal(events.update_connection, **BASIC) == (
        "ConcurrentModificationException",
        "Failed to update the connection(s). Connection 'crm' was modified concurrently.",
        400,
    )
    seconds.pass_by(3)
    assert events.update_connection(**BASIC)["ConnectionState"] == "AUTHORIZED"
    described = events.describe_connection(Name="crm")
    assert "StateReason" not in described
    assert described["SecretArn"]


@pytest.mark.parametrize("is_deauthorized", [True, False], ids=["deauthorized", "authorized"])
def test_another_type_drops_everything_of_the_old_one(
    events: "EventBridgeClient",
    secretsmanager: "SecretsManagerClient",
    seconds: Seconds,
    is_deauthorized: bool,
) -> None:
    """N26: the same ConnectionArn, a new SecretArn, no headers."""
    events.create_connection(**WITH_HEADERS)
    before = events.describe_connection(Name="crm")
    if is_deauthorized:
        events.deauthorize_connection(Name="crm")
        seconds.pass_by(2)
    assert events.update_connection(**API_KEY)["ConnectionState"] == "AUTHORIZED"
    after = events.describe_connection(Name="crm")
    assert after["ConnectionArn"] == before["ConnectionArn"]
    assert after["SecretArn"] != before["SecretArn"]
    assert after["AuthorizationType"] == "API_KEY"
    assert after["AuthParameters"] == {"ApiKeyAuthParameters": {"ApiKeyName": "key"}}
    old = refusal(secretsmanager.get_secret_value, SecretId=before["SecretArn"])
    assert old[0] == "ResourceNotFoundException"


def test_a_name_can_be_used_again(events: "EventBridgeClient", seconds: Seconds) -> None:
    """N28: another UUID in the ARN, another secret."""
    first = events.create_connection(**BASIC)["ConnectionArn"]
    first_secret = events.describe_connection(Name="crm")["SecretArn"]
    events.delete_connection(Name="crm")
    seconds.pass_by(4)
    second = events.create_connection(**BASIC)["ConnectionArn"]
    assert first.rpartition("/")[0] == second.rpartition("/")[0]
    assert first != second
    assert events.describe_connection(Name="crm")["SecretArn"] != first_secret
