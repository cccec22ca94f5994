"""
The registry's items: what DynamoDB keeps of a connection, and the link from a secret to it.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from handler.errors import InvalidRequestError
from handler.ownership import TOMBSTONE_LIFETIME, Record, Seen

CONNECTION = "CONNECTION"  # the sort key of what is known of one
LINKS_OF_A_TRANSACTION = 99  # beside the connection's item; DynamoDB takes 100
OLDEST = datetime.min.replace(tzinfo=UTC)


def key_of(name: str) -> dict[str, Any]:
    """Give the key under which a connection is known."""
    return {"PK": {"S": f"CONNECTION#{name}"}, "SK": {"S": CONNECTION}}


def item_of(record: Record) -> dict[str, Any]:
    """Give what is known of a connection as DynamoDB keeps it."""
    return key_of(record.name) | {
        "Owner": {"S": record.owner},
        "ClaimTime": {"S": record.claimed_at.isoformat()},
        "ConnectionArn": {"S": record.connection_arn},
        "Properties": {"S": json.dumps(record.properties)},
        "SecretVersions": {"M": {key: {"S": each} for key, each in record.secret_versions.items()}},
        "IsAdopted": {"BOOL": record.is_adopted},
        "IsUnwanted": {"BOOL": record.is_unwanted},
        "UnsettledOutcome": {"S": record.unsettled_outcome},
        "LastModifiedTime": {"S": _iso(record.last_modified_time)},
        "RequestTime": {"S": _iso(record.request_time)},
        "LeaseHolder": {"S": record.lease_holder},
        "LeasedUntil": {"S": _iso(record.leased_until)},
        "ClaimedUntil": {"S": _iso(record.claimed_until)},
        "DeletedAt": {"S": _iso(record.deleted_at)},
        "Deletions": {"M": {owner: {"S": _iso(time)} for owner, time in record.deletions.items()}},
        "RefreshedAt": {"S": _iso(record.refreshed_at)},
        "WrittenAt": {"S": _iso(record.seen.written_at)},
        "Revision": {"N": str(record.seen.revision)},
        **_expiry(record),
    }


def _expiry(record: Record) -> dict[str, Any]:
    # DynamoDB's own clearing away comes late, and never counts: tombstones are judged in code.
    if record.deleted_at is None:
        return {}
    expires_at = record.deleted_at + 2 * TOMBSTONE_LIFETIME
    return {"ExpiresAt": {"N": str(int(expires_at.timestamp()))}}


def _iso(time: datetime | None) -> str:
    return time.isoformat() if time else ""


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def record_of(item: Mapping[str, Any]) -> Record:
    """Understand an item, also one of an earlier version."""
    # Members that an earlier version did not write have their defaults.
    text = {member: value.get("S", "") for member, value in item.items()}
    return Record(
        name=str(item["PK"]["S"]).partition("#")[2],
        owner=text["Owner"],
        claimed_at=datetime.fromisoformat(text["ClaimTime"]),
        request_time=_time(text.get("RequestTime")) or OLDEST,
        connection_arn=text["ConnectionArn"],
        properties=json.loads(text["Properties"]),
        secret_versions=_map(item.get("SecretVersions")),
        is_adopted=item["IsAdopted"]["BOOL"],
        is_unwanted=item.get("IsUnwanted", {}).get("BOOL", False),
        unsettled_outcome=text["UnsettledOutcome"],
        last_modified_time=_time(text["LastModifiedTime"]),
        lease_holder=text.get("LeaseHolder", ""),
        leased_until=_time(text.get("LeasedUntil")),
        claimed_until=_time(text.get("ClaimedUntil")),
        deleted_at=_time(text.get("DeletedAt")),
        deletions={
            owner: datetime.fromisoformat(time)
            for owner, time in _map(item.get("Deletions")).items()
        },
        refreshed_at=_time(text.get("RefreshedAt")),
        seen=Seen(int(item["Revision"]["N"]), _linked(item), _time(text.get("WrittenAt"))),
    )


def _linked(item: Mapping[str, Any]) -> frozenset[str]:
    # Before this member there were no links.
    return frozenset(_map(item["SecretVersions"]) if "RefreshedAt" in item else ())


def _map(value: Mapping[str, Any] | None) -> dict[str, str]:
    return {key: each["S"] for key, each in (value or {"M": {}})["M"].items()}


def steps(before: frozenset[str], after: frozenset[str]) -> Iterator[frozenset[str]]:
    """
    Yield the sources that are linked after each transaction, on the way from some to others.

    Links are added before any is dropped: one too many does no harm, one too few misses a rotation.
    """
    changed = [*sorted(after - before), *sorted(before - after)]
    for end in range(LINKS_OF_A_TRANSACTION, len(changed), LINKS_OF_A_TRANSACTION):
        yield before ^ frozenset(changed[:end])
    yield after


def token_of(key: Mapping[str, Any] | None) -> str:
    """Write the key at which a page ended as a token, "" for none."""
    names = [key["PK"]["S"], key["SK"]["S"]] if key else []
    return base64.urlsafe_b64encode(json.dumps(names).encode()).decode() if key else ""


def key_after(token: str) -> dict[str, Any]:
    """Read a token; InvalidRequestError where it was never given."""
    with suppress(ValueError, RecursionError):
        match json.loads(base64.urlsafe_b64decode(token)):
            case [str(partition), str(sort)]:
                return {"PK": {"S": partition}, "SK": {"S": sort}}
    raise InvalidRequestError("NextToken: none that was given")
