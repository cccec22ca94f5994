"""The token of a page: two names, and nothing else that somebody may send."""

import base64

import pytest

from handler.adapters.registry_items import connection_key, key_after, token_of
from handler.errors import InvalidRequestError


def test_a_token_leads_to_what_follows() -> None:
    """It is what a page ended with."""
    assert key_after(token_of(connection_key("crm"))) == connection_key("crm")


@pytest.mark.parametrize(
    "text", ['[["a"], ["b"]]', '[{"a": "b"}, "c"]', "[" * 2000, "{}", '["a"]', "[1, 2]", '"ab"', ""]
)
def test_a_token_that_was_never_given_is_refused(text: str) -> None:
    """Nested, or of something else than two names."""
    with pytest.raises(InvalidRequestError, match="NextToken: none that was given"):
        key_after(base64.urlsafe_b64encode(text.encode()).decode())
