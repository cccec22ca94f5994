"""What is asked: from the envelope of any door to one checked Request."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from handler.errors import InvalidRequestError
from handler.properties import Rules, as_written, name_violations, prepared, property_violations
from handler.validation import Violation, coerced, joined, refuse


class RequestType(StrEnum):
    """What can be asked."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"
    DESCRIBE = "Describe"
    VALIDATE = "Validate"
    RELEASE = "Release"


class OnExisting(StrEnum):
    """What to do about a connection of that name which nobody is registered for."""

    FAIL = "Fail"
    ADOPT = "Adopt"


@dataclass(frozen=True, slots=True)
class Door:
    """What differs between the ways in."""

    name: str
    request_types: tuple[str, ...]
    default_wait_seconds: int
    longest_wait_seconds: int
    own_members: tuple[str, ...] = ("OnExisting", "WaitTimeoutSeconds", "Revision")
    waits_again: bool = False  # a message comes back, so that running out of time is not final
    is_deleting_foreign_fine: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request before any check, as far as an answer needs it."""

    door: Door
    request_type: object
    request_id: str
    owner: str
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


@dataclass(frozen=True, slots=True)
class Request:
    """One checked request; its properties hold a Text wherever they hold a reference."""

    door: Door
    request_type: RequestType
    request_id: str
    owner: str
    name: str
    properties: Mapping[str, Any]
    on_existing: OnExisting = OnExisting.FAIL
    wait_timeout_seconds: float = 0.0
    other_name: str = ""

    @property
    def written(self) -> dict[str, Any]:
        """Give the properties as plain JSON: references as they were written, no value."""
        return as_written(self.properties)


MEMBERS = ("RequestType", "RequestId", "ResourceProperties", "TaskToken")
CLOUDFORMATION = Door(
    name="cloudformation",
    request_types=("Create", "Update", "Delete"),
    default_wait_seconds=840,
    longest_wait_seconds=840,
    own_members=("OnExisting", "WaitTimeoutSeconds", "Revision", "ServiceToken", "ServiceTimeout"),
    is_deleting_foreign_fine=True,  # nothing of the stack's own is left, so that it can go
)
QUEUE = Door(
    name="queue",
    request_types=("Create", "Update", "Delete", "Describe", "Validate"),
    default_wait_seconds=30,
    longest_wait_seconds=60,
    waits_again=True,
)
DIRECT = Door(
    name="direct",
    request_types=tuple(RequestType),
    default_wait_seconds=30,
    longest_wait_seconds=60,
)
NAME_ONLY = (RequestType.DELETE, RequestType.DESCRIBE, RequestType.RELEASE)
OWNER_OF_REQUESTS = "requests"
LONGEST_NAME = 64
LONGEST_REQUEST_ID = 256
LONGEST_TASK_TOKEN = 2048
ANSWER_SECONDS = 30  # of ServiceTimeout, kept back for the answer


def asked_by_document(document: object, door: Door, request_id: str) -> Asked:
    """Read a message or a direct invocation: an envelope, or a bare CreateConnection document."""
    if not isinstance(document, Mapping):
        return Asked(door, None, request_id, OWNER_OF_REQUESTS, None, is_object=False)
    envelope = _enveloped(document)
    return Asked(
        door=door,
        request_type=envelope.get("RequestType"),
        request_id=_text(envelope.get("RequestId"), LONGEST_REQUEST_ID) or request_id,
        owner=OWNER_OF_REQUESTS,
        properties=envelope.get("ResourceProperties"),
        violations=tuple(_envelope_violations(envelope)),
        task_token=_text(envelope.get("TaskToken"), LONGEST_TASK_TOKEN),
    )


def asked_by_custom_resource(event: Mapping[str, Any], name_prefix: str) -> Asked:
    """Read a CloudFormation request, whose form its door has checked."""
    return Asked(
        door=CLOUDFORMATION,
        request_type=event["RequestType"],
        request_id=event["RequestId"],
        owner=f"cloudformation/{event['StackId']}/{event['LogicalResourceId']}",
        properties=event.get("ResourceProperties"),
        physical_resource_id=event.get("PhysicalResourceId", ""),
        derived_name=derived_name(event["StackId"], event["LogicalResourceId"], name_prefix),
    )


def derived_name(stack_id: str, logical_resource_id: str, prefix: str) -> str:
    """Make the name of a custom resource without Name: legible, and the same at every retry."""
    stack_name = stack_id.split("/")[1] if "/" in stack_id else "stack"
    digest = hashlib.sha256(f"{stack_id}/{logical_resource_id}".encode()).hexdigest()
    return f"{prefix}{stack_name}-{logical_resource_id}"[: LONGEST_NAME - 9] + f"-{digest[:8]}"


def check(asked: Asked, rules: Rules) -> Request:
    """
    Make the checked request.

    Raises:
        InvalidRequestError: tells every violation at once, each with its path, none with a value.
    """
    try:
        return _checked_deletion(asked) if _is_forgiving(asked) else _checked(asked, rules)
    except RecursionError:
        raise InvalidRequestError("the request is nested too deeply") from None


def _checked(asked: Asked, rules: Rules) -> Request:
    if not asked.is_object:
        raise InvalidRequestError("the request must be a JSON object")
    found = [*asked.violations, *_request_type_violations(asked)]
    if not isinstance(asked.properties, Mapping):
        refuse([*found, Violation("ResourceProperties", "required, an object")])
    own, desired = _split(asked, rules)
    found += _own_violations(own, asked.door)
    if asked.request_type in NAME_ONLY:
        found += name_violations(desired, rules)
    else:
        found += property_violations(desired, rules)
    refuse(found)
    return Request(
        door=asked.door,
        request_type=RequestType(str(asked.request_type)),
        request_id=asked.request_id,
        owner=asked.owner,
        name=desired["Name"],
        properties=desired,
        on_existing=OnExisting(own.get("OnExisting", OnExisting.FAIL)),
        wait_timeout_seconds=_wait_seconds(own, asked.door),
    )


def _is_forgiving(asked: Asked) -> bool:
    # A Delete must work for what any version of this function, or none, once accepted.
    return asked.door is CLOUDFORMATION and asked.request_type == RequestType.DELETE


def _checked_deletion(asked: Asked) -> Request:
    properties = asked.properties if isinstance(asked.properties, Mapping) else {}
    named = properties.get("Name")
    own = {name: properties.get(name) for name in ("ServiceTimeout",) if name in properties}
    return Request(
        door=asked.door,
        request_type=RequestType.DELETE,
        request_id=asked.request_id,
        owner=asked.owner,
        name=asked.physical_resource_id or asked.derived_name,
        properties={},
        wait_timeout_seconds=_wait_seconds(own, asked.door),
        other_name=named if isinstance(named, str) else asked.derived_name,
    )


def _split(asked: Asked, rules: Rules) -> tuple[dict[str, Any], dict[str, Any]]:
    given = dict(asked.properties) if isinstance(asked.properties, Mapping) else {}
    own = {name: given.pop(name) for name in asked.door.own_members if name in given}
    if asked.door is CLOUDFORMATION:
        given = {"Name": asked.physical_resource_id or asked.derived_name} | given
        given = dict(coerced(given, rules.shape))  # type: ignore[call-overload]
    return own, prepared(given, rules)


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


def _request_type_violations(asked: Asked) -> Iterator[Violation]:
    if asked.request_type not in asked.door.request_types:
        yield Violation("RequestType", f"must be one of {', '.join(asked.door.request_types)}")


def _own_violations(own: Mapping[str, Any], door: Door) -> Iterator[Violation]:
    if own.get("OnExisting", "Fail") not in list(OnExisting):
        yield Violation("OnExisting", f"must be one of {', '.join(OnExisting)}")
    wait = _seconds(own.get("WaitTimeoutSeconds", 0))
    if wait is None or wait > door.longest_wait_seconds:
        problem = f"must be a whole number from 0 to {door.longest_wait_seconds}"
        yield Violation("WaitTimeoutSeconds", problem)
    if not isinstance(own.get("Revision", ""), str):
        yield Violation("Revision", "must be a string")


def _wait_seconds(own: Mapping[str, Any], door: Door) -> float:
    wait = _seconds(own.get("WaitTimeoutSeconds"))
    bound = _seconds(own.get("ServiceTimeout"))
    wanted = door.default_wait_seconds if wait is None else wait
    return wanted if bound is None else min(wanted, max(bound - ANSWER_SECONDS, bound / 2))


def _seconds(value: object) -> int | None:
    # CloudFormation sends "30", a message 30; True is no number here.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 4:  # noqa: PLR2004
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
