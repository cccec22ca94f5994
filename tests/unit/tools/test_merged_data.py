"""The data folder of ``make retest`` has the layer's models, and lacks nothing that others need."""

from pathlib import Path

from tools.local.merged_data import merge


def written(folder: Path, *names: str) -> Path:
    """Write files that hold the name of their folder."""
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(folder.name)
    return folder


def test_what_is_shipped_replaces_services_and_nothing_else(tmp_path: Path) -> None:
    """An older version that the layer lacks is gone; the endpoints know all Regions."""
    whole = written(tmp_path / "whole", "events/1/m", "events/2/m", "ec2/1/m", "endpoints.json")
    shipped = written(tmp_path / "shipped", "events/2/m", "endpoints.json")
    merge(whole, shipped, folder := tmp_path / "merged")
    files = ("events/2/m", "ec2/1/m", "endpoints.json")
    assert [(folder / file).read_text() for file in files] == ["shipped", "whole", "whole"]
    assert not (folder / "events" / "1").exists()
