"""One invocation of the function: its environment, its time, and the adapters made for it."""

import random
import time
import uuid
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

from handler.adapters.aws_client import Caller, client
from handler.adapters.eventbridge import EventBridgeConnections
from handler.adapters.queues import Queues
from handler.adapters.registry import DynamoDbRegistry
from handler.adapters.result_delivery import Results
from handler.adapters.secret_store import SecretStore
from handler.clock import Clock, instant
from handler.environment import REQUIRED, Environment, environment, is_in_lambda, load
from handler.errors import NetworkFailureError, ServiceInternalError, ThrottlingError
from handler.observability import logger
from handler.operations.ports import Ports, Progress
from handler.references.policy import AllowedSources
from handler.requests.properties import Rules
from handler.settings import ANSWER_SECONDS, LONGEST_ANSWER_SHARE, MOST_CALL_RETRIES


class Context(Protocol):
    """The parts of Lambda's context that are used."""

    aws_request_id: str
    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Tell the milliseconds until Lambda ends the function."""


class Invocation:
    """Everything that one invocation shares, made when first needed."""

    def __init__(
        self,
        context: Context,
        required: tuple[str, ...] = REQUIRED,
        most_call_retries: int = MOST_CALL_RETRIES,
    ) -> None:
        """Start the clock."""
        self.context = context
        self._required, self._most_call_retries = required, most_call_retries
        margin = min(ANSWER_SECONDS, self.seconds_left() * LONGEST_ANSWER_SHARE)
        self.clock = Clock(time.time, time.sleep, lambda: self.seconds_left() - margin, _jitter)
        self.arrival = instant(self.clock.now())
        self.progress = Progress()
        self._holder = str(uuid.uuid4())  # not Lambda's request id: Lambda's retries share it

    def seconds_left(self) -> float:
        """Tell the seconds until Lambda ends the function."""
        return self.context.get_remaining_time_in_millis() / 1000

    def prepare(self) -> None:
        """
        Build the adapters before several threads ask for them.

        Raises:
            ServiceInternalError: the environment is not usable.
        """
        _ = self.ports, self.results

    @cached_property
    def environment(self) -> Environment:
        """Give the checked environment."""
        return load(environment(), self.context.invoked_function_arn, self._required)

    @cached_property
    def rules(self) -> Rules:
        """Give the rules that requests are checked against."""
        given = self.environment
        policy = AllowedSources(
            given.partition,
            given.region,
            given.account,
            given.allowed_secret_prefixes,
            given.allowed_parameter_prefixes,
            given.allowed_accounts,
        )
        return Rules(
            self._connections.shape,
            policy,
            given.connection_name_prefix,
            given.allowed_authorization_hosts,
        )

    @cached_property
    def ports(self) -> Ports:
        """Put the adapters together."""
        given = self.environment
        registry = DynamoDbRegistry(
            self._registry_caller(), given.registry_table_name, given.account, given.region
        )
        return Ports(
            connections=self._connections,
            secrets=SecretStore(
                self.caller("secretsmanager"), lambda: self.caller("ssm"), given.account
            ),
            registry=registry,
            send=self.queues.send,
            clock=self.clock,
            rules=self.rules,
            holder=self._holder,
            is_repairing=given.is_repairing,
            progress=self.progress,
        )

    @cached_property
    def _connections(self) -> EventBridgeConnections:
        return EventBridgeConnections(self.caller("events"))

    @cached_property
    def queues(self) -> Queues:
        """Put the sender to SQS together."""
        given = self.environment
        return Queues(
            lambda: self.caller("sqs"), given.maintenance_queue_url, given.dead_letter_queue_url
        )

    @cached_property
    def results(self) -> Results:
        """Put the publisher of results together."""
        return Results(
            self.caller("events"),
            lambda: self.caller("stepfunctions"),
            self.environment.result_bus_name,
            self.environment.installation,
        )

    def caller(self, service: str) -> Caller:
        """Make a caller of one service."""
        retries = self._most_call_retries
        return Caller(service, self._client(service), self.clock, most_retries=retries)

    def _registry_caller(self) -> Caller:
        # Retrying a failed condition is useless: the registry must be read again first.
        retried = (NetworkFailureError, ServiceInternalError, ThrottlingError)
        return self.caller("dynamodb")._replace(retried=retried)

    def _client(self, service: str) -> Any:
        given = self.environment
        return client(service, given.connect_timeout_seconds, given.read_timeout_seconds)


def _jitter(pause_seconds: float) -> float:
    return random.uniform(pause_seconds / 2, pause_seconds)  # noqa: S311  # nosec B311 # spreads retries in time


SERVICES = ("events", "dynamodb", "secretsmanager")


def warm(environment: Mapping[str, str]) -> None:
    """Make clients, but only in Lambda: elsewhere the environment may still change."""
    if not is_in_lambda(environment):
        return
    try:
        given = load(environment, "", ())
        for service in SERVICES:
            client(service, given.connect_timeout_seconds, given.read_timeout_seconds)
    except Exception as error:  # noqa: BLE001 - a request meets the same error and can report it
        logger.warning("clients not made in the init phase", kind=type(error).__name__)
