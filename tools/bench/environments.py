"""Invokes the built function as often as there are events, all side by side."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.local.deployment import RUNTIME_PYTHON
from tools.local.runtime import Artifact, lambda_variables

PROGRAM = Path(__file__).with_name("environments_program.py")
TIMEOUT_SECONDS = 900


def invoke_side_by_side(
    artifact: Artifact,
    environment: Mapping[str, str],
    function_arn: str,
    events: Sequence[Mapping[str, Any]],
) -> None:
    """
    Invoke the function with all events at once, each in an environment of its own; wait for all.

    Raises:
        RuntimeError: an invocation ended with an error; its output is the message.
    """
    with tempfile.TemporaryDirectory(prefix="environments-") as directory:
        finished = subprocess.run(
            [str(RUNTIME_PYTHON), "-P", str(PROGRAM)],
            input=json.dumps({"function_arn": function_arn, "events": events}),
            env={
                **lambda_variables(artifact, directory),
                "PYTHONPATH": f"{artifact.function}:{artifact.layer / 'python'}",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    if finished.returncode:
        raise RuntimeError(f"an invocation failed:\n{finished.stdout}")
