"""What DynamoDB keeps of a connection: every member, older items, and never more than it takes."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.adapters.aws_client import Caller
from handler.adapters.registry import DynamoDbRegistry
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
    record_of,
    token_of,
)
from handler.connections.record import (
    NEVER,
    Deletion,
    MaintenanceFailure,
    Record,
    Stored,
)
from handler.connections.state import Write
from handler.errors import InvalidRequestError
from handler.operations.connection_write import unapplied_versions, write_links
from handler.references.source import Secret
from handler.requests.entry_point import REQUEST_QUEUE
from handler.requests.properties import as_written, sources
from handler.requests.request import Request, check
from handler.requests.unchecked_request import read_document
from handler.settings import LONGEST_KEPT_REASON, MOST_REQUEST_BYTES, MOST_SECRETS
from tests.support.fake_aws import FakeAws
from tests.support.fakes import ACCOUNT, REGION, RULES, START, FakeTime, World, make_world

MOST_ITEM_BYTES = 400 * 1024
MOST_ITEMS = 100  # of a transaction
LONGEST_SECRET, LONGEST_PARAMETER, LONGEST_STAGE = 512, 1011, 256
VERSION_ID = "v" * 64
FULL = Record(
    name="crm",
    owner="requests",
    claimed_at=START,
    request_time=START,
    connection_arn="arn",
    properties={"Name": "crm"},
    secret_versions={"secretsmanager:connections/crm::": "version-1"},
    refreshed_at=START,
    is_adopted=True,
    pending_write=Write("Created", START, "CREATING", "AUTHORIZED", START),
    last_modified_time=START,
    lease_holder="holder",
    leased_until=START,
    maintenance_failure=MaintenanceFailure("AccessDenied", "é" * 5, START),
    stored=Stored(3, frozenset({"secretsmanager:connections/crm::"}), START),
)


def size(value: Mapping[str, Any]) -> int:
    """
    Count the bytes of an attribute, or of an item, as DynamoDB does.

    Source:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return len(held) + 2
        case "M":
            return 3 + sum(1 + len(name.encode()) + size(each) for name, each in held.items())
        case _:
            return 1


def item_size(item: Mapping[str, Any]) -> int:
    """Count the bytes of an item."""
    return sum(len(name.encode()) + size(value) for name, value in item.items())


def secret_reference(number: int) -> str:
    """Spell a reference to one of the secrets with the longest names, in one of their stages."""
    name = f"connections/{number:03}".ljust(LONGEST_SECRET, "s")
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf"
    return f"{{{{resolve:secretsmanager:{arn}:SecretString:k:{'S' * LONGEST_STAGE}}}}}"


def parameter_reference(number: int) -> dict[str, str]:
    """Spell a reference to one of the parameters with the longest names."""
    name = f"/connections/{number:03}".ljust(LONGEST_PARAMETER, "p")
    return {"ValueFrom": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}"}


def largest(first: int, reference: Any) -> Request:
    """Make a request with as many secrets as may be, filled up to as many bytes as may be."""
    password, *rest = (reference(first + each) for each in range(MOST_SECRETS))
    headers = [
        {"Key": f"k{each}", "Value": value, "IsValueSecret": True}
        for each, value in enumerate(rest)
    ]
    invocation: dict[str, Any] = {"HeaderParameters": headers}
    properties: dict[str, Any] = {
        "Name": "n" * 64,
        "AuthorizationType": "BASIC",
        "AuthParameters": {
            "BasicAuthParameters": {"Username": "ada", "Password": password},
            "InvocationHttpParameters": invocation,
        },
    }
    for name in ("QueryStringParameters", "BodyParameters", "HeaderParameters"):
        given = invocation.setdefault(name, [])
        while len(given) < 100 and len(json.dumps(properties)) < MOST_REQUEST_BYTES - 1200:
            key = f"p{len(given)}".ljust(512, "k")
            given.append({"Key": key, "Value": "x" * 512, "IsValueSecret": False})
    asked = read_document(
        {"RequestType": "Update", "ResourceProperties": properties},
        REQUEST_QUEUE,
        "request-1",
        START,
    )
    request = check(asked, RULES)
    assert len(sources(request.properties)) == MOST_SECRETS
    return request


@pytest.fixture
def world() -> World:
    """Give an empty account."""
    return make_world()


def registry(fake: FakeAws) -> DynamoDbRegistry:
    """Give the adapter before a table that takes everything."""
    caller = Caller("dynamodb", fake.client("dynamodb"), FakeTime().clock)
    return DynamoDbRegistry(caller, "table", ACCOUNT, REGION)


def transactions(fake: FakeAws) -> list[list[dict[str, Any]]]:
    """Give the items of each transaction."""
    return [each["TransactItems"] for each in fake.of("transact_write_items")]


def links(fake: FakeAws) -> set[str]:
    """Give the links that are left after all transactions."""
    left: set[str] = set()
    for items in transactions(fake):
        for _, change in [next(iter(each.items())) for each in items[1:]]:
            key = change.get("Item") or change["Key"]
            left ^= {key["PK"]["S"]}
    return left


