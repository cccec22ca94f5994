"""
The environment: every variable is read here, and nowhere else; errors may name them.

It is read anew for each request, so that the answer can name a malformed variable.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from handler.errors import unusable_environment
from handler.settings import HOST_NAME, RECONCILE_MODES

REQUIRED = ("REGISTRY_TABLE_NAME",)
QUEUE_URLS = ("REQUEST_QUEUE_URL", "MAINTENANCE_QUEUE_URL", "DEAD_LETTER_QUEUE_URL")
REQUIRED_BY_QUEUE = (*REQUIRED, *QUEUE_URLS)
REQUIRED_BY_BATCH = (*REQUIRED_BY_QUEUE, "UNANSWERED_QUEUE_ARN")  # to know where it comes from
# Variables that a parameter of the template sets, as errors name them.
NAMES = {
    "ALLOWED_AUTHORIZATION_HOSTS": "AllowedAuthorizationHosts (ALLOWED_AUTHORIZATION_HOSTS)",
    "CONNECTION_NAME_PREFIX": "ConnectionNamePrefix (CONNECTION_NAME_PREFIX)",
    "GIVE_UP_SECONDS": "GiveUpSeconds (GIVE_UP_SECONDS)",
    "RECONCILE_MODE": "ReconcileMode (RECONCILE_MODE)",
}
HOST = re.compile(rf"\*|(\*\.)?{HOST_NAME}", re.ASCII)
NAME_PREFIX = re.compile(r"[.\-_A-Za-z0-9]{0,40}")  # leaves a derived name 24 of its own


class Environment(NamedTuple):
    """What the template's parameters decided, and where the function runs."""

    partition: str
    region: str
    account: str
    registry_table_name: str
    installation: str
    maintenance_queue_url: str
    dead_letter_queue_url: str
    result_bus_name: str
    connection_name_prefix: str
    allowed_secret_prefixes: tuple[str, ...]
    allowed_parameter_prefixes: tuple[str, ...]
    allowed_accounts: tuple[str, ...]
    allowed_authorization_hosts: tuple[str, ...]
    is_repairing: bool
    give_up_seconds: int
    connect_timeout_seconds: int
    read_timeout_seconds: int


def environment() -> Mapping[str, str]:
    """Give the function's environment."""
    return os.environ


@contextmanager
def pretend_sam_local() -> Iterator[None]:
    """Let crhelper's constructor leave out three clients that only its polling needs."""
    before = {name: value for name, value in os.environ.items() if name == "AWS_SAM_LOCAL"}
    os.environ["AWS_SAM_LOCAL"] = "true"
    try:
        yield
    finally:
        del os.environ["AWS_SAM_LOCAL"]
        os.environ.update(before)


def load(
    environment: Mapping[str, str], invoked_function_arn: str, required: tuple[str, ...]
) -> Environment:
    """
    Check the environment; which variables are required depends on the entry point.

    Raises:
        ServiceInternalError: names every variable that is missing or malformed.
    """
    _, partition, _, region, account, *_ = [*invoked_function_arn.split(":"), *[""] * 5]
    problems = [f"{name}: required" for name in required if not environment.get(name)]
    prefix = connection_name_prefix(environment)
    if not NAME_PREFIX.fullmatch(prefix):
        problems.append(f"{NAMES['CONNECTION_NAME_PREFIX']}: must match {NAME_PREFIX.pattern}")
    mode = environment.get("RECONCILE_MODE", "Report")
    if mode not in RECONCILE_MODES:
        problems.append(f"{NAMES['RECONCILE_MODE']}: must be {' or '.join(RECONCILE_MODES)}")
    hosts = tuple(map(str.lower, _listed(environment, "ALLOWED_AUTHORIZATION_HOSTS", "*")))
    if not all(map(HOST.fullmatch, hosts)):
        problem = "each must be *, a host, or *. and a host; none has a port"
        problems.append(f"{NAMES['ALLOWED_AUTHORIZATION_HOSTS']}: {problem}")
    given = Environment(
        partition=partition,
        region=region,
        account=account,
        registry_table_name=environment.get("REGISTRY_TABLE_NAME", ""),
        installation=service_name(environment),
        maintenance_queue_url=environment.get("MAINTENANCE_QUEUE_URL", ""),
        dead_letter_queue_url=environment.get("DEAD_LETTER_QUEUE_URL", ""),
        result_bus_name=environment.get("RESULT_BUS_NAME", "default"),
        connection_name_prefix=prefix,
        allowed_secret_prefixes=_listed(environment, "ALLOWED_SECRET_PREFIXES", "connections/"),
        allowed_parameter_prefixes=_listed(
            environment, "ALLOWED_PARAMETER_PREFIXES", "/connections/"
        ),
        allowed_accounts=_listed(environment, "ALLOWED_ACCOUNTS", ""),
        allowed_authorization_hosts=hosts,
        is_repairing=mode == "Repair",
        give_up_seconds=_positive(environment, "GIVE_UP_SECONDS", 1800, problems),
        connect_timeout_seconds=_positive(environment, "CONNECT_TIMEOUT_SECONDS", 5, problems),
        read_timeout_seconds=_positive(environment, "READ_TIMEOUT_SECONDS", 10, problems),
    )
    if problems:
        raise unusable_environment(problems)
    return given


def connection_name_prefix(environment: Mapping[str, str]) -> str:
    """Give the prefix of every name; a stack's answer names the connection whatever else fails."""
    return environment.get("CONNECTION_NAME_PREFIX", "")


def source_queues(environment: Mapping[str, str]) -> tuple[str, str, str]:
    """Give the URLs of the request and the maintenance queue, the UnansweredQueue's ARN; or ""."""
    names = ("REQUEST_QUEUE_URL", "MAINTENANCE_QUEUE_URL", "UNANSWERED_QUEUE_ARN")
    requests, maintenance, unanswered = (environment.get(name, "") for name in names)
    return requests, maintenance, unanswered


def is_in_lambda(environment: Mapping[str, str]) -> bool:
    """Tell whether the function runs in Lambda, or in what imitates it."""
    return "AWS_LAMBDA_FUNCTION_NAME" in environment


def is_in_sam_local(environment: Mapping[str, str]) -> bool:
    """Tell whether the SAM CLI runs the function, under a name and an account of its own."""
    return "AWS_SAM_LOCAL" in environment


def metrics_namespace(environment: Mapping[str, str]) -> str:
    """Give CloudWatch's namespace of our metrics."""
    return environment.get("POWERTOOLS_METRICS_NAMESPACE", "EventBridgeConnectionProvisioner")


def service_name(environment: Mapping[str, str]) -> str:
    """Give the name by which logs, metrics and results tell this installation from others."""
    return environment.get("POWERTOOLS_SERVICE_NAME") or "eventbridge-connection-provisioner"


def url_suffix(environment: Mapping[str, str]) -> str:
    """Give the partition's domain; not in load(), so that load()'s errors can be answered."""
    return environment.get("URL_SUFFIX") or "amazonaws.com"


def response_url_hosts(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Give the hosts besides AWS's that may be answered; not in load(), for the same reason."""
    return _listed(environment, "RESPONSE_URL_HOSTS", "")


def _listed(environment: Mapping[str, str], name: str, default: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in environment.get(name, default).split(",") if item.strip())


def _positive(environment: Mapping[str, str], name: str, default: int, problems: list[str]) -> int:
    text = environment.get(name, "") or str(default)
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    problems.append(f"{NAMES.get(name, name)}: must be a whole number above 0")
    return default
