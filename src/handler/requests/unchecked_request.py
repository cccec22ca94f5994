"""A request before any check: the event of any entry point in one form."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from handler.requests import envelope
from handler.requests.connection_name import derived_name, well_formed_name
from handler.requests.entry_point import CLOUDFORMATION, SELECTING, EntryPoint, for_terraform
from handler.requests.envelope import TERRAFORM_MEMBER
from handler.requests.request_time import counting_time, signing_time
from handler.requests.violation import Violation
from handler.requests.wrong_envelope import wrong_envelope


@dataclass(frozen=True, slots=True)
class UncheckedRequest:
    """A request before any check, as far as an answer needs it."""

    entry_point: EntryPoint
    request_type: object
    request_id: str
    owner: str  # "" if it is malformed or could not be read
    request_time: datetime
    properties: object = field(repr=False)
    physical_resource_id: str = ""
    derived_name: str = ""
    previous_name: str = ""  # the name before a rename by Terraform
    violations: tuple[Violation, ...] = ()
    task_token: str = field(default="", repr=False)
    is_object: bool = True

    @property
    def known_request_type(self) -> str:
        """Give the request's type if its entry point accepts it, otherwise ""."""
        return str(self.request_type) if self.request_type in self.entry_point.request_types else ""

    @property
    def acts_for(self) -> str:
        """Give the owner that it acts for, "" if it selects connections of any owner."""
        is_limited = self.entry_point.is_limited_to_owner
        return self.owner if is_limited or self.request_type not in SELECTING else ""

    @property
    def name(self) -> str:
        """Give the best known name; a malformed one is never shown."""
        own_id = {"Name": self.physical_resource_id}
        return well_formed_name(self.properties) or well_formed_name(own_id) or self.derived_name


NO_OBJECT = Violation("", "the request must be a JSON object")


def read_document(
    document: object, entry_point: EntryPoint, request_id: str, arrival: datetime
) -> UncheckedRequest:
    """Read a message or an invocation, with or without envelope, or keep why it is unreadable."""
    problem = document if isinstance(document, Violation) else wrong_envelope(document)
    if problem or not isinstance(document, Mapping):
        unread = UncheckedRequest(entry_point, None, request_id, "", arrival, None)
        return replace(unread, violations=(problem or NO_OBJECT,), is_object=False)
    given = envelope.enveloped(document, entry_point.members)
    properties = given.get("ResourceProperties")
    change: Any = given.get(TERRAFORM_MEMBER) if TERRAFORM_MEMBER in entry_point.members else None
    is_terraform = envelope.is_change(change)
    before = change["prev_input"] if is_terraform else None
    previous = envelope.enveloped(before or {}, entry_point.members)
    previous_name = well_formed_name(previous.get("ResourceProperties"))
    return UncheckedRequest(
        entry_point=for_terraform(entry_point) if is_terraform else entry_point,
        request_type=given.get("RequestType"),
        request_id=envelope.text(given, "RequestId") or request_id,
        owner=envelope.owner(given) if "Owner" in entry_point.members else "",
        request_time=counting_time(given, arrival),
        properties=properties,
        previous_name=previous_name if previous_name != well_formed_name(properties) else "",
        violations=tuple(envelope.violations(given, entry_point.members)),
        task_token=envelope.text(given, "TaskToken"),
    )


def read_custom_resource(
    event: Mapping[str, Any], name_prefix: str, arrival: datetime
) -> UncheckedRequest:
    """Read a CloudFormation request, whose form its entry point has checked."""
    return UncheckedRequest(
        entry_point=CLOUDFORMATION,
        request_type=event["RequestType"],
        request_id=event["RequestId"],
        owner=f"cloudformation/{event['StackId']}/{event['LogicalResourceId']}",
        request_time=signing_time(event.get("ResponseURL", ""), arrival),
        properties=envelope.within_limits(event.get("ResourceProperties")),
        physical_resource_id=event.get("PhysicalResourceId", ""),
        derived_name=derived_name(event["StackId"], event["LogicalResourceId"], name_prefix),
    )
