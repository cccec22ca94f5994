"""Every call to AWS that a request makes, in its order: none is made twice unnoticed."""

from collections.abc import Callable

from tests.support.faulty_proxy import FaultyProxy
from tests.support.function import Function
from tests.support.response_url_server import ResponseUrlServer
from tools.bench.calls import SECRET, Walk
from tools.bench.expected_calls import EXPECTED
from tools.local.local_stack import LocalStack


def test_each_request_makes_the_calls_that_it_needs_and_no_other(
    function: Function,
    proxy: FaultyProxy,
    response_url: ResponseUrlServer,
    store_secret: Callable[[str, object], str],
    name: str,
    stack: LocalStack,
) -> None:
    """Those that docs/benchmarks.md gives reasons for."""
    store_secret(SECRET, {"username": "counted-user", "password": "counted-password"})
    made = dict(
        Walk(function, proxy, f"{response_url.origin}/counted", name, stack.outputs).steps()
    )
    assert made == {what: [call for call, _ in calls] for what, calls in EXPECTED.items()}
