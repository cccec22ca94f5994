"""The stack that ``make demo KEEP=1`` leaves running, and its end; run by ``make stop``."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

from tools.local import ministack
from tools.local.deployment import ROOT
from tools.local.ministack import MiniStack

STATE_FILE = ROOT / ".local" / "stack.json"
SAM_FOLDER = STATE_FILE.with_name("sam-local")  # what `sam local invoke` needs to speak to it


def keep(running: MiniStack) -> None:
    """Note where a running MiniStack is found."""
    STATE_FILE.parent.mkdir(exist_ok=True)
    state = {
        "process_id": running.process_id,
        "port": running.port,
        "directory": str(running.directory),
    }
    STATE_FILE.write_text(json.dumps(state, indent=2) + "\n")


def find() -> MiniStack | None:
    """Return the MiniStack that was kept, provided that it still answers."""
    if not STATE_FILE.exists():
        return None
    state = json.loads(STATE_FILE.read_text())
    kept = MiniStack(state["process_id"], state["port"], Path(state["directory"]))
    # The process id alone may belong to something else by now.
    with suppress(OSError):
        if ministack.is_healthy(kept):
            return kept
    return None


def stop() -> None:
    """End the MiniStack that was kept and forget it."""
    kept = find()
    if kept:
        ministack.stop(kept)
        print(f"stopped process {kept.process_id}, which answered at {kept.endpoint_url}")
    else:
        print("nothing is running")
    STATE_FILE.unlink(missing_ok=True)
    shutil.rmtree(SAM_FOLDER, ignore_errors=True)


if __name__ == "__main__":
    stop()
