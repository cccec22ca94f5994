"""
Deploys the application to a local emulator and shows each credential arrive, and after a rotation
the new one; ``make demo``.
"""

import argparse
import signal
import sys
from contextlib import ExitStack

from tools.demo import commands, narration, steps
from tools.demo.narration import Narrator
from tools.local import deployment, docker_engine, kept_stack, ministack, sam_local
from tools.local.destination import running_destination
from tools.local.docker_engine import DockerEngine
from tools.local.local_stack import LocalStack
from tools.local.ministack import MiniStack
from tools.operating import entry_points, inventory


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
    # Without an engine, the bridge of the next one cannot be known.
    engine = (docker_engine.find() if is_kept else None) or DockerEngine()
    with ExitStack() as resources:
        stack = _deploy(narrator, resources, engine)
        with running_destination() as destination:
            stored = steps.store(narrator, stack)
            provisioned = steps.provision(narrator, stack, stored, destination)
            proven = steps.prove(narrator, stack, destination, provisioned)
            followed = steps.rotate(narrator, stack, destination, stored, proven)
        print(f"\n{narration.table(proven)}")
        print(f"\n{narration.rotation_table(followed)}")
        print(f"\n{inventory.inventory(stack)}\n")
        if is_kept:
            entry_points.forget_results(
                stack
            )  # the rotations' own: what is read next is the user's
            sam_local.prepare(stack)
            kept_stack.keep(stack.ministack)
            resources.pop_all()
            print("MiniStack is left running; `make stop` ends it. To talk to it:\n")
            print(commands.commands(stack, engine), end="\n\n")
    succeeded = all(each.is_proven for each in [*proven, *(each.connection for each in followed)])
    print(f"{'Done' if succeeded else 'FAILED'} in {narrator.seconds:.1f} s.")
    return 0 if succeeded else 1


def _deploy(narrator: Narrator, resources: ExitStack, engine: DockerEngine) -> LocalStack:
    narrator.step("Build function and layer: sam build", deployment.build)
    emulator = narrator.step(
        "Start MiniStack, with TLS and IAM enforced", lambda: _start(resources, engine)
    )
    narrator.detail(emulator.endpoint_url)
    narrator.step(
        "Deploy the application: sam deploy --config-env local",
        lambda: deployment.deploy(emulator),
    )
    stack = LocalStack(emulator)
    resources.callback(stack.close)
    return stack


def _start(resources: ExitStack, engine: DockerEngine) -> MiniStack:
    emulator = ministack.start(engine.bridge)
    resources.callback(ministack.stop, emulator)
    return emulator


if __name__ == "__main__":
    sys.exit(main())
