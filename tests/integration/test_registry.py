"""The registry's table, as the template makes it, through the function's role."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from handler.errors import ResourceConflictError, ServiceInternalError
from handler.ownership import Record
from handler.ports import Registry
from tests.fakes import START
from tests.faulty_proxy import FaultyProxy, answer_lost, aws_error
from tests.function import Function
from tools.local_stack import LocalStack

NOW = datetime(2026, 11, 22, 14, 5, 0, 123456, tzinfo=UTC)


@pytest.fixture
def registry(function: Function) -> Registry:
    """Give the adapter."""
    return function.invocation(seconds=3).ports.registry


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
        unsettled_outcome="Created",
        last_modified_time=NOW,
    )
    first = registry.write(claim)
    written = registry.write(replace(full, seen=first.seen))
    assert registry.read(claim.name) == written == replace(full, seen=written.seen)
    assert written.seen.revision == 2


def test_an_empty_record_comes_back_as_it_was(registry: Registry, claim: Record) -> None:
    """A claim knows only name, owner and time."""
    written = registry.write(claim)
    assert registry.read(claim.name) == written == replace(claim, seen=written.seen)


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
    registry.write(replace(read, unsettled_outcome="Updated"))
    with pytest.raises(ResourceConflictError):
        registry.write(replace(read, unsettled_outcome="Created"))


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
        registry.write(replace(read, unsettled_outcome="Updated"))


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
    assert json.loads(item["Properties"]["S"])["AuthParameters"] == basic["AuthParameters"]
    assert not [value for value in secret.values() if value in json.dumps(items)]
