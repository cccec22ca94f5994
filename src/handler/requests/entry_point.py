"""The entry points, and what differs between them: request types, waits, members."""

from dataclasses import dataclass, replace
from enum import StrEnum

from handler.requests.envelope import MEMBERS, TERRAFORM_MEMBER
from handler.settings import LONGEST_WAIT_SECONDS


class RequestType(StrEnum):
    """The types of requests."""

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
class EntryPoint:
    """What differs between the entry points."""

    name: str
    request_types: tuple[str, ...]
    default_wait_seconds: int
    longest_wait_seconds: int
    private_wait_seconds: int = 30  # the default where the connection leads to a private API
    own_members: tuple[str, ...] = ("OnExisting", "WaitTimeoutSeconds", "Revision")
    members: tuple[str, ...] = MEMBERS
    waits_again: bool = False  # a message comes back, so that running out of time is not final
    is_last_chance: bool = False  # there is no later delivery to rely on
    may_delete_nothing: bool = False


CLOUDFORMATION = EntryPoint(
    name="cloudformation",
    request_types=("Create", "Update", "Delete"),
    default_wait_seconds=840,  # what one delivery can wait
    longest_wait_seconds=LONGEST_WAIT_SECONDS,
    private_wait_seconds=LONGEST_WAIT_SECONDS,
    own_members=("OnExisting", "WaitTimeoutSeconds", "Revision", "ServiceToken", "ServiceTimeout"),
    is_last_chance=True,
    may_delete_nothing=True,  # so that the stack can be deleted if nothing of its own is left
)
QUEUE = EntryPoint(
    name="queue",
    request_types=("Create", "Update", "Delete", "Describe", "Validate", "Refresh", "Reconcile"),
    default_wait_seconds=30,
    longest_wait_seconds=60,
    waits_again=True,
)
DIRECT = EntryPoint(
    name="direct",
    request_types=tuple(RequestType),
    default_wait_seconds=30,
    longest_wait_seconds=300,
    members=(*MEMBERS, TERRAFORM_MEMBER),
)
TERRAFORM = replace(DIRECT, may_delete_nothing=True)  # so that a destroy can end
