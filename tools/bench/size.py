"""
Deployed size: function and layer, zipped as the SAM CLI does, against a plain build of the same
code and pins.
"""

import os
import zipfile
from pathlib import Path
from tempfile import TemporaryFile

from tools.bench.measuring import Bench, Measured, Row, ratio
from tools.local.runtime import Artifact

LARGEST_RATIO = 0.2
LARGEST_MEGABYTES = 3.36
MEGABYTE = 1_000_000


def measure(bench: Bench) -> Measured:
    """Zip both."""
    ours, plain = zipped(bench.artifact), zipped(bench.floor.plain)
    return Measured(
        [
            ratio("Deployed size, against a plain build", ours, plain, "MB", LARGEST_RATIO),
            Row("Deployed size, in MB", f"{ours:.2f} MB", "-", ours, LARGEST_MEGABYTES),
        ],
        rounds=1,
    )


def zipped(artifact: Artifact) -> float:
    """Give the megabytes of function and layer."""
    return sum(map(_zipped_folder, (artifact.function, artifact.layer))) / MEGABYTE


def _zipped_folder(folder: Path) -> int:
    with TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder))
        return file.seek(0, os.SEEK_END)
