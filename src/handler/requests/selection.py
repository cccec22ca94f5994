"""What a Refresh, a Reconcile or a List is about: the members that select it, and their forms."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handler.references.source import Secret, Service, Source
from handler.references.syntax import SECRET_ARN, SECRET_NAME
from handler.requests.entry_point import EntryPoint, RequestType
from handler.requests.violation import Violation, joined
from handler.settings import RECONCILE_MODES

SECRET_ID = re.compile(f"{SECRET_NAME.pattern}|{SECRET_ARN.pattern}", re.ASCII)
PARAMETER_NAME = re.compile(r"[\w./-]{1,1011}", re.ASCII)
ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)
VERSION_ID = re.compile(r"[\x21-\x7E]{1,64}")
NEXT_TOKEN = re.compile(r"[\w=-]{1,4096}", re.ASCII)
RECONCILE_MODE = re.compile("|".join(RECONCILE_MODES))
MEMBERS = {
    "SecretId": (SECRET_ID, "must be the name or the ARN of a secret"),
    "AccountId": (ACCOUNT_ID, "must be 12 digits, as text"),
    "VersionId": (VERSION_ID, "must have 1 to 64 printable characters"),
    "ParameterName": (PARAMETER_NAME, "must be the name of a parameter, such as /connections/crm"),
    "NextToken": (NEXT_TOKEN, "must be a NextToken as it was given"),
    "ReconcileMode": (RECONCILE_MODE, f"must be one of {', '.join(RECONCILE_MODES)}"),
}


@dataclass(frozen=True, slots=True)
class AcceptedMembers:
    """What a request that selects connections may hold, and which of it is needed."""

    names: tuple[str, ...]
    needs_name: bool = False
    needs_target: bool = False  # a name, a secret or a parameter


MEMBERS_OF_TYPE = {
    RequestType.REFRESH: AcceptedMembers(
        ("Name", "SecretId", "AccountId", "VersionId", "ParameterName"), needs_target=True
    ),
    RequestType.RECONCILE: AcceptedMembers(("Name", "ReconcileMode")),
    RequestType.LIST: AcceptedMembers(("NextToken",)),
}
# Where callers are limited to an owner, Refresh is the only one of these types that they may send.
REFRESH_BY_NAME = AcceptedMembers(("Name",), needs_name=True)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a request selects besides a name."""

    secrets: tuple[Secret, ...] = ()  # one, or each reading of an ARN
    version_id: str = ""
    next_token: str = ""
    reconcile_mode: str = ""  # "" means: the installation's


WHOLE = Selection()


def accepted_members(request_type: RequestType, entry_point: EntryPoint) -> AcceptedMembers:
    """Give what a request may select by; who is limited to an owner must name a connection."""
    return REFRESH_BY_NAME if entry_point.is_limited_to_owner else MEMBERS_OF_TYPE[request_type]


def selection_violations(
    members: Mapping[str, Any], allowed: AcceptedMembers
) -> Iterator[Violation]:
    """Yield what is wrong with the members of a Selection."""
    for name, value in members.items():
        if name not in allowed.names:
            problem = "not accepted here" if name in MEMBERS else "unknown member"
            known = ", ".join(allowed.names)
            yield Violation(joined("", name), f"{problem}; accepted here: {known}")
        elif name != "Name":
            pattern, problem = MEMBERS[name]
            if not isinstance(value, str) or not pattern.fullmatch(value):
                yield Violation(name, problem)
    if allowed.needs_name and "Name" not in members:
        yield Violation("Name", "required")
    if allowed.needs_target:
        yield from _target_violations(members)


def selected(members: Mapping[str, Any]) -> Selection:
    """Read members that passed the checks."""
    return Selection(
        secrets=tuple(_secrets(members)),
        version_id=members.get("VersionId", ""),
        next_token=members.get("NextToken", ""),
        reconcile_mode=members.get("ReconcileMode", ""),
    )


def _target_violations(members: Mapping[str, Any]) -> Iterator[Violation]:
    if not {"Name", "SecretId", "ParameterName"} & set(members):
        yield Violation("", "Refresh needs Name, SecretId or ParameterName")
    if {"SecretId", "ParameterName"} <= set(members):
        yield Violation("ParameterName", "give SecretId or ParameterName, not both")
    for name in ("AccountId", "VersionId"):
        if name in members and "SecretId" not in members:
            yield Violation(name, "goes with SecretId")


def _secrets(members: Mapping[str, Any]) -> Iterator[Secret]:
    if "ParameterName" in members:
        yield Source(Service.SSM, members["ParameterName"]).secret
    if "SecretId" in members:
        source = Source(Service.SECRETS_MANAGER, members["SecretId"])
        account = source.account or members.get("AccountId", "")
        yield from dict.fromkeys(Secret(each.name, account=account) for each in source.candidates)
