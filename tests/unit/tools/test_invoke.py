"""What `make invoke` takes: the function's own events, and no other."""

from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from tools.local import invoke

EVENTS = Path(__file__).parents[3] / "events"
RULES_INPUTS = sorted(EVENTS.glob("eventbridge-*.json"))


class StartedError(Exception):
    """When a stack would be started."""


@pytest.fixture(autouse=True)
def _nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no emulator."""

    @contextmanager
    def stack() -> NoReturn:
        raise StartedError

    monkeypatch.setattr("tools.local.invoke._stack", stack)


@pytest.mark.parametrize("path", RULES_INPUTS, ids=lambda path: path.stem)
def test_an_event_of_a_rule_is_refused_in_one_line(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The function never sees it: the rule makes a message of it."""
    monkeypatch.setattr("sys.argv", ["make", str(path)])
    assert invoke.main() == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{path}: ")
    assert "events/sqs-re" in line


@pytest.mark.parametrize("path", sorted({*EVENTS.glob("*.json")} - {*RULES_INPUTS}))
def test_every_other_event_is_taken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the function is invoked with."""
    monkeypatch.setattr("sys.argv", ["make", str(path)])
    with pytest.raises(StartedError):
        invoke.main()


def test_what_is_no_json_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is started."""
    path = tmp_path / "event.json"
    path.write_text("{")
    monkeypatch.setattr("sys.argv", ["make", str(path)])
    assert invoke.main() == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
