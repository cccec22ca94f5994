"""The machine on which figures were measured, as far as it matters for them."""

import os
import platform
import subprocess
from pathlib import Path

from tools.local.deployment import RUNTIME_PYTHON


def description() -> str:
    """Name processor, cores and the function's Python."""
    version = subprocess.run(
        [str(RUNTIME_PYTHON), "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()};"
        f" the function under {version}"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
