"""When a request was made. The newest request wins, so a retry keeps the time of its first try."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from handler.settings import RESPONSE_URL_LIFETIME

LONGEST_TIME = 40  # characters


def request_time(envelope: Mapping[str, Any]) -> datetime | None:
    """Give the request's RequestTime, or None if it is not a valid time."""
    value = envelope.get("RequestTime")
    if not isinstance(value, str) or len(value) > LONGEST_TIME:
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo and time.timestamp() > 0 else None
    except (ValueError, OverflowError):
        return None


def counting_time(envelope: Mapping[str, Any], arrival: datetime) -> datetime:
    """Give the time that counts: its RequestTime, never later than its arrival."""
    return min(arrival, request_time(envelope) or arrival)


def signing_time(response_url: str, arrival: datetime) -> datetime:
    """
    Give the time at which CloudFormation made a request: when it signed the ResponseURL.

    Source:
        https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    query = parse_qs(urlsplit(response_url).query)
    try:
        if "X-Amz-Date" in query:
            signed = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        else:
            signed = datetime.fromtimestamp(int(query["Expires"][0]), UTC) - RESPONSE_URL_LIFETIME
    except (KeyError, ValueError, OverflowError, OSError):
        return arrival
    return min(signed, arrival)
