"""The packages that the layer is pinned to."""

import re
from pathlib import Path

from tools.local.deployment import ROOT

REQUIREMENTS = ROOT / "layers" / "dependencies" / "requirements.txt"


def canonical(name: str) -> str:
    """Spell a package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path: Path = REQUIREMENTS) -> dict[str, str]:
    """Give the pinned version of each package."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    requirements = [line.split("==") for line in lines if line]
    return {canonical(name): version for name, version in requirements}
