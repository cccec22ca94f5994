"""What a Refresh, a Reconcile or a List is about: a connection, a secret's connections, a page."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handler.source import Secret, Service, Source
from handler.spelling import SECRET_ARN, SECRET_NAME
from handler.violation import Violation, joined

PARAMETER_NAME = re.compile(r"[\w./-]{1,1011}", re.ASCII)
ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)
VERSION_ID = re.compile(r"[\x21-\x7E]{1,64}")
NEXT_TOKEN = re.compile(r"[\w=-]{1,4096}", re.ASCII)
RECONCILE_MODE = re.compile(r"Report|Repair")
PATTERNS = {
    "SecretId": (SECRET_NAME, SECRET_ARN),
    "AccountId": (ACCOUNT_ID,),
    "VersionId": (VERSION_ID,),
    "ParameterName": (PARAMETER_NAME,),
    "NextToken": (NEXT_TOKEN,),
    "ReconcileMode": (RECONCILE_MODE,),
}
REFRESH = ("Name", "SecretId", "AccountId", "VersionId", "ParameterName")
RECONCILE = ("Name", "ReconcileMode")
LIST = ("NextToken",)


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen beside a name."""

    secret: Secret | None = None
    version_id: str = ""
    next_token: str = ""
    reconcile_mode: str = ""  # the installation's


WHOLE = Selection()


def is_well_formed(name: str, value: object) -> bool:
    """Tell whether a member may have this value; Name is judged elsewhere."""
    patterns = PATTERNS.get(name, ())
    return isinstance(value, str) and any(pattern.fullmatch(value) for pattern in patterns)


def selection_violations(
    members: Mapping[str, Any], allowed: tuple[str, ...]
) -> Iterator[Violation]:
    """Yield what is wrong with the members that choose."""
    for name, value in members.items():
        if name not in allowed:
            yield Violation(joined("", name), f"unknown member; allowed are {', '.join(allowed)}")
        elif name != "Name" and not is_well_formed(name, value):
            yield Violation(name, "malformed")
    if allowed is REFRESH:
        yield from _refresh_violations(members)


def selected(members: Mapping[str, Any]) -> Selection:
    """Understand members that are as they should be."""
    return Selection(
        secret=_secret(members),
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


def _secret(members: Mapping[str, Any]) -> Secret | None:
    if "ParameterName" in members:
        return Source(Service.SSM, members["ParameterName"]).secret
    if "SecretId" not in members:
        return None
    secret_id = members["SecretId"]
    is_arn = secret_id.startswith("arn:")
    account = secret_id.split(":")[4] if is_arn else members.get("AccountId", "")
    return Source(Service.SECRETS_MANAGER, secret_id, account=account).secret
