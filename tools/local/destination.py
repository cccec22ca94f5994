"""A local HTTP server that plays an API destination and an OAuth token endpoint, and remembers."""

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from urllib.parse import parse_qs, parse_qsl, urlsplit

TOKEN_PATH = "/oauth/token"  # noqa: S105  # nosec B105 # it is a path


@dataclass(frozen=True, slots=True)
class Delivery:
    """One HTTP request as the destination received it."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str

    @property
    def basic_credentials(self) -> tuple[str, str]:
        """Return user and password of the Authorization header."""
        encoded = self._authorization("Basic")
        username, _, password = base64.b64decode(encoded).decode().partition(":")
        return username, password

    @property
    def bearer_token(self) -> str:
        """Return the token of the Authorization header."""
        return self._authorization("Bearer")

    def _authorization(self, scheme: str) -> str:
        found, _, credentials = self.headers.get("authorization", "").partition(" ")
        return credentials if found == scheme else ""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One request for a token, with the token that it got."""

    client_id: str
    client_secret: str
    grant_type: str
    token: str
    delivery: Delivery


@dataclass(slots=True)
class Destination:
    """What the server at ``url`` has received so far."""

    url: str
    deliveries: list[Delivery] = field(default_factory=list)
    token_requests: list[TokenRequest] = field(default_factory=list)
    _changed: Condition = field(default_factory=Condition)

    @property
    def token_url(self) -> str:
        """Return the address of the token endpoint."""
        return self.url + TOKEN_PATH

    def count(self, path: str) -> int:
        """Return how many deliveries to ``path`` there were."""
        return len(self._find(path))

    def wait_for(self, path: str, after: int = 0, timeout_seconds: float = 120) -> Delivery:
        """
        Return the first delivery to ``path`` after so many, waiting for it.

        Raises:
            TimeoutError: none comes.
        """
        with self._changed:
            if self._changed.wait_for(lambda: self.count(path) > after, timeout_seconds):
                return self._find(path)[after]
        raise TimeoutError(f"nothing was delivered to {path} in {timeout_seconds} s")

    def issued_to(self, token: str) -> TokenRequest:
        """Return the request that was answered with this token."""
        for request in self.token_requests:
            if secrets.compare_digest(request.token, token):
                return request
        raise LookupError("the token endpoint never issued this token")

    def receive(self, delivery: Delivery) -> dict[str, object]:
        """Remember a delivery and return what it is answered with."""
        with self._changed:
            answer: dict[str, object] = {}
            if urlsplit(delivery.path).path == TOKEN_PATH:
                answer = self._issue_token(delivery)
            else:
                self.deliveries.append(delivery)
            self._changed.notify_all()
            return answer

    def _find(self, path: str) -> list[Delivery]:
        return [delivery for delivery in self.deliveries if delivery.path == path]

    def _issue_token(self, delivery: Delivery) -> dict[str, object]:
        form = {key: values[0] for key, values in parse_qs(delivery.body).items()}
        asked = {**delivery.query, **form}
        token = secrets.token_urlsafe(24)
        self.token_requests.append(
            TokenRequest(
                client_id=asked.get("client_id", ""),
                client_secret=asked.get("client_secret", ""),
                grant_type=asked.get("grant_type", ""),
                token=token,
                delivery=delivery,
            )
        )
        return {"access_token": token, "token_type": "Bearer", "expires_in": 3600}  # nosec B105 # OAuth's own word


@contextmanager
def running_destination() -> Iterator[Destination]:
    """Serve on a free loopback port for as long as the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    destination = Destination(url=f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = _handler(destination)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield destination
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(destination: Destination) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = json.dumps(destination.receive(_read(self))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_PUT = do_POST  # noqa: N815 - the base class looks for these names

        def log_message(self, *_: object) -> None:
            """Say nothing: the demo prints what matters."""

    return Handler


def _read(handler: BaseHTTPRequestHandler) -> Delivery:
    url = urlsplit(handler.path)
    return Delivery(
        path=url.path,
        query=dict(parse_qsl(url.query)),
        headers={name.lower(): value for name, value in handler.headers.items()},
        body=handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode(),
    )
