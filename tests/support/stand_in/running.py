"""The stand-in's HTTP server, on a free loopback port."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import urllib3

from tests.support.lag import Lag
from tests.support.stand_in.account import Account
from tests.support.stand_in.errors import AwsError
from tests.support.stand_in.faults import Answer, error_answer
from tests.support.stand_in.pace import Pace
from tests.support.stand_in.stand_in import StandIn
from tests.support.stand_in.unrecorded import Unrecorded

HOP_BY_HOP = ("connection", "content-length", "date", "server", "transfer-encoding")
CONTENT_TYPE = "application/x-amz-json-1.1"
DEFAULT = Unrecorded()
DEFAULT_PACE = Pace()
# So that whole suites can be run with a lag.
DEFAULT_LAG = Lag.of_all(float(os.environ.get("STAND_IN_LAG_SECONDS", "0")))
MOST_UPSTREAM = 64  # idle connections kept: what five functions with ten threads each need


@contextmanager
def running_stand_in(
    upstream: str | None = None,
    *,
    ca_bundle: str | None = None,
    unrecorded: Unrecorded = DEFAULT,
    pace: Pace = DEFAULT_PACE,
    most_connections: int = 3000,
    lag: Lag = DEFAULT_LAG,
) -> Iterator[StandIn]:
    """
    Run a stand-in for as long as the block lasts.

    Args:
        upstream: the address to which everything goes that is not about connections.
        ca_bundle: the certificate to trust there.
        unrecorded: what AWS does where nobody saw it.
        pace: how long states last.
        most_connections: the account's quota.
        lag: how long after a write what is read shows it.
    """
    pool = urllib3.PoolManager(maxsize=MOST_UPSTREAM, ca_certs=ca_bundle, retries=False)
    with pool, _Server(("127.0.0.1", 0), _Handler) as server:
        server.stand_in = StandIn(
            f"http://127.0.0.1:{server.server_port}",
            lambda: Account(unrecorded, pace, most_connections, lag),
        )
        server.upstream = _Upstream(pool, upstream)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.stand_in
        finally:
            server.stand_in.reset()
            server.shutdown()
            thread.join()
            server.close_connections()


class _Upstream:
    """Where everything goes that is not about connections."""

    def __init__(self, pool: urllib3.PoolManager, url: str | None) -> None:
        self._pool = pool
        self._url = url

    def pass_on(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        if self._url is None:
            return error_answer(AwsError("UnknownOperationException", "There is no upstream."))
        response = self._pool.request("POST", self._url + path, body=body, headers=headers)
        kept = {
            name: value
            for name, value in response.headers.items()
            if name.lower() not in HOP_BY_HOP
        }
        return Answer(response.status, response.data, kept, str(response.status))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # an idle keep-alive connection would hold the end back
    stand_in: StandIn
    upstream: _Upstream

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be quiet about clients that went away; the test sees what it asked for."""

    def close_connections(self) -> None:
        for request in list(self._open):
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self._answer(body)
        if answer is None:
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        own = {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": str(uuid4())}
        for name, value in (answer.headers or own).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    def _answer(self, body: bytes) -> Answer | None:
        try:
            parameters = json.loads(body or b"{}")
        except ValueError:
            return error_answer(AwsError("SerializationException", "The body is no JSON."))
        target = self.headers.get("X-Amz-Target", "")
        return self.server.stand_in.handle(
            target,
            body,
            parameters,
            lambda: self.server.upstream.pass_on(self.path, body, dict(self.headers.items())),
        )

    def log_message(self, *_: object) -> None:
        """Be quiet."""
