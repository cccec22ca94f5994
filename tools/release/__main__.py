"""
Pack the built application: a template and two archives that deploy without a clone or a build.

The same sources, built with the function's own Python, give the same bytes.

Usage: make package
"""

import json
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.generated.sbom import bill
from tools.generated.shipped import packages
from tools.local import deployment
from tools.local.deployment import ROOT

DIRECTORY = ROOT / ".local" / "package"
PARTS = {"function.zip": "Function", "dependencies.zip": "Dependencies"}  # archive: built folder
# Where the source template names a folder, the release's names the archive beside it.
PATHS = {"CodeUri: src/": "CodeUri: function.zip", "layers/dependencies/": "dependencies.zip"}
# What a user reads and copies. By form, not whole folders: a clone may hold its owner's secrets.
BESIDE = (
    *("LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    "events/README.md",
    *("docs/*.md", "docs/deployer-policy*.json"),
    *("examples/*.md", "examples/*.yaml", "examples/message-*.json"),
    *(f"examples/*/*.{form}" for form in ("md", "yaml", "tf", "py", "guard", "schema.json")),
    *("examples/guard/cfn_lint/*.py", "examples/cdk/cdk.json", "examples/*/requirements.txt"),
)
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
    made = [_template(directory), _bill(directory, built), *_parts(directory, built)]
    archive = directory / f"eventbridge-connection-provisioner-{version()}.zip"
    _write(archive, [*_named(directory, made), *_named(ROOT, beside(ROOT))])
    return archive


def beside(root: Path) -> Iterator[Path]:
    """Yield the documents and examples of a clone that a release has beside the application."""
    yield from (path for pattern in BESIDE for path in root.glob(pattern))


def packaged_template(source: str) -> str:
    """Return the template with the archives in place of the folders that are built."""
    for folder, archive in PATHS.items():
        if source.count(folder) != 1:
            raise ValueError(f"template.yaml should name {folder} once")
        source = source.replace(folder, archive)
    return source


def _template(directory: Path) -> Path:
    path = directory / "template.yaml"
    path.write_text(packaged_template((ROOT / "template.yaml").read_text()))
    return path


def _bill(directory: Path, built: Path) -> Path:
    path = directory / "sbom.cdx.json"
    shipped = list(packages(built / "Dependencies" / "python"))
    path.write_text(json.dumps(bill(shipped), indent=2) + "\n")
    return path


def _parts(directory: Path, built: Path) -> Iterator[Path]:
    for name, folder in PARTS.items():
        files = (path for path in (built / folder).rglob("*") if path.is_file())
        yield _write(directory / name, _named(built / folder, files))


def _named(folder: Path, files: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    yield from ((path.relative_to(folder).as_posix(), path) for path in files)


def _write(archive: Path, files: Iterable[tuple[str, Path]]) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for name, path in sorted(files):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.external_attr = READABLE
            entry.compress_type = zipfile.ZIP_DEFLATED
            written.writestr(entry, path.read_bytes())
    return archive


if __name__ == "__main__":
    print(package().relative_to(ROOT))
