"""
Fits an event of ``events/`` to a local stack: its account, its secrets, its ResponseURL.

What it refers to and is not there is stored with random values; a secret of somebody else's stays.
"""

import json
import re
import secrets
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.local.local_stack import LocalStack
from tools.local.ministack import ACCOUNT_ID

DOCUMENTED_ACCOUNT_ID = "123456789012"
STORED_BY_US = "Random values for an event"
SECRET_ARN = re.compile(r"arn:aws:secretsmanager:[\w-]+:\d{12}:secret:([^:\"\s]+)-\w{6}(?=[:\"\\])")
# {{resolve:secretsmanager:<name or ARN>:SecretString:<key>…}} and <ARN>:<key>:<stage>:<version>
RESOLVED_SECRET = re.compile(r"resolve:secretsmanager:([\w/+=.@-]+):SecretString:([\w.-]*)")
VALUE_FROM_SECRET = re.compile(r"secret:([\w/+=.@-]+)-\w{6}:(?:SecretString:)?([\w.-]+)")
PARAMETER = re.compile(r"resolve:(ssm(?:-secure)?):([\w/.-]+)|:(parameter)([\w/.-]+)")


def load(path: Path, stack: LocalStack, response_url: str) -> dict[str, Any]:
    """Read an event as if it came now, storing a random value for what it refers to and lacks."""
    text = path.read_text().replace(DOCUMENTED_ACCOUNT_ID, ACCOUNT_ID)
    arns = {name: _store_secret(stack, name, keys) for name, keys in _secrets(text).items()}
    _store_parameters(stack, text)
    text = SECRET_ARN.sub(lambda found: arns[found[1]], text)
    event: dict[str, Any] = json.loads(text)
    _date(event.get("Records", []))
    _send_from(event.get("Records", []), stack)
    _name_function(event, stack)
    return {**event, "ResponseURL": response_url} if "ResponseURL" in event else event


def _date(records: list[dict[str, Any]]) -> None:
    # Recorded times would make a message older than what was asked and deleted since.
    now = time.time() * 1000
    times = [record["attributes"] for record in records]
    passed = now - max(
        (int(each["ApproximateFirstReceiveTimestamp"]) for each in times), default=now
    )
    for each in times:
        for name in ("SentTimestamp", "ApproximateFirstReceiveTimestamp"):
            each[name] = str(int(each[name]) + round(passed))


def _send_from(records: list[dict[str, Any]], stack: LocalStack) -> None:
    # The function takes batches of its own queues alone, and knows them by their ARN.
    for record in records:
        is_maintenance = record["eventSourceARN"].endswith("-maintenance")
        queue = "MaintenanceQueue" if is_maintenance else "RequestQueue"
        record["eventSourceARN"] = stack.outputs[f"{queue}Arn"]


def _name_function(event: dict[str, Any], stack: LocalStack) -> None:
    # The function refuses what another one passed on, and knows that by the ServiceToken.
    for properties in (event, event.get("ResourceProperties", {})):
        if "ServiceToken" in properties:
            properties["ServiceToken"] = stack.outputs["ConnectionProvisionerServiceToken"]


def _secrets(text: str) -> dict[str, set[str]]:
    keys: dict[str, set[str]] = defaultdict(set)
    for pattern in (RESOLVED_SECRET, VALUE_FROM_SECRET):
        for name, key in pattern.findall(text):
            keys[name].add(key)
    return keys


def _store_secret(stack: LocalStack, name: str, keys: set[str]) -> str:
    client = stack.secretsmanager
    try:
        client.create_secret(Name=name, SecretString=_random_values(keys), Description=STORED_BY_US)
    except client.exceptions.ResourceExistsException:
        found = client.describe_secret(SecretId=name)
        if found.get("Description") != STORED_BY_US:
            return found["ARN"]
        # Another event's, which may name other keys of it.
        keys |= json.loads(client.get_secret_value(SecretId=name)["SecretString"]).keys()
    print(f"stored random values in the secret {name}", file=sys.stderr)
    # A second version, so that there is an AWSPREVIOUS too.
    return client.put_secret_value(SecretId=name, SecretString=_random_values(keys))["ARN"]


def _store_parameters(stack: LocalStack, text: str) -> None:
    for kind, name, _, fallback_name in PARAMETER.findall(text):
        with suppress(stack.ssm.exceptions.ParameterAlreadyExists):
            stack.ssm.put_parameter(
                Name=name or fallback_name,
                Value=secrets.token_urlsafe(12),
                Type="String" if kind == "ssm" else "SecureString",
            )


def _random_values(keys: set[str]) -> str:
    return json.dumps({key: secrets.token_urlsafe(12) for key in keys})
