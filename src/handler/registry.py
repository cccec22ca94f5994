"""
Adapter: the registry in DynamoDB; one item a connection, every write conditional on the revision
read.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handler.aws import Caller
from handler.ownership import Record

CONNECTION = "CONNECTION"


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
        "Revision": {"N": str(record.revision)},
    }


def _iso(time: datetime | None) -> str:
    return time.isoformat() if time else ""


def _record(name: str, item: dict[str, Any]) -> Record:
    last_modified_time = item["LastModifiedTime"]["S"]
    return Record(
        name=name,
        owner=item["Owner"]["S"],
        claimed_at=datetime.fromisoformat(item["ClaimTime"]["S"]),
        connection_arn=item["ConnectionArn"]["S"],
        properties=json.loads(item["Properties"]["S"]),
        secret_versions={key: each["S"] for key, each in item["SecretVersions"]["M"].items()},
        is_adopted=item["IsAdopted"]["BOOL"],
        unsettled_outcome=item["UnsettledOutcome"]["S"],
        last_modified_time=datetime.fromisoformat(last_modified_time)
        if last_modified_time
        else None,
        revision=int(item["Revision"]["N"]),
    )
