"""What a connection's owner asked for last, to be done for another request's sake."""

from dataclasses import replace

from handler.ownership import Record
from handler.properties import Rules, prepared, property_violations
from handler.request import Request
from handler.violation import refuse


def owners_request(request: Request, record: Record, rules: Rules) -> Request:
    """
    Give the request that a Refresh or a Reconcile repeats; its time is the owner's, too.

    Raises:
        InvalidRequestError: the rules have changed since, and no longer allow it.
    """
    properties = prepared(record.properties, rules)
    refuse(list(property_violations(properties, rules)))
    return replace(
        request,
        owner=record.owner,
        name=record.name,
        request_time=record.request_time,
        properties=properties,
    )
