"""Sessions of roles on the emulator, which may do what their policy says and nothing else."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import boto3

from tools.local.local_stack import LocalStack
from tools.local.ministack import ACCOUNT_ID, REGION, MiniStack

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def assume_new_role(ministack: MiniStack, role: str, *allowed: Mapping[str, Any]) -> dict[str, str]:
    """Make a role that may do this and nothing else; give the variables of a session of it."""
    with closing(LocalStack(ministack)) as stack:
        stack.iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(ANYBODY))
        stack.iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=document(*allowed))
    return assume_role(ministack, role_arn(role))


@contextmanager
def sqs_of_function(stack: LocalStack) -> Iterator["SQSClient"]:
    """Give SQS as the function sees it, whose queues take messages from few others."""
    role = stack.function_configuration["Role"]
    with closing(client("sqs", assume_role(stack.ministack, role))) as sqs:
        yield sqs


def assume_role(ministack: MiniStack, arn: str) -> dict[str, str]:
    """Give the variables of a session of a role."""
    with closing(LocalStack(ministack)) as stack:
        return {**ministack.environment(), **stack.session_of(arn)}


def root_client(service: Any, ministack: MiniStack) -> Any:
    """Give a client that acts as the emulator's root user."""
    options: Any = {"endpoint_url": ministack.endpoint_url, "verify": str(ministack.ca_bundle)}
    return boto3.Session("test", "test", region_name=REGION).client(service, **options)


def role_arn(role: str) -> str:
    """Give the ARN of a role, which is not that of its sessions."""
    return f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"


def document(*statements: Mapping[str, Any]) -> str:
    """Give a policy's text."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def client(service: Any, environment: Mapping[str, str]) -> Any:
    """Give a client that acts as a session."""
    session = boto3.Session(
        environment["AWS_ACCESS_KEY_ID"],
        environment["AWS_SECRET_ACCESS_KEY"],
        environment["AWS_SESSION_TOKEN"],
        region_name=REGION,
    )
    at = environment["AWS_ENDPOINT_URL"]
    return session.client(service, endpoint_url=at, verify=environment["AWS_CA_BUNDLE"])
