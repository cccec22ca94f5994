"""
Adapter: the registry in DynamoDB; one item a connection, every write conditional on the revision
read.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from handler.aws import Caller
from handler.ownership import TOMBSTONE_LIFETIME, Record

CONNECTION = "CONNECTION"
OLDEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DynamoDbRegistry:
    """The registry's table."""

    call: Caller
    table_name: str

    def read(self, name: str) -> Record | None:
        """Read what is known about a name, strongly consistent."""
        answer = self.call(
            "get_item",
            f"registry entry {name}",
            TableName=self.table_name,
            Key=_key(name),
            ConsistentRead=True,
        )
        return _record(name, answer["Item"]) if "Item" in answer else None

    def write(self, record: Record) -> Record:
        """
        Write a record, and give its new revision.

        Raises:
            ResourceConflictError: somebody else wrote since it was read.
        """
        written = replace(record, revision=record.revision + 1)
        self.call(
            "put_item",
            f"registry entry {record.name}",
            TableName=self.table_name,
            Item=_item(written),
            **_unchanged(record),
        )
        return written

    def remove(self, record: Record) -> None:
        """
        Forget a record.

        Raises:
            ResourceConflictError: somebody else wrote since it was read.
        """
        self.call(
            "delete_item",
            f"registry entry {record.name}",
            TableName=self.table_name,
            Key=_key(record.name),
            **_unchanged(record),
        )


def _key(name: str) -> dict[str, Any]:
    return {"PK": {"S": f"CONNECTION#{name}"}, "SK": {"S": CONNECTION}}


def _unchanged(record: Record) -> dict[str, Any]:
    if not record.revision:
        return {"ConditionExpression": "attribute_not_exists(PK)"}
    return {
        "ConditionExpression": "Revision = :revision",
        "ExpressionAttributeValues": {":revision": {"N": str(record.revision)}},
    }


def _item(record: Record) -> dict[str, Any]:
    return _key(record.name) | {
        "Owner": {"S": record.owner},
        "ClaimTime": {"S": record.claimed_at.isoformat()},
        "ConnectionArn": {"S": record.connection_arn},
        "Properties": {"S": json.dumps(record.properties)},
        "SecretVersions": {"M": {key: {"S": each} for key, each in record.secret_versions.items()}},
        "IsAdopted": {"BOOL": record.is_adopted},
        "UnsettledOutcome": {"S": record.unsettled_outcome},
        "LastModifiedTime": {"S": _iso(record.last_modified_time)},
        "RequestTime": {"S": _iso(record.request_time)},
        "LeaseHolder": {"S": record.lease_holder},
        "LeasedUntil": {"S": _iso(record.leased_until)},
        "DeletedAt": {"S": _iso(record.deleted_at)},
        "Deletions": {"M": {owner: {"S": _iso(time)} for owner, time in record.deletions.items()}},
        "Revision": {"N": str(record.revision)},
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


def _record(name: str, item: dict[str, Any]) -> Record:
    # Members that an earlier version did not write have their defaults.
    text = {member: value.get("S", "") for member, value in item.items()}
    return Record(
        name=name,
        owner=text["Owner"],
        claimed_at=datetime.fromisoformat(text["ClaimTime"]),
        request_time=_time(text.get("RequestTime")) or OLDEST,
        connection_arn=text["ConnectionArn"],
        properties=json.loads(text["Properties"]),
        secret_versions=_map(item.get("SecretVersions")),
        is_adopted=item["IsAdopted"]["BOOL"],
        unsettled_outcome=text["UnsettledOutcome"],
        last_modified_time=_time(text["LastModifiedTime"]),
        lease_holder=text.get("LeaseHolder", ""),
        leased_until=_time(text.get("LeasedUntil")),
        deleted_at=_time(text.get("DeletedAt")),
        deletions={
            owner: datetime.fromisoformat(time)
            for owner, time in _map(item.get("Deletions")).items()
        },
        revision=int(item["Revision"]["N"]),
    )


def _map(value: dict[str, Any] | None) -> dict[str, str]:
    return {key: each["S"] for key, each in (value or {"M": {}})["M"].items()}
