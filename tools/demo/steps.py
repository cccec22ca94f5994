"""What the demo shows of the deployed application, step by step."""

from collections.abc import Mapping
from functools import partial

from tools.demo import credentials, delivery, narration, rotation, walkthrough
from tools.demo.credentials import StoredSecret
from tools.demo.narration import Narrator
from tools.demo.rotation import Followed
from tools.demo.walkthrough import Provisioned
from tools.local.destination import Destination
from tools.local.local_stack import LocalStack

ROTATED = ("BASIC", "API_KEY")  # each behind a stack's connection and another entry point's


def store(narrator: Narrator, stack: LocalStack) -> dict[str, StoredSecret]:
    """Store the credentials."""
    stored = narrator.step(
        "Store random credentials in Secrets Manager", lambda: credentials.store_all(stack)
    )
    for each in stored.values():
        narrator.detail(each.secret.name, narration.credential(each.secret.values))
    return stored


def provision(
    narrator: Narrator,
    stack: LocalStack,
    stored: Mapping[str, StoredSecret],
    destination: Destination,
) -> list[Provisioned]:
    """Ask for connections through every entry point."""
    return [
        *_through_cloudformation(narrator, stack, stored, destination),
        _through_the_queue(narrator, stack, stored["API_KEY"]),
        _through_an_invocation(narrator, stack, stored["BASIC"]),
    ]


def _through_cloudformation(
    narrator: Narrator,
    stack: LocalStack,
    stored: Mapping[str, StoredSecret],
    destination: Destination,
) -> list[Provisioned]:
    deployed = narrator.step(
        "Deploy stacks: examples/basic.yaml, api-key.yaml, oauth.yaml",
        lambda: walkthrough.through_cloudformation(stack, stored, destination.token_url),
    )
    for each in deployed:
        narrator.detail(each.name, each.state, each.arn)
    return deployed


def _through_the_queue(narrator: Narrator, stack: LocalStack, stored: StoredSecret) -> Provisioned:
    answered = narrator.step(
        "Send a message to the request queue and wait for its result event",
        lambda: walkthrough.through_the_queue(stack, stored),
    )
    narrator.detail(answered.name, answered.state, answered.arn)
    return answered


def _through_an_invocation(
    narrator: Narrator, stack: LocalStack, stored: StoredSecret
) -> Provisioned:
    answered = narrator.step(
        "Invoke the function directly", lambda: walkthrough.through_an_invocation(stack, stored)
    )
    narrator.detail(answered.name, answered.state, answered.arn)
    return answered


def prove(
    narrator: Narrator,
    stack: LocalStack,
    destination: Destination,
    provisioned: list[Provisioned],
) -> list[Provisioned]:
    """Let each connection deliver."""
    role_arn = delivery.create_role(stack)
    proven = narrator.step(
        "Send an event through each: rule, API destination, local HTTP server",
        lambda: [walkthrough.prove(stack, destination, role_arn, each) for each in provisioned],
    )
    for each in proven:
        narrator.detail(each.name, f"stored    {narration.credential(each.stored)}")
        narrator.detail("", f"received  {narration.credential(each.received)}")
        narrator.detail("", f"as        {each.header}")
    return proven


def rotate(
    narrator: Narrator,
    stack: LocalStack,
    destination: Destination,
    stored: Mapping[str, StoredSecret],
    proven: list[Provisioned],
) -> list[Followed]:
    """Rotate two secrets, and only that; let their connections deliver until all have followed."""
    followed: list[Followed] = []
    for authorization_type in ROTATED:
        secret = stored[authorization_type]
        users = [each for each in proven if each.authorization_type == authorization_type]
        ended = narrator.step(
            f"Rotate {secret.secret.name}; send events until the new value arrives",
            partial(rotation.rotate_and_follow, stack, destination, secret, users),
        )
        for connection in (each.connection for each in ended):
            narrator.detail(connection.name, f"rotated   {narration.credential(connection.stored)}")
            narrator.detail("", f"received  {narration.credential(connection.received)}")
        followed += ended
    return followed
