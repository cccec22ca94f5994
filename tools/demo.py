"""Deploys the application to a local emulator and shows each credential arrive; ``make demo``."""

import argparse
import signal
import sys
from contextlib import ExitStack

from tools import credentials, delivery, deployment, kept_stack, ministack, narration, walkthrough
from tools.credentials import StoredSecret
from tools.destination import Destination, running_destination
from tools.local_stack import LocalStack
from tools.ministack import MiniStack
from tools.narration import Narrator
from tools.walkthrough import Provisioned


def main() -> int:
    """Run the demo; return 1 if anything is not as expected."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave MiniStack running")
    is_kept = parser.parse_args().keep
    if is_kept and kept_stack.find():
        print("a stack is running already: make stop", file=sys.stderr)
        return 1
    # Ended by another process it cleans up as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run(is_kept=is_kept)
    except KeyboardInterrupt:
        print("\ninterrupted; everything is stopped", file=sys.stderr)
        return 130
    except (RuntimeError, TimeoutError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def _run(*, is_kept: bool) -> int:
    narrator = Narrator()
    with ExitStack() as resources:
        stack = _deploy(narrator, resources)
        with running_destination() as destination:
            provisioned = _provision(narrator, stack, destination)
            proven = _prove(narrator, stack, destination, provisioned)
        print(f"\n{narration.table(proven)}\n")
        if is_kept:
            kept_stack.keep(stack.ministack)
            resources.pop_all()
            print("MiniStack is left running; `make stop` ends it. To talk to it:\n")
            print(narration.commands(stack, proven[0].name), end="\n\n")
    succeeded = all(each.is_proven for each in proven)
    print(f"{'Done' if succeeded else 'FAILED'} in {narrator.seconds:.1f} s.")
    return 0 if succeeded else 1


def _deploy(narrator: Narrator, resources: ExitStack) -> LocalStack:
    narrator.step("Build function and layer: sam build", deployment.build)
    emulator = narrator.step(
        "Start MiniStack, with TLS and IAM enforced", lambda: _start(resources)
    )
    narrator.detail(emulator.endpoint_url)
    narrator.step(
        "Deploy the application: sam deploy --config-env local",
        lambda: deployment.deploy(emulator),
    )
    stack = LocalStack(emulator)
    resources.callback(stack.close)
    return stack


def _start(resources: ExitStack) -> MiniStack:
    emulator = ministack.start()
    resources.callback(ministack.stop, emulator)
    return emulator


def _provision(
    narrator: Narrator, stack: LocalStack, destination: Destination
) -> list[Provisioned]:
    stored = narrator.step(
        "Store random credentials in Secrets Manager", lambda: credentials.store_all(stack)
    )
    for each in stored.values():
        narrator.detail(each.secret.name, narration.credential(each.secret.values))
    return [
        *_through_cloudformation(narrator, stack, stored, destination),
        _through_the_queue(narrator, stack, stored["API_KEY"]),
        _through_an_invocation(narrator, stack, stored["BASIC"]),
    ]


def _through_cloudformation(
    narrator: Narrator,
    stack: LocalStack,
    stored: dict[str, StoredSecret],
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


def _prove(
    narrator: Narrator,
    stack: LocalStack,
    destination: Destination,
    provisioned: list[Provisioned],
) -> list[Provisioned]:
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


if __name__ == "__main__":
    sys.exit(main())
