"""What a queue's policy tells an AWS service, decided by MiniStack in its own environment."""

import json
import subprocess
from pathlib import Path

from tools.local import ministack

PROGRAM = Path(__file__).with_name("policy_program.py")


def decision(policy: str, queue_arn: str, service: str, **keys: str) -> str:
    """Decide on SendMessage by a service, with condition keys (``aws:`` left out) in lower case."""
    asked = {"policy": policy, "queue_arn": queue_arn, "service": service, "keys": keys}
    finished = subprocess.run(
        [ministack.PYTHON, "-P", PROGRAM],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not finished.returncode, finished.stderr
    return finished.stdout.strip()
