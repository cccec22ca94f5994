"""A process of its own for the function, as Lambda starts a container: nothing imported before."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("container_program.py")
TIMEOUT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Container:
    """What became of a container's invocations, and everything it printed."""

    invocations: list[dict[str, Any]]
    modules: list[str]
    output: str


def run(
    events: list[Any], function_arn: str, environment: Mapping[str, str] | None = None
) -> Container:
    """Invoke the function once for each event, one after the other, in one fresh container."""
    with tempfile.TemporaryDirectory(prefix="container-") as directory:
        report = Path(directory) / "report.json"
        finished = subprocess.run(
            [sys.executable, "-P", str(PROGRAM), str(report)],
            input=json.dumps({"events": events, "function_arn": function_arn}),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
        told = json.loads(report.read_text())
    return Container(told["invocations"], told["modules"], finished.stdout)
