"""
A data folder for botocore, for ``make retest``: the models that the layer ships, the rest whole.

botocore takes what AWS_DATA_PATH names before its own data. The layer's alone would not do: tests
and SAM CLI speak to more services, in more Regions, than it knows.
"""

import shutil
from pathlib import Path

from botocore.loaders import Loader

from tools.local.deployment import ROOT
from tools.local.runtime import built_artifact

FOLDER = ROOT / ".local" / "botocore-data"
SHIPPED = built_artifact().layer / "python" / "botocore" / "data"


def make() -> Path:
    """Make the folder anew, from the last build and from the botocore of this process."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    merge(Path(Loader.BUILTIN_DATA_PATH), SHIPPED, FOLDER)
    return FOLDER


def merge(whole: Path, shipped: Path, folder: Path) -> None:
    """Link everything that is whole, but of the services that are shipped what is shipped."""
    folder.mkdir(parents=True)
    services = {path.name: path for path in shipped.iterdir() if path.is_dir()}
    for name, path in ({path.name: path for path in whole.iterdir()} | services).items():
        (folder / name).symlink_to(path)


if __name__ == "__main__":
    print(make())
