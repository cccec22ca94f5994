"""
The environment of the function, checked; read per request, so that what is wrong is answered by
name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from handler.errors import ServiceInternalError
from handler.requests.violation import numbered

REQUIRED = ("REGISTRY_TABLE_NAME",)
REQUIRED_BY_QUEUE = (*REQUIRED, "REQUEST_QUEUE_URL", "DEAD_LETTER_QUEUE_URL")
RECONCILE_MODES = ("Report", "Repair")
SHOWN = {"GIVE_UP_SECONDS": "GiveUpSeconds (GIVE_UP_SECONDS)"}  # which a parameter sets
NAME_PREFIX = re.compile(r"[.\-_A-Za-z0-9]{0,40}")  # leaves a derived name 24 of its own


@dataclass(frozen=True, slots=True)
class Settings:
    """What the template's parameters decided, and where the function runs."""

    partition: str
    region: str
    account: str
    registry_table_name: str
    request_queue_url: str
    dead_letter_queue_url: str
    result_bus_name: str
    connection_name_prefix: str
    allowed_secret_prefixes: tuple[str, ...]
    allowed_parameter_prefixes: tuple[str, ...]
    allowed_accounts: tuple[str, ...]
    is_repairing: bool
    give_up_seconds: int
    connect_timeout_seconds: int
    read_timeout_seconds: int


def load(
    environment: Mapping[str, str], invoked_function_arn: str, required: tuple[str, ...]
) -> Settings:
    """
    Check the environment; which variables are required depends on the door.

    Raises:
        ServiceInternalError: names every variable that is missing or malformed.
    """
    problems: list[str] = []
    _, partition, _, region, account, *_ = [*invoked_function_arn.split(":"), *[""] * 5]
    problems += [f"{name}: required" for name in required if not environment.get(name)]
    prefix = environment.get("CONNECTION_NAME_PREFIX", "")
    if not NAME_PREFIX.fullmatch(prefix):
        setting = "ConnectionNamePrefix (CONNECTION_NAME_PREFIX)"
        problems.append(f"{setting}: must match {NAME_PREFIX.pattern}")
    mode = environment.get("RECONCILE_MODE", "Report")
    if mode not in RECONCILE_MODES:
        setting = "ReconcileMode (RECONCILE_MODE)"
        problems.append(f"{setting}: must be one of {', '.join(RECONCILE_MODES)}")
    settings = Settings(
        partition=partition,
        region=region,
        account=account,
        registry_table_name=environment.get("REGISTRY_TABLE_NAME", ""),
        request_queue_url=environment.get("REQUEST_QUEUE_URL", ""),
        dead_letter_queue_url=environment.get("DEAD_LETTER_QUEUE_URL", ""),
        result_bus_name=environment.get("RESULT_BUS_NAME", "default"),
        connection_name_prefix=prefix,
        allowed_secret_prefixes=_listed(environment, "ALLOWED_SECRET_PREFIXES", "connections/"),
        allowed_parameter_prefixes=_listed(
            environment, "ALLOWED_PARAMETER_PREFIXES", "/connections/"
        ),
        allowed_accounts=_listed(environment, "ALLOWED_ACCOUNTS", ""),
        is_repairing=mode == "Repair",
        give_up_seconds=_positive(environment, "GIVE_UP_SECONDS", 1800, problems),
        connect_timeout_seconds=_positive(environment, "CONNECT_TIMEOUT_SECONDS", 5, problems),
        read_timeout_seconds=_positive(environment, "READ_TIMEOUT_SECONDS", 10, problems),
    )
    if problems:
        raise ServiceInternalError(
            f"the function's environment is not usable: {numbered(problems)}"
        )
    return settings


def url_suffix(environment: Mapping[str, str]) -> str:
    """Give the domain of the partition, apart from load() for the same reason."""
    return environment.get("URL_SUFFIX") or "amazonaws.com"


def response_url_hosts(environment: Mapping[str, str]) -> tuple[str, ...]:
    """
    Give the hosts that may be answered besides AWS's; apart from load(), so that its errors can be
    answered.
    """
    return _listed(environment, "RESPONSE_URL_HOSTS", "")


def _listed(environment: Mapping[str, str], name: str, default: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in environment.get(name, default).split(",") if item.strip())


def _positive(environment: Mapping[str, str], name: str, default: int, problems: list[str]) -> int:
    text = environment.get(name, "") or str(default)
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    problems.append(f"{SHOWN.get(name, name)}: must be a whole number above 0")
    return default
