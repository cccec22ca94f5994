"""
Adapter: the registry in DynamoDB. Items that belong together are written in one transaction.

Each write has a condition: the connection has the revision that was read, and for a claim its owner
did not delete the name since.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from handler.adapters.aws_client import Caller
from handler.adapters.registry_items import (
    CONNECTION,
    connection_item,
    connection_key,
    deletion_item,
    deletion_key,
    deletion_of,
    key_after,
    link,
    link_key,
    newest,
    not_deleted_since,
    not_owned,
    record_of,
    steps,
    token_of,
    unchanged,
)
from handler.clock import instant
from handler.connections.ownership import superseded
from handler.connections.record import Deletion, Record, Stored
from handler.errors import ResourceConflictError
from handler.references.source import Secret, Source
from handler.settings import ITEMS_OF_A_PAGE

# The call for a change that needs no transaction. They are spelled out, since the layer ships only
# what the code spells.
OPERATIONS = {"Put": "put_item", "Delete": "delete_item"}


class DynamoDbRegistry(NamedTuple):
    """The registry's table."""

    call: Caller
    table_name: str
    account: str
    region: str

    def read(self, name: str) -> Record | None:
        item = self._get(connection_key(name), f"registry entry {name}")
        return record_of(item) if item else None

    def read_deletion(self, name: str, owner: str) -> Deletion | None:
        item = self._get(deletion_key(name, owner), f"registry deletion {name}")
        deletion = deletion_of(item) if item else None
        return deletion if deletion and self._now() < deletion.expires_at else None

    def read_deletions(self, name: str) -> list[Deletion]:
        partition = deletion_key(name, "")["PK"]
        return list(map(deletion_of, self._query(partition, f"registry deletions {name}")))

    def claim(self, record: Record) -> Record:
        check = {"ConditionCheck": self._in_table(**not_deleted_since(record, self._now()))}
        try:
            return self._write(record, [check])
        except ResourceConflictError:
            deletion = self.read_deletion(record.name, record.owner)
            if deletion and deletion.refuses(record.request_time):
                raise superseded(record.name, is_deleted=True) from None
            raise

    def write(self, record: Record) -> Record:
        return self._write(record, [])

    def remove(self, record: Record, deletion: Deletion | None = None) -> None:
        *between, _ = steps(record.stored.sources, frozenset())
        for sources in between:
            record = self._put(record, sources, [])
        kept = [{"Put": self._in_table(Item=deletion_item(deletion))}] if deletion else []
        self._change(record, {"Delete": {"Key": connection_key(record.name)}}, (), kept)

    def write_deletion(self, deletion: Deletion) -> None:
        self._transact(
            f"registry deletion {deletion.name}",
            {"ConditionCheck": self._in_table(**not_owned(deletion))},
            {"Put": self._in_table(**newest(deletion))},
        )

    def users(self, secret: Secret) -> list[str]:
        links = self._query({"S": self._link(secret)}, f"registry links of {secret.name}")
        return [link["SK"]["S"] for link in links]

    def page(self, token: str) -> tuple[list[Record], str]:
        """
        Give some of the registered connections, and the token of the next ones, "" at the end.

        Raises:
            InvalidRequestError: the token is malformed.
        """
        start = {"ExclusiveStartKey": key_after(token)} if token else {}
        answer = self.call(
            "scan",
            "the registry",
            FilterExpression="begins_with(PK, :connection)",
            ExpressionAttributeValues={":connection": {"S": CONNECTION}},
            Limit=ITEMS_OF_A_PAGE,
            ConsistentRead=True,
            **self._in_table(**start),
        )
        return list(map(record_of, answer["Items"])), token_of(answer.get("LastEvaluatedKey"))

    def _query(self, partition: Mapping[str, str], subject: str) -> Iterator[dict[str, Any]]:
        start: dict[str, Any] = {}
        while True:
            answer = self.call(
                "query",
                subject,
                KeyConditionExpression="PK = :partition",
                ExpressionAttributeValues={":partition": partition},
                ConsistentRead=True,
                **self._in_table(**start),
            )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _get(self, key: Mapping[str, Any], subject: str) -> Any:
        answer = self.call("get_item", subject, **self._in_table(Key=key, ConsistentRead=True))
        return answer.get("Item")

    def _write(self, record: Record, checks: Sequence[Mapping[str, Any]]) -> Record:
        for sources in steps(record.stored.sources, frozenset(record.secret_versions)):
            record = self._put(record, sources, checks)
        return record

    def _put(
        self, record: Record, sources: frozenset[str], checks: Sequence[Mapping[str, Any]]
    ) -> Record:
        named = {each: record.secret_versions.get(each, "") for each in sorted(sources)}
        # Random, so never an old revision: a name may be removed and registered again meanwhile.
        stored = Stored(uuid.uuid4().int >> 32, sources, self._now())
        item = connection_item(replace(record, secret_versions=named, stored=stored))
        self._change(record, {"Put": {"Item": item}}, sources, checks)
        return replace(record, stored=stored)

    def _change(
        self,
        record: Record,
        change: Mapping[str, Any],
        sources: Iterable[str],
        beside: Sequence[Mapping[str, Any]],
    ) -> None:
        before, after = self._links(record.stored.sources), self._links(sources)
        made = [{"Put": self._in_table(Item=link_key(x, record.name))} for x in after - before]
        gone = [{"Delete": self._in_table(Key=link_key(x, record.name))} for x in before - after]
        ((kind, given),) = change.items()
        own = self._in_table(**given, **unchanged(record))
        subject = f"registry entry {record.name}"
        if made or gone or beside:
            self._transact(subject, {kind: own}, *beside, *made, *gone)
        else:
            self.call(OPERATIONS[kind], subject, **own)

    def _transact(self, subject: str, *items: Mapping[str, Any]) -> None:
        # With the token, a retry after a lost answer does not conflict with the first try.
        token = str(uuid.uuid4())
        self.call(
            "transact_write_items", subject, TransactItems=list(items), ClientRequestToken=token
        )

    def _in_table(self, **parameters: Any) -> dict[str, Any]:
        return {"TableName": self.table_name, **parameters}

    def _links(self, sources: Iterable[str]) -> set[str]:
        parsed = map(Source.parse, sources)
        return {self._link(source.secret) for source in parsed if not source.is_pinned}

    def _link(self, secret: Secret) -> str:
        return link(secret, self.account, self.region)

    def _now(self) -> datetime:
        return instant(self.call.clock.now())
