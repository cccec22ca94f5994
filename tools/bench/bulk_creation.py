"""
Bulk: connections from as many secrets, asked for by messages: from the first message sent until the
request queue is empty and every connection is there, with the deployed function, its queue, mapping
and registry, all on this machine; the first round pays for cold starts. Against it, in turn, the
AWS CLI in a shell loop, which takes one secret after another (``get-secret-value``,
``create-connection``), on a few connections, and neither waits for a state nor notes an owner; and
a process that makes the function's recorded calls through boto3, and does nothing else. CPU time is
that of the function's processes, of the CLI's, of the loop's, without the emulator's and whatever
else runs. Each has five processes at once, as the mapping has: a core whose neighbour works, too,
takes longer for the same. Wall time is this machine's alone.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import count
from pathlib import Path

from tools.bench import fleet
from tools.bench.bulk_loop import BulkLoop
from tools.bench.measuring import Bench, Measured, Row, median, ratio, times_less
from tools.bench.processes import children, cpu_milliseconds
from tools.local.local_stack import LocalStack
from tools.operating import entry_points

AT_ONCE = 5  # environments of the mapping, shells, loops: all have as much of the machine
SHARE_OF_LOOP = 250  # batches of each boto3 loop, of the whole
LESS_THAN_CLI = 80
OF_LOOP_AT_MOST = 1.25
LOOP = """\
for name in "$@"; do
  key=$(aws secretsmanager get-secret-value --secret-id "$name" --query SecretString --output text)
  aws events create-connection --name "cli-${name##*/}" --authorization-type API_KEY \
    --auth-parameters "ApiKeyAuthParameters={ApiKeyName=X-Api-Key,ApiKeyValue=$key}" > /dev/null
done
"""
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds for one connection."""

    wall: float
    cpu: float
    cpu_of_emulator: float = 0.0


@dataclass(frozen=True, slots=True)
class Rounds:
    """What each round has spent, on ours and on what it is held against."""

    ours: list[Spent] = field(default_factory=list)
    cli: list[Spent] = field(default_factory=list)
    loop: list[float] = field(default_factory=list)


def measure(bench: Bench) -> Measured:
    """Let all three create connections in turn."""
    stack, size = bench.stack, bench.effort.requests
    loop, rounds, at_once = BulkLoop(bench), Rounds(), max(1, round(AT_ONCE * bench.effort.share))
    _spent_by_cli(stack, [_stored(stack)])  # for its bytecode
    for _ in range(bench.effort.long_rounds):
        secret_names = [_stored(stack) for _ in range(size)]
        rounds.cli.append(_spent_by_cli(stack, secret_names[:at_once]))
        rounds.ours.append(_spent_by_queue(stack, secret_names))
        rounds.loop.append(loop.cpu_milliseconds(max(1, size // SHARE_OF_LOOP), at_once))
    entry_points.forget_results(stack)
    return Measured(_rows(rounds, size), bench.effort.long_rounds, _remarks(rounds, size))


def _stored(stack: LocalStack) -> str:
    name = f"connections/bulk-{next(_numbers)}"
    stack.secretsmanager.create_secret(Name=name, SecretString=f"key-of-{next(_numbers)}")
    return name


def _spent_by_queue(stack: LocalStack, secret_names: Sequence[str]) -> Spent:
    names = [each.rpartition("/")[2] for each in secret_names]
    requests = list(map(fleet.create_request, names, secret_names))
    emulator = stack.ministack.process_id
    used, used_by_emulator = _cpu_of_environments(stack), cpu_milliseconds(emulator)
    began = time.perf_counter()
    fleet.send(stack, requests)
    fleet.await_empty_queue(stack)
    wall = (time.perf_counter() - began) * 1000
    cpu = sum(
        now - used.get(process_id, 0) for process_id, now in _cpu_of_environments(stack).items()
    )
    cpu_of_emulator = cpu_milliseconds(emulator) - used_by_emulator
    _refuse_missing(stack, names)
    entry_points.forget_results(stack)
    return Spent(wall / len(names), cpu / len(names), cpu_of_emulator / len(names))


def _cpu_of_environments(stack: LocalStack) -> dict[int, float]:
    # The emulator's only children are the function's processes.
    return {each: cpu_milliseconds(each) for each in children(stack.ministack.process_id)}


def _refuse_missing(stack: LocalStack, names: Sequence[str]) -> None:
    made = stack.events.list_connections(NamePrefix="bulk-")["Connections"]
    usable = {each["Name"] for each in made if each["ConnectionState"] == "AUTHORIZED"}
    if missing := set(names) - usable:
        raise RuntimeError(f"{len(missing)} connections were not made")


def _spent_by_cli(stack: LocalStack, secret_names: Sequence[str]) -> Spent:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, **stack.ministack.environment(), "PATH": path}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # it is faster with bytecode
    began, used = time.perf_counter(), _cpu_of_ended_children()
    command = ["bash", "-euc", LOOP, "loop"]
    loops = [subprocess.Popen([*command, name], env=environment) for name in secret_names]
    codes = [loop.wait() for loop in loops]
    if any(codes):
        raise RuntimeError("the AWS CLI failed")
    wall = (time.perf_counter() - began) * 1000
    cpu = _cpu_of_ended_children() - used
    stack.events.describe_connection(Name="cli-" + secret_names[-1].rpartition("/")[2])
    return Spent(wall / len(secret_names), cpu / len(secret_names))


def _cpu_of_ended_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1000


def _rows(rounds: Rounds, size: int) -> list[Row]:
    ours, cli = (
        median([each.cpu for each in rounds.ours]),
        median([each.cpu for each in rounds.cli]),
    )
    what = "CPU time of a connection by message"
    wall = f"Wall time of a connection by message, one of {size:,}; this machine's"
    return [
        times_less(f"{what}, times less than the CLI's", ours, cli, "ms", LESS_THAN_CLI),
        ratio(f"{what}, against a boto3 loop's", ours, median(rounds.loop), "ms", OF_LOOP_AT_MOST),
        times_less(f"{wall}, times less than the CLI's", *_walls(rounds), "ms"),
    ]


def _walls(rounds: Rounds) -> tuple[float, float]:
    return median([each.wall for each in rounds.ours]), median([each.wall for each in rounds.cli])


def _remarks(rounds: Rounds, size: int) -> str:
    ours, cli = _walls(rounds)
    emulator = median([each.cpu_of_emulator for each in rounds.ours])
    return (
        f"{size:,} connections took {ours * size / 1000:.3g} s (the first round, with its cold"
        f" starts, {rounds.ours[0].wall * size / 1000:.3g} s); with the AWS CLI"
        f" {version('awscli')} it would be {cli * size / 1000:.4g} s. The emulator's own CPU time"
        f" was {emulator:.3g} ms for each."
    )
