"""What is asked, before any check: from an event of any door to one form."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from handler.signing_time import signing_time
from handler.violation import Violation, joined


class RequestType(StrEnum):
    """What can be asked."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"
    DESCRIBE = "Describe"
    VALIDATE = "Validate"
    RELEASE = "Release"
    REFRESH = "Refresh"
    RECONCILE = "Reconcile"
    LIST = "List"


@dataclass(frozen=True, slots=True)
class Door:
    """What differs between the ways in."""

    name: str
    request_types: tuple[str, ...]
    default_wait_seconds: int
    longest_wait_seconds: int
    private_wait_seconds: int = 30  # the default where the connection leads to a private API
    own_members: tuple[str, ...] = ("OnExisting", "WaitTimeoutSeconds", "Revision")
    waits_again: bool = False  # a message comes back, so that running out of time is not final
    is_last_chance: bool = False  # a failure is final, and nobody would ask again
    is_deleting_foreign_fine: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request before any check, as far as an answer needs it."""

    door: Door
    request_type: object
    request_id: str
    owner: str
    request_time: datetime
    properties: object = field(repr=False)
    physical_resource_id: str = ""
    derived_name: str = ""
    violations: tuple[Violation, ...] = ()
    task_token: str = field(default="", repr=False)
    is_object: bool = True

    @property
    def known_request_type(self) -> str:
        """Give the request's type if it is one that this door takes, else an empty text."""
        return str(self.request_type) if self.request_type in self.door.request_types else ""

    @property
    def name(self) -> str:
        """Give the name asked for, so far as it is one."""
        named = self.properties.get("Name") if isinstance(self.properties, Mapping) else None
        if isinstance(named, str) and 1 <= len(named) <= LONGEST_NAME:
            return named
        return self.physical_resource_id or self.derived_name


LONGEST_WAIT_SECONDS = 2400  # twice what private APIs took; Lambda's three deliveries cover it
MEMBERS = ("RequestType", "RequestId", "ResourceProperties", "TaskToken")
CLOUDFORMATION = Door(
    name="cloudformation",
    request_types=("Create", "Update", "Delete"),
    default_wait_seconds=840,  # what one delivery can wait
    longest_wait_seconds=LONGEST_WAIT_SECONDS,
    private_wait_seconds=LONGEST_WAIT_SECONDS,
    own_members=("OnExisting", "WaitTimeoutSeconds", "Revision", "ServiceToken", "ServiceTimeout"),
    is_last_chance=True,
    is_deleting_foreign_fine=True,  # nothing of the stack's own is left, so that it can go
)
QUEUE = Door(
    name="queue",
    request_types=("Create", "Update", "Delete", "Describe", "Validate", "Refresh", "Reconcile"),
    default_wait_seconds=30,
    longest_wait_seconds=60,
    waits_again=True,
)
DIRECT = Door(
    name="direct",
    request_types=tuple(RequestType),
    default_wait_seconds=30,
    longest_wait_seconds=300,
)
OWNER_OF_REQUESTS = "requests"
LONGEST_NAME = 64
LONGEST_REQUEST_ID = 256
LONGEST_TASK_TOKEN = 2048
NO_OBJECT = Violation("", "the request must be a JSON object")


def asked_by_document(
    document: object, door: Door, request_id: str, request_time: datetime
) -> Asked:
    """Read a message or an invocation: an envelope, a bare document, or why it cannot be read."""
    if not isinstance(document, Mapping):
        unread = Asked(door, None, request_id, OWNER_OF_REQUESTS, request_time, None)
        problem = document if isinstance(document, Violation) else NO_OBJECT
        return replace(unread, violations=(problem,), is_object=False)
    envelope = _enveloped(document)
    return Asked(
        door=door,
        request_type=envelope.get("RequestType"),
        request_id=_text(envelope.get("RequestId"), LONGEST_REQUEST_ID) or request_id,
        owner=OWNER_OF_REQUESTS,
        request_time=request_time,
        properties=envelope.get("ResourceProperties"),
        violations=tuple(_envelope_violations(envelope)),
        task_token=_text(envelope.get("TaskToken"), LONGEST_TASK_TOKEN),
    )


def asked_by_custom_resource(
    event: Mapping[str, Any], name_prefix: str, arrival: datetime
) -> Asked:
    """Read a CloudFormation request, whose form its door has checked."""
    return Asked(
        door=CLOUDFORMATION,
        request_type=event["RequestType"],
        request_id=event["RequestId"],
        owner=f"cloudformation/{event['StackId']}/{event['LogicalResourceId']}",
        request_time=signing_time(event.get("ResponseURL", ""), arrival),
        properties=event.get("ResourceProperties"),
        physical_resource_id=event.get("PhysicalResourceId", ""),
        derived_name=derived_name(event["StackId"], event["LogicalResourceId"], name_prefix),
    )


def derived_name(stack_id: str, logical_resource_id: str, prefix: str) -> str:
    """Make the name of a custom resource without Name: legible, and the same at every retry."""
    stack_name = stack_id.split("/")[1] if "/" in stack_id else "stack"
    digest = hashlib.sha256(f"{stack_id}/{logical_resource_id}".encode()).hexdigest()
    return f"{prefix}{stack_name}-{logical_resource_id}"[: LONGEST_NAME - 9] + f"-{digest[:8]}"


def _enveloped(document: Mapping[str, Any]) -> Mapping[str, Any]:
    if "ResourceProperties" in document or "RequestType" in document:
        return document
    properties = {name: item for name, item in document.items() if name not in MEMBERS}
    envelope = {name: item for name, item in document.items() if name in MEMBERS}
    return {"RequestType": "Create", **envelope, "ResourceProperties": properties}


def _envelope_violations(envelope: Mapping[str, Any]) -> Iterator[Violation]:
    yield from (
        Violation(joined("", name), "unknown member") for name in envelope if name not in MEMBERS
    )
    for name, longest in (("RequestId", LONGEST_REQUEST_ID), ("TaskToken", LONGEST_TASK_TOKEN)):
        if name in envelope and not _text(envelope[name], longest):
            yield Violation(name, f"must be a string of 1 to {longest} characters")


def _text(value: object, longest: int) -> str:
    return value if isinstance(value, str) and len(value) <= longest else ""
