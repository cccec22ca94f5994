"""One checked request, whatever the door."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handler.requests.options import OnExisting, own_violations, wait_seconds
from handler.requests.properties import (
    Rules,
    as_written,
    is_private,
    name_violations,
    prepared,
    property_violations,
)
from handler.requests.selection import (
    LIST,
    RECONCILE,
    REFRESH,
    WHOLE,
    Selection,
    selected,
    selection_violations,
)
from handler.requests.service_model import coerced
from handler.requests.unchecked_request import (
    CLOUDFORMATION,
    DIRECT,
    QUEUE,
    Asked,
    Door,
    RequestType,
    well_formed,
)
from handler.requests.violation import Violation, misfit, refuse


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
    started_at: datetime | None = None  # this delivery of it
    other_name: str = ""
    previous_name: str = ""  # what Terraform renames
    selection: Selection = WHOLE

    @property
    def is_maintenance(self) -> bool:
        """Tell whether it keeps what an owner asked for, and asks for nothing itself."""
        return self.request_type in SELECTORS

    @property
    def is_private(self) -> bool:
        """Tell whether its connection leads to an API inside a VPC."""
        return is_private(self.properties)

    @property
    def written(self) -> dict[str, Any]:
        """Give the properties as plain JSON: references as they were written, no value."""
        return as_written(self.properties)


NAME_ONLY = (RequestType.DELETE, RequestType.DESCRIBE, RequestType.RELEASE)
DOORS = {CLOUDFORMATION: "CloudFormation", QUEUE: "messages", DIRECT: "direct invocations"}
SELECTORS = {RequestType.REFRESH: REFRESH, RequestType.RECONCILE: RECONCILE, RequestType.LIST: LIST}


def check(asked: Asked, rules: Rules) -> Request:
    """
    Make the checked request.

    Raises:
        InvalidRequestError: tells every violation at once, each with its path, none with a value.
    """
    return _checked_deletion(asked) if _is_forgiving(asked) else _checked(asked, rules)


def _checked(asked: Asked, rules: Rules) -> Request:
    if not asked.is_object:
        refuse(asked.violations)
    found = [*asked.violations, *_request_type_violations(asked)]
    if not found and asked.request_type in SELECTORS:
        return _checked_selection(asked, RequestType(str(asked.request_type)), rules)
    if isinstance(asked.properties, Violation):
        refuse([asked.properties])
    if not isinstance(asked.properties, Mapping):
        wanted = misfit("ResourceProperties", "an object", asked.properties)
        if asked.properties is None:
            wanted = Violation("ResourceProperties", "required, an object")
        refuse(found if str(asked.request_type) in SELECTORS else [*found, wanted])
    own, desired = _split(asked, rules)
    found += own_violations(own, asked.door)
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
        wait_timeout_seconds=wait_seconds(own, asked.door, is_private=is_private(desired)),
        other_name="" if is_named else asked.derived_name,
        previous_name=asked.previous_name,
    )


def _checked_selection(asked: Asked, request_type: RequestType, rules: Rules) -> Request:
    given = asked.properties if isinstance(asked.properties, Mapping) else {}
    if asked.properties is not None and not isinstance(asked.properties, Mapping):
        refuse([misfit("ResourceProperties", "an object", asked.properties)])
    own = {name: given[name] for name in ("WaitTimeoutSeconds",) if name in given}
    members = {name: value for name, value in given.items() if name not in own}
    found = [*own_violations(own, asked.door)]
    found += selection_violations(members, SELECTORS[request_type])
    if "Name" in members and "Name" in SELECTORS[request_type]:
        found += name_violations({"Name": members["Name"]}, rules)
    refuse(found)
    return Request(
        door=asked.door,
        request_type=request_type,
        request_id=asked.request_id,
        owner=asked.owner,
        name=members.get("Name", ""),
        request_time=asked.request_time,
        properties={},
        wait_timeout_seconds=wait_seconds(own, asked.door),
        selection=selected(members),
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
        wait_timeout_seconds=wait_seconds(own, asked.door),
        other_name=well_formed(properties) or asked.derived_name,
    )


def _split(asked: Asked, rules: Rules) -> tuple[dict[str, Any], dict[str, Any]]:
    given = dict(asked.properties) if isinstance(asked.properties, Mapping) else {}
    own = {name: given.pop(name) for name in asked.door.own_members if name in given}
    if asked.door is CLOUDFORMATION:
        given = {"Name": asked.physical_resource_id or asked.derived_name} | given
        given = dict(coerced(given, rules.shape))  # type: ignore[call-overload]
    return own, prepared(given, rules)


def _request_type_violations(asked: Asked) -> Iterator[Violation]:
    asked_for, allowed = asked.request_type, asked.door.request_types
    if asked_for not in allowed:
        doors = " and ".join(DOORS[door] for door in DOORS if asked_for in door.request_types)
        listed = f"must be one of {', '.join(allowed)}"
        yield Violation("RequestType", f"{asked_for} is for {doors} only" if doors else listed)
