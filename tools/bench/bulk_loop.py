"""The calls that the function makes for messages, made by a process that does nothing else."""

import json
import subprocess
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.faulty_proxy import running_proxy
from tools.bench.asking import Asking
from tools.bench.bare_loop import sdk_call
from tools.bench.measuring import Bench
from tools.bench.replay import recorded
from tools.local.deployment import RUNTIME_PYTHON
from tools.local.runtime import lambda_variables, running_function

MESSAGES = 10  # of a batch
PROGRAM = Path(__file__).with_name("bulk_loop_program.py")
_numbers = count(1)


class BulkLoop:
    """Calls as they were recorded, for ever other connections."""

    def __init__(self, bench: Bench) -> None:
        """Record the calls of one batch; the function makes them for real."""
        event = Asking(bench).sqs(MESSAGES)
        bodies = [json.loads(record["body"]) for record in event["Records"]]
        self._bench = bench
        self._names = [body["ResourceProperties"]["Name"] for body in bodies]
        ca_bundle = str(bench.stack.ministack.ca_bundle)
        with running_proxy(bench.stack.endpoint_url, ca_bundle) as proxy:
            environment = {**bench.environment, "AWS_ENDPOINT_URL": proxy.url}
            with running_function(bench.artifact, environment) as function:
                calls = recorded(proxy, function, event)
        self._calls = json.dumps([_with_new_token(sdk_call(call)) for call in calls])

    def cpu_milliseconds(self, batches: int, processes: int) -> float:
        """Let each process make the calls of so many batches; give the CPU time of a connection."""
        with TemporaryDirectory() as directory:
            loops = [
                self._started(Path(directory) / f"{number}.json", batches)
                for number in range(processes)
            ]
            spent = [float(loop.communicate()[0]) for loop in loops]
        return sum(spent) / (processes * batches * MESSAGES)

    def _started(self, calls: Path, batches: int) -> subprocess.Popen[str]:
        calls.write_text(json.dumps([self._of_others() for _ in range(batches)]))
        return subprocess.Popen(
            [str(RUNTIME_PYTHON), "-P", str(PROGRAM), str(calls)],
            env={
                **lambda_variables(self._bench.floor.compiled, str(calls.parent)),
                **self._bench.environment,
            },
            stdout=subprocess.PIPE,
            text=True,
        )

    def _of_others(self) -> Sequence[Any]:
        text = self._calls
        for name in self._names:
            text = text.replace(name, f"loop-{next(_numbers):07}")
        calls: list[Any] = json.loads(text)
        return calls


def _with_new_token(call: tuple[str, str, dict[str, Any]]) -> tuple[str, str, dict[str, Any]]:
    # DynamoDB takes a token once; boto3 makes one where none is given.
    service, method, parameters = call
    left = {name: each for name, each in parameters.items() if name != "ClientRequestToken"}
    return service, method, left
