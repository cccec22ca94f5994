"""The registry's calls to DynamoDB, whole, and what it makes of the answers."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handler.adapters.registry import DynamoDbRegistry
from handler.adapters.registry_items import (
    connection_item,
    connection_key,
    deletion_item,
    deletion_key,
    link_key,
    number,
    token_of,
)
from handler.composition import Invocation
from handler.connections.record import Deletion, Record, Stored
from handler.errors import ProvisionerError, ResourceConflictError, SupersededError
from handler.operations.ports import Registry
from handler.references.source import Secret
from handler.settings import ITEMS_OF_A_PAGE
from tests.support.entry_point import FUNCTION
from tests.support.fake_aws import FakeAws, refusal
from tests.support.fakes import ACCOUNT, REGION, START, FakeTime
from tests.support.lambda_context import LambdaContext

IN_TABLE = {"TableName": "registry"}
SOURCE = "secretsmanager:connections/crm::"
PARTITION = f"SECRET#{ACCOUNT}#{REGION}#connections/crm"
LINK = link_key(PARTITION, "crm")
CLAIM = Record("crm", "requests", claimed_at=START, request_time=START)
STORED = replace(CLAIM, secret_versions={SOURCE: "1"}, stored=Stored(7, frozenset({SOURCE}), START))
DELETION = Deletion("crm", "requests", START, START + timedelta(days=1), "arn")
FRESH = {"ConditionExpression": "attribute_not_exists(PK)"}
UNCHANGED = {
    "ConditionExpression": "Revision = :revision",
    "ExpressionAttributeValues": {":revision": {"N": "7"}},
}
REFUSED = refusal("ConditionalCheckFailedException")


@pytest.fixture
def registry(environment: None, fake_aws: FakeAws) -> Registry:
    """Give the adapter of one invocation, at START."""
    registry = Invocation(LambdaContext(FUNCTION)).ports.registry
    assert isinstance(registry, DynamoDbRegistry)
    return registry._replace(call=registry.call._replace(clock=FakeTime().clock))


def transacted(fake_aws: FakeAws) -> list[dict[str, Any]]:
    """Give the items of the only transaction."""
    (sent,) = fake_aws.of("transact_write_items")
    items: list[dict[str, Any]] = sent["TransactItems"]
    return items


def test_a_connection_is_read_consistently(registry: Registry, fake_aws: FakeAws) -> None:
    """Else the owner of a moment ago is unknown."""
    fake_aws.plan("get_item", {"Item": connection_item(STORED)}, {})
    assert [registry.read("crm"), registry.read("crm")] == [STORED, None]
    read = {**IN_TABLE, "Key": connection_key("crm"), "ConsistentRead": True}
    assert fake_aws.of("get_item") == [read, read]


def test_a_deletion_is_known_until_it_expires(registry: Registry, fake_aws: FakeAws) -> None:
    """DynamoDB removes the item within days after that."""
    expired = replace(DELETION, expires_at=START)
    answers = [{"Item": deletion_item(each)} for each in (DELETION, expired)]
    fake_aws.plan("get_item", *answers, {})
    found = [registry.read_deletion("crm", "requests") for _ in range(3)]
    assert found == [DELETION, None, None]
    assert fake_aws.of("get_item")[0] == {
        **IN_TABLE,
        "Key": deletion_key("crm", "requests"),
        "ConsistentRead": True,
    }


def test_all_deletions_of_a_name_are_read_page_by_page(
    registry: Registry, fake_aws: FakeAws
) -> None:
    """Each of its former owners has one."""
    theirs = replace(DELETION, owner="requests/team-a")
    end = deletion_key("crm", "requests")
    fake_aws.plan(
        "query",
        {"Items": [deletion_item(DELETION)], "LastEvaluatedKey": end},
        {"Items": [deletion_item(theirs)]},
    )
    assert registry.read_deletions("crm") == [DELETION, theirs]
    first = {
        **IN_TABLE,
        "KeyConditionExpression": "PK = :partition",
        "ExpressionAttributeValues": {":partition": {"S": "DELETION#crm"}},
        "ConsistentRead": True,
    }
    assert fake_aws.of("query") == [first, {**first, "ExclusiveStartKey": end}]


def test_a_first_write_needs_no_item_and_a_later_one_the_revision_read(
    registry: Registry, fake_aws: FakeAws
) -> None:
    """A failed condition stays failed; only a fresh look helps."""
    written = registry.write(CLAIM)
    fake_aws.plan("put_item", REFUSED)
    with pytest.raises(ResourceConflictError):
        registry.write(written)
    expected = {":revision": {"N": str(written.stored.revision)}}
    assert fake_aws.of("put_item")[0] == {**IN_TABLE, "Item": connection_item(written), **FRESH}
    assert fake_aws.of("put_item")[1]["ExpressionAttributeValues"] == expected
    assert written.stored.written_at == START


def test_a_revision_is_random_and_fits_in_a_number(registry: Registry) -> None:
    """DynamoDB keeps 38 digits."""
    revisions = [registry.write(CLAIM).stored.revision for _ in range(50)]
    assert len(set(revisions)) == len(revisions)
    assert 2**95 < max(revisions) < 2**96 < 10**38


def test_a_link_is_written_with_its_connection(registry: Registry, fake_aws: FakeAws) -> None:
    """What is linked, and not yet applied, has no version."""
    written = registry.write(replace(STORED, secret_versions={SOURCE: "1", "ssm:key::": ""}))
    own, link = transacted(fake_aws)
    assert own == {"Put": {**IN_TABLE, "Item": connection_item(written), **UNCHANGED}}
    new = link_key(f"PARAMETER#{ACCOUNT}#{REGION}#/key", "crm")
    assert link == {"Put": {**IN_TABLE, "Item": new}}
    assert written.stored.sources == {SOURCE, "ssm:key::"}


def test_of_many_links_each_transaction_names_the_sources_that_it_links(
    registry: Registry, fake_aws: FakeAws
) -> None:
    """Those that are about to be dropped have no version any more."""
    many = frozenset(f"secretsmanager:connections/{number}::" for number in range(99))
    before = replace(STORED, stored=replace(STORED.stored, sources=many))
    registry.write(before)
    first, _ = fake_aws.of("transact_write_items")
    item = first["TransactItems"][0]["Put"]["Item"]
    assert '"secretsmanager:connections/98::":""' in item["Record"]["S"]


def test_a_link_that_is_no_longer_needed_is_dropped(registry: Registry, fake_aws: FakeAws) -> None:
    """Else a rotation would refresh what does not use the secret."""
    registry.write(replace(STORED, secret_versions={}))
    assert transacted(fake_aws)[1:] == [{"Delete": {**IN_TABLE, "Key": LINK}}]


def test_a_write_that_drops_no_link_is_no_transaction(
    registry: Registry, fake_aws: FakeAws
) -> None:
    """It would cost twice as much."""
    registry.write(STORED)
    assert [each for each, _ in fake_aws.calls] == ["put_item"]


def test_a_claim_needs_that_its_owner_did_not_delete_the_name_since(
    registry: Registry, fake_aws: FakeAws
) -> None:
    """Old requests come late."""
    claimed = registry.claim(CLAIM)
    check, own = (next(iter(each.values())) for each in reversed(transacted(fake_aws)))
    assert own == {**IN_TABLE, "Item": connection_item(claimed), **FRESH}
    assert check == {
        **IN_TABLE,
        "Key": deletion_key("crm", "requests"),
        "ConditionExpression": (
            "attribute_not_exists(PK) OR RequestTime < :time OR ExpiresAt <= :now"
        ),
        "ExpressionAttributeValues": {
            ":time": number(START),
            ":now": {"N": str(int(START.timestamp()))},
        },
    }


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (DELETION, SupersededError),
        (replace(DELETION, request_time=START - timedelta(seconds=1)), ResourceConflictError),
        (None, ResourceConflictError),
    ],
)
def test_a_refused_claim_tells_whether_a_deletion_refused_it(
    registry: Registry, fake_aws: FakeAws, found: Deletion | None, error: type[ProvisionerError]
) -> None:
    """Else somebody else wrote, and a fresh look helps."""
    fake_aws.plan("transact_write_items", REFUSED)
    fake_aws.plan("get_item", {"Item": deletion_item(found)} if found else {})
    with pytest.raises(error) as refused:
        registry.claim(CLAIM)
    assert "crm" in refused.value.reason
    if error is SupersededError:
        assert "deleted" in refused.value.reason
        assert refused.value.__suppress_context__
    assert fake_aws.of("get_item")[0]["Key"] == deletion_key("crm", "requests")


def test_a_record_is_removed_with_its_links_and_leaves_its_deletion(
    registry: Registry, fake_aws: FakeAws
) -> None:
    """All or nothing."""
    registry.remove(STORED, DELETION)
    assert transacted(fake_aws) == [
        {"Delete": {**IN_TABLE, "Key": connection_key("crm"), **UNCHANGED}},
        {"Put": {**IN_TABLE, "Item": deletion_item(DELETION)}},
        {"Delete": {**IN_TABLE, "Key": LINK}},
    ]


def test_a_claim_is_removed_without_a_trace(registry: Registry, fake_aws: FakeAws) -> None:
    """Nobody deleted anything."""
    registry.remove(replace(CLAIM, stored=Stored(7)))
    assert fake_aws.of("delete_item") == [{**IN_TABLE, "Key": connection_key("crm"), **UNCHANGED}]


def test_a_deletion_is_written_where_its_owner_has_no_record_and_no_newer_deletion(
    registry: Registry, fake_aws: FakeAws
) -> None:
    """What is registered is deleted, not noted as deleted."""
    registry.write_deletion(DELETION)
    assert transacted(fake_aws) == [
        {
            "ConditionCheck": {
                **IN_TABLE,
                "Key": connection_key("crm"),
                "ConditionExpression": "attribute_not_exists(PK) OR #owner <> :owner",
                "ExpressionAttributeNames": {"#owner": "Owner"},
                "ExpressionAttributeValues": {":owner": {"S": "requests"}},
            }
        },
        {
            "Put": {
                **IN_TABLE,
                "Item": deletion_item(DELETION),
                "ConditionExpression": "attribute_not_exists(PK) OR RequestTime <= :time",
                "ExpressionAttributeValues": {":time": number(START)},
            }
        },
    ]


def test_the_users_of_a_secret_are_those_linked_to_it(
    registry: Registry, fake_aws: FakeAws
) -> None:
    """By its name, in the function's account and Region."""
    fake_aws.plan("query", {"Items": [LINK, link_key(PARTITION, "shop")]})
    assert registry.users(Secret("connections/crm")) == ["crm", "shop"]
    (sent,) = fake_aws.of("query")
    assert sent["ExpressionAttributeValues"] == {":partition": {"S": PARTITION}}


