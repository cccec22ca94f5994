"""When CloudFormation made a request: retries and late deliveries do not change it."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

URL_LIFETIME = timedelta(hours=2)  # of a ResponseURL that tells only its end


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
            signed = datetime.fromtimestamp(int(query["Expires"][0]), UTC) - URL_LIFETIME
    except (KeyError, ValueError, OverflowError, OSError):
        return arrival
    return min(signed, arrival)
