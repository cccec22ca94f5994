"""
Runs the built function on one event under the real Lambda runtime client; ``make invoke``.

What it calls is the local stack that ``make demo KEEP=1`` left running, else one of its own.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from tools.local import deployment, kept_stack, recorded_event
from tools.local.destination import Destination, running_destination
from tools.local.local_stack import LocalStack, local_stack
from tools.local.runtime import built_artifact, running_function

RESPONSE_PATH = "/response"


def main() -> int:
    """Print what the function answered, and to standard error what it logged."""
    parser = argparse.ArgumentParser(prog="make invoke", description=__doc__)
    parser.add_argument("event", type=Path, help="a file of events/")
    path = parser.parse_args().event
    if found := problem(path):
        print(f"{path}: {found}", file=sys.stderr)
        return 2
    with _stack() as stack, running_destination() as destination:
        event = recorded_event.load(path, stack, destination.url + RESPONSE_PATH)
        with running_function(built_artifact(), function_environment(stack)) as function:
            answer = function.invoke(event)
            print(function.log, file=sys.stderr)
        told = _answer(destination, answer)
        print(json.dumps(told, indent=2))
    return 1 if _is_failure(told) else 0


def problem(path: Path) -> str:
    """Tell why a file is no event of the function, "" if it is one."""
    try:
        event = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        return str(error)
    if isinstance(event, dict) and "detail-type" in event:
        return "a rule's input, not the function's; what rules make of such: events/sqs-re*.json"
    return ""


def function_environment(stack: LocalStack) -> Mapping[str, str]:
    """Return the variables of the deployed function, as its role, pointed at the local stack."""
    deployed = stack.function_configuration
    return {
        **deployed["Environment"]["Variables"],
        **stack.ministack.environment(),
        **stack.session_of(deployed["Role"]),
        "AWS_LAMBDA_FUNCTION_NAME": deployed["FunctionName"],
        "RESPONSE_URL_HOSTS": "127.0.0.1",
    }


def _is_failure(told: object) -> bool:
    # An error of the function, or an answer to CloudFormation.
    return isinstance(told, dict) and ("errorType" in told or told.get("Status") == "FAILED")


@contextmanager
def _stack() -> Iterator[LocalStack]:
    kept = kept_stack.find()
    if kept:
        print("on the stack that `make demo KEEP=1` left running", file=sys.stderr)
        deployment.build()
        with closing(LocalStack(kept)) as stack:
            yield stack
    else:
        with local_stack() as stack:
            yield stack


def _answer(destination: Destination, answer: object) -> object:
    # To CloudFormation the function answers at the event's ResponseURL.
    answers = [each for each in destination.deliveries if each.path == RESPONSE_PATH]
    return json.loads(answers[-1].body) if answers else answer


if __name__ == "__main__":
    sys.exit(main())
