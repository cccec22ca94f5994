"""The registry's table, as the template makes it, through the function's role."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from handler.connections.record import MaintenanceFailure, Record
from handler.connections.state import Write
from handler.errors import (
    InvalidRequestError,
    ResourceConflictError,
    ServiceInternalError,
    SupersededError,
    ThrottlingError,
)
from handler.operations.ports import Registry
from handler.references.source import Secret
from handler.settings import DELETION_LIFETIME, MOST_SECRETS
from tests.support.fakes import START
from tests.support.faulty_proxy import FaultyProxy, answer_lost, answered, aws_error
from tests.support.function import Function
from tools.local.local_stack import LocalStack

NOW = datetime(2026, 11, 22, 14, 5, 0, 123456, tzinfo=UTC)


@pytest.fixture
def registry(function: Function) -> Registry:
    """Give the adapter."""
    return function.invocation(seconds=60).ports.registry


@pytest.fixture
def claim(name: str) -> Record:
    """Give a record as a Create writes it first."""
    return Record(name=name, owner="requests", claimed_at=NOW, request_time=START)


def test_what_was_written_is_read(registry: Registry, claim: Record) -> None:
    """Every member, in every form it takes."""
    full = replace(
        claim,
        connection_arn=f"arn:aws:events:us-east-1:012345678912:connection/{claim.name}/0f",
        properties={"Name": claim.name, "AuthParameters": {"Key": "{{resolve:ssm:/x}} é"}},
        secret_versions={"secretsmanager:connections/crm::": "version-1"},
        is_adopted=True,
        pending_write=Write("Created", NOW, "AUTHORIZING", "AUTHORIZED", START),
        maintenance_failure=MaintenanceFailure("AccessDenied", "because", NOW),
        last_modified_time=NOW,
    )
    first = registry.write(claim)
    written = registry.write(replace(full, stored=first.stored))
    assert registry.read(claim.name) == written == replace(full, stored=written.stored)
    assert written.stored.revision != first.stored.revision


def test_an_empty_record_comes_back_as_it_was(registry: Registry, claim: Record) -> None:
    """A claim knows only name, owner and time."""
    written = registry.write(claim)
    assert registry.read(claim.name) == written == replace(claim, stored=written.stored)


def test_an_unknown_name_has_no_record(registry: Registry, name: str) -> None:
    """Nothing is made up."""
    assert registry.read(name) is None


def test_of_two_first_writers_one_is_told_of_the_conflict(
    registry: Registry, claim: Record
) -> None:
    """The other's claim stands."""
    registry.write(claim)
    with pytest.raises(ResourceConflictError):
        registry.write(replace(claim, owner="somebody-else"))
    found = registry.read(claim.name)
    assert found
    assert found.owner == "requests"


def test_of_two_later_writers_one_is_told_of_the_conflict(
    registry: Registry, claim: Record
) -> None:
    """Both read the same revision; the second writes on what is no longer there."""
    read = registry.write(claim)
    registry.write(replace(read, lease_holder="one"))
    with pytest.raises(ResourceConflictError):
        registry.write(replace(read, lease_holder="another"))


def test_a_record_that_changed_meanwhile_is_not_removed(registry: Registry, claim: Record) -> None:
    """Else somebody's new claim would go with the old one."""
    read = registry.write(claim)
    newer = registry.write(replace(read, owner="somebody-else"))
    with pytest.raises(ResourceConflictError):
        registry.remove(read)
    registry.remove(newer)
    assert registry.read(claim.name) is None


def test_a_removed_record_is_not_written_again(registry: Registry, claim: Record) -> None:
    """Who removed it knew better."""
    read = registry.write(claim)
    registry.remove(read)
    with pytest.raises(ResourceConflictError):
        registry.write(replace(read, lease_holder="one"))


def test_a_failed_condition_is_not_tried_again(
    registry: Registry, claim: Record, proxy: FaultyProxy
) -> None:
    """It would fail for ever; only a fresh look helps."""
    registry.write(claim)
    proxy.calls.clear()
    with pytest.raises(ResourceConflictError):
        registry.write(claim)
    assert proxy.operations() == ["PutItem"]


def test_a_throttled_table_is_asked_again(
    registry: Registry, claim: Record, proxy: FaultyProxy
) -> None:
    """On demand or not, a table has hot moments."""
    proxy.spoil("PutItem", aws_error("ProvisionedThroughputExceededException"), times=2)
    registry.write(claim)
    assert proxy.operations() == ["PutItem"] * 3


