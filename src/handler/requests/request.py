"""One checked request, whatever its entry point."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from handler.references.near_miss import is_near
from handler.references.syntax import with_texts
from handler.requests.options import OnExisting, option_violations, wait_seconds
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
    EntryPoint,
    RequestType,
    UncheckedRequest,
    well_formed,
)
from handler.requests.violation import Violation, misfit, refuse


@dataclass(frozen=True, slots=True)
class Request:
    """One checked request; its properties hold a Text wherever they hold a reference."""

    entry_point: EntryPoint
    request_type: RequestType
    request_id: str
    owner: str
    name: str
    request_time: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    on_existing: OnExisting = OnExisting.FAIL
    wait_timeout_seconds: float = 0.0
    started_at: datetime | None = None  # this delivery of it
    fallback_name: str = ""
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
    def properties_as_written(self) -> dict[str, Any]:
        """Give the properties as plain JSON: references as they were written, no value."""
        return as_written(self.properties)


NAME_ONLY = (RequestType.DELETE, RequestType.DESCRIBE, RequestType.RELEASE)
SENDERS = {CLOUDFORMATION: "CloudFormation", QUEUE: "messages", DIRECT: "direct invocations"}
SELECTORS = {RequestType.REFRESH: REFRESH, RequestType.RECONCILE: RECONCILE, RequestType.LIST: LIST}


def check(unchecked: UncheckedRequest, rules: Rules) -> Request:
    """
    Make the checked request.

    Raises:
        InvalidRequestError: tells every violation at once, each with its path, none with a value.
    """
    return _checked_deletion(unchecked) if _is_forgiving(unchecked) else _checked(unchecked, rules)


def _checked(unchecked: UncheckedRequest, rules: Rules) -> Request:
    if not unchecked.is_object:
        refuse(unchecked.violations)
    found = [*unchecked.violations, *_request_type_violations(unchecked)]
    if isinstance(unchecked.properties, Violation):
        refuse([unchecked.properties])
    problem = _properties_problem(unchecked, rules)
    if problem or unchecked.properties is None:
        refuse([*found, *([problem] if problem else [])])
    if not found and unchecked.request_type in SELECTORS:
        return _checked_selection(unchecked, rules)
    own, desired = _split(unchecked, rules)
    found += option_violations(own, unchecked.entry_point)
    if unchecked.request_type in NAME_ONLY or (
        unchecked.request_type not in list(RequestType) and set(desired) == {"Name"}
    ):
        found += name_violations(desired, rules)
    else:
        found += property_violations(desired, rules)
    refuse(found)
    is_named = isinstance(unchecked.properties, Mapping) and "Name" in unchecked.properties
    return _request(
        unchecked,
        own,
        name=desired["Name"],
        properties=desired,
        on_existing=OnExisting(own.get("OnExisting", OnExisting.FAIL)),
        fallback_name="" if is_named else unchecked.derived_name,
        previous_name=unchecked.previous_name,
    )


def _properties_problem(unchecked: UncheckedRequest, rules: Rules) -> Violation | None:
    given = unchecked.properties
    if given is None:
        is_needed = str(unchecked.request_type) not in SELECTORS
        return Violation("ResourceProperties", "required, an object") if is_needed else None
    if is_near(given):
        given = with_texts(given, rules.policy)
    return None if isinstance(given, Mapping) else misfit("ResourceProperties", "an object", given)


def _checked_selection(unchecked: UncheckedRequest, rules: Rules) -> Request:
    allowed = SELECTORS[RequestType(str(unchecked.request_type))]
    given = unchecked.properties if isinstance(unchecked.properties, Mapping) else {}
    own = {name: given[name] for name in ("WaitTimeoutSeconds",) if name in given}
    members = {name: value for name, value in given.items() if name not in own}
    found = [*option_violations(own, unchecked.entry_point)]
    found += selection_violations(members, allowed)
    if "Name" in members and "Name" in allowed:
        found += name_violations({"Name": members["Name"]}, rules)
    refuse(found)
    return _request(unchecked, own, name=members.get("Name", ""), selection=selected(members))


def _is_forgiving(unchecked: UncheckedRequest) -> bool:
    # A stack's roll-back and a destroy must end, also with what an Update was refused for.
    is_managed = unchecked.entry_point.may_delete_nothing
    return is_managed and unchecked.request_type == RequestType.DELETE


def _checked_deletion(unchecked: UncheckedRequest) -> Request:
    properties = unchecked.properties if isinstance(unchecked.properties, Mapping) else {}
    bound = "ServiceTimeout" if unchecked.entry_point is CLOUDFORMATION else "WaitTimeoutSeconds"
    own = {bound: properties.get(bound)}
    named = well_formed(properties) or unchecked.derived_name
    return _request(
        unchecked,
        own,
        name=unchecked.physical_resource_id or unchecked.derived_name or named,
        fallback_name=named,
    )


def _request(unchecked: UncheckedRequest, own: Mapping[str, Any], **members: Any) -> Request:
    reaches_vpc = is_private(members.get("properties"))
    return Request(
        entry_point=unchecked.entry_point,
        request_type=RequestType(str(unchecked.request_type)),
        request_id=unchecked.request_id,
        owner=unchecked.owner,
        request_time=unchecked.request_time,
        wait_timeout_seconds=wait_seconds(own, unchecked.entry_point, is_private=reaches_vpc),
        **members,
    )


def _split(unchecked: UncheckedRequest, rules: Rules) -> tuple[dict[str, Any], dict[str, Any]]:
    given = dict(unchecked.properties) if isinstance(unchecked.properties, Mapping) else {}
    own = {name: given.pop(name) for name in unchecked.entry_point.own_members if name in given}
    if unchecked.entry_point is CLOUDFORMATION:
        given = {"Name": unchecked.physical_resource_id or unchecked.derived_name} | given
        given = dict(coerced(given, rules.shape))  # type: ignore[call-overload]
    return own, prepared(given, rules)


def _request_type_violations(unchecked: UncheckedRequest) -> Iterator[Violation]:
    asked_for, allowed = unchecked.request_type, unchecked.entry_point.request_types
    if asked_for not in allowed:
        senders = [name for each, name in SENDERS.items() if asked_for in each.request_types]
        only = f"{asked_for} is for {' and '.join(senders)} only"
        yield Violation("RequestType", only if senders else f"must be one of {', '.join(allowed)}")
