"""
Sends dead letters back, each as it is: its body holds the time of the request.

Producers' letters go to the request queue, maintenance's to the function, whose queue takes none.

SQS's own redrive would send back what can never work, too.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from tools.operating import entry_points
from tools.operating.application import Application, application
from tools.operating.dead_letters import (
    DeadLetters,
    attribute,
    dated,
    document,
    error_code,
    moved_from,
)

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

MAINTENANCE = ("Refresh", "Reconcile")


class Done(NamedTuple):
    """A letter that was sent back, or needs no sending."""

    note: str = ""


class Left(NamedTuple):
    """A letter that stays, and why."""

    note: str


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
    sent: Counter[str] = Counter()
    left: Counter[str] = Counter()
    letters = DeadLetters(found.sqs, found.outputs["DeadLetterQueueUrl"])
    try:
        for letter in letters.received():
            why_left = _why_left(found, letter, error)
            fate = Left(why_left) if why_left else _send(found, letter)
            if isinstance(fate, Done):
                letters.delete(letter)
            counted = sent if isinstance(fate, Done) else left
            counted[error_code(letter) + (f" ({fate.note})" if fate.note else "")] += 1
    finally:
        letters.show()
    return sent, left


def _told(counted: Counter[str], done: str) -> str:
    each = ", ".join(f"{number} {code}" for code, number in counted.most_common())
    return f"{counted.total()} {done}" + (f": {each}" if each else "")


def _why_left(found: Application, letter: "MessageTypeDef", error: str) -> str:
    code, request = error_code(letter), document(letter)
    own = ("", found.outputs["RequestQueueArn"], found.outputs["MaintenanceQueueArn"])
    reasons = {
        # Whoever may create a queue can name ours as its dead-letter queue.
        "moved from a queue that is not this installation's": moved_from(letter) not in own,
        "what a rule could not deliver; the next Reconcile makes up for it": (
            "RULE_ARN" in letter.get("MessageAttributes", {})
        ),
        "a stack's, which must be asked for anew": code == "Unanswered",
        "can never work as it stands; send the request anew": (
            code == "InvalidRequest" and not _is_request(request)
        ),
        "not kept; send the request anew": not _is_request(request),
        "refused as it stands; send it anew, or name ERROR=InvalidRequest": (
            code == "InvalidRequest" != error and not _asks_for_maintenance(request)
        ),
        "no maintenance; read it before you do anything with it": (
            _is_maintenance(found, letter) and not _asks_for_maintenance(request)
        ),
        "ERROR names another code": error not in ("", code),
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _is_maintenance(found: Application, letter: "MessageTypeDef") -> bool:
    # What SQS itself moved says where from, and has whatever attributes its sender gave it.
    if moved_from(letter):
        return moved_from(letter) == found.outputs["MaintenanceQueueArn"]
    return attribute(letter, "Queue") == "MaintenanceQueue"


def _is_request(request: object) -> bool:
    # An empty letter has an id and nothing else.
    return isinstance(request, dict) and bool(set(request) - {"RequestId"})


def _asks_for_maintenance(request: object) -> bool:
    # What the owner asked for is stored; a setting that refuses it may have been set back since.
    return isinstance(request, dict) and request.get("RequestType") in MAINTENANCE


def _send(found: Application, letter: "MessageTypeDef") -> Done | Left:
    if _is_maintenance(found, letter):
        return _administer(found, json.loads(dated(letter)))
    try:
        url = found.outputs["RequestQueueUrl"]
        found.sqs.send_message(QueueUrl=url, MessageBody=dated(letter))
    except ClientError as refusal:
        return Left(f"the queue refused it: {refusal.response['Error']['Code']}")
    return Done()


def _administer(found: Application, request: Mapping[str, Any]) -> Done | Left:
    try:
        entry_points.administer(found, request)
    except ClientError as refusal:
        return Left(f"the function refused it: {refusal.response['Error']['Code']}")
    except BotoCoreError:
        return Left("the function did not answer")
    except entry_points.RequestFailedError as failure:
        error_type = str(failure).partition(":")[0]
        if error_type == "NotFoundError":  # its connection was deleted or released since
            return Done("nothing to do any more")
        return Left(f"it failed again: {error_type}")
    return Done()


if __name__ == "__main__":
    sys.exit(main())