def test_connections_are_given_page_by_page(registry: Registry, fake_aws: FakeAws) -> None:
    """The registry's other items are filtered out."""
    end = connection_key("crm")
    fake_aws.plan(
        "scan", {"Items": [connection_item(STORED)], "LastEvaluatedKey": end}, {"Items": []}
    )
    found, token = registry.page("")
    assert (found, token) == ([STORED], token_of(end))
    assert registry.page(token) == ([], "")
    first = {
        **IN_TABLE,
        "FilterExpression": "begins_with(PK, :connection)",
        "ExpressionAttributeValues": {":connection": {"S": "CONNECTION#"}},
        "Limit": ITEMS_OF_A_PAGE,
        "ConsistentRead": True,
    }
    assert fake_aws.of("scan") == [first, {**first, "ExclusiveStartKey": end}]


@pytest.mark.parametrize(
    ("operation", "call", "subject"),
    [
        ("get_item", lambda it: it.read("crm"), "registry entry crm"),
        ("get_item", lambda it: it.read_deletion("crm", "requests"), "registry deletion crm"),
        ("query", lambda it: it.read_deletions("crm"), "registry deletions crm"),
        ("put_item", lambda it: it.write(CLAIM), "registry entry crm"),
        ("transact_write_items", lambda it: it.claim(CLAIM), "registry entry crm"),
        (
            "transact_write_items",
            lambda it: it.write_deletion(DELETION),
            "registry deletion crm",
        ),
        (
            "query",
            lambda it: it.users(Secret("connections/crm")),
            "registry links of connections/crm",
        ),
        ("scan", lambda it: it.page(""), "the registry"),
    ],
)
def test_a_refusal_names_what_was_read_or_written(
    registry: Registry, fake_aws: FakeAws, operation: str, call: Any, subject: str
) -> None:
    """Never only the table."""
    fake_aws.always[operation] = refusal("AccessDeniedException")
    with pytest.raises(ProvisionerError) as refused:
        call(registry)
    assert f"on {subject} failed" in refused.value.reason
