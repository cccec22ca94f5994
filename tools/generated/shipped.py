"""What the built layer holds, read from the packages' own metadata."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

from tools.generated.pins import canonical, needs
from tools.local import deployment

# What these packages wrote before SPDX expressions were the rule, and what their licence files say.
READ_LICENCES: Mapping[tuple[str, str], str] = {
    ("crhelper", "Apache2"): "Apache-2.0",
    ("python-dateutil", "Dual License"): "(Apache-2.0 AND BSD-3-Clause) OR BSD-3-Clause",
    ("s3transfer", "Apache License 2.0"): "Apache-2.0",
}


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the layer."""

    name: str
    version: str
    licence: str  # an SPDX expression
    licence_files: tuple[str, ...]
    needs: frozenset[str]


def built_site() -> Path:
    """Build the layer, unless that was done, and return the folder of its packages."""
    return deployment.build() / "Dependencies" / "python"


def packages(site: Path) -> Iterator[Package]:
    """Yield the packages of a folder, by name."""
    for folder in sorted(site.glob("*.dist-info")):
        distribution = PathDistribution(folder)
        name = canonical(distribution.name)
        yield Package(
            name,
            distribution.version,
            licence(name, distribution),
            tuple(sorted(path.name for path in licence_files(folder))),
            frozenset(needs(distribution)),
        )


def licence(name: str, distribution: Distribution) -> str:
    """Give a package's licence, in its own words where SPDX has none and nobody has read it."""
    document = distribution.metadata
    (said, *_) = document.get_all("License-Expression") or document.get_all("License") or [""]
    return READ_LICENCES.get((name, said), said)


def licence_files(folder: Path) -> Iterator[Path]:
    """Yield the licences and notices that are there of those that the metadata names."""
    names = PathDistribution(folder).metadata.get_all("License-File") or []
    places = (folder / parent / name for name in names for parent in (".", "licenses"))
    yield from (path for path in places if path.is_file())
