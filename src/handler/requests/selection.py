"""What a Refresh, a Reconcile or a List is about: a connection, a secret's connections, a page."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handler.references.source import Secret, Service, Source
from handler.references.syntax import SECRET_ARN, SECRET_NAME
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
REFRESH = ("Name", "SecretId", "AccountId", "VersionId", "ParameterName")
RECONCILE = ("Name", "ReconcileMode")
LIST = ("NextToken",)


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen beside a name."""

    secrets: tuple[Secret, ...] = ()  # one, or what an ARN may mean
    version_id: str = ""
    next_token: str = ""
    reconcile_mode: str = ""  # the installation's


WHOLE = Selection()


def is_well_formed(name: str, value: object) -> bool:
    """Tell whether a member may have this value; Name is judged elsewhere."""
    pattern, _ = MEMBERS.get(name, (None, ""))
    return pattern is not None and isinstance(value, str) and bool(pattern.fullmatch(value))


def violations(members: Mapping[str, Any], allowed: tuple[str, ...]) -> Iterator[Violation]:
    """Yield what is wrong with the members that choose."""
    for name, value in members.items():
        if name not in allowed:
            yield Violation(joined("", name), f"unknown member; allowed are {', '.join(allowed)}")
        elif name != "Name" and not is_well_formed(name, value):
            yield Violation(name, MEMBERS[name][1])
    if allowed is REFRESH:
        yield from _refresh_violations(members)


def selected(members: Mapping[str, Any]) -> Selection:
    """Understand members that are as they should be."""
    return Selection(
        secrets=tuple(_secrets(members)),
        version_id=members.get("VersionId", ""),
        next_token=members.get("NextToken", ""),
        reconcile_mode=members.get("ReconcileMode", ""),
    )


def _refresh_violations(members: Mapping[str, Any]) -> Iterator[Violation]:
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
