"""What `make demo KEEP=1` prints at its end: each command once, and in an order that works."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any, cast

from tools.demo.commands import commands
from tools.local.docker_engine import DockerEngine
from tools.local.ministack import MiniStack


class Stack:
    """A stack, as far as commands name it; an output is called by its name."""

    endpoint_url = "https://localhost:4566"
    ministack = MiniStack(1, 4566, Path("/emulator"))
    outputs = type("Outputs", (defaultdict,), {"__missing__": lambda _, key: f"<{key}>"})()


TEXT = commands(cast("Any", Stack()), DockerEngine("172.17.0.1"))
LINES = TEXT.splitlines()


def place(beginning: str) -> int:
    """Give the place of the only line that matches."""
    (found,) = [number for number, line in enumerate(LINES) if re.search(beginning, line)]
    return found


def test_a_dead_letter_is_shown_before_its_secret_is_stored_and_sent_back_after() -> None:
    """So that it works when it comes back."""
    shown = place(r"receive-message .*<DeadLetterQueueUrl>")
    stored = place("create-secret")
    assert place("send-message") < shown < stored < place("^make redrive$")
    assert "--visibility-timeout 0" in LINES[shown], "or redrive would not see it"


def test_operating_commands_are_among_them() -> None:
    """And how the result of an invocation is read."""
    assert place("lambda invoke") + 1 == place(r"^cat \.local/result\.json$")
    assert place("^make inventory$") > place("^make redrive$")


def test_the_line_for_docker_is_whole() -> None:
    """Fitting an event, then running it, on an engine whose bridge is known."""
    line = LINES[place("^make event")]
    assert line.startswith("make event EVENT=events/direct-validate.json && env AWS_")
    for option in ("--event ", "--template ", "--env-vars ", "Architecture=", "--add-host "):
        assert option in line


def test_whatever_speaks_to_the_emulator_names_it() -> None:
    """Nothing of this must reach AWS."""
    for line in LINES:
        assert (
            not line.startswith(".venv/bin/aws") or f"--endpoint-url {Stack.endpoint_url}" in line
        )
