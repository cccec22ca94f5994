"""
Adapter: the registry in DynamoDB, two kinds of item: what is known of a connection, and a link from
each secret that it follows. They are written together, under the condition of the revision read.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from handler.aws import Caller
from handler.ownership import Record, Seen, instant
from handler.registry_item import (
    CONNECTION,
    item_of,
    key_after,
    key_of,
    record_of,
    steps,
    token_of,
)
from handler.source import Secret, Source

# The first version knew no tombstones.
REGISTERED = "SK = :kind AND (attribute_not_exists(DeletedAt) OR DeletedAt = :none)"
ITEMS_OF_A_PAGE = 200  # links among them


@dataclass(frozen=True, slots=True)
class DynamoDbRegistry:
    """The registry's table."""

    call: Caller
    table_name: str
    account: str
    region: str

    def read(self, name: str) -> Record | None:
        """Read what is known about a name, strongly consistent."""
        answer = self.call(
            "get_item",
            f"registry entry {name}",
            TableName=self.table_name,
            Key=key_of(name),
            ConsistentRead=True,
        )
        return record_of(answer["Item"]) if "Item" in answer else None

    def write(self, record: Record) -> Record:
        """
        Write a record and its links, and give its new revision.

        Raises:
            ResourceConflictError: somebody else wrote since it was read.
        """
        for sources in steps(record.seen.sources, frozenset(record.secret_versions)):
            record = self._put(record, sources)
        return record

    def remove(self, record: Record) -> None:
        """
        Forget a record and its links.

        Raises:
            ResourceConflictError: somebody else wrote since it was read.
        """
        *between, _ = steps(record.seen.sources, frozenset())
        for sources in between:
            record = self._put(record, sources)
        self._change(record, "Delete", {"Key": key_of(record.name)}, ())

    def users(self, secret: Secret) -> list[str]:
        """Give the names of all connections made from a secret, strongly consistent."""
        names: list[str] = []
        start: dict[str, Any] = {}
        while True:
            answer = self.call(
                "query",
                f"registry links of {secret.name}",
                TableName=self.table_name,
                KeyConditionExpression="PK = :link",
                ExpressionAttributeValues={":link": {"S": self._link(secret)}},
                ConsistentRead=True,
                **start,
            )
            names += [item["SK"]["S"] for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return names
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def page(self, token: str) -> tuple[list[Record], str]:
        """
        Give some of the registered connections, and the token of the next ones, "" at the end.

        Raises:
            InvalidRequestError: the token is none that was given.
        """
        start = {"ExclusiveStartKey": key_after(token)} if token else {}
        answer = self.call(
            "scan",
            "the registry",
            TableName=self.table_name,
            FilterExpression=REGISTERED,
            ExpressionAttributeValues={":kind": {"S": CONNECTION}, ":none": {"S": ""}},
            Limit=ITEMS_OF_A_PAGE,
            ConsistentRead=True,
            **start,
        )
        return list(map(record_of, answer["Items"])), token_of(answer.get("LastEvaluatedKey"))

    def _put(self, record: Record, sources: frozenset[str]) -> Record:
        now = instant(self.call.clock.now())
        named = {each: record.secret_versions.get(each, "") for each in sorted(sources)}
        # Never one that was there before: a name may be forgotten, and made known again, meanwhile.
        seen = Seen(uuid.uuid4().int >> 32, sources, now)
        item = item_of(replace(record, secret_versions=named, seen=seen))
        self._change(record, "Put", {"Item": item}, sources)
        return replace(record, seen=seen)

    def _change(
        self, record: Record, kind: str, change: Mapping[str, Any], sources: Iterable[str]
    ) -> None:
        before, after = self._links(record.seen.sources), self._links(sources)
        made = [{"Put": self._in_table(Item=_link_key(each, record))} for each in after - before]
        dropped = [
            {"Delete": self._in_table(Key=_link_key(each, record))} for each in before - after
        ]
        own = self._in_table(**change, **_unchanged(record))
        subject = f"registry entry {record.name}"
        if not made and not dropped:
            self.call(f"{kind.lower()}_item", subject, **own)
            return
        self.call(
            "transact_write_items",
            subject,
            TransactItems=[{kind: own}, *made, *dropped],
            # A try whose answer was lost is not taken for somebody else's write.
            ClientRequestToken=str(uuid.uuid4()),
        )

    def _in_table(self, **parameters: Any) -> dict[str, Any]:
        return {"TableName": self.table_name, **parameters}

    def _links(self, sources: Iterable[str]) -> set[str]:
        parsed = map(Source.parse, sources)
        return {self._link(source.secret) for source in parsed if not source.is_pinned}

    def _link(self, secret: Secret) -> str:
        kind = "PARAMETER" if secret.is_parameter else "SECRET"
        return f"{kind}#{secret.account or self.account}#{self.region}#{secret.name}"


def _unchanged(record: Record) -> dict[str, Any]:
    if not record.seen.revision:
        return {"ConditionExpression": "attribute_not_exists(PK)"}
    return {
        "ConditionExpression": "Revision = :revision",
        "ExpressionAttributeValues": {":revision": {"N": str(record.seen.revision)}},
    }


def _link_key(link: str, record: Record) -> dict[str, Any]:
    return {"PK": {"S": link}, "SK": {"S": record.name}}
