"""The messages of ``examples/``, each carried out as it stands."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.function import Function

MESSAGES = sorted((Path(__file__).parents[2] / "examples").glob("message-*.json"))
EXAMPLE = {
    "username": "ada",
    "password": "pass",
    "api_key": "key",
    "client_id": "id",
    "client_secret": "secret",
}


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_an_example_message_makes_its_connection(
    path: Path, function: Function, store_secret: Callable[[str, object], str]
) -> None:
    """With the two secrets that the examples name, one of them for endpoints that need none."""
    store_secret("connections/example", EXAMPLE)
    store_secret("connections/unused", "unused")
    request: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    made = function(request)
    assert (made["Outcome"], made["ConnectionState"]) == ("Created", "AUTHORIZED")
    name = {"Name": request["ResourceProperties"]["Name"]}
    assert function(request | {"RequestType": "Delete", "ResourceProperties": name})["Outcome"] == (
        "Deleted"
    )
