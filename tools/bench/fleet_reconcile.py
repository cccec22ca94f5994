"""
Reconcile of many connections that are all as their owners asked: one request, then a message for
each, with the deployed function, its maintenance queue, mapping and registry. One connection is
made by the function; registry and stand-in are filled with copies of it. The pages of the scan are
one pass over the whole registry; they are left out of the calls for each, as is what other
measurements have registered.
"""

import dataclasses
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.support.stand_in import StandIn, running_stand_in
from tests.support.stand_in.faults import Answer, CarryOut, Fault
from tests.support.stand_in.weather import ALWAYS
from tools.bench import fleet
from tools.bench.measuring import Bench, Measured, Row
from tools.demo.example import API_KEY_NAME
from tools.local.local_stack import LocalStack
from tools.operating import entry_points

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import WriteRequestTypeDef

CONNECTIONS = 3000
CALLS_AT_MOST = 3.2
ITEMS_OF_A_CALL = 25
PREFIX = "compared"
SECRET = "connections/compared"  # noqa: S105  # nosec B105 # it is its name
MESSAGES = {"ChangeMessageVisibilityBatch", "SendMessageBatch"}
EXPECTED = {"GetItem", "DescribeConnection", "GetSecretValue"} | MESSAGES
JSON = {"Content-Type": "application/x-amz-json-1.0"}


def measure(bench: Bench) -> Measured:
    """Fill the registry, and compare."""
    size, stack = round(CONNECTIONS * bench.effort.share), bench.stack
    ca_bundle = str(stack.ministack.ca_bundle)
    with (
        running_stand_in(stack.endpoint_url, ca_bundle=ca_bundle) as stand_in,
        fleet.function_calling(stack, stand_in.url),
    ):
        _fill(stack, stand_in, size)
        stand_in.plan(Fault("ours", "Scan", _only_ours, ALWAYS))
        before, began = len(stand_in.calls), time.perf_counter()
        entry_points.administer(stack, {"RequestType": "Reconcile", "ResourceProperties": {}})
        fleet.await_empty_queue(stack, fleet.MAINTENANCE)
        seconds = time.perf_counter() - began
        made = stand_in.calls[before:]
    scans = [each.parameters for each in made if each.operation == "Scan"]
    calls = Counter(each.operation for each in made if each.operation != "Scan")
    return Measured(
        list(_rows(size, calls, sum("ExclusiveStartKey" not in each for each in scans))),
        rounds=1,
        remarks=_remarks(calls, len(scans), seconds),
    )


def _fill(stack: LocalStack, stand_in: StandIn, size: int) -> None:
    """Register copies of a connection that the function made, and let them be there."""
    key = "of-everybody"
    stack.secretsmanager.create_secret(Name=SECRET, SecretString=key)
    made = fleet.create_request(_name(0), SECRET)
    entry_points.administer(stack, made)
    about = {"RequestType": "Reconcile", "ResourceProperties": {"Name": _name(0)}}
    entry_points.administer(stack, about)  # so that nothing is left to be noted
    seed = stand_in.connections[_name(0)]
    items = [item for item in _items(stack) if _name(0) in json.dumps(item)]
    properties = {
        "AuthorizationType": "API_KEY",
        "AuthParameters": {
            "ApiKeyAuthParameters": {"ApiKeyName": API_KEY_NAME, "ApiKeyValue": key}
        },
    }
    puts: list[WriteRequestTypeDef] = []
    for number in range(1, size):
        copy = stand_in.create_by_hand(_name(number), **properties)
        copy.last_modified_time = seed.last_modified_time
        text = json.dumps(items).replace(seed.arn, copy.arn).replace(_name(0), copy.name)
        puts += [{"PutRequest": {"Item": item}} for item in json.loads(text)]
    for start in range(0, len(puts), ITEMS_OF_A_CALL):
        chunk = puts[start : start + ITEMS_OF_A_CALL]
        stack.dynamodb.batch_write_item(RequestItems={stack.outputs["RegistryTableName"]: chunk})


def _name(number: int) -> str:
    return f"{PREFIX}-{number:04}"


def _items(stack: LocalStack) -> Iterator[dict[str, Any]]:
    scan = stack.dynamodb.get_paginator("scan")
    for page in scan.paginate(TableName=stack.outputs["RegistryTableName"]):
        yield from page["Items"]


def _only_ours(carry_out: CarryOut) -> Answer:
    page = carry_out()
    document = json.loads(page.body)
    document["Items"] = [each for each in document["Items"] if PREFIX in each["PK"]["S"]]
    return dataclasses.replace(page, body=json.dumps(document).encode(), headers=JSON)


def _rows(size: int, calls: Counter[str], scans: int) -> Iterator[Row]:
    what = f"Reconcile of {size:,} connections that are as asked"
    each = sum(calls.values()) / size
    other = sum(count for operation, count in calls.items() if operation not in EXPECTED)
    yield Row(f"{what}, scans", str(scans), "-", scans, 1)
    yield Row(f"{what}, calls for each", f"{each:.4g}", "-", round(each, 2), CALLS_AT_MOST)
    yield Row(f"{what}, calls that write or report", str(other), "-", other, 0)


def _remarks(calls: Counter[str], pages: int, seconds: float) -> str:
    counted = ", ".join(f"{name} {count}" for name, count in sorted(calls.items()))
    return f"Calls: {counted}, and {pages} pages of the scan; {seconds:.3g} s."
