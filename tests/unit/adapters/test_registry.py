"""The registry's calls to DynamoDB: their conditions, and consistent reads."""

import pytest

from handler.composition import Invocation
from handler.connections.record import Record
from handler.errors import ResourceConflictError
from tests.support.entry_point import FUNCTION
from tests.support.fake_aws import FakeAws, refusal
from tests.support.fakes import START
from tests.support.lambda_context import LambdaContext

pytestmark = pytest.mark.usefixtures("environment")


def test_every_write_of_the_registry_has_its_condition_and_is_not_repeated(
    fake_aws: FakeAws,
) -> None:
    """A failed condition stays failed; only a fresh look helps."""
    registry = Invocation(LambdaContext(FUNCTION)).ports.registry
    record = Record("crm", "requests", claimed_at=START, request_time=START)
    written = registry.write(record)
    fake_aws.plan("put_item", refusal("ConditionalCheckFailedException"))
    with pytest.raises(ResourceConflictError):
        registry.write(written)
    first, second = fake_aws.of("put_item")
    assert first["ConditionExpression"] == "attribute_not_exists(PK)"
    assert second["ConditionExpression"] == "Revision = :revision"
    registry.remove(written)
    assert fake_aws.of("delete_item")[0]["ConditionExpression"] == "Revision = :revision"


def test_the_registry_is_read_strongly_consistent(fake_aws: FakeAws) -> None:
    """Else the owner of a moment ago is unknown."""
    Invocation(LambdaContext(FUNCTION)).ports.registry.read("crm")
    assert fake_aws.of("get_item")[0]["ConsistentRead"]
