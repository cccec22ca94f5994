"""One checked request, whatever its entry point."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from handler.references.malformed_reference import looks_like_reference
from handler.references.syntax import with_texts
from handler.requests import options, properties
from handler.requests.connection_name import well_formed_name
from handler.requests.entry_point import (
    CLOUDFORMATION,
    MAINTENANCE_QUEUE,
    SELECTING,
    EntryPoint,
    RequestType,
    senders,
)
from handler.requests.options import OnExisting
from handler.requests.properties import Rules
from handler.requests.selection import (
    WHOLE,
    Selection,
    accepted_members,
    selected,
    selection_violations,
)
from handler.requests.service_model import rebuilt, to_boolean
from handler.requests.unchecked_request import UncheckedRequest
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
    started_at: datetime | None = None  # when this delivery began
    fallback_name: str = ""
    previous_name: str = ""  # the old name in a rename by Terraform
    selection: Selection = WHOLE

    @property
    def is_maintenance(self) -> bool:
        """Tell whether it maintains what is registered already: Refresh or Reconcile."""
        return self.request_type in MAINTENANCE_QUEUE.request_types

    @property
    def is_private(self) -> bool:
        """Tell whether its connection leads to an API inside a VPC."""
        return properties.is_private(self.properties)

    @property
    def properties_as_written(self) -> dict[str, Any]:
        """Give the properties as plain JSON: references as they were written, no value."""
        return properties.as_written(self.properties)


NAME_ONLY = (RequestType.DELETE, RequestType.DESCRIBE, RequestType.RELEASE)


def check(unchecked: UncheckedRequest, rules: Rules) -> Request:
    """
    Make the checked request.

    Raises:
        InvalidRequestError: lists every violation with its path, none with a value.
    """
    # A stack's rollback and a destroy must succeed, even with properties that were refused.
    if (
        unchecked.entry_point.delete_always_succeeds
        and unchecked.request_type == RequestType.DELETE
    ):
        return _checked_deletion(unchecked)
    given = unchecked.properties
    if not unchecked.is_object or isinstance(given, Violation):
        refuse([given] if isinstance(given, Violation) else unchecked.violations)
    found = [*unchecked.violations, *_request_type_violations(unchecked)]
    found += _form_violations(unchecked, rules)
    if not isinstance(given, Mapping) or looks_like_reference(given):
        refuse(found)
    if unchecked.request_type in SELECTING:  # it may be of any type
        return _checked_selection(unchecked, rules, found)
    return _checked(unchecked, rules, found)


def _checked(unchecked: UncheckedRequest, rules: Rules, found: list[Violation]) -> Request:
    own, desired = _split(unchecked, rules)
    found += options.violations(own, unchecked.entry_point)
    is_unknown = unchecked.request_type not in list(RequestType)
    if unchecked.request_type in NAME_ONLY or (is_unknown and set(desired) == {"Name"}):
        found += properties.name_violations(desired, rules)
    else:
        found += properties.property_violations(desired, rules)
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


def _checked_selection(
    unchecked: UncheckedRequest, rules: Rules, found: list[Violation]
) -> Request:
    if not unchecked.known_request_type:  # the members of what is refused anyway do not matter
        refuse(found)
    allowed = accepted_members(RequestType(str(unchecked.request_type)), unchecked.entry_point)
    members = dict(unchecked.properties) if isinstance(unchecked.properties, Mapping) else {}
    own = {name: members.pop(name) for name in ("WaitTimeoutSeconds",) if name in members}
    found += options.violations(own, unchecked.entry_point)
    found += selection_violations(members, allowed)
    if "Name" in members and "Name" in allowed.names:
        found += properties.name_violations({"Name": members["Name"]}, rules)
    refuse(found)
    chosen = selected(members)
    return _request(unchecked, own, name=members.get("Name", ""), selection=chosen)


def _checked_deletion(unchecked: UncheckedRequest) -> Request:
    given = unchecked.properties if isinstance(unchecked.properties, Mapping) else {}
    bound = "ServiceTimeout" if unchecked.entry_point is CLOUDFORMATION else "WaitTimeoutSeconds"
    named = well_formed_name(given) or unchecked.derived_name
    # An id that no connection can have, such as another provider's, is dropped and never shown.
    own_id = well_formed_name({"Name": unchecked.physical_resource_id})
    name = own_id or ("" if unchecked.physical_resource_id else unchecked.derived_name) or named
    return _request(unchecked, {bound: given.get(bound)}, name=name, fallback_name=named)


def _request(unchecked: UncheckedRequest, own: Mapping[str, Any], **members: Any) -> Request:
    is_private = properties.is_private(members.get("properties"))
    wait = options.wait_seconds(own, unchecked.entry_point, is_private=is_private)
    return Request(
        entry_point=unchecked.entry_point,
        request_type=RequestType(str(unchecked.request_type)),
        request_id=unchecked.request_id,
        owner=unchecked.owner,
        request_time=unchecked.request_time,
        wait_timeout_seconds=wait,
        **members,
    )


def _split(unchecked: UncheckedRequest, rules: Rules) -> tuple[dict[str, Any], dict[str, Any]]:
    given = dict(unchecked.properties) if isinstance(unchecked.properties, Mapping) else {}
    own = {name: given.pop(name) for name in unchecked.entry_point.own_members if name in given}
    if unchecked.entry_point is CLOUDFORMATION:
        given = {"Name": unchecked.physical_resource_id or unchecked.derived_name} | given
        given = dict(rebuilt(given, rules.shape, to_boolean))  # type: ignore[call-overload]
    return own, properties.prepared(given, rules)


def _form_violations(unchecked: UncheckedRequest, rules: Rules) -> Iterator[Violation]:
    given = unchecked.properties
    if given is None and str(unchecked.request_type) not in SELECTING:
        yield Violation("ResourceProperties", "required, an object")
    elif given is not None and (not isinstance(given, Mapping) or looks_like_reference(given)):
        yield misfit("ResourceProperties", "an object", with_texts(given, rules.policy))


def _request_type_violations(unchecked: UncheckedRequest) -> Iterator[Violation]:
    asked_for, allowed = unchecked.request_type, unchecked.entry_point.request_types
    if asked_for not in allowed:
        known = senders(lambda each: asked_for in each.request_types)
        only = f"{asked_for} is for {known} only"
        yield Violation("RequestType", only if known else f"must be one of {', '.join(allowed)}")
