"""
The licences of what the built layer holds; prints the table of docs/supply-chain.md.

Usage: make licences
"""

from collections.abc import Iterable

from tools.generated.shipped import Package, built_site, packages

HEAD = ("| Package | Version | Licence | In its `.dist-info` |", "|---|---|---|---|")


def table(shipped: Iterable[Package]) -> str:
    """Return a row for each package."""
    return "\n".join((*HEAD, *map(_row, shipped)))


def _row(package: Package) -> str:
    files = ", ".join(f"`{name}`" for name in package.licence_files)
    return f"| {package.name} | {package.version} | {package.licence} | {files} |"


if __name__ == "__main__":
    print(table(packages(built_site())))
