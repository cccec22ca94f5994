"""How the demo speaks: steps with their times, what they brought, and a table at the end."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tools.demo.rotation import Followed
from tools.demo.walkthrough import Provisioned
from tools.operating.table import drawn

T = TypeVar("T")


@dataclass(slots=True)
class Narrator:
    """Says what is done, while it is done, and how long it took."""

    began: float = field(default_factory=time.monotonic)
    steps: int = 0

    @property
    def seconds(self) -> float:
        """Return the time since the beginning."""
        return time.monotonic() - self.began

    def step(self, text: str, work: Callable[[], T]) -> T:
        """Do one step of the demo and return what it gave."""
        self.steps += 1
        print(f"{self.steps}. {text:<72}", end="", flush=True)
        began = time.monotonic()
        result = work()
        print(f"{time.monotonic() - began:6.1f} s", flush=True)
        return result

    def detail(self, *columns: str) -> None:
        """Show a piece of what the last step gave."""
        print("   " + "  ".join(f"{column:<22}" for column in columns).rstrip(), flush=True)


def credential(values: Mapping[str, str]) -> str:
    """Write a credential of this run, random and of no further use, in one line."""
    return "  ".join(f"{key}={value}" for key, value in values.items()) or "nothing"


def table(proven: Sequence[Provisioned]) -> str:
    """Draw what became of each connection."""
    head = ("Asked through", "AuthorizationType", "Connection", "State", "Credential")
    rows = [
        (
            each.entry_point,
            each.authorization_type,
            each.name,
            each.state,
            "arrived" if each.is_proven else "DIFFERS",
        )
        for each in proven
    ]
    return drawn(head, rows)


def rotation_table(followed: Sequence[Followed]) -> str:
    """Draw how soon a rotated credential arrived through each connection."""
    head = ("Asked through", "Rotated secret", "Connection", "New credential", "Seconds")
    rows = [
        (
            each.connection.entry_point,
            each.secret_name,
            each.connection.name,
            "arrived" if each.connection.is_proven else "DIFFERS",
            f"{each.seconds:.1f}",
        )
        for each in followed
    ]
    return drawn(head, rows)
