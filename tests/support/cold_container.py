"""A process of its own for the function, as Lambda starts a container: nothing imported before."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("container_program.py")
TIMEOUT_SECONDS = 300
# Each variable that Lambda, Powertools or Python knows, at its noisiest.
NOISIEST = {
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "AWS_LAMBDA_LOG_LEVEL": "TRACE",
    "AWS_XRAY_DEBUG_MODE": "TRUE",
    "POWERTOOLS_DEBUG": "true",
    "POWERTOOLS_DEV": "true",
    "POWERTOOLS_LOGGER_LOG_EVENT": "true",
    "POWERTOOLS_LOGGER_SAMPLE_RATE": "1",
    "POWERTOOLS_LOG_DEDUPLICATION_DISABLED": "true",
    "POWERTOOLS_LOG_LEVEL": "DEBUG",
    "POWERTOOLS_METRICS_DISABLED": "false",
    "POWERTOOLS_TRACER_CAPTURE_ERROR": "true",
    "POWERTOOLS_TRACER_CAPTURE_RESPONSE": "true",
    "POWERTOOLS_TRACE_DISABLED": "false",
    "POWERTOOLS_TRACE_MIDDLEWARES": "true",
    "PYTHONASYNCIODEBUG": "1",
    "PYTHONDEVMODE": "1",
    "PYTHONFAULTHANDLER": "1",
    "PYTHONWARNINGS": "always",
    "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
}
NOISY = NOISIEST | {"READ_TIMEOUT_SECONDS": "1"}


@dataclass(frozen=True, slots=True)
class Container:
    """What became of a container's invocations, and everything it printed."""

    invocations: list[dict[str, Any]]
    modules: list[str]
    output: str


def run(
    events: list[Any],
    function_arn: str,
    environment: Mapping[str, str] | None = None,
    qualifiers: Sequence[str] = (),
) -> Container:
    """
    Invoke the function once for each event, one after the other, in one fresh container.

    ``qualifiers``: the alias for each event, such as ``:stacks``; without it the function itself.
    """
    arns = [f"{function_arn}{each}" for each in qualifiers or [""] * len(events)]
    with tempfile.TemporaryDirectory(prefix="container-") as directory:
        report = Path(directory) / "report.json"
        finished = subprocess.run(
            [sys.executable, "-P", str(PROGRAM), str(report)],
            input=json.dumps({"events": events, "function_arns": arns}),
            env={**_inherited(), "PYTHONPATH": os.pathsep.join(sys.path), **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
        told = json.loads(report.read_text())
    return Container(told["invocations"], told["modules"], finished.stdout)


def _inherited() -> dict[str, str]:
    # What the tests' own sessions need in ``make retest`` would show it more than the layer ships.
    return {name: value for name, value in os.environ.items() if name != "AWS_DATA_PATH"}
