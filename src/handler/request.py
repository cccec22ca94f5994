"""One checked request, whatever the door."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from handler.asked import CLOUDFORMATION, LONGEST_NAME, Asked, Door, RequestType
from handler.errors import InvalidRequestError
from handler.properties import Rules, as_written, name_violations, prepared, property_violations
from handler.validation import coerced
from handler.violation import Violation, refuse


class OnExisting(StrEnum):
    """What to do about a connection of that name which nobody is registered for."""

    FAIL = "Fail"
    ADOPT = "Adopt"


@dataclass(frozen=True, slots=True)
class Request:
    """One checked request; its properties hold a Text wherever they hold a reference."""

    door: Door
    request_type: RequestType
    request_id: str
    owner: str
    name: str
    request_time: datetime
    properties: Mapping[str, Any]
    on_existing: OnExisting = OnExisting.FAIL
    wait_timeout_seconds: float = 0.0
    other_name: str = ""

    @property
    def written(self) -> dict[str, Any]:
        """Give the properties as plain JSON: references as they were written, no value."""
        return as_written(self.properties)


NAME_ONLY = (RequestType.DELETE, RequestType.DESCRIBE, RequestType.RELEASE)
ANSWER_SECONDS = 30  # of ServiceTimeout, kept back for the answer


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
    is_named = isinstance(asked.properties, Mapping) and "Name" in asked.properties
    return Request(
        door=asked.door,
        request_type=RequestType(str(asked.request_type)),
        request_id=asked.request_id,
        owner=asked.owner,
        name=desired["Name"],
        request_time=asked.request_time,
        properties=desired,
        on_existing=OnExisting(own.get("OnExisting", OnExisting.FAIL)),
        wait_timeout_seconds=_wait_seconds(own, asked.door),
        other_name="" if is_named else asked.derived_name,
    )


def _is_forgiving(asked: Asked) -> bool:
    # A Delete must work for what any version of this function, or none, once accepted.
    return asked.door is CLOUDFORMATION and asked.request_type == RequestType.DELETE


def _checked_deletion(asked: Asked) -> Request:
    properties = asked.properties if isinstance(asked.properties, Mapping) else {}
    own = {name: properties.get(name) for name in ("ServiceTimeout",) if name in properties}
    return Request(
        door=asked.door,
        request_type=RequestType.DELETE,
        request_id=asked.request_id,
        owner=asked.owner,
        name=asked.physical_resource_id or asked.derived_name,
        request_time=asked.request_time,
        properties={},
        wait_timeout_seconds=_wait_seconds(own, asked.door),
        other_name=_named(properties) or asked.derived_name,
    )


def _named(properties: Mapping[str, Any]) -> str:
    # What was no name never became a connection, and would not be a key of the registry.
    named = properties.get("Name")
    return named if isinstance(named, str) and len(named) <= LONGEST_NAME else ""


def _split(asked: Asked, rules: Rules) -> tuple[dict[str, Any], dict[str, Any]]:
    given = dict(asked.properties) if isinstance(asked.properties, Mapping) else {}
    own = {name: given.pop(name) for name in asked.door.own_members if name in given}
    if asked.door is CLOUDFORMATION:
        given = {"Name": asked.physical_resource_id or asked.derived_name} | given
        given = dict(coerced(given, rules.shape))  # type: ignore[call-overload]
    return own, prepared(given, rules)


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
