"""
What requests cost, from the calls that they make and AWS's prices; prints the tables of the docs.

Prices are those of us-east-1; docs/cost.md tells from where and when.
"""

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass

from tools.bench.expected_calls import EXPECTED

MILLION = 1_000_000
LAMBDA_REQUEST = 0.20 / MILLION
LAMBDA_GB_SECOND = 0.0000133334  # arm64
SQS_REQUEST = 0.40 / MILLION
WRITE_UNIT = 0.625 / MILLION
READ_UNIT = 0.125 / MILLION
SECRETS_MANAGER_CALL = 0.05 / 10_000
CUSTOM_EVENT = 1.00 / MILLION
LOG_GIGABYTE = 0.50
ALARM = 0.10  # a month
METRIC = 0.30  # a month, for each hour in which it has data

GIGABYTES = 0.5
SECONDS = 0.2  # of a request, waiting for AWS included; see docs/benchmarks.md
RECORD_UNITS = 2  # a record is 1 to 2 KB
LINK_UNITS = 1
WRITE_UNITS: Mapping[str, int] = {
    "PutItem": RECORD_UNITS,
    "TransactWriteItems": 2 * (RECORD_UNITS + LINK_UNITS),  # a transaction counts twice
}
SQS_CALLS = ("ChangeMessageVisibilityBatch", "SendMessageBatch")
READ_UNITS: Mapping[str, int] = {
    "GetItem": 1,
    "Query": 1,  # 40 links
    "Scan": 53,  # a page: 100 records with a link each, read consistently
}
OWN_SQS_REQUESTS = 3  # of a message: sent, received, deleted
RESULT_SQS_REQUESTS = 1  # sent to the result queue; who reads it pays for that
LOGGED_GIGABYTES = 1.2e-6  # of a request: its line, its metrics, Lambda's own three lines

CONNECTIONS = 500
DAYS = 30
PAGE = 100  # connections
POLLS = 3 * 5 * 3 * 60 * 24 * DAYS  # three queues, five pollers each, 20 s a poll
ALARMS = 13
METRICS = (  # of a fleet that rotates undisturbed; with the RequestType, if any
    "ConnectionRefreshed, Refresh",
    "TimeToSettled, Refresh",
    "ConnectionUnchanged, Refresh",  # secrets that nobody uses, events that come twice
    "ConnectionUnchanged, Reconcile",
    "MessageAge",
    "ColdStart",
)


@dataclass(frozen=True, slots=True)
class Dollars:
    """What something costs, by service."""

    lambda_: float = 0.0
    sqs: float = 0.0
    dynamodb: float = 0.0
    secrets_manager: float = 0.0
    eventbridge: float = 0.0
    cloudwatch: float = 0.0

    def times(self, number: float) -> "Dollars":
        """Give what so many cost."""
        return Dollars(*(each * number for each in astuple(self)))

    def plus(self, other: "Dollars") -> "Dollars":
        """Give what both cost."""
        return Dollars(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def row(self, what: str, digits: int) -> str:
        """Write it as a table's row."""
        figures = (*astuple(self), sum(astuple(self)))
        return f"| {what} | " + " | ".join(f"{each:.{digits}f}" for each in figures) + " |"


def of_request(what: str) -> Dollars:
    """Give what a request costs that comes alone."""
    calls = [operation for operation, _ in EXPECTED[what]]
    is_message, is_told = what.endswith("message"), "PutEvents" in calls
    requests = sum(call in SQS_CALLS for call in calls) + OWN_SQS_REQUESTS * is_message
    writes = sum(WRITE_UNITS.get(call, 0) for call in calls)
    reads = sum(READ_UNITS.get(call, 0) for call in calls)
    return Dollars(
        lambda_=LAMBDA_REQUEST + SECONDS * GIGABYTES * LAMBDA_GB_SECOND,
        sqs=(requests + RESULT_SQS_REQUESTS * is_told) * SQS_REQUEST,
        dynamodb=writes * WRITE_UNIT + reads * READ_UNIT,
        secrets_manager=calls.count("GetSecretValue") * SECRETS_MANAGER_CALL,
        eventbridge=is_told * CUSTOM_EVENT,
        cloudwatch=LOGGED_GIGABYTES * LOG_GIGABYTE,
    )


def tables() -> str:
    """Write both tables."""
    return "\n".join([*_of_a_thousand(), "", *_of_a_month()])


def _head(what: str) -> tuple[str, str]:
    services = "Lambda | SQS | DynamoDB | Secrets Manager | EventBridge | CloudWatch | Sum"
    return f"| {what} | {services} |", "|---|---|---|---|---|---|---|---|"


def _of_a_thousand() -> Iterator[str]:
    yield from _head("1,000 of these, in $")
    for what in EXPECTED:
        yield of_request(what).times(1000).row(what, 4)


def _of_a_month() -> Iterator[str]:
    rotation = of_request("Refresh of a secret, message").plus(
        of_request("Refresh that writes, message")
    )
    pages = -(-CONNECTIONS // PAGE)
    reconcile = of_request("Reconcile of one, message").times(CONNECTIONS)
    reconcile = reconcile.plus(of_request("Reconcile of all, message").times(pages))
    months = {
        f"{CONNECTIONS} secrets, each rotated daily": rotation.times(CONNECTIONS * DAYS),
        "a Reconcile a day": reconcile.times(DAYS),
        f"polling three queues, {POLLS:,} requests": Dollars(sqs=POLLS * SQS_REQUEST),
        f"{ALARMS} alarms": Dollars(cloudwatch=ALARMS * ALARM),
        f"{len(METRICS)} custom metrics": Dollars(cloudwatch=len(METRICS) * METRIC),
    }
    total = Dollars()
    yield from _head(f"A month with {CONNECTIONS} connections, in $")
    for what, dollars in months.items():
        total = total.plus(dollars)
        yield dollars.row(what, 2)
    yield total.row("Sum", 2)


if __name__ == "__main__":
    print(tables())
