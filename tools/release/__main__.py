"""
Pack the built application: a template and two archives that deploy without a clone or a build.

The same build gives the same bytes.

Usage: make package
"""

import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

from tools.local import deployment
from tools.local.deployment import ROOT

DIRECTORY = ROOT / ".local" / "package"
PARTS = {"function.zip": "Function", "dependencies.zip": "Dependencies"}  # archive: built folder
# Where the source template names a folder, the release's names the archive beside it.
PATHS = {"CodeUri: src/": "CodeUri: function.zip", "layers/dependencies/": "dependencies.zip"}
BESIDE = ("LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md")
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the earliest time that an archive can hold
READABLE = 0o644 << 16  # for everybody, as Lambda needs it


def version() -> str:
    """Return the version that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def package(directory: Path = DIRECTORY) -> Path:
    """Build, write the release's archive into a folder, and return its path."""
    built = deployment.build()
    directory.mkdir(parents=True, exist_ok=True)
    template = directory / "template.yaml"
    template.write_text(packaged_template((ROOT / "template.yaml").read_text()))
    for name, folder in PARTS.items():
        files = (path for path in (built / folder).rglob("*") if path.is_file())
        _write(directory / name, ((str(path.relative_to(built / folder)), path) for path in files))
    members = [template, *(directory / name for name in PARTS), *(ROOT / name for name in BESIDE)]
    archive = directory / f"eventbridge-connection-provisioner-{version()}.zip"
    _write(archive, ((path.name, path) for path in members))
    return archive


def packaged_template(source: str) -> str:
    """Return the template with the archives in place of the folders that are built."""
    for folder, archive in PATHS.items():
        if source.count(folder) != 1:
            raise ValueError(f"template.yaml should name {folder} once")
        source = source.replace(folder, archive)
    return source


def _write(archive: Path, files: Iterable[tuple[str, Path]]) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for name, path in sorted(files):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.external_attr = READABLE
            entry.compress_type = zipfile.ZIP_DEFLATED
            written.writestr(entry, path.read_bytes())


if __name__ == "__main__":
    print(package().relative_to(ROOT))
