"""
The answer to CloudFormation, a PUT to the request's ResponseURL.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

import json
import random
import ssl
from collections.abc import Mapping
from itertools import islice
from typing import Any

import urllib3

from handler.clock import Clock, growing_pauses
from handler.composition import Invocation
from handler.errors import NetworkFailureError
from handler.requests.unchecked_request import UncheckedRequest
from handler.settings import (
    LONGEST_RESPONSE_REASON_BYTES,
    LONGEST_RESPONSE_STATE_REASON_BYTES,
    MOST_RESPONSE_ATTEMPTS,
    RESPONSE_ATTEMPT_SECONDS,
    RESPONSE_PAUSES,
    UNUSED_SECONDS,
)

MOST_BYTES = 4096  # CloudFormation takes no more
RETRIED = (408, 429)


def response(
    event: Mapping[str, Any],
    physical_resource_id: str,
    reason: str,
    status: str = "FAILED",
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Give the answer to a request; its Data only where it succeeded."""
    ids = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    return {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": physical_resource_id,
        **ids,
        "NoEcho": False,
        "Data": dict(data or {}) if status == "SUCCESS" else {},
    }


def encode(body: Mapping[str, Any]) -> bytes:
    """Make an answer of at most 4096 bytes, keeping the beginning of long reasons."""
    data = dict(body.get("Data") or {})
    if "StateReason" in data:
        data["StateReason"] = _head(data["StateReason"], LONGEST_RESPONSE_STATE_REASON_BYTES)
    short = {**body, "Reason": _head(body["Reason"], LONGEST_RESPONSE_REASON_BYTES), "Data": data}
    encoded = _json(short)
    return encoded if len(encoded) <= MOST_BYTES else _json({**short, "Data": {}})


def put(url: str, body: bytes, clock: Clock) -> None:
    """
    Send an answer until it is acknowledged; retry passing errors while there is time.

    Raises:
        NetworkFailureError: it was not acknowledged.
    """
    http = urllib3.PoolManager(ssl_context=ssl.create_default_context())
    problem = "no time was left"
    for pause in islice(growing_pauses(*RESPONSE_PAUSES), MOST_RESPONSE_ATTEMPTS):
        left = clock.remaining()
        if left <= 0:
            break
        problem, is_final = _attempt(http, url, body, min(RESPONSE_ATTEMPT_SECONDS, left))
        if not problem:
            return
        if is_final:
            break
        jitter = random.uniform(0, pause)  # noqa: S311  # nosec B311 # spreads retries in time
        clock.sleep(min(jitter, max(clock.remaining(), 0)))
    raise NetworkFailureError(f"CloudFormation did not take the answer: {problem}")


def _attempt(http: urllib3.PoolManager, url: str, body: bytes, seconds: float) -> tuple[str, bool]:
    try:
        # The content type must be empty, because the URL's signature covers it.
        response = http.request(
            "PUT",
            url,
            body=body,
            headers={"content-type": ""},
            timeout=urllib3.Timeout(total=seconds),  # a number would limit each part alone
            retries=False,
            redirect=False,
        )
    except (urllib3.exceptions.HTTPError, OSError) as error:
        return type(error).__name__, False
    status = response.status
    is_acknowledged = 200 <= status < 300  # noqa: PLR2004 (HTTP's own numbers)
    is_worth_retrying = status in RETRIED or status >= 500  # noqa: PLR2004
    return "" if is_acknowledged else f"HTTP {status}", not is_worth_retrying


def _head(text: str, longest: int) -> str:
    clean = "".join(character if character.isprintable() else " " for character in text)
    encoded = clean.encode("utf-8", "replace")
    if len(encoded) <= longest:
        return encoded.decode()
    return encoded[:longest].decode("utf-8", "ignore") + "…"


def _json(body: Mapping[str, Any]) -> bytes:
    # Not as ASCII: each other character would take six bytes.
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def physical_id_of_unknown_end(unchecked: UncheckedRequest) -> str:
    """Give the id by which a Delete will find what may have been created."""
    # A rename may have created the new name; the registry knows whether a Delete of it is ours.
    given = unchecked.physical_resource_id if unchecked.request_type == "Delete" else ""
    return given or unchecked.name


def deliver(url: str, body: Mapping[str, Any], invocation: Invocation) -> None:
    """
    Send an answer, with retries until half a second before the function ends.

    Raises:
        NetworkFailureError: it was not acknowledged.
    """
    clock = invocation.clock
    until_killed = Clock(clock.now, clock.sleep, lambda: invocation.seconds_left() - UNUSED_SECONDS)
    put(url, encode(body), until_killed)
