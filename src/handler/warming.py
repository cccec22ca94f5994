"""
The init phase, in which Lambda gives a whole CPU: what nearly every request needs is made there,
where the first request would make it with the share of its memory size.
"""

from collections.abc import Mapping

from handler.adapters.aws_client import client
from handler.observability import logger
from handler.settings import Settings, load

SERVICES = ("events", "dynamodb", "secretsmanager")


def warm(environment: Mapping[str, str]) -> None:
    """Make clients, in Lambda alone: elsewhere the environment may still change."""
    if "AWS_LAMBDA_FUNCTION_NAME" not in environment:
        return
    try:
        given = load(environment, "", ())
        for service in SERVICES:
            _make_client(service, given)
    except Exception as error:  # noqa: BLE001 - a request will meet it again, and can be answered
        logger.warning("clients not made in the init phase", kind=type(error).__name__)


def _make_client(service: str, given: Settings) -> None:
    client(service, given.connect_timeout_seconds, given.read_timeout_seconds)
