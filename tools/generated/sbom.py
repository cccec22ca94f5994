"""
Write the bill of materials of the built layer, as CycloneDX JSON.

It holds no time, no serial number and no path: the same pins give the same bill.

Usage: make sbom > sbom.cdx.json

Source:
    https://cyclonedx.org/docs/1.6/json/
"""

import json
import tomllib
from collections.abc import Sequence
from typing import Any

from tools.generated.pins import LAYER, asked, pins
from tools.generated.shipped import Package, built_site, packages
from tools.local.deployment import ROOT


def bill(shipped: Sequence[Package]) -> dict[str, Any]:
    """Return the bill of some packages that the layer's requirements pin."""
    hashes = {pin.name: pin.hashes for pin in pins(LAYER)}
    application = _application()
    direct = asked(LAYER.with_suffix(".in"))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": application},
        "components": [_component(package, hashes[package.name]) for package in shipped],
        "dependencies": [
            _dependency(application["bom-ref"], direct, shipped),
            *(_dependency(_purl(package), package.needs, shipped) for package in shipped),
        ],
    }


def _application() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    name, version = project["name"], project["version"]
    return {"type": "application", "bom-ref": name, "name": name, "version": version}


def _component(package: Package, hashes: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _purl(package),
        "name": package.name,
        "version": package.version,
        "licenses": [_licence(package.licence)],
        "purl": _purl(package),
        "externalReferences": [
            {
                "type": "distribution",
                "url": _purl(package),
                "comment": "the archives that the layer's requirements accept: wheel and source",
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in hashes],
            }
        ],
    }


def _licence(expression: str) -> dict[str, Any]:
    if " " in expression:
        return {"expression": expression}
    return {"license": {"id": expression}}


def _dependency(ref: str, names: Any, shipped: Sequence[Package]) -> dict[str, Any]:
    return {"ref": ref, "dependsOn": [_purl(each) for each in shipped if each.name in names]}


def _purl(package: Package) -> str:
    return f"pkg:pypi/{package.name}@{package.version}"


if __name__ == "__main__":
    print(json.dumps(bill(list(packages(built_site()))), indent=2))