def names(record: Record, request: Request) -> Record:
    """Give a record that names every source of a request as applied."""
    return replace(
        record,
        properties=request.properties_as_written,
        secret_versions={str(each): VERSION_ID for each in sources(request.properties)},
    )


OWNERS = st.one_of(
    st.sampled_from(["requests", "requests/team", "CONNECTION", "CONNECTION#x", "DELETION#x"]),
    st.text(min_size=1, max_size=40),
)
NAMES = st.one_of(
    st.sampled_from(
        ["CONNECTION", "DELETION", "SECRET", "PARAMETER", "connections", "CONNECTION-"]
    ),
    st.from_regex(r"[.\-_A-Za-z0-9]{1,64}", fullmatch=True),
)
SECRETS = st.builds(
    Secret,
    st.one_of(st.just("CONNECTION"), st.from_regex(r"[\w/+=.@!-]{1,40}", fullmatch=True)),
    st.booleans(),
    st.sampled_from(["", ACCOUNT]),
)


@given(name=NAMES, owner=OWNERS, secret=SECRETS)
def test_items_are_told_apart_by_their_keys_whatever_a_name_is(
    name: str, owner: str, secret: Secret
) -> None:
    """One connection called CONNECTION once disabled List and every Reconcile."""
    deletion = Deletion(name, owner, START, START)
    partitions = {
        "connection": connection_key(name)["PK"]["S"],
        "deletion": deletion_key(name, owner)["PK"]["S"],
        "link": link_key(link(secret, ACCOUNT, REGION), name)["PK"]["S"],
    }
    shown = [kind for kind, partition in partitions.items() if partition.startswith(CONNECTION)]
    assert shown == ["connection"]
    assert len(set(partitions.values())) == len(partitions)
    assert record_of(connection_item(replace(FULL, name=name))).name == name
    assert deletion_of(deletion_item(deletion)) == deletion


def test_every_member_is_kept() -> None:
    """What was written is read."""
    assert record_of(connection_item(FULL)) == FULL
    least = Record("crm", "requests", START, START, stored=Stored(1, written_at=START))
    assert record_of(connection_item(least)) == least


def test_a_claim_that_came_to_nothing_is_kept_as_that() -> None:
    """It never comes to own what somebody makes later."""
    over = replace(FULL, connection_arn="").over()
    assert over.claimed_until == NEVER
    assert record_of(connection_item(over)) == over


def test_a_deletion_keeps_its_time_to_the_microsecond() -> None:
    """A Create of the same instant must not work."""
    time = START + timedelta(microseconds=1)
    deletion = Deletion("crm", "requests", time, START, "arn")
    assert deletion_of(deletion_item(deletion)) == deletion


@pytest.mark.parametrize("reference", [secret_reference, parameter_reference])
def test_the_largest_request_fits_an_item(reference: Any, world: World) -> None:
    """Also while an Update to as many other secrets is on its way, with all else at its longest."""
    before, after = largest(0, reference), largest(MOST_SECRETS, reference)
    assert len(json.dumps(as_written(before.properties))) > MOST_REQUEST_BYTES - 4096
    longest = replace(
        FULL,
        name=before.name,
        owner=f"cloudformation/{'s' * 400}",
        connection_arn="a" * 300,
        maintenance_failure=MaintenanceFailure("InvalidRequest", "é" * LONGEST_KEPT_REASON, START),
        stored=Stored(),
    )
    record = world.registry.write(names(longest, before))
    both = write_links(world.ports, after, record)
    assert len(both.secret_versions) == MOST_SECRETS + len(unapplied_versions(after))
    assert item_size(connection_item(both)) < MOST_ITEM_BYTES


def test_text_is_kept_in_the_bytes_that_it_came_in() -> None:
    """As ASCII it would be three times as long, and fail after EventBridge was written."""
    long = replace(FULL, properties={"Description": "é" * 50_000})
    assert item_size(connection_item(long)) < 110_000


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\\ud800", "é\U0001f600", "\u2028"])
def test_whatever_stands_in_a_text_is_kept(text: str) -> None:
    """A lone surrogate cannot be sent to DynamoDB but as its escape."""
    record = replace(FULL, properties={"Description": text})
    item = connection_item(record)
    item["Record"]["S"].encode()
    assert record_of(item).properties == {"Description": text}


def test_updates_that_fail_again_and_again_do_not_fill_the_item(world: World) -> None:
    """What they named and never applied gives way to what the next one names."""
    record = world.registry.write(
        names(replace(FULL, stored=Stored()), largest(0, secret_reference))
    )
    for number in range(1, 5):
        record = write_links(world.ports, largest(number * MOST_SECRETS, secret_reference), record)
        assert len(record.secret_versions) == 3 * MOST_SECRETS  # an ARN may mean either name


