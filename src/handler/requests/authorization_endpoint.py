"""OAuth token endpoints: what AuthorizationEndpoint may name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from handler.requests.violation import Violation

# Strict, so that every URL parser finds the same host: only a port, path or query may follow.
ENDPOINT = re.compile(
    r"(https://[\w.-]+|http://(?i:localhost|127\.0\.0\.1))(:\d+)?([/?].*)?", re.ASCII | re.DOTALL
)
SCHEME = re.compile(r"[A-Za-z]*:?[/\\]*")


def endpoint_violations(properties: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield what is wrong with the endpoint of properties, if they hold one."""
    path = "AuthParameters.OAuthParameters.AuthorizationEndpoint"
    match properties:
        case {"AuthParameters": {"OAuthParameters": {"AuthorizationEndpoint": str(endpoint)}}}:
            authority = re.split(r"[/\\]", SCHEME.sub("", endpoint, count=1), maxsplit=1)[0]
            if "@" in authority:
                yield Violation(path, "must not hold a user name or password")
            elif not ENDPOINT.fullmatch(endpoint):
                yield Violation(path, "must begin with https:// (http:// only to a loopback host)")
