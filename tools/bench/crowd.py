"""Producers' messages that wait in the request queue while something else is looked at."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from tools.bench import fleet
from tools.local.local_stack import LocalStack


@contextmanager
def waiting_messages(stack: LocalStack, count: int) -> Iterator[None]:
    """Let so many Creates wait while the block lasts; what is left of them is thrown away."""
    secret_name = f"connections/crowd-{secrets.token_hex(4)}"
    names = [f"{secret_name.rpartition('/')[2]}-{number}" for number in range(count)]
    stack.secretsmanager.create_secret(Name=secret_name, SecretString=secrets.token_urlsafe(12))
    fleet.send(stack, [fleet.create_request(name, secret_name) for name in names])
    try:
        yield
    finally:
        stack.sqs.purge_queue(QueueUrl=stack.outputs[fleet.REQUESTS])
        fleet.await_empty_queue(stack)