@pytest.mark.parametrize("reference", [secret_reference, parameter_reference])
def test_no_transaction_has_more_items_than_dynamodb_takes(reference: Any) -> None:
    """From fifty secrets to fifty others in one write, and from all of them to none."""
    fake = FakeAws()
    table = registry(fake)
    first, second = largest(0, reference), largest(MOST_SECRETS, reference)
    record = table.write(names(replace(FULL, stored=Stored()), first))
    record = table.write(names(record, second))
    assert record.stored.sources == frozenset(map(str, sources(second.properties)))
    assert len(links(fake)) == MOST_SECRETS
    both = {**unapplied_versions(first), **record.secret_versions}
    record = table.write(replace(record, secret_versions=both))
    assert len(links(fake)) == len(unapplied_versions(first)) + MOST_SECRETS
    table.remove(record)
    assert links(fake) == set()
    assert max(map(len, transactions(fake))) <= MOST_ITEMS


def test_every_step_of_a_write_is_under_the_condition_of_the_one_before() -> None:
    """Else somebody's link could be dropped by a write that is too late."""
    fake = FakeAws()
    table = registry(fake)
    record = table.write(names(replace(FULL, stored=Stored()), largest(0, secret_reference)))
    record = table.write(names(record, largest(MOST_SECRETS, secret_reference)))
    table.remove(record)
    owns = [next(iter(items[0].values())) for items in transactions(fake)]
    assert owns[0]["ConditionExpression"] == "attribute_not_exists(PK)"
    revisions = [each["ExpressionAttributeValues"][":revision"]["N"] for each in owns[1:]]
    written = [each["Item"]["Revision"]["N"] for each in owns[:-1]]
    assert revisions == written
    assert len(set(written)) == len(written)
    assert str(record.stored.revision) == written[-1]


def test_links_are_added_before_any_is_dropped() -> None:
    """A crash between two steps leaves a link too many, and none too few."""
    fake = FakeAws()
    table = registry(fake)
    record = table.write(names(replace(FULL, stored=Stored()), largest(0, secret_reference)))
    table.write(names(record, largest(MOST_SECRETS, secret_reference)))
    _, step, _ = transactions(fake)
    kinds = [next(iter(each)) for each in step]
    assert kinds.count("Put") == 1 + MOST_SECRETS
    # What is not linked any more is not named any more, and what is still linked is.
    named = json.loads(step[0]["Put"]["Item"]["Record"]["S"])["secret_versions"]
    assert len(named) == 2 * MOST_SECRETS - kinds.count("Delete")


def test_a_pinned_version_and_a_second_stage_need_no_link_of_their_own() -> None:
    """One link for a secret, however many of its versions are used; none for what is pinned."""
    fake = FakeAws()
    pinned = f"secretsmanager:connections/pinned::{VERSION_ID}"
    stages = [f"secretsmanager:connections/crm:{stage}:" for stage in ("", "AWSPREVIOUS")]
    fresh = replace(FULL, stored=Stored(), secret_versions=dict.fromkeys([pinned, *stages], "1"))
    record = registry(fake).write(fresh)
    assert links(fake) == {f"SECRET#{ACCOUNT}#{REGION}#connections/crm"}
    kept = {stages[1]: "1"}
    registry(fake).write(replace(record, secret_versions=kept))
    assert len(transactions(fake)) == 1


def test_without_another_link_there_is_no_transaction() -> None:
    """It costs twice as much."""
    fake = FakeAws()
    table = registry(fake)
    record = table.write(replace(FULL, stored=Stored()))
    table.write(replace(record, lease_holder=""))
    assert [called for called, _ in fake.calls] == ["transact_write_items", "put_item"]


def test_a_transaction_is_known_by_its_token() -> None:
    """A try whose answer was lost is not taken for somebody else's write; each has its own."""
    fake = FakeAws()
    for _ in range(2):
        registry(fake).write(replace(FULL, stored=Stored()))
    tokens = [each["ClientRequestToken"] for each in fake.of("transact_write_items")]
    assert len(set(tokens)) == 2


def test_a_token_leads_to_what_follows() -> None:
    """It is what a page ended with."""
    assert key_after(token_of(connection_key("crm"))) == connection_key("crm")


@pytest.mark.parametrize(
    "text", ['[["a"], ["b"]]', '[{"a": "b"}, "c"]', "[" * 2000, "{}", '["a"]', "[1, 2]", '"ab"', ""]
)
def test_a_token_that_was_never_given_is_refused(text: str) -> None:
    """Nested, or of something else than two names."""
    with pytest.raises(InvalidRequestError, match="NextToken: must be a NextToken as it was given"):
        key_after(base64.urlsafe_b64encode(text.encode()).decode())


def test_a_connections_item_has_its_key_its_owner_and_its_revision() -> None:
    """By which conditions and other versions of this function find it."""
    item = connection_item(FULL)
    assert item.keys() == {"PK", "SK", "Owner", "Revision", "WrittenAt", "Record"}
    key = {"PK": {"S": "CONNECTION#crm"}, "SK": {"S": "CONNECTION"}}
    assert connection_key("crm") == key
    assert key.items() <= item.items()
    assert (item["Owner"], item["Revision"]) == ({"S": "requests"}, {"N": "3"})
    assert "é" * 5 in item["Record"]["S"]
