"""What ListConnections answers: filters, and pages."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from tests.support.stand_in.errors import AwsError

LONGEST_PAGE = 100


def page_of(
    summaries: Iterable[Mapping[str, Any]], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the page that is asked for, by name."""
    found = list(_matching(summaries, parameters))
    page = found[: parameters.get("Limit", LONGEST_PAGE)]
    more = {"NextToken": _token(page[-1]["Name"])} if len(found) > len(page) else {}
    return {"Connections": page, **more}


def _matching(
    summaries: Iterable[Mapping[str, Any]], parameters: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    after = _last_name(parameters.get("NextToken"))
    prefix = parameters.get("NamePrefix", "")
    for summary in sorted(summaries, key=itemgetter("Name")):
        name, state = summary["Name"], summary["ConnectionState"]
        is_wanted = parameters.get("ConnectionState", state) == state
        if name > after and name.startswith(prefix) and is_wanted:
            yield summary


def _last_name(token: str | None) -> str:
    try:
        return base64.b64decode(token or "", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise AwsError("InvalidTokenException", "The token is not valid.") from None


def _token(name: str) -> str:
    return base64.b64encode(name.encode()).decode()
