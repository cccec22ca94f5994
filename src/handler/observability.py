"""The one Logger, and how a metric is printed (EMF). Neither prints a value of a request."""

import json
import logging
import sys
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from handler.environment import environment, metrics_namespace, service_name
from handler.settings import LONGEST_LOGGED

SERVICE = service_name(environment())
NAMESPACE = metrics_namespace(environment())


def _line(entry: Mapping[str, Any]) -> str:
    bounded = {
        key: each[:LONGEST_LOGGED] if isinstance(each, str) else each for key, each in entry.items()
    }
    line = json.dumps(bounded, separators=(",", ":"), ensure_ascii=False, default=str)
    # JSON may hold a lone surrogate, which cannot be encoded; the line must not be lost.
    return line.encode(errors="backslashreplace").decode()


logger = Logger(service=SERVICE, json_serializer=_line)

# They log whole requests, and a ResponseURL with its signature in a warning; our own code logs
# failures.
for chatty in ("boto3", "botocore", "urllib3", "aws_lambda_powertools"):
    logging.getLogger(chatty).setLevel(logging.CRITICAL)


def emit(dimensions: Mapping[str, str], counts: list[str], durations: Mapping[str, float]) -> None:
    """Print a separate EMF document, so that each request counts under its own dimensions."""
    metrics = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
    for name, value in dimensions.items():
        metrics.add_dimension(name=name, value=value)
    for name in counts:
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
    for name, milliseconds in durations.items():
        metrics.add_metric(name=name, unit=MetricUnit.Milliseconds, value=round(milliseconds))
    # In one write: two of a batch's messages may end at the same time.
    sys.stdout.write(json.dumps(metrics.serialize_metric_set(), separators=(",", ":")) + "\n")


def count_cold_start() -> None:
    """Count the first invocation of a container."""
    if next(_first_invocation, False):
        emit({}, ["ColdStart"], {})


_first_invocation = iter([True])
