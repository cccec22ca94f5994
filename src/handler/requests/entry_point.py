"""The entry points, and what differs between them: request types, waits, members."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from handler.requests.envelope import MEMBERS, TERRAFORM_MEMBER
from handler.settings import (
    INVOCATION_WAIT_SECONDS,
    LONGEST_INVOCATION_WAIT_SECONDS,
    LONGEST_MESSAGE_WAIT_SECONDS,
    LONGEST_STACK_WAIT_SECONDS,
    MESSAGE_WAIT_SECONDS,
    STACK_WAIT_SECONDS,
)


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


SELECTING = (RequestType.REFRESH, RequestType.RECONCILE, RequestType.LIST)
ASKED_BY_PRODUCERS = ("Create", "Update", "Delete", "Describe", "Validate", "Refresh")


class EntryPoint(NamedTuple):
    """What differs between the entry points."""

    name: str
    sender: str  # who comes in here, as errors tell it
    request_types: tuple[str, ...]
    default_wait_seconds: int
    private_wait_seconds: int  # the default where it leads to a private API
    longest_wait_seconds: int
    own_members: tuple[str, ...] = ("OnExisting", "WaitTimeoutSeconds", "Revision")
    members: tuple[str, ...] = MEMBERS
    takes_adoptions: bool = False
    is_limited_to_owner: bool = False  # sees and refreshes no connection of another owner
    waits_again: bool = False  # a message comes back, so that running out of time is not final
    is_answered_once: bool = False  # its answer is final: retry every transient error before it
    # A Delete succeeds even if its properties are wrong, or the connection is gone or another's.
    delete_always_succeeds: bool = False
    deletes_replaced: bool = False  # after a rename: the caller sends no Delete for the old name


CLOUDFORMATION = EntryPoint(
    name="cloudformation",
    sender="CloudFormation",
    request_types=("Create", "Update", "Delete"),
    default_wait_seconds=STACK_WAIT_SECONDS,
    private_wait_seconds=LONGEST_STACK_WAIT_SECONDS,
    longest_wait_seconds=LONGEST_STACK_WAIT_SECONDS,
    own_members=("OnExisting", "WaitTimeoutSeconds", "Revision", "ServiceToken", "ServiceTimeout"),
    is_answered_once=True,
    delete_always_succeeds=True,  # or the stack could never be deleted
    takes_adoptions=True,
)
REQUEST_QUEUE = EntryPoint(
    name="request_queue",
    sender="messages",
    request_types=ASKED_BY_PRODUCERS,
    default_wait_seconds=MESSAGE_WAIT_SECONDS,
    private_wait_seconds=MESSAGE_WAIT_SECONDS,
    longest_wait_seconds=LONGEST_MESSAGE_WAIT_SECONDS,
    is_limited_to_owner=True,
    waits_again=True,
)
MAINTENANCE_QUEUE = EntryPoint(
    name="maintenance_queue",
    sender="the maintenance queue",
    request_types=("Refresh", "Reconcile"),
    members=("RequestType", "RequestId", "RequestTime", "ResourceProperties"),
    default_wait_seconds=MESSAGE_WAIT_SECONDS,
    private_wait_seconds=MESSAGE_WAIT_SECONDS,
    longest_wait_seconds=LONGEST_MESSAGE_WAIT_SECONDS,
    waits_again=True,
)
REQUESTS_ALIAS = EntryPoint(
    name="requests",
    sender="the alias requests",
    request_types=ASKED_BY_PRODUCERS,
    default_wait_seconds=INVOCATION_WAIT_SECONDS,
    private_wait_seconds=INVOCATION_WAIT_SECONDS,
    longest_wait_seconds=LONGEST_INVOCATION_WAIT_SECONDS,
    members=(*MEMBERS, TERRAFORM_MEMBER),
    is_limited_to_owner=True,
    takes_adoptions=True,
)
DIRECT = EntryPoint(
    name="direct",
    sender="direct invocations of the function itself",
    request_types=tuple(RequestType),
    default_wait_seconds=INVOCATION_WAIT_SECONDS,
    private_wait_seconds=INVOCATION_WAIT_SECONDS,
    longest_wait_seconds=LONGEST_INVOCATION_WAIT_SECONDS,
    members=(*MEMBERS, TERRAFORM_MEMBER),
    takes_adoptions=True,
)


ENTRY_POINTS = (CLOUDFORMATION, REQUEST_QUEUE, REQUESTS_ALIAS, MAINTENANCE_QUEUE, DIRECT)


def senders(takes: Callable[[EntryPoint], bool]) -> str:
    """Name who comes in where something is taken, "" if it is taken nowhere."""
    *others, last = [each.sender for each in ENTRY_POINTS if takes(each)] or [""]
    return f"{', '.join(others)} and {last}" if others else last


def for_terraform(entry_point: EntryPoint) -> EntryPoint:
    """Give an entry point as Terraform uses it: a destroy must end, a rename leaves nothing."""
    return entry_point._replace(delete_always_succeeds=True, deletes_replaced=True)
