"""What ListConnections answers: filters, and pages."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from tests.stand_in.connection import StoredConnection
from tests.stand_in.errors import AwsError

LONGEST_PAGE = 100


def page_of(
    connections: Mapping[str, StoredConnection], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the page that is asked for, by name."""
    found = list(_matching(connections, parameters))
    page = found[: parameters.get("Limit", LONGEST_PAGE)]
    more = {"NextToken": _token(page[-1].name)} if len(found) > len(page) else {}
    items = [connection.summary(connection.course.now()) for connection in page]
    return {"Connections": items, **more}


def _matching(
    connections: Mapping[str, StoredConnection], parameters: Mapping[str, Any]
) -> Iterator[StoredConnection]:
    after = _last_name(parameters.get("NextToken"))
    prefix = parameters.get("NamePrefix", "")
    for name, connection in sorted(connections.items()):
        state = parameters.get("ConnectionState", connection.state)
        if name > after and name.startswith(prefix) and state == connection.state:
            yield connection


def _last_name(token: str | None) -> str:
    try:
        return base64.b64decode(token or "", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise AwsError("InvalidTokenException", "The token is not valid.") from None


def _token(name: str) -> str:
    return base64.b64encode(name.encode()).decode()
