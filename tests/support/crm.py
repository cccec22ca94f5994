"""A stack and a message that ask for one connection, crm, of the account in memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from handler.errors import NetworkFailureError, ThrottlingError
from handler.operations.completion import Completion, Outcome
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import (
    DIRECT,
    REQUEST_QUEUE,
    EntryPoint,
)
from handler.requests.request import check
from handler.requests.unchecked_request import read_custom_resource, read_document
from tests.support.fakes import RULES, START, World

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/9f0c"
PASSWORD = "{{resolve:secretsmanager:connections/crm:SecretString:password}}"
BASIC: dict[str, Any] = {
    "Name": "crm",
    "AuthorizationType": "BASIC",
    "AuthParameters": {"BasicAuthParameters": {"Username": "ada", "Password": PASSWORD}},
}
HEADER = {"Key": "X-Tenant", "Value": "7", "IsValueSecret": False}
WITH_HEADER: dict[str, Any] = {
    **BASIC,
    "Description": "the CRM",
    "AuthParameters": {
        **BASIC["AuthParameters"],
        "InvocationHttpParameters": {"HeaderParameters": [HEADER]},
    },
}
OAUTH: dict[str, Any] = {
    "Name": "crm",
    "AuthorizationType": "OAUTH_CLIENT_CREDENTIALS",
    "AuthParameters": {
        "OAuthParameters": {
            "ClientParameters": {"ClientID": "ada", "ClientSecret": PASSWORD},
            "AuthorizationEndpoint": "https://login.example.com/token",
            "HttpMethod": "POST",
        }
    },
}
PRIVATE = {
    "ResourceParameters": {
        "ResourceConfigurationArn": "arn:aws:vpc-lattice:us-east-1:123456789012:"
        "resourceconfiguration/rcfg-0123456789abcdef0"
    }
}


def pass_time(world: World, seconds: float = 3600) -> None:
    """Let time pass for everybody."""
    world.time.seconds += seconds
    world.time.deadline += seconds


def ask(
    world: World,
    request_type: str = "Create",
    properties: Mapping[str, Any] = BASIC,
    entry_point: EntryPoint = DIRECT,
    sent: datetime | None = None,
) -> Completion:
    """Carry out a message's or a direct request."""
    document = {"RequestType": request_type, "ResourceProperties": properties}
    asked = read_document(document, entry_point, "request-1", sent or world.time.now)
    return carry_out(world.ports, check(asked, RULES))


def stack(
    world: World,
    request_type: str,
    properties: Mapping[str, Any] = BASIC,
    physical_resource_id: str = "",
    logical_resource_id: str = "Connection",
    sent: datetime | None = None,
) -> Completion:
    """Carry out a custom resource's request."""
    event = {
        "RequestType": request_type,
        "RequestId": "request-1",
        "StackId": STACK_ID,
        "LogicalResourceId": logical_resource_id,
        "ResourceProperties": properties,
    }
    if physical_resource_id:
        event["PhysicalResourceId"] = physical_resource_id
    return carry_out(
        world.ports, check(read_custom_resource(event, "", sent or world.time.now), RULES)
    )


FAILURES = ("no secret", "fetch throttled", "fetch without an answer", "creation throttled")


@contextmanager
def failing_before_creation(world: World, failure: str) -> Iterator[None]:
    """Let each Create that was not carried out fail in one of four ways."""
    texts = dict(world.secrets.texts)
    match failure:
        case "no secret":
            world.secrets.texts.clear()
        case "fetch throttled":
            world.secrets.before_read = _throttled
        case "fetch without an answer":
            world.secrets.before_read = _unanswered
        case _:
            world.connections.before_create = _throttled
    yield
    world.secrets.texts |= texts
    world.secrets.before_read = world.connections.before_create = None


def lost_answer() -> NetworkFailureError:
    """Give the error of a call that AWS may have carried out."""
    error = NetworkFailureError("no answer")
    error.has_unknown_end = True
    return error


def _throttled(_: str) -> None:
    raise ThrottlingError("later")


def _unanswered(_: str) -> None:
    raise lost_answer()


def let_somebody_overtake(world: World) -> None:
    """Let somebody make the connection between our next Describe and our CreateConnection."""

    def overtake(name: str) -> None:
        world.connections.before_create = None
        world.connections.make_by_hand(name, WITH_HEADER)

    world.connections.before_create = overtake


def password_of(world: World, name: str = "crm") -> str:
    """Give the password that a stored connection holds."""
    auth_parameters = world.connections.stored[name]["properties"]["AuthParameters"]
    return str(auth_parameters["BasicAuthParameters"]["Password"])


def send(world: World, request_type: str = "Create", sent: int = 0, user: str = "ada") -> Outcome:
    """Carry out a message that was sent so many seconds after the start."""
    auth_parameters = {"BasicAuthParameters": {"Username": user, "Password": PASSWORD}}
    full = {**BASIC, "AuthParameters": auth_parameters}
    properties = {"Name": "crm"} if request_type == "Delete" else full
    document = {"RequestType": request_type, "ResourceProperties": properties}
    sent_at = START + timedelta(seconds=sent)
    asked = read_document(document, REQUEST_QUEUE, "request-1", sent_at)
    return carry_out(world.ports, check(asked, RULES)).outcome
