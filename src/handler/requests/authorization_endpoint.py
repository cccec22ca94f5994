"""OAuth token endpoints: what AuthorizationEndpoint may name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handler.requests.violation import Violation
from handler.settings import HOST_NAME

# Strict, so that every URL parser finds the same host, after which only a port, path or query may
# follow.
ENDPOINT = re.compile(
    rf"(https://(?P<host>{HOST_NAME}\.?)|http://(?P<loopback>(?i:localhost|127\.0\.0\.1)))(:\d+)?([/?].*)?",
    re.ASCII | re.DOTALL,
)
# A user name or password before the host, however the scheme is written.
LOGIN = re.compile(r"[A-Za-z]*+:?+[/\\]*+[^/\\@]*+@")


def endpoint_violations(
    properties: Mapping[str, Any], allowed_hosts: Sequence[str]
) -> Iterator[Violation]:
    """Yield what is wrong with the endpoint of properties, if they hold one."""
    path = "AuthParameters.OAuthParameters.AuthorizationEndpoint"
    match properties:
        case {"AuthParameters": {"OAuthParameters": {"AuthorizationEndpoint": str(endpoint)}}}:
            if LOGIN.match(endpoint):
                yield Violation(path, "must not hold a user name or password")
            elif not (found := ENDPOINT.fullmatch(endpoint)):
                yield Violation(path, "must begin with https:// (http:// only to a loopback host)")
            elif not is_allowed(found["host"] or found["loopback"], allowed_hosts):
                setting = "AllowedAuthorizationHosts (ALLOWED_AUTHORIZATION_HOSTS)"
                yield Violation(path, f"its host is not allowed; see {setting}")


def is_allowed(host: str, allowed_hosts: Sequence[str]) -> bool:
    """Tell whether a host is allowed: ``*``, itself, or as a subdomain (``*.example.com``)."""
    lower = host.lower()
    return any(
        each in ("*", lower) or (each.startswith("*.") and lower.endswith(each[1:]))
        for each in allowed_hosts
    )
