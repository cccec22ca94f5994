"""The conditions under which the registry is written, as DynamoDB takes them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from handler.adapters.registry_items import connection_key, deletion_item, deletion_key, number
from handler.connections.record import Deletion, Record

LINKS_OF_A_TRANSACTION = 98  # beside connection and deletion; DynamoDB takes 100


def unchanged(record: Record) -> dict[str, Any]:
    """Refuse where somebody else wrote since the record was read."""
    if not record.seen.revision:
        return {"ConditionExpression": "attribute_not_exists(PK)"}
    return {
        "ConditionExpression": "Revision = :revision",
        "ExpressionAttributeValues": {":revision": {"N": str(record.seen.revision)}},
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
