"""
Calls to AWS: counted by a proxy between the function and the emulator of AWS, for connections with
one secret that settle at once. A test holds every change of the code against these tables. A
stack's request is answered by a PUT as well, which is no call to AWS's API.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from tests.support.faulty_proxy import Answer, FaultyProxy, Forward, answered, edited, running_proxy
from tools.bench.asking import EVENTS, RESPONSE_PATH
from tools.bench.expected_calls import EXPECTED
from tools.bench.measuring import Bench, Measured, Row
from tools.local.runtime import running_function

SECRET = "connections/counted"  # noqa: S105  # nosec B105 # it is its name
AT_MOST = {"Create, message": 8, "Refresh that writes, message": 8}
VERSION = "3b8f7c1e-0000-4000-8000-00000000000"


@dataclass(slots=True)
class Walk:
    """Requests in an order in which each finds what it needs, and the calls that each made."""

    invoke: Callable[[Any], Any]
    proxy: FaultyProxy
    response_url: str
    name: str
    queue_arns: Mapping[str, str]  # as the stack's outputs name them
    number: int = 0

    def steps(self) -> Iterator[tuple[str, list[str]]]:
        """Make the requests, one after the other; the secret is there."""
        self._secret_has(1)
        yield self._stack("Create")
        yield self._stack("Delete")
        yield self._message("Create, message", "Create", self._asked())
        yield self._message("Delete, message", "Delete", {"Name": self.name})
        yield self._invocation("Create, invocation", "Create", self._asked())
        what = "Update that changes nothing"
        yield self._invocation(f"{what}, invocation", "Update", self._asked())
        yield self._message(f"{what}, message", "Update", self._asked())
        what = "Update that changes something, invocation"
        yield self._invocation(what, "Update", self._asked() | {"Description": "changed"})
        yield from self._rotation()
        yield self._message("Reconcile of one, message", "Reconcile", {"Name": self.name})
        yield self._message("Reconcile of all, message", "Reconcile", {})
        yield self._invocation("Delete, invocation", "Delete", {"Name": self.name})

    def _rotation(self) -> Iterator[tuple[str, list[str]]]:
        self._secret_has(2)
        about = {"SecretId": SECRET, "VersionId": VERSION + "2"}
        yield self._message("Refresh of a secret, message", "Refresh", about)
        named = about | {"Name": self.name}
        yield self._message("Refresh that writes, message", "Refresh", named)
        yield self._message("Refresh of a version that is there, message", "Refresh", named)
        what = "Refresh that finds nothing new, invocation"
        yield self._invocation(what, "Refresh", {"Name": self.name})

    def _secret_has(self, version: int) -> None:
        # Not really rotated, and nothing sent: the deployed function would follow, too.
        self.proxy.reset()
        self.proxy.spoil("GetSecretValue", edited(VersionId=f"{VERSION}{version}"))
        self.proxy.spoil("SendMessageBatch", answered(200, {"Successful": [], "Failed": []}))
        self.proxy.spoil("Scan", _first_only)

    def _asked(self) -> dict[str, Any]:
        user, password = (
            f"{{{{resolve:secretsmanager:{SECRET}:SecretString:{key}}}}}"
            for key in ("username", "password")
        )
        parameters = {"BasicAuthParameters": {"Username": user, "Password": password}}
        return {"Name": self.name, "AuthorizationType": "BASIC", "AuthParameters": parameters}

    def _invocation(
        self, what: str, request_type: str, properties: Mapping[str, Any]
    ) -> tuple[str, list[str]]:
        return self._made(what, {"RequestType": request_type, "ResourceProperties": properties})

    def _message(
        self, what: str, request_type: str, properties: Mapping[str, Any]
    ) -> tuple[str, list[str]]:
        event = json.loads((EVENTS / "sqs-single.json").read_text())
        (record,) = event["Records"]
        is_maintenance = request_type in ("Refresh", "Reconcile")
        queue = "MaintenanceQueueArn" if is_maintenance else "RequestQueueArn"
        record["eventSourceARN"] = self.queue_arns[queue]
        self.number += 1
        record["messageId"] = f"{self.name}-{self.number}"
        # Of now, or it would be older than what was applied.
        record["attributes"]["SentTimestamp"] = str(round(time.time() * 1000))
        record["body"] = json.dumps({"RequestType": request_type, "ResourceProperties": properties})
        return self._made(what, event)

    def _stack(self, request_type: str) -> tuple[str, list[str]]:
        path = EVENTS / f"cloudformation-{request_type.lower()}-basic.json"
        event = json.loads(path.read_text())
        event["ResponseURL"] = self.response_url
        event["ResourceProperties"] = self._asked()
        if request_type == "Delete":
            event["PhysicalResourceId"] = self.name
        return self._made(f"{request_type}, stack", event)

    def _made(self, what: str, event: Any) -> tuple[str, list[str]]:
        self.proxy.calls.clear()
        self.invoke(event)
        return what, self.proxy.operations()


def _first_only(forward: Forward) -> Answer:
    # Others may be registered as well, and make more pages of messages.
    real = forward()
    body = json.dumps({"Items": real.document["Items"][:1], "Count": 1, "ScannedCount": 1})
    return Answer(real.status, body.encode(), {"Content-Type": "application/x-amz-json-1.0"})


def measure(bench: Bench) -> Measured:
    """Count."""
    stack = bench.stack
    text = json.dumps({"username": "counted", "password": "counted"})  # nosec B105 # known to nobody but the emulator
    stack.secretsmanager.create_secret(Name=SECRET, SecretString=text)
    with running_proxy(stack.endpoint_url, str(stack.ministack.ca_bundle)) as proxy:
        environment = {**bench.environment, "AWS_ENDPOINT_URL": proxy.url}
        with running_function(bench.artifact, environment) as function:
            url = bench.destination.url + RESPONSE_PATH
            counted = dict(Walk(function.invoke, proxy, url, "counted", stack.outputs).steps())
    return Measured(list(_rows(counted)), rounds=1, remarks="\n".join(tables(counted)))


def _rows(counted: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    for what, at_most in AT_MOST.items():
        calls = len(counted[what])
        yield Row(f"Calls to AWS: {what}", str(calls), "-", calls, at_most)
    beyond = sum(max(0, len(counted[what]) - len(calls)) for what, calls in EXPECTED.items())
    what = f"Calls to AWS: of {len(EXPECTED)} kinds of request, beyond those listed below"
    yield Row(what, str(beyond), "-", beyond, 0)


def tables(counted: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Write which calls each kind of request made, and once for each call why it is made."""
    yield "| Request | Calls | In their order |"
    yield "|---|---|---|"
    for calls, kinds in _kinds_by_calls(counted).items():
        yield f"| {'; '.join(kinds)} | {len(calls)} | {', '.join(calls)} |"
    yield ""
    yield "| Call | Why |"
    yield "|---|---|"
    for operation, reasons in _reasons().items():
        yield f"| `{operation}` | {'<br>'.join(reasons)} |"


def _kinds_by_calls(counted: Mapping[str, Sequence[str]]) -> dict[tuple[str, ...], list[str]]:
    kinds: dict[tuple[str, ...], list[str]] = {}
    for what in EXPECTED:
        kinds.setdefault(tuple(counted[what]), []).append(what)
    return kinds


def _reasons() -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for operation, why in dict.fromkeys(chain.from_iterable(EXPECTED.values())):
        reasons.setdefault(operation, []).append(why)
    return reasons
