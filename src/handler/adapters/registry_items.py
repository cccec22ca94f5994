"""
The registry's items, and the conditions under which they are written.

They are connections, owners' deletions, and links from a secret to a connection.
The prefix of the partition key alone tells an item's kind, whatever the connection's name.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from handler.connections.record import Deletion, MaintenanceFailure, Record, Stored
from handler.connections.state import Write
from handler.errors import InvalidRequestError
from handler.references.source import Secret

CONNECTION = "CONNECTION#"
DELETION = "DELETION#"
SECRET = "SECRET#"  # noqa: S105  # nosec B105 # a key begins with it
PARAMETER = "PARAMETER#"
SURROGATE = re.compile("[\ud800-\udfff]")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LINKS_OF_A_TRANSACTION = 98  # beside connection and deletion; DynamoDB takes 100


def connection_key(name: str) -> dict[str, Any]:
    """Give the key under which a connection is known."""
    return {"PK": {"S": f"{CONNECTION}{name}"}, "SK": {"S": "CONNECTION"}}


def deletion_key(name: str, owner: str) -> dict[str, Any]:
    """Give the key under which an owner's deletion of a name is known."""
    return {"PK": {"S": f"{DELETION}{name}"}, "SK": {"S": owner}}


def link(secret: Secret, account: str, region: str) -> str:
    """Give the partition key of a secret's links; ``account`` is used if the secret names none."""
    kind = PARAMETER if secret.is_parameter else SECRET
    return f"{kind}{secret.account or account}#{region}#{secret.name}"


def link_key(partition: str, name: str) -> dict[str, Any]:
    """Give the key of a link to a connection."""
    return {"PK": {"S": partition}, "SK": {"S": name}}


def connection_item(record: Record) -> dict[str, Any]:
    """Give what is known of a connection as DynamoDB keeps it."""
    known = {name: getattr(record, name) for name in Record.__slots__ if name != "stored"}
    return connection_key(record.name) | {
        "Owner": {"S": record.owner},  # for conditions
        "Revision": {"N": str(record.stored.revision)},
        "WrittenAt": {"S": _plain(record.stored.written_at)},
        "Record": {"S": _compact(known)},
    }


def record_of(item: Mapping[str, Any]) -> Record:
    """Understand a connection's item."""
    known = json.loads(item["Record"]["S"])
    for name in ("pending_write", "answered_write"):
        known[name] = Write(**_with_times(known[name], Write)) if known[name] else None
    failure = known["maintenance_failure"]
    known["maintenance_failure"] = (
        MaintenanceFailure(**_with_times(failure, MaintenanceFailure)) if failure else None
    )
    known["replaces"] = tuple(known["replaces"])
    sources = frozenset(known["secret_versions"])
    written_at = datetime.fromisoformat(item["WrittenAt"]["S"])
    stored = Stored(int(item["Revision"]["N"]), sources, written_at)
    return Record(**_with_times(known, Record), stored=stored)


def deletion_item(deletion: Deletion) -> dict[str, Any]:
    """Give a deletion as an item, which DynamoDB removes after ExpiresAt."""
    return deletion_key(deletion.name, deletion.owner) | {
        "RequestTime": number(deletion.request_time),
        "ExpiresAt": {"N": str(int(deletion.expires_at.timestamp()))},
        "ConnectionArn": {"S": deletion.connection_arn},
    }


def deletion_of(item: Mapping[str, Any]) -> Deletion:
    """Understand a deletion's item."""
    return Deletion(
        name=item["PK"]["S"].removeprefix(DELETION),
        owner=item["SK"]["S"],
        request_time=EPOCH + timedelta(microseconds=int(item["RequestTime"]["N"])),
        expires_at=EPOCH + timedelta(seconds=int(item["ExpiresAt"]["N"])),
        connection_arn=item["ConnectionArn"]["S"],
    )


def number(time: datetime) -> dict[str, str]:
    """Write a time as a number that conditions can compare."""
    return {"N": str((time - EPOCH) // timedelta(microseconds=1))}


def token_of(key: Mapping[str, Any] | None) -> str:
    """Write the key at which a page ended as a token, "" for none."""
    names = [key["PK"]["S"], key["SK"]["S"]] if key else []
    return base64.urlsafe_b64encode(json.dumps(names).encode()).decode() if key else ""


def key_after(token: str) -> dict[str, Any]:
    """Read a token; InvalidRequestError if it is malformed."""
    with suppress(ValueError, RecursionError):
        match json.loads(base64.urlsafe_b64decode(token)):
            case [str(partition), str(sort)]:
                return {"PK": {"S": partition}, "SK": {"S": sort}}
    raise InvalidRequestError("NextToken: must be a NextToken as it was given")


def unchanged(record: Record) -> dict[str, Any]:
    """Refuse where somebody else wrote since the record was read."""
    if not record.stored.revision:
        return {"ConditionExpression": "attribute_not_exists(PK)"}
    return {
        "ConditionExpression": "Revision = :revision",
        "ExpressionAttributeValues": {":revision": {"N": str(record.stored.revision)}},
    }


def not_deleted_since(record: Record, now: datetime) -> dict[str, Any]:
    """Refuse if the owner deleted the name since the request, within the last day."""
    return {
        "Key": deletion_key(record.name, record.owner),
        "ConditionExpression": (
            "attribute_not_exists(PK) OR RequestTime < :time OR ExpiresAt <= :now"
        ),
        "ExpressionAttributeValues": {
            ":time": number(record.request_time),
            ":now": {"N": str(int(now.timestamp()))},
        },
    }


def not_owned(deletion: Deletion) -> dict[str, Any]:
    """Refuse if the owner has a record to delete."""
    return {
        "Key": connection_key(deletion.name),
        "ConditionExpression": "attribute_not_exists(PK) OR #owner <> :owner",
        "ExpressionAttributeNames": {"#owner": "Owner"},
        "ExpressionAttributeValues": {":owner": {"S": deletion.owner}},
    }


def newest(deletion: Deletion) -> dict[str, Any]:
    """Refuse where a newer deletion is known."""
    return {
        "Item": deletion_item(deletion),
        "ConditionExpression": "attribute_not_exists(PK) OR RequestTime <= :time",
        "ExpressionAttributeValues": {":time": number(deletion.request_time)},
    }


def steps(before: frozenset[str], after: frozenset[str]) -> Iterator[frozenset[str]]:
    """
    Yield the sources linked after each transaction, on the way from ``before`` to ``after``.

    Links are added before any is dropped: one too many does no harm, one too few misses a rotation.
    """
    changed = [*sorted(after - before), *sorted(before - after)]
    for end in range(LINKS_OF_A_TRANSACTION, len(changed), LINKS_OF_A_TRANSACTION):
        yield before ^ frozenset(changed[:end])
    yield after


def _with_times(known: dict[str, Any], kind: type) -> dict[str, Any]:
    return known | {
        name: datetime.fromisoformat(known[name]) for name in _times(kind) if known[name]
    }


@cache
def _times(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind) if "datetime" in str(each.type))


def _compact(known: Mapping[str, Any]) -> str:
    # As ASCII, a request of 200 KB could be larger than the 400 KB that an item may have. A lone
    # surrogate has no other form than its escape.
    text = json.dumps(known, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _plain(value: Any) -> Any:
    # asdict would copy the properties deeply, for each write.
    if isinstance(value, datetime):
        return value.isoformat()
    return {name: getattr(value, name) for name in value.__slots__}