def test_a_write_whose_answer_was_lost_is_told_as_a_conflict(
    registry: Registry, claim: Record, proxy: FaultyProxy
) -> None:
    """The retry finds its own first write; a fresh look sorts it out."""
    proxy.spoil("PutItem", answer_lost, times=1)
    with pytest.raises(ResourceConflictError):
        registry.write(claim)


def test_a_missing_table_is_told_as_our_own_fault(
    registry: Registry, name: str, proxy: FaultyProxy
) -> None:
    """No requester can mend it, and it may be there tomorrow."""
    proxy.spoil("GetItem", aws_error("ResourceNotFoundException"))
    with pytest.raises(ServiceInternalError, match=f"dynamodb:GetItem on registry entry {name}"):
        registry.read(name)


def test_reads_are_strongly_consistent(registry: Registry, name: str, proxy: FaultyProxy) -> None:
    """An older answer could name the wrong owner."""
    registry.read(name)
    (asked,) = proxy.parameters_of("GetItem")
    assert asked["ConsistentRead"] is True


def test_the_table_holds_references_and_no_value(
    function: Function,
    stack: LocalStack,
    basic: dict[str, Any],
    name: str,
    secret: dict[str, str],
) -> None:
    """Whatever a request leaves there can be read by whoever reads the table."""
    function({"RequestType": "Create", "ResourceProperties": basic})
    items = stack.dynamodb.scan(TableName=stack.outputs["RegistryTableName"])["Items"]
    (item,) = [item for item in items if item["PK"] == {"S": f"CONNECTION#{name}"}]
    assert (
        json.loads(item["Record"]["S"])["properties"]["AuthParameters"] == basic["AuthParameters"]
    )
    assert not [value for value in secret.values() if value in json.dumps(items)]


def secret_name() -> str:
    """Give the name of a secret that no other test uses."""
    return f"connections/{uuid4().hex}"


def using(record: Record, *secrets: str) -> Record:
    """Give a record that names secrets as applied."""
    return replace(
        record,
        secret_versions={f"secretsmanager:{each}::": "version-1" for each in secrets},
    )


def test_a_link_comes_and_goes_with_its_record(registry: Registry, claim: Record) -> None:
    """Written, changed and removed in the same transaction."""
    first, second = secret_name(), secret_name()
    record = registry.write(using(claim, first))
    assert (registry.users(Secret(first)), registry.users(Secret(second))) == ([claim.name], [])
    record = registry.write(using(record, second))
    assert (registry.users(Secret(first)), registry.users(Secret(second))) == ([], [claim.name])
    assert registry.read(claim.name) == record
    registry.remove(record)
    assert registry.users(Secret(second)) == []


def test_a_secret_is_found_by_account_and_kind(registry: Registry, claim: Record) -> None:
    """A parameter of the same name is something else, and so is another account's secret."""
    name = secret_name()
    arn = f"arn:aws:secretsmanager:us-east-1:999999999999:secret:{name}-AbCdEf"
    versions = {f"secretsmanager:{arn}::": "1", f"ssm-secure:/{name}::": "2"}
    registry.write(replace(claim, secret_versions=versions))
    assert registry.users(Secret(name, account="999999999999")) == [claim.name]
    assert registry.users(Secret(f"/{name}", is_parameter=True)) == [claim.name]
    assert registry.users(Secret(name)) == []


def test_a_write_that_meets_a_conflict_leaves_the_links_alone(
    registry: Registry, claim: Record
) -> None:
    """A cancelled transaction is told as the conflict that it is, and changed nothing."""
    first, second = secret_name(), secret_name()
    read = registry.write(using(claim, first))
    newer = registry.write(replace(read, lease_holder="one"))
    with pytest.raises(ResourceConflictError):
        registry.write(using(read, second))
    with pytest.raises(ResourceConflictError):
        registry.remove(read)
    with pytest.raises(ResourceConflictError):
        registry.write(using(claim, second))
    assert (registry.users(Secret(first)), registry.users(Secret(second))) == ([claim.name], [])
    assert registry.read(claim.name) == newer


