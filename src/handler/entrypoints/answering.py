"""Answering CloudFormation within the time of an invocation."""

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from handler.clock import Clock
from handler.composition import Invocation
from handler.connections.ownership import is_same
from handler.entrypoints import response as answer
from handler.entrypoints.response_url import refuse_unanswerable
from handler.requests.unchecked_request import Asked, asked_by_custom_resource

LAST_SECOND = 0.5  # of the function, never used


def answer_unanswered(event: Mapping[str, Any], invocation: Invocation) -> None:
    """
    Tell FAILED to a request that was never answered, and do nothing else about it.

    Raises:
        InvalidRequestError: it is none that could be answered.
        NetworkFailureError: the answer was not acknowledged.
    """
    refuse_unanswerable(event, invocation.context)
    prefix = os.environ.get("CONNECTION_NAME_PREFIX", "")
    asked = asked_by_custom_resource(event, prefix, invocation.arrival)
    reason = "the function ended, each time, before it could answer; see its log"
    told = reason + _state_found(invocation, asked)
    deliver(event["ResponseURL"], answer.failed(event, id_of_unknown_end(asked), told), invocation)


def _state_found(invocation: Invocation, asked: Asked) -> str:
    """Tell the state of the requester's own connection, nothing where it cannot be seen."""
    name = id_of_unknown_end(asked)
    with suppress(Exception):  # the answer is worth more
        record = invocation.ports.registry.read(name)
        is_its = record is not None and record.owner == asked.owner
        seen = invocation.ports.connections.describe(name) if is_its else None
        if record and seen and is_same(record, seen):
            return f"; {name} is {seen.state_and_reason}"
    return ""


def id_of_unknown_end(asked: Asked) -> str:
    """Give the id by which a Delete will find whatever may have been made."""
    # A rename may have created the new name; the registry knows whether a Delete of it is ours.
    given = asked.physical_resource_id if asked.request_type == "Delete" else ""
    return given or asked.name


def deliver(url: str, body: Mapping[str, Any], invocation: Invocation) -> None:
    """
    Send an answer, with retries until half a second before the function ends.

    Raises:
        NetworkFailureError: it was not acknowledged.
    """
    clock = invocation.clock
    until_killed = Clock(clock.now, clock.sleep, lambda: invocation.seconds_left() - LAST_SECOND)
    answer.put(url, answer.encode(body), until_killed)
