"""What can be done with a stack that is left running: commands to copy, in an order that works."""

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.local import sam_local
from tools.local.deployment import ROOT
from tools.local.docker_engine import DockerEngine
from tools.local.local_stack import LocalStack

EXPORTED = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE")
STACK, INVOKED = "demo-stack-basic", "demo-direct-basic"  # connections of the demo, by who asked
RESULT = ".local/result.json"
SECRET = "connections/example"  # noqa: S105  # nosec B105 # its name, as examples/ refer to it
FIRST = {"username": "ada", "password": "open sesame", "api_key": "k1"}  # nosec B105 # of the emulator alone
ROTATED = {"username": "ada", "password": "close sesame", "api_key": "k2"}  # nosec B105 # likewise, of the emulator alone


def commands(stack: LocalStack, engine: DockerEngine) -> str:
    """Write the commands that talk to a stack that is left running."""
    aws = f"{_aws()} --endpoint-url {stack.endpoint_url} "
    sections = (
        ("Look around", (aws + each for each in _looks(stack))),
        ("Ask by invocation: the result is in a file", _invocation(stack, aws)),
        ("Ask by message: without its secret it is a dead letter", _message(stack, aws)),
        ("Rotate the secret: the connection follows, and a result says so", _rotation(stack, aws)),
        ("Run the function in Docker: on this event, or another of events/", _docker(engine, aws)),
    )
    told = ["\n".join([f"# {title}", *each]) for title, each in sections]
    return "\n\n".join([_environment(stack), *told])


def _looks(stack: LocalStack) -> Iterator[str]:
    outputs = stack.outputs
    yield "events list-connections"
    yield f"events describe-connection --name {STACK}"
    yield f"cloudformation describe-stacks --stack-name {STACK}"
    yield f"dynamodb scan --table-name {outputs['RegistryTableName']}"
    yield (
        "logs filter-log-events --query 'events[].[message]' --output text"
        f" --log-group-name {outputs['FunctionLogGroupName']}"
    )


def _invocation(stack: LocalStack, aws: str) -> Iterator[str]:
    request = {"RequestType": "Describe", "ResourceProperties": {"Name": INVOKED}}
    function = stack.outputs["RequestsFunctionArn"]
    yield f"{aws}lambda invoke --payload {_quoted(request)} --function-name {function} {RESULT}"
    yield f"cat {RESULT}"


def _message(stack: LocalStack, aws: str) -> Iterator[str]:
    outputs = stack.outputs
    yield (
        f"{aws}sqs send-message --message-body file://examples/message-basic.json"
        f" --queue-url {outputs['RequestQueueUrl']}"
    )
    yield (
        f"{aws}sqs receive-message --wait-time-seconds 5 --visibility-timeout 0"
        f" --message-attribute-names All --queue-url {outputs['DeadLetterQueueUrl']}"
    )
    yield f"{aws}secretsmanager create-secret --name {SECRET} --secret-string {_quoted(FIRST)}"
    yield "make redrive"
    yield _results(stack, aws)
    yield "make inventory"


def _rotation(stack: LocalStack, aws: str) -> Iterator[str]:
    rotated = f"--secret-id {SECRET} --secret-string {_quoted(ROTATED)}"
    yield f"{aws}secretsmanager put-secret-value {rotated}"
    yield _results(stack, aws)


def _docker(engine: DockerEngine, aws: str) -> Iterator[str]:
    yield (
        f"make event EVENT=events/direct-validate.json && {shlex.join(sam_local.command(engine))}"
    )
    told = "what CloudFormation was told, after an event of its"
    yield f"{aws}s3 cp s3://{sam_local.BUCKET}/{sam_local.KEY} -  # {told}"


def _results(stack: LocalStack, aws: str) -> str:
    options = "--wait-time-seconds 5 --max-number-of-messages 10"
    return f"{aws}sqs receive-message {options} --queue-url {stack.outputs['ResultQueueUrl']}"


def _environment(stack: LocalStack) -> str:
    variables = stack.ministack.environment()
    return "\n".join(f"export {name}={variables[name]}" for name in EXPORTED)


def _quoted(document: object) -> str:
    return shlex.quote(json.dumps(document))


def _aws() -> Path:
    # The AWS CLI's first version: `sqs` in it does not know AWS_ENDPOINT_URL.
    return Path(sys.executable).parent.relative_to(ROOT) / "aws"
