"""Requirements as they are asked for (``*.in``), and as ``make pins`` compiled them (``*.txt``)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

from tools.local.deployment import ROOT

LAYER = ROOT / "layers" / "dependencies" / "requirements.txt"
ENTRY = re.compile(r"^([\w.-]+)==([^\s;]+)(.*(?:\n +.*)*)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")
ASKED_IN = re.compile(r"(?<= -r )\S+")


@dataclass(frozen=True, slots=True)
class Pin:
    """One version of a package; a package may have two, for different versions of Python."""

    name: str
    version: str
    hashes: tuple[str, ...]  # SHA-256 of each archive that may be installed
    asked_in: tuple[str, ...]  # files that name it; none where another package needs it


def canonical(name: str) -> str:
    """Spell a package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(compiled: Path) -> Iterator[Pin]:
    """Yield every entry of a compiled file."""
    for name, version, rest in ENTRY.findall(compiled.read_text("utf-8")):
        yield Pin(
            canonical(name), version, tuple(HASH.findall(rest)), tuple(ASKED_IN.findall(rest))
        )


def versions(compiled: Path) -> dict[str, str]:
    """Give the pinned version of each package, the last one where it has two."""
    return {pin.name: pin.version for pin in pins(compiled)}


def asked(source: Path) -> dict[str, str]:
    """Give the version of each package that a file's own lines name; none: ``""``."""
    lines = (line.partition("#")[0].strip() for line in source.read_text("utf-8").splitlines())
    parts = (line.partition("==") for line in lines if line and not line.startswith("-"))
    return {canonical(name.partition("[")[0]): version for name, _, version in parts}


def included(source: Path, option: str) -> list[Path]:
    """Give the files that a file names with an option: ``-r`` or ``-c``."""
    names = re.findall(rf"^{option} (\S+)", source.read_text("utf-8"), re.MULTILINE)
    return [(source.parent / name).resolve() for name in names]


def needs(distribution: Distribution) -> set[str]:
    """Name what a package cannot be imported without."""
    mandatory = (text for text in distribution.requires or [] if "extra ==" not in text)
    return {canonical(re.split(r"[^\w.-]", text, maxsplit=1)[0]) for text in mandatory}
