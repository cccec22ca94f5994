"""A real server in place of the bucket behind ResponseURLs; it remembers, and can misbehave."""

import json
import ssl
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

LONGEST_HANG_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-signed certificate of localhost, with its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Put:
    """One PUT as it arrived."""

    target: str
    headers: Mapping[str, str]
    body: bytes
    received: float = field(default_factory=time.monotonic)

    @property
    def answer(self) -> dict[str, Any]:
        """Give the answer to CloudFormation that it carries."""
        document: dict[str, Any] = json.loads(self.body)
        return document


@dataclass(frozen=True, slots=True)
class Reaction:
    """
    What the server does with one PUT: wait, then answer with a status or (0) hang up.

    ``meanwhile``: what happens while the PUT is under way.
    """

    status: int = 200
    delay_seconds: float = 0
    meanwhile: Callable[[], object] = field(default=lambda: None, repr=False)


HANG = Reaction(delay_seconds=LONGEST_HANG_SECONDS)
HANG_UP = Reaction(status=0)


@dataclass(slots=True)
class ResponseUrlServer:
    """Where answers go, and what came."""

    origin: str
    puts: list[Put] = field(default_factory=list)
    reactions: deque[Reaction] = field(default_factory=deque)
    _released: Event = field(default_factory=Event)

    @property
    def answers(self) -> list[dict[str, Any]]:
        """Give every answer that came."""
        return [put.answer for put in self.puts]

    def react(self, *reactions: Reaction | int) -> None:
        """Say what happens to the next PUTs; every later one is answered 200."""
        for each in reactions:
            self.reactions.append(each if isinstance(each, Reaction) else Reaction(each))

    def reset(self) -> None:
        """Forget everything, and let go what hangs."""
        self._released.set()
        self._released = Event()
        self.puts.clear()
        self.reactions.clear()

    def receive(self, put: Put) -> int:
        """Note a PUT and give the status to answer with."""
        self.puts.append(put)
        reaction = self.reactions.popleft() if self.reactions else Reaction()
        reaction.meanwhile()
        if reaction.delay_seconds:
            self._released.wait(reaction.delay_seconds)
        return reaction.status


def make_certificate(directory: Path) -> Certificate:
    """Make a certificate of localhost with the openssl command."""
    made = Certificate(directory / "localhost.crt", directory / "localhost.key")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(made.key), "-out", str(made.certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return made


@contextmanager
def running_response_url_server(certificate: Certificate | None) -> Iterator[ResponseUrlServer]:
    """Run a server on a free loopback port; without a certificate it speaks plain HTTP."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    scheme = "https" if certificate else "http"
    playing = ResponseUrlServer(f"{scheme}://localhost:{server.server_port}")
    server.RequestHandlerClass = type("Handler", (_Handler,), {"playing": playing})
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate.certificate, certificate.key)
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield playing
    finally:
        playing.reset()
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    playing: ResponseUrlServer

    def handle(self) -> None:
        # A client that does not trust the certificate ends the handshake, which is all right.
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status = self.playing.receive(Put(self.path, headers, body))
        self.close_connection = True
        if status:
            self.send_response(status)
            self.send_header("Location", f"{self.playing.origin}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Be quiet."""
