"""
Every duration and limit with its reason, and the environment, which is read here alone and anew for
each request: an answer can name a malformed variable. Elsewhere are the waits of each entry point
(``requests.entry_point``), and limits of a format of AWS's, beside what writes that format.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

from handler.errors import unusable_environment

# How much a request may hold.
MOST_REQUEST_BYTES = 256 * 1024  # of a message's raw text, of an invocation's document
MOST_LEVELS = 32  # of nesting; a request has ten
MOST_SECRETS = 50
MOST_REFERENCES = 100  # in one value
LONGEST_TEXT = 16_384  # of one value with its secrets; AWS takes 512 characters

# How long to wait for a connection.
LONGEST_WAIT_SECONDS = 2400  # twice what private APIs took; Lambda's three deliveries cover it
LEAST_WAIT = timedelta(seconds=60)  # of a late delivery: enough to see the connection's state
LONGEST_DELETION_SECONDS = 30.0  # recorded: one to four
LONGEST_DEAUTHORIZATION_SECONDS = 30.0  # recorded: one or two
LONGEST_LAG = timedelta(seconds=5)  # of Describe behind a write or deletion; then trust it
LONGEST_STALENESS = timedelta(minutes=1)  # of a secret's read behind its event; then trust it

# Seconds between descriptions: first, growth, longest; OAuth's end is noticed within 0.3 s.
DESCRIBE_PAUSES = (0.2, 1.03, 5.0)

# How long to retry errors that may pass. Pauses in seconds: the first, its growth, the longest.
CALL_PAUSES = (0.2, 2.0, 2.0)  # longer: the last few callers would sleep while AWS is free
MOST_CALL_RETRIES = 5  # of one call
MOST_STACK_CALL_RETRIES = 25  # more: starting the request again would repeat its other calls
LEAST_PATIENCE_SECONDS = 8.0  # of a request whose name somebody else is writing to
ROUND_PAUSES = (0.2, 1.5, 10.0)  # at most 10 s: short beside the minutes that throttling lasts
SHORTEST_PAUSE_SECONDS = 0.001  # a shorter one might not move the clock

# The end of an invocation.
ANSWER_SECONDS = 20.0  # kept for the last call's full time-outs, and then the answer
LONGEST_ANSWER_SHARE = 0.2  # of a short invocation
# Lambda retries a killed delivery a minute later, and that must outlast the killed one's lease.
LAST_ROUND_SECONDS = 30.0
LAST_ROUND_SHARE = 0.125  # of what is left of a short invocation
TIMEOUT_MARGIN_SECONDS = 5.0  # a PUT with its handshake takes up to 1 s; the rest is for retries
TIMEOUT_SHARE = 0.25  # of a short invocation; the wait leaves 0.3 of it, and so ends first
LAST_SECOND = 0.5  # of the function, never used
MOST_RESPONSE_ATTEMPTS = 8
RESPONSE_PAUSES = (0.2, 2.0, 5.0)  # seconds: first, growth, longest
RESPONSE_ATTEMPT_SECONDS = 5.0
SERVICE_TIMEOUT_MARGIN_SECONDS = 30  # of ServiceTimeout, kept back for the answer
RESPONSE_URL_LIFETIME = timedelta(hours=2)  # of a URL that holds only its end, Expires

# What the registry remembers.
LEASE_MARGIN_SECONDS = 30.0  # more than an invocation keeps back for its answer
EVENTBRIDGE_CLOCK_SKEW = timedelta(seconds=5)  # between ours, which dates claims, and its own
REQUEST_CLOCK_SKEW = timedelta(seconds=5)  # between our clock and the one that dates a request
DELETION_LIFETIME = timedelta(hours=24)  # no request is delivered later than that
ITEMS_OF_A_PAGE = 200  # including links and deletions

# When messages come back.
# Seconds: first, growth, longest; times the jitter, from the seventh receive on 5 to 15 minutes.
MESSAGE_DELAYS = (10, 2, 600)
JITTER = (0.5, 1.5)  # so that throttled messages do not come back all at once
PRIVATE_PATIENCE_SECONDS = 3600  # EventBridge and VPC Lattice need up to that long to connect
MOST_RECEIVES = 25  # maxReceiveCount of the template: more than patience and throttled polls need
BATCH_MARGIN_SECONDS = 30  # after the function's end, until what it could not finish comes back
LEAST_MESSAGE_SECONDS = 90.0  # for one message: its wait of at most 60 s, and the calls to AWS
MOST_THREADS = 10  # as many as a batch has messages, and a client's pool has connections
LONGEST_HELD_RESULT_SECONDS = 0.5  # for the results of others, to publish them in one call
RESULTS_OF_A_CALL = 10  # PutEvents takes no more
MOST_FAILED_INVOCATION_RECEIVES = 5
FAILED_INVOCATION_DELAY_SECONDS = 60  # all tries together stay far within a ResponseURL's life

REQUIRED = ("REGISTRY_TABLE_NAME",)
QUEUE_URLS = ("REQUEST_QUEUE_URL", "MAINTENANCE_QUEUE_URL", "DEAD_LETTER_QUEUE_URL")
REQUIRED_BY_QUEUE = (*REQUIRED, *QUEUE_URLS)
RECONCILE_MODES = ("Report", "Repair")
PARAMETERS = {"GIVE_UP_SECONDS": "GiveUpSeconds (GIVE_UP_SECONDS)"}  # that set a variable
HOST_NAME = r"[\w-]+(\.[\w-]+)*"  # ASCII; no label of it is empty
HOST = re.compile(rf"\*|(\*\.)?{HOST_NAME}", re.ASCII)
NAME_PREFIX = re.compile(r"[.\-_A-Za-z0-9]{0,40}")  # leaves a derived name 24 of its own


class Settings(NamedTuple):
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
def sam_local() -> Iterator[None]:
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
) -> Settings:
    """
    Check the environment; which variables are required depends on the entry point.

    Raises:
        ServiceInternalError: names every variable that is missing or malformed.
    """
    _, partition, _, region, account, *_ = [*invoked_function_arn.split(":"), *[""] * 5]
    problems = [f"{name}: required" for name in required if not environment.get(name)]
    prefix = environment.get("CONNECTION_NAME_PREFIX", "")
    if not NAME_PREFIX.fullmatch(prefix):
        setting = "ConnectionNamePrefix (CONNECTION_NAME_PREFIX)"
        problems.append(f"{setting}: must match {NAME_PREFIX.pattern}")
    mode = environment.get("RECONCILE_MODE", "Report")
    if mode not in RECONCILE_MODES:
        problems.append(f"ReconcileMode (RECONCILE_MODE): must be {' or '.join(RECONCILE_MODES)}")
    hosts = tuple(map(str.lower, _listed(environment, "ALLOWED_AUTHORIZATION_HOSTS", "*")))
    if not all(map(HOST.fullmatch, hosts)):
        setting = "AllowedAuthorizationHosts (ALLOWED_AUTHORIZATION_HOSTS)"
        problems.append(f"{setting}: each must be *, a host, or *. and a host; none has a port")
    settings = Settings(
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
    return settings


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
    problems.append(f"{PARAMETERS.get(name, name)}: must be a whole number above 0")
    return default
