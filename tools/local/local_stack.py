"""The application deployed to a MiniStack of its own: endpoint, outputs and clients."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from tools.local import deployment
from tools.local.ministack import REGION, MiniStack, running_ministack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient


@contextmanager
def local_stack(other_address: str = "") -> Iterator["LocalStack"]:
    """Build, start MiniStack and deploy; end it all with the block."""
    deployment.build()
    with running_ministack(other_address) as ministack:
        deployment.deploy(ministack)
        with closing(LocalStack(ministack)) as stack:
            yield stack


@dataclass(frozen=True)
class LocalStack:
    """A deployed application and the clients to talk to it."""

    ministack: MiniStack
    # Taken from the result queue and not asked for yet, by request id.
    results: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def endpoint_url(self) -> str:
        """Return the one address of all services."""
        return self.ministack.endpoint_url

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """Return the application stack's outputs by name."""
        return self.outputs_of(deployment.STACK_NAME)

    def outputs_of(self, stack_name: str) -> Mapping[str, str]:
        """Return a stack's outputs by name."""
        (stack,) = self.cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def close(self) -> None:
        """Close the clients' connections, for which MiniStack would wait before it ends."""
        for client in vars(self).values():
            if isinstance(client, BaseClient):
                client.close()

    def function_logs(self) -> str:
        """Return everything that the function has logged, oldest first."""
        log_group = self.outputs["FunctionLogGroupName"]
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=log_group)
        return "\n".join(event["message"] for page in pages for event in page["events"])

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """Return the client of CloudFormation."""
        return self._session.client("cloudformation", **self._options)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """Return the client of DynamoDB."""
        return self._session.client("dynamodb", **self._options)

    @cached_property
    def events(self) -> "EventBridgeClient":
        """Return the client of EventBridge."""
        return self._session.client("events", **self._options)

    @cached_property
    def iam(self) -> "IAMClient":
        """Return the client of IAM."""
        return self._session.client("iam", **self._options)

    @cached_property
    def lambda_(self) -> "LambdaClient":
        """Return the client of Lambda."""
        return self._session.client("lambda", **self._options)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        """Return the client of CloudWatch Logs."""
        return self._session.client("logs", **self._options)

    @cached_property
    def s3(self) -> "S3Client":
        """Return the client of S3."""
        return self._session.client("s3", **self._options)

    def presigned(self, bucket: str, key: str, endpoint_url: str) -> str:
        """Return a URL to put an object to, with the address by which the writer knows it all."""
        with closing(
            self._session.client("s3", **{**self._options, "endpoint_url": endpoint_url})
        ) as s3:
            return s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": key})

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        """Return the client of Secrets Manager."""
        return self._session.client("secretsmanager", **self._options)

    @cached_property
    def sqs(self) -> "SQSClient":
        """Return the client of SQS."""
        return self._session.client("sqs", **self._options)

    @cached_property
    def ssm(self) -> "SSMClient":
        """Return the client of Systems Manager."""
        return self._session.client("ssm", **self._options)

    @cached_property
    def sts(self) -> "STSClient":
        """Return the client of the Security Token Service."""
        return self._session.client("sts", **self._options)

    def session_of(self, role_arn: str) -> dict[str, str]:
        """Return the variables with which a client acts as a role, for an hour."""
        session = self.sts.assume_role(RoleArn=role_arn, RoleSessionName="local")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }

    @cached_property
    def function_configuration(self) -> "FunctionConfigurationResponseTypeDef":
        """Return how the function was deployed."""
        return self.lambda_.get_function_configuration(FunctionName=self.outputs["FunctionArn"])

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106  # nosec B106 # MiniStack's root user
            region_name=REGION,
        )

    @cached_property
    def _options(self) -> dict[str, Any]:
        return {
            "endpoint_url": self.endpoint_url,
            "verify": str(self.ministack.ca_bundle),
            "config": Config(proxies={}, retries={"total_max_attempts": 2}, read_timeout=120),
        }
