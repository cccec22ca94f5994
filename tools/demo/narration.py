"""How the demo speaks: steps with their times, what they brought, and a table at the end."""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tools.demo.rotation import Followed
from tools.demo.walkthrough import Provisioned
from tools.local.deployment import ROOT
from tools.local.local_stack import LocalStack
from tools.operating.table import drawn

T = TypeVar("T")
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@dataclass(slots=True)
class Narrator:
    """Says what is done, while it is done, and how long it took."""

    began: float = field(default_factory=time.monotonic)
    steps: int = 0

    @property
    def seconds(self) -> float:
        """Return the time since the beginning."""
        return time.monotonic() - self.began

    def step(self, text: str, work: Callable[[], T]) -> T:
        """Do one step of the demo and return what it gave."""
        self.steps += 1
        print(f"{self.steps}. {text:<72}", end="", flush=True)
        began = time.monotonic()
        result = work()
        print(f"{time.monotonic() - began:6.1f} s", flush=True)
        return result

    def detail(self, *columns: str) -> None:
        """Show a piece of what the last step gave."""
        print("   " + "  ".join(f"{column:<22}" for column in columns).rstrip(), flush=True)


def credential(values: Mapping[str, str]) -> str:
    """Write a credential of this run, random and of no further use, in one line."""
    return "  ".join(f"{key}={value}" for key, value in values.items()) or "nothing"


def table(proven: Sequence[Provisioned]) -> str:
    """Draw what became of each connection."""
    head = ("Asked through", "AuthorizationType", "Connection", "State", "Credential")
    rows = [
        (
            each.entry_point,
            each.authorization_type,
            each.name,
            each.state,
            "arrived" if each.is_proven else "DIFFERS",
        )
        for each in proven
    ]
    return drawn(head, rows)


def rotation_table(followed: Sequence[Followed]) -> str:
    """Draw how soon a rotated credential arrived through each connection."""
    head = ("Asked through", "Rotated secret", "Connection", "New credential", "Seconds")
    rows = [
        (
            each.connection.entry_point,
            each.secret_name,
            each.connection.name,
            "arrived" if each.connection.is_proven else "DIFFERS",
            f"{each.seconds:.1f}",
        )
        for each in followed
    ]
    return drawn(head, rows)


def commands(stack: LocalStack, name: str) -> str:
    """Write the AWS CLI commands that talk to a stack that is left running."""
    outputs = stack.outputs
    payload = json.dumps({"RequestType": "Describe", "ResourceProperties": {"Name": name}})
    spoken = [
        "events list-connections",
        f"events describe-connection --name {name}",
        f"cloudformation describe-stacks --stack-name {name}",
        f"dynamodb scan --table-name {outputs['RegistryTableName']}",
        f"lambda invoke --payload '{payload}'"  # noqa: ISC004 - one command
        f" --function-name {outputs['RequestsFunctionArn']} .local/result.json",
        "secretsmanager create-secret --name connections/example"  # noqa: ISC004
        ' --secret-string \'{"username": "ada", "password": "open sesame", "api_key": "k1"}\'',
        "sqs send-message --message-body file://examples/message-basic.json"  # noqa: ISC004
        f" --queue-url {outputs['RequestQueueUrl']}",
        "secretsmanager put-secret-value --secret-id connections/example"  # noqa: ISC004
        ' --secret-string \'{"username": "ada", "password": "close sesame", "api_key": "k2"}\'',
        "sqs receive-message --wait-time-seconds 5 --max-number-of-messages 10"  # noqa: ISC004
        f" --queue-url {outputs['ResultQueueUrl']}",
        "logs filter-log-events --query 'events[].[message]' --output text"  # noqa: ISC004
        f" --log-group-name {outputs['FunctionLogGroupName']}",
    ]
    aws = f"{_aws()} --endpoint-url {stack.endpoint_url}"
    return "\n".join([_environment(stack), "", *(f"{aws} {command}" for command in spoken)])


def _environment(stack: LocalStack) -> str:
    return "\n".join(
        f"export {name}={value}"
        for name, value in stack.ministack.environment().items()
        if name in {*CREDENTIALS, "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE"}
    )


def _aws() -> Path:
    # The AWS CLI's first version: `sqs` in it does not know AWS_ENDPOINT_URL.
    return Path(sys.executable).parent.relative_to(ROOT) / "aws"
