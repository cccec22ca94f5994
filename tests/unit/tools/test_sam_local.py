"""What `make event` says where something is missing, and what SAM is told of Docker."""

from pathlib import Path

import pytest

from tools.local import docker_engine, kept_stack, sam_local
from tools.local.docker_engine import HOST, DockerEngine
from tools.local.ministack import MiniStack

EVENTS = Path(__file__).parents[3] / "events"
EVENT = EVENTS / "direct-validate.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a kept stack's folder, in which all is ready."""
    monkeypatch.setattr(sam_local, "FOLDER", tmp_path)
    monkeypatch.setattr(kept_stack, "find", lambda: MiniStack(1, 1, tmp_path))
    (tmp_path / "Dependencies").mkdir()
    return tmp_path


def told(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command, which refuses, and give the line that it prints."""
    monkeypatch.setattr("sys.argv", ["make", str(path)])
    assert sam_local.main() == 2
    (line,) = capsys.readouterr().err.splitlines()
    return str(line)


def test_a_missing_emulator_is_told_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the command that starts one; nothing is left for sam local invoke to run."""
    monkeypatch.setattr(kept_stack, "find", lambda: None)
    assert "make demo KEEP=1" in told(EVENT, monkeypatch, capsys)


def test_a_missing_build_is_told_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The function would start without its layer."""
    (folder / "Dependencies").rmdir()
    assert "make build" in told(EVENT, monkeypatch, capsys)


def test_a_rules_input_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As by make invoke."""
    path = EVENTS / "eventbridge-secret-label-updated.json"
    assert "a rule's input" in told(path, monkeypatch, capsys)


def test_sam_is_told_how_a_container_reaches_this_machine() -> None:
    """And not to look for an image that is there already."""
    assert DockerEngine().options == []
    assert DockerEngine("172.17.0.1").options == ["--add-host", f"{HOST}:172.17.0.1"]
    assert "--skip-pull-image" in DockerEngine(has_image=True).options


@pytest.mark.parametrize(("address", "is_ours"), [("127.0.0.1", True), ("192.0.2.1", False)])
def test_a_bridge_of_another_machine_is_no_address_of_this_one(address: str, is_ours: bool) -> None:
    """Docker Desktop's is in its virtual machine."""
    assert docker_engine._is_ours(address) is is_ours  # noqa: SLF001
