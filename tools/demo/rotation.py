"""Rotated secrets, and how soon deliveries through their connections carry the new credential."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tools.demo import credentials, walkthrough
from tools.demo.credentials import StoredSecret
from tools.demo.walkthrough import Provisioned
from tools.local.destination import Destination
from tools.local.local_stack import LocalStack

TIMEOUT_SECONDS = 120
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Followed:
    """A connection after a rotation: ``stored`` is the new credential, as is what it delivers."""

    connection: Provisioned
    secret_name: str
    seconds: float


def rotate_and_follow(
    stack: LocalStack,
    destination: Destination,
    stored: StoredSecret,
    connections: Sequence[Provisioned],
) -> list[Followed]:
    """
    Rotate a secret and send events through its connections until the new credential arrives.

    Nothing else is told of the rotation. Where it never arrives, what did arrive last is given.
    """
    rotated = credentials.rotate(stack, stored)
    began = time.monotonic()
    awaited = [replace(each, stored=rotated.secret.values) for each in connections]
    followed: list[Followed] = []
    while awaited:
        time.sleep(POLL_SECONDS)
        delivered = [walkthrough.deliver(stack, destination, each) for each in awaited]
        seconds = time.monotonic() - began
        awaited = [each for each in delivered if not each.is_proven and seconds < TIMEOUT_SECONDS]
        ended = [each for each in delivered if each not in awaited]
        followed += [Followed(each, rotated.secret.name, seconds) for each in ended]
    return followed