def test_a_transaction_whose_answer_was_lost_succeeds_at_the_second_try(
    registry: Registry, claim: Record, proxy: FaultyProxy
) -> None:
    """DynamoDB knows it by its token; without, the retry would find its own write in the way."""
    name = secret_name()
    proxy.spoil("TransactWriteItems", answer_lost, times=1)
    written = registry.write(using(claim, name))
    first, second = proxy.parameters_of("TransactWriteItems")
    assert first["ClientRequestToken"] == second["ClientRequestToken"]
    assert registry.read(claim.name) == written
    assert registry.users(Secret(name)) == [claim.name]


CANCELLED: dict[str, tuple[str, type[Exception], int]] = {
    "condition": ("ConditionalCheckFailed", ResourceConflictError, 1),
    "other transaction": ("TransactionConflict", ResourceConflictError, 1),
    "throttled": ("ThrottlingError", ThrottlingError, 6),
    "too large": ("ValidationError", InvalidRequestError, 1),
}


@pytest.mark.parametrize("kind", CANCELLED)
def test_a_cancelled_transaction_is_told_by_its_reason(
    function: Function, claim: Record, proxy: FaultyProxy, kind: str
) -> None:
    """All come with the same code; the first reason that is one counts."""
    code, error, tries = CANCELLED[kind]
    document: Mapping[str, Any] = {
        "__type": "TransactionCanceledException",
        "CancellationReasons": [{"Code": "None"}, {"Code": code, "Message": "echo"}],
    }
    proxy.spoil("TransactWriteItems", answered(400, document))
    with pytest.raises(error, match=code) as raised:
        function.invocation(seconds=30).ports.registry.write(using(claim, secret_name()))
    assert "echo" not in str(raised.value)
    assert proxy.operations().count("TransactWriteItems") == tries


def test_many_users_of_one_secret_are_all_found(
    registry: Registry, claim: Record, proxy: FaultyProxy
) -> None:
    """However many pages they fill, strongly consistent."""
    secret = secret_name()
    names = [f"{claim.name}-{number:02}" for number in range(25)]
    for name in names:
        registry.write(using(replace(claim, name=name), secret))
    assert registry.users(Secret(secret)) == names
    proxy.spoil("Query", edited_page(names[0]), times=1)
    assert registry.users(Secret(secret)) == names
    first, *_, last = proxy.parameters_of("Query")
    assert first["ConsistentRead"] is last["ConsistentRead"] is True
    assert last["ExclusiveStartKey"]["SK"] == {"S": names[0]}


def edited_page(name: str) -> Any:
    """Make a fault that ends the first page after one link."""

    def cut(forward: Any) -> Any:
        real = forward()
        (item, *_) = real.document["Items"]
        assert item["SK"] == {"S": name}
        body = {"Items": [item], "Count": 1, "LastEvaluatedKey": item}
        return replace(real, body=json.dumps(body).encode())

    return cut


def test_pages_give_every_connection_once_and_nothing_else(
    registry: Registry, claim: Record
) -> None:
    """Links and deletions lie in the same table, and a connection may have any name."""
    names = [f"{claim.name}-{number}" for number in range(3)]
    registry.write(using(replace(claim, name="CONNECTION"), secret_name()))
    for name in names:
        registry.write(using(replace(claim, name=name), secret_name(), secret_name()))
    registry.write_deletion(claim.deletion(NOW, NOW))
    found: list[str] = []
    token = ""
    while True:
        records, token = registry.page(token)
        found += [record.name for record in records]
        if not token:
            break
    ours = sorted(name for name in found if name.startswith(claim.name))
    assert ours == names
    assert len(found) == len(set(found))


@pytest.mark.parametrize(("seconds", "is_refused"), [(-1, True), (0, True), (0.001, False)])
def test_a_claim_is_refused_where_its_owner_deleted_the_name_since(
    registry: Registry, claim: Record, seconds: float, is_refused: bool
) -> None:
    """In the same transaction, so that no Delete comes in between."""
    now = datetime.now(UTC)
    registry.write_deletion(replace(claim, request_time=now).deletion(now, now))
    late = using(replace(claim, request_time=now + timedelta(seconds=seconds)), secret_name())
    if is_refused:
        with pytest.raises(SupersededError, match="was deleted by a newer request"):
            registry.claim(late)
        assert registry.read(claim.name) is None
    else:
        registry.claim(late)
    registry.claim(replace(late, name=f"{claim.name}-other"))
    if is_refused:
        registry.claim(replace(late, owner="somebody-else"))


