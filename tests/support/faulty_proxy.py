"""
An HTTP proxy between the function and the emulator: it notes every call and spoils some answers.

``AWS_ENDPOINT_URL`` points to it; calls are told apart by their ``X-Amz-Target``.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

import urllib3

HOP_BY_HOP = ("connection", "content-length", "date", "server", "transfer-encoding")
LONGEST_HANG_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call is answered with."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """Give the body as the object it holds."""
        document: dict[str, Any] = json.loads(self.body or b"{}")
        return document


@dataclass(slots=True)
class Call:
    """One call of the function to AWS, and what it was answered; None: nothing, or not yet."""

    operation: str
    parameters: dict[str, Any]
    answer: Answer | None = None


# What a fault makes of a call: it may let it through first; None closes the connection unanswered.
Forward = Callable[[], Answer]
Fault = Callable[[Forward], Answer | None]


@dataclass(slots=True)
class _Planned:
    operation: str
    fault: Fault
    times: int
    containing: bytes


@dataclass(slots=True)
class FaultyProxy:
    """Where the function finds AWS, and what it asked there so far."""

    url: str
    calls: list[Call] = field(default_factory=list)
    least_seconds: float = 0.0  # that every answer takes
    _planned: list[_Planned] = field(default_factory=list)
    _released: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def spoil(self, operation: str, fault: Fault, times: int = 1_000, containing: str = "") -> None:
        """Use a fault on the next calls of an operation whose body holds a text."""
        self._planned.append(_Planned(operation, fault, times, containing.encode()))

    def hang(self, _: Forward) -> None:
        """Answer nothing until the test is over; a fault."""
        self._released.wait(LONGEST_HANG_SECONDS)

    def after(self, operation: str, fault: Fault) -> Fault:
        """Hold a fault back until an operation was called."""

        def held_back(forward: Forward) -> Answer | None:
            return fault(forward) if operation in self.operations() else forward()

        return held_back

    def operations(self) -> list[str]:
        """Give the names of all calls so far."""
        return [call.operation for call in self.calls]

    def parameters_of(self, operation: str) -> list[dict[str, Any]]:
        """Give what each call of an operation asked."""
        return [call.parameters for call in self.calls if call.operation == operation]

    def clear_up(self) -> None:
        """Let no more faults come; the calls stay told."""
        self._planned.clear()

    def reset(self) -> None:
        """Forget calls and faults, and let go what hangs."""
        self._released.set()
        self._released = Event()
        self.calls.clear()
        self._planned.clear()

    def handle(self, operation: str, body: bytes, forward: Forward) -> Answer | None:
        """Note a call and answer it as planned."""
        call = Call(operation, json.loads(body or b"{}"))
        self.calls.append(call)
        answered_at = time.monotonic() + self.least_seconds
        fault = self._next_fault(operation, body)
        call.answer = fault(forward) if fault else forward()
        time.sleep(max(0.0, answered_at - time.monotonic()))
        return call.answer

    def _next_fault(self, operation: str, body: bytes) -> Fault | None:
        with self._lock:
            for planned in self._planned:
                if (
                    planned.operation == operation
                    and planned.times > 0
                    and planned.containing in body
                ):
                    planned.times -= 1
                    return planned.fault
        return None


def answered(status: int, document: Mapping[str, Any]) -> Fault:
    """Make a fault that answers by itself."""
    body = json.dumps(document).encode()
    return lambda _: Answer(status, body, {"Content-Type": "application/x-amz-json-1.1"})


def aws_error(code: str, message: str = "", status: int = 400) -> Fault:
    """Make a fault that answers as AWS tells an error."""
    return answered(status, {"__type": code, "message": message})


def edited(**changes: Any) -> Fault:
    """Make a fault that changes members of the real answer."""

    def edit(forward: Forward) -> Answer:
        real = forward()
        return Answer(real.status, json.dumps(real.document | changes).encode(), real.headers)

    return edit


def answer_lost(forward: Forward) -> None:
    """Let the call through and close the connection instead of answering; a fault."""
    forward()


@contextmanager
def running_proxy(target_url: str, ca_bundle: str) -> Iterator[FaultyProxy]:
    """Run a proxy on a free loopback port for as long as the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    proxy = FaultyProxy(f"http://127.0.0.1:{server.server_port}")
    with urllib3.PoolManager(maxsize=30, ca_certs=ca_bundle, retries=False) as upstream:
        server.RequestHandlerClass = type(
            "Handler",
            (_Handler,),
            {"proxy": proxy, "upstream": upstream, "target_url": target_url},
        )
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.reset()
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet, for Nagle's sake
    proxy: FaultyProxy
    upstream: urllib3.PoolManager
    target_url: str

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        answer = self.proxy.handle(operation, body, lambda: self._forward(body))
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _forward(self, body: bytes) -> Answer:
        response = self.upstream.request(
            "POST", self.target_url + self.path, body=body, headers=dict(self.headers.items())
        )
        kept = {
            name: value
            for name, value in response.headers.items()
            if name.lower() not in HOP_BY_HOP
        }
        return Answer(response.status, response.data, kept)

    def log_message(self, *_: object) -> None:
        """Be quiet."""
