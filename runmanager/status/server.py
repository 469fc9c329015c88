"""Serving the status page: GET and HEAD only, loopback only unless a token is given; nothing can be changed here."""

import hmac
import ipaddress
import json
import logging
import math
import socket
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from runmanager.errors import BadInputError
from runmanager.status.page import page
from runmanager.status.snapshot import Snapshot

log = logging.getLogger(__name__)

LEAST_TOKEN = 16
PAGES = ("/", "/status.json")
CLIENT_TIMEOUT_S = 10.0

Look = Callable[[], Snapshot]


class StatusServer(ThreadingHTTPServer):
    """Answers with what ``look`` sees now. ``look`` is called in the thread of each request and must bear that.

    BadInputError for an address beyond loopback without a token of at least 16 characters, or a port in use.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, look: Look, *, host: str = "127.0.0.1", port: int = 0, token: str = "") -> None:
        refuse_open_door(host, token)
        self.look, self.token, self.asked_host = look, token, host
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), _Handler)
        except (OSError, OverflowError) as error:
            raise BadInputError(
                f"the status page cannot listen on {host} port {port} ({error}): choose another with --host, --port"
            ) from error

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader who hangs up in mid-answer is no event for the night's log."""
        log.debug("a reader of the status page left early", exc_info=True)

    @property
    def url(self) -> str:
        """The page's address, with the token if there is one."""
        host, port = self.server_address[0], self.server_address[1]
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"http://{shown}:{port}/" + (f"?token={self.token}" if self.token else "")


def refuse_open_door(host: str, token: str) -> None:
    """BadInputError when others could look in unasked: a host that is not loopback needs a token."""
    if token and (
        len(token) < LEAST_TOKEN or not token.isascii() or not token.replace("-", "").replace("_", "").isalnum()
    ):
        raise BadInputError(
            f"the token must be at least {LEAST_TOKEN} letters, digits, '-' or '_', e.g. from"
            " python -c 'import secrets; print(secrets.token_urlsafe())'"
        )
    if not is_loopback(host) and not token:
        raise BadInputError(
            f"the status page on {host} could be read by everybody in that network: give a --token as well,"
            " or leave --host out (then only this computer can read it)"
        )


def is_loopback(host: str) -> bool:
    """True for addresses that only this computer reaches."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Handler(BaseHTTPRequestHandler):
    server: StatusServer
    timeout = CLIENT_TIMEOUT_S
    server_version = "solotron"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _refuse_method(self) -> None:
        self._send(HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b"read-only\n", allow=True)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _refuse_method

    def _answer(self) -> None:
        try:
            target, known = urlsplit(self.path), self._knows_us()
        except ValueError:  # brackets that do not match, and the like
            self._send(HTTPStatus.BAD_REQUEST, "text/plain", b"that is no address\n")
            return
        if not known:
            self._send(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b"not the name of this page\n")
        elif not self._may_read(target.query):
            self._send(HTTPStatus.FORBIDDEN, "text/plain", b"the address lacks the token\n")
        elif target.path not in PAGES:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"there is / and /status.json\n")
        else:
            self._show(target.path)

    def _show(self, path: str) -> None:
        try:
            seen = self.server.look()
        except BadInputError as error:  # the queue's file is gone, foreign or damaged: say so, and go on serving
            log.warning("%s", error)
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b"the queue cannot be read just now\n")
            return
        if path == "/":
            self._send(HTTPStatus.OK, "text/html", page(seen).encode())
        else:
            self._send(HTTPStatus.OK, "application/json", json.dumps(_plain(asdict(seen)), allow_nan=False).encode())

    def _knows_us(self) -> bool:
        """On loopback, only under loopback's own names: a foreign site must not read us through a visitor's browser."""
        if self.server.token:
            return True
        named = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        return is_loopback(named)

    def _may_read(self, query: str) -> bool:
        if not self.server.token:
            return True
        given = parse_qs(query).get("token", [""])[0]
        scheme, _, bearer = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            given = bearer.strip()
        return hmac.compare_digest(given.encode(), self.server.token.encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes, *, allow: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Referrer-Policy", "no-referrer")
        if allow:
            self.send_header("Allow", "GET, HEAD")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a line a request would fill the night's log, and hold the token."""


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """``value`` with NaN and infinity as null, for JSON."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
