"""A build is made anew where it would differ, whatever was run before it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tools.local import deployment

SOURCE = Path("src", "handler", "app.py")


@dataclass(slots=True)
class FakeSam:
    """Counts builds; each leaves bytecode where the runtime's interpreter is there."""

    root: Path
    interpreter: Path
    cached: list[bool] = field(default_factory=list)

    def run(self, *_: Any, **__: Any) -> None:
        site = self.root / ".aws-sam" / "build" / "Dependencies" / "python"
        cache = self.root / ".aws-sam" / "cache"
        self.cached.append(cache.exists())
        for folder in (cache, site / "__pycache__"):
            folder.mkdir(parents=True, exist_ok=True)
        if self.interpreter.exists():
            (site / "__pycache__" / "six.cpython-313.pyc").touch()


@pytest.fixture
def sam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSam:
    """Give a folder with sources, in which nothing was built."""
    for path in (SOURCE, Path("layers", "Makefile"), Path("template.yaml")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("first")
    fake = FakeSam(tmp_path, tmp_path / "python3.13")
    build = tmp_path / ".aws-sam" / "build"
    changed = {
        "ROOT": tmp_path,
        "BUILD_DIRECTORY": build,
        "CACHE_DIRECTORY": build.with_name("cache"),
        "RECORD": build / "built-from",
        "BYTECODE_PYTHON": fake.interpreter,
        "run": fake.run,
    }
    for name, value in changed.items():
        monkeypatch.setattr(deployment, name, value)
    monkeypatch.setattr("tools.local.operations.write", lambda: None)
    return fake


def test_what_is_built_already_is_not_built_again(sam: FakeSam) -> None:
    """Else one test worker would take it away under another."""
    assert [deployment.build(), deployment.build()] == [deployment.BUILD_DIRECTORY] * 2
    assert sam.cached == [False]


@pytest.mark.parametrize("path", [SOURCE, Path("layers", "Makefile"), Path("template.yaml")])
def test_a_change_is_built(sam: FakeSam, path: Path) -> None:
    """From SAM's cache, as far as that goes."""
    deployment.build()
    (sam.root / path).write_text("second")
    deployment.build()
    assert sam.cached == [False, True]


def test_bytecode_beside_the_sources_is_no_change(sam: FakeSam) -> None:
    """Whatever imports the handler leaves some."""
    deployment.build()
    (sam.root / SOURCE.with_suffix(".pyc")).touch()
    deployment.build()
    assert len(sam.cached) == 1


def test_an_interpreter_that_came_after_the_build_gives_its_bytecode(sam: FakeSam) -> None:
    """SAM's cache knows nothing of it, and would give what there was without it."""
    deployment.build()
    sam.interpreter.touch()
    deployment.build()
    assert sam.cached == [False, False]
    assert deployment.has_bytecode()


def test_a_build_by_others_is_not_taken_for_ours(sam: FakeSam) -> None:
    """`sam build` empties the folder, and with it the record."""
    deployment.build()
    deployment.RECORD.unlink()
    deployment.build()
    assert len(sam.cached) == 2


def test_a_build_that_failed_is_tried_again(sam: FakeSam, monkeypatch: pytest.MonkeyPatch) -> None:
    """It leaves no record, nor one of what was there before."""
    deployment.build()
    (sam.root / SOURCE).write_text("second")

    def fail(*_: Any, **__: Any) -> None:
        raise deployment.CommandFailedError("no network")

    monkeypatch.setattr(deployment, "run", fail)
    with pytest.raises(deployment.CommandFailedError):
        deployment.build()
    (sam.root / SOURCE).write_text("first")
    monkeypatch.setattr(deployment, "run", sam.run)
    deployment.build()
    assert len(sam.cached) == 2
