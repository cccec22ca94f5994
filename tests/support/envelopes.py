"""Documents read as requests, before any check: what is understood, and what is wrong around it."""

from datetime import datetime

from handler.requests.entry_point import DIRECT, EntryPoint
from handler.requests.unchecked_request import UncheckedRequest, read_document
from tests.support.fakes import START


def asked(
    document: object, entry_point: EntryPoint = DIRECT, arrival: datetime = START
) -> UncheckedRequest:
    """Read a document."""
    return read_document(document, entry_point, "r", arrival)


def told(document: object, entry_point: EntryPoint = DIRECT) -> list[str]:
    """Give what is wrong with an envelope."""
    return [str(violation) for violation in asked(document, entry_point).violations]
