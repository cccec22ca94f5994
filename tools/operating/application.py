"""The deployed application that a make target speaks to: on AWS, or what the demo left running."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tools.local import kept_stack
from tools.local.local_stack import LocalStack

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

LONGEST_ANSWER_SECONDS = 910  # the function may take 900


class Application(Protocol):
    """A deployed application, wherever it is."""

    @property
    def outputs(self) -> Mapping[str, str]:
        """Return the stack's outputs by name."""

    @property
    def lambda_(self) -> "LambdaClient":
        """Return the client of Lambda."""

    @property
    def sqs(self) -> "SQSClient":
        """Return the client of SQS."""


@dataclass(frozen=True)
class OnAws:
    """An application on AWS, in the account and Region that the environment names."""

    stack_name: str

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """Return the stack's outputs by name."""
        cloudformation = boto3.client("cloudformation")
        (found,) = cloudformation.describe_stacks(StackName=self.stack_name)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    @cached_property
    def lambda_(self) -> "LambdaClient":
        """Return the client of Lambda."""
        # A second try would begin while the function still carries out the first.
        once = Config(read_timeout=LONGEST_ANSWER_SECONDS, retries={"total_max_attempts": 1})
        return boto3.client("lambda", config=once)

    @cached_property
    def sqs(self) -> "SQSClient":
        """Return the client of SQS."""
        return boto3.client("sqs")


@contextmanager
def application(stack_name: str | None) -> Iterator[Application]:
    """Find the application of a stack on AWS, else the one that was left running; never a guess."""
    if stack_name:
        yield _on_aws(stack_name)
        return
    kept = kept_stack.find()
    if not kept:
        raise _refusal(
            "nothing is running here: `make demo KEEP=1` starts it, STACK=… names a stack on AWS"
        )
    with closing(LocalStack(kept)) as stack:
        yield stack


def _on_aws(stack_name: str) -> OnAws:
    found = OnAws(stack_name)
    try:
        if "RequestsFunctionArn" in found.outputs:
            return found
    except (BotoCoreError, ClientError) as error:
        raise _refusal(f"STACK={stack_name}: {error}") from None
    raise _refusal(f"STACK={stack_name}: its outputs are not this application's")


def _refusal(problem: str) -> SystemExit:
    print(problem, file=sys.stderr)
    return SystemExit(2)
