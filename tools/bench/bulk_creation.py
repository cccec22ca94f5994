"""
Bulk: connections from as many secrets, asked for by messages: from the first message sent until the
request queue is empty and every connection is there, with the deployed function, its queue, mapping
and registry, all on this machine; the first round pays for cold starts. Against it, in turn, the
AWS CLI in a shell loop, which takes one secret after another (``get-secret-value``,
``create-connection``), on a few connections, and neither waits for a state nor notes an owner. The
row after it tells what bounds the figure here: the emulator of AWS is one process and needs that
much of a core for each connection, all calls of the function and the queue included, however fast
the function is.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from itertools import count
from pathlib import Path

from tools.bench import fleet
from tools.bench.measuring import Bench, Measured, median, ratio
from tools.bench.processes import cpu_milliseconds
from tools.local.local_stack import LocalStack
from tools.operating import entry_points

FEW = 5
MANY = 100
LIMIT = 1.0  # so many of ours in the time of one
LOOP = """\
for name in "$@"; do
  key=$(aws secretsmanager get-secret-value --secret-id "$name" --query SecretString --output text)
  aws events create-connection --name "cli-${name##*/}" --authorization-type API_KEY \
    --auth-parameters "ApiKeyAuthParameters={ApiKeyName=X-Api-Key,ApiKeyValue=$key}" > /dev/null
done
"""
_numbers = count(1)


def measure(bench: Bench) -> Measured:
    """Let both create connections in turn."""
    stack, size = bench.stack, bench.effort.requests
    ours, emulators, loops = [], [], []
    for _ in range(bench.effort.long_rounds):
        secret_names = [_stored(stack) for _ in range(size)]
        loops.append(_loop_milliseconds(stack, secret_names[:FEW]))
        used = cpu_milliseconds(stack.ministack.process_id)
        ours.append(_queue_milliseconds(stack, secret_names))
        emulators.append((cpu_milliseconds(stack.ministack.process_id) - used) / size)
    each, emulator, loop = median(ours), median(emulators), median(loops)
    what = f"{MANY} of {size} connections through the queue, against one of the CLI"
    return Measured(
        [
            ratio(what, each * MANY, loop, "ms", LIMIT),
            ratio("of them, the emulator's own CPU time", emulator * MANY, loop, "ms"),
        ],
        bench.effort.long_rounds,
        f"{size} connections took {each * size / 1000:.3g} s (the first round, with its cold"
        f" starts, {ours[0] * size / 1000:.3g} s); with the AWS CLI {version('awscli')} it would be"
        f" {loop * size / 1000:.4g} s, {loop / each:.0f} times as long.",
    )


def _stored(stack: LocalStack) -> str:
    name = f"connections/bulk-{next(_numbers)}"
    stack.secretsmanager.create_secret(Name=name, SecretString=f"key-of-{next(_numbers)}")
    return name


def _queue_milliseconds(stack: LocalStack, secret_names: Sequence[str]) -> float:
    names = [each.rpartition("/")[2] for each in secret_names]
    requests = map(fleet.create_request, names, secret_names)
    began = time.perf_counter()
    fleet.send(stack, list(requests))
    fleet.await_empty_queue(stack)
    milliseconds = (time.perf_counter() - began) * 1000
    made = stack.events.list_connections(NamePrefix="bulk-")["Connections"]
    usable = {each["Name"] for each in made if each["ConnectionState"] == "AUTHORIZED"}
    if missing := set(names) - usable:
        raise RuntimeError(f"{len(missing)} connections were not made")
    entry_points.forget_results(stack)
    return milliseconds / len(names)


def _loop_milliseconds(stack: LocalStack, secret_names: Sequence[str]) -> float:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, **stack.ministack.environment(), "PATH": path}
    began = time.perf_counter()
    subprocess.run(["bash", "-euc", LOOP, "loop", *secret_names], env=environment, check=True)
    milliseconds = (time.perf_counter() - began) * 1000
    stack.events.describe_connection(Name="cli-" + secret_names[-1].rpartition("/")[2])
    return milliseconds / len(secret_names)
