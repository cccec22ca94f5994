"""
Sends dead letters back, each as it is: its body holds the time of the request.

Producers' letters go to the request queue, maintenance's to the function, whose queue takes none.

SQS's own redrive would send back what can never work, too.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.operating import entry_points
from tools.operating.application import Application, application

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

MAINTENANCE = ("Refresh", "Reconcile")
VISIBILITY_SECONDS = 1000  # for ten letters that the function carries out one after the other


def main() -> int:
    """Redrive the letters of a deployed application, or of the stack that the demo left."""
    parser = argparse.ArgumentParser(prog="make redrive", description=__doc__)
    parser.add_argument("--stack", help="on AWS: the application's stack; else the local one")
    parser.add_argument("--error", default="", help="only letters of this ErrorCode")
    given = parser.parse_args()
    with application(given.stack) as found:
        print(summary(*redrive(found, given.error)))
    return 0


def summary(sent: Counter[str], left: Counter[str]) -> str:
    """Tell how many letters were sent back, by code, and why the others were left."""
    return f"{_told(sent, 'sent back')}; {_told(left, 'left')}"


def redrive(found: Application, error: str = "") -> tuple[Counter[str], Counter[str]]:
    """
    Send back every letter that can work again, or those of one code; count which, and which not.
    """
    sqs, source_url = found.sqs, found.outputs["DeadLetterQueueUrl"]
    sent: Counter[str] = Counter()
    left: Counter[str] = Counter()
    handles: list[str] = []
    for letter in _letters(sqs, source_url):
        why = _why_left(found, letter, error) or _send(found, letter)
        if why:
            left[f"{_code(letter)} ({why})"] += 1
            handles.append(letter["ReceiptHandle"])
            continue
        sqs.delete_message(QueueUrl=source_url, ReceiptHandle=letter["ReceiptHandle"])
        sent[_code(letter)] += 1
    for handle in handles:  # to be seen again at once
        sqs.change_message_visibility(
            QueueUrl=source_url, ReceiptHandle=handle, VisibilityTimeout=0
        )
    return sent, left


def _told(counted: Counter[str], done: str) -> str:
    each = ", ".join(f"{number} {code}" for code, number in counted.most_common())
    return f"{counted.total()} {done}" + (f": {each}" if each else "")


def _code(letter: "MessageTypeDef") -> str:
    return _attribute(letter, "ErrorCode") or "without ErrorCode"


def _attribute(letter: "MessageTypeDef", name: str) -> str:
    found = letter.get("MessageAttributes", {}).get(name)
    return (found and found.get("StringValue")) or ""


def _why_left(found: Application, letter: "MessageTypeDef", error: str) -> str:
    code, document = _code(letter), _document(letter)
    reasons = {
        "what a rule could not deliver; the next Reconcile makes up for it": (
            "RULE_ARN" in letter.get("MessageAttributes", {})
        ),
        "a stack's, which must be asked for anew": code == "Unanswered",
        "not kept; send the request anew": not _is_request(document),
        "moved from a queue that is not this installation's": _is_foreign(found, letter),
        # What maintenance writes again can work once the rules allow it.
        "AWS refuses it as it stands; send the request anew, or name the code": (
            code == "InvalidRequest" != error and not _is_maintenance(found, letter)
        ),
        "no maintenance; read it before you do anything with it": (
            _is_maintenance(found, letter)
            and isinstance(document, dict)
            and document.get("RequestType") not in MAINTENANCE
        ),
        "ERROR names another code": error not in ("", code),
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _is_maintenance(found: Application, letter: "MessageTypeDef") -> bool:
    # What SQS itself moved says where from, and has whatever attributes its sender gave it.
    moved_from = letter["Attributes"].get("DeadLetterQueueSourceArn")
    if moved_from:
        return moved_from == found.outputs["MaintenanceQueueArn"]
    return _attribute(letter, "Queue") == "MaintenanceQueue"


def _is_foreign(found: Application, letter: "MessageTypeDef") -> bool:
    own = [found.outputs[f"{queue}Arn"] for queue in ("RequestQueue", "MaintenanceQueue")]
    return letter["Attributes"].get("DeadLetterQueueSourceArn") not in (None, *own)


def _document(letter: "MessageTypeDef") -> Any:
    try:
        return json.loads(letter["Body"])
    except (ValueError, RecursionError):
        return None


def _is_request(document: object) -> bool:
    # An empty letter has an id and nothing else.
    return isinstance(document, dict) and bool(set(document) - {"RequestId"})


def _send(found: Application, letter: "MessageTypeDef") -> str:
    if _is_maintenance(found, letter):
        return _administer(found, json.loads(_dated(letter)))
    try:
        url = found.outputs["RequestQueueUrl"]
        found.sqs.send_message(QueueUrl=url, MessageBody=_dated(letter))
    except ClientError as refusal:
        return f"the queue refused it: {refusal.response['Error']['Code']}"
    return ""


def _administer(found: Application, request: Mapping[str, Any]) -> str:
    try:
        entry_points.administer(found, request)
    except ClientError as refusal:
        return f"the function refused it: {refusal.response['Error']['Code']}"
    except BotoCoreError as fault:
        return f"the function did not answer: {type(fault).__name__}"
    except entry_points.RequestFailedError as failure:
        code = str(failure).partition(":")[0]
        # The connection is no longer registered, so that nothing is to be done.
        return "" if code == "NotFoundError" else f"it failed again: {code}"
    return ""


def _dated(letter: "MessageTypeDef") -> str:
    # Only what SQS itself moved has no time of its own; SQS kept that of its sending.
    document = _document(letter)
    if "RequestTime" in document:
        return letter["Body"]
    seconds = int(letter["Attributes"]["SentTimestamp"]) / 1000
    return json.dumps({**document, "RequestTime": datetime.fromtimestamp(seconds, UTC).isoformat()})


def _letters(sqs: "SQSClient", url: str) -> Iterator["MessageTypeDef"]:
    # What fails again at once is a new letter, which would be sent back without end.
    started = time.time() * 1000
    seen: set[str] = set()
    while True:
        received = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            VisibilityTimeout=VISIBILITY_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp", "DeadLetterQueueSourceArn"],
        )
        fresh = [each for each in received.get("Messages", []) if each["MessageId"] not in seen]
        if not fresh:
            return
        seen.update(each["MessageId"] for each in fresh)
        yield from (each for each in fresh if int(each["Attributes"]["SentTimestamp"]) <= started)


if __name__ == "__main__":
    sys.exit(main())