def test_a_deletion_that_had_its_day_refuses_nothing(registry: Registry, claim: Record) -> None:
    """Also while DynamoDB has not cleared it away yet."""
    long_ago = datetime.now(UTC) - DELETION_LIFETIME
    registry.write_deletion(replace(claim, request_time=long_ago).deletion(long_ago, long_ago))
    assert registry.read_deletion(claim.name, claim.owner) is None
    registry.claim(replace(claim, request_time=long_ago - timedelta(hours=1)))


def test_a_deletion_takes_the_place_of_the_record(registry: Registry, claim: Record) -> None:
    """Both at once: there is no moment at which a late Create would find neither."""
    now = datetime.now(UTC).replace(microsecond=123456)
    record = registry.write(replace(using(claim, secret_name()), connection_arn="arn"))
    deletion = record.deletion(now, now, record.connection_arn)
    registry.remove(record, deletion)
    assert registry.read(claim.name) is None
    expected = replace(deletion, expires_at=deletion.expires_at.replace(microsecond=0))
    assert registry.read_deletion(claim.name, claim.owner) == expected


def test_every_owners_deletion_of_a_name_is_found(registry: Registry, claim: Record) -> None:
    """Whoever comes next must know the ARN of the connection that another owner deleted."""
    now = datetime.now(UTC)
    theirs = replace(claim, owner="somebody-else").deletion(now, now, "arn")
    for deletion in (claim.deletion(now, now), theirs):
        registry.write_deletion(deletion)
    found = {each.owner: each.connection_arn for each in registry.read_deletions(claim.name)}
    assert found == {claim.owner: "", "somebody-else": "arn"}


def test_a_deletion_of_what_is_there_is_a_conflict(registry: Registry, claim: Record) -> None:
    """It was made since the Delete looked; only its owner's counts."""
    now = datetime.now(UTC)
    registry.write(claim)
    with pytest.raises(ResourceConflictError):
        registry.write_deletion(claim.deletion(now, now))
    registry.write_deletion(replace(claim, owner="somebody-else").deletion(now, now))


def test_an_older_deletion_does_not_replace_a_newer_one(registry: Registry, claim: Record) -> None:
    """Else a Create sent between the two would work."""
    now = datetime.now(UTC)
    registry.write_deletion(claim.deletion(now, now))
    with pytest.raises(ResourceConflictError):
        registry.write_deletion(claim.deletion(now - timedelta(seconds=1), now))
    registry.write_deletion(claim.deletion(now, now))


def test_a_token_leads_to_what_follows(
    registry: Registry, claim: Record, proxy: FaultyProxy
) -> None:
    """It is a key of the table in another spelling."""
    registry.write(claim)
    key = {"PK": {"S": f"CONNECTION#{claim.name}"}, "SK": {"S": "CONNECTION"}}
    page = {"Items": [], "Count": 0, "LastEvaluatedKey": key}
    proxy.spoil("Scan", answered(200, page), times=1)
    records, token = registry.page("")
    assert records == []
    registry.page(token)
    assert proxy.parameters_of("Scan")[-1]["ExclusiveStartKey"] == key


@pytest.mark.parametrize("token", ["x", "====", "WyJhIl0=", "e30=", "MQ==", "bnVsbA=="])
def test_a_token_that_was_never_given_is_refused(registry: Registry, token: str) -> None:
    """By its name, and before the table is asked."""
    with pytest.raises(InvalidRequestError, match="NextToken: must be a NextToken as it was given"):
        registry.page(token)


def test_fifty_secrets_give_way_to_fifty_others(
    registry: Registry, claim: Record, proxy: FaultyProxy
) -> None:
    """More changes than a transaction holds are made in steps."""
    first = [secret_name().ljust(512, "a") for _ in range(MOST_SECRETS)]
    second = [secret_name().ljust(512, "b") for _ in range(MOST_SECRETS)]
    record = registry.write(using(claim, *first))
    proxy.calls.clear()
    record = registry.write(using(record, *second))
    assert registry.read(claim.name) == record
    sizes = [len(each["TransactItems"]) for each in proxy.parameters_of("TransactWriteItems")]
    assert sizes == [99, 3]
    assert [each for each in first if registry.users(Secret(each))] == []
    assert [each for each in second if not registry.users(Secret(each))] == []
    registry.remove(record)
    assert [each for each in second if registry.users(Secret(each))] == []
