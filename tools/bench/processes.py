"""What the kernel knows of a process."""

import os
from pathlib import Path

KILOBYTES = 1024
TICKS = os.sysconf("SC_CLK_TCK")


def peak_megabytes(process_id: int) -> float:
    """Give the most memory that a process has held."""
    status = Path(f"/proc/{process_id}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / KILOBYTES


def cpu_milliseconds(process_id: int) -> float:
    """Give the CPU time that a process has used, in steps of a kernel's tick (10 ms)."""
    *_, fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(") ")
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) * 1000 / TICKS


def children(process_id: int) -> list[int]:
    """Give the ids of the processes that a process has started and that have not ended."""
    tasks = Path(f"/proc/{process_id}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]
