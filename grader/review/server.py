"""The server: loopback alone, one process, until it is interrupted."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from grader.core.errors import UsageError
from grader.review.app import application
from grader.review.desk import Desk
from grader.review.sessions import Sessions

GRACE = 2
"""Seconds that open pages have to end."""

BACKLOG = 100

HEAD = 30
"""Seconds for the head of a request, from its connection or its first byte on."""


class Protocol(H11Protocol):
    """HTTP as uvicorn speaks it, with an end to heads that never end: each holds a connection."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A line is open, and nothing has come."""
        super().connection_made(transport)
        self._late = self.loop.call_later(HEAD, transport.close)

    def data_received(self, data: bytes) -> None:
        """A part of a request, or all of it."""
        super().data_received(data)
        is_waiting = self.conn.their_state is h11.IDLE
        if not is_waiting and self._late is not None:
            self._late.cancel()
            self._late = None
        elif is_waiting and self._late is None:  # a further request on the same line
            self._late = self.loop.call_later(HEAD, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone."""
        if self._late is not None:
            self._late.cancel()
        super().connection_lost(exc)


class Server:
    """Pages over a desk. It listens from the moment it is made."""

    def __init__(self, desk: Desk, write_reports: Callable[[], None], port: int = 0) -> None:
        """Raises UsageError if the port is taken."""
        self._sockets = _loopback(port)
        self.port = int(self._sockets[0].getsockname()[1])
        self.sessions = Sessions(desk.markers, self.port)
        hosts = [f"{host}:{self.port}" for host in ("127.0.0.1", "localhost", "[::1]")]
        guarded, self._web = application(desk, self.sessions, hosts, write_reports)
        config = uvicorn.Config(
            guarded,
            http=Protocol,
            lifespan="off",
            ws="none",
            access_log=False,  # a log holds no token, cookie or name
            log_level="error",
            server_header=False,
            limit_concurrency=100,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE,
            h11_max_incomplete_event_size=32 * 1024,
        )
        self._uvicorn = uvicorn.Server(config)

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """By marker the address that lets in."""
        return [
            (marker.name, f"http://127.0.0.1:{self.port}/enter?token={token}")
            for token, marker in self.sessions.tokens.items()
        ]

    def run(self) -> None:
        """Serves until it is interrupted or stopped."""
        with suppress(KeyboardInterrupt):
            self._uvicorn.run(sockets=self._sockets)
        self._web.stopping.set()

    def stop(self) -> None:
        """Ends `run` from another thread."""
        self._web.stopping.set()
        self._uvicorn.should_exit = True


def _loopback(port: int) -> list[socket.socket]:
    """Listening sockets on 127.0.0.1 and, where there is such a thing, ::1; one port for both."""
    first = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        first.bind(("127.0.0.1", port))
        first.listen(BACKLOG)  # from here on the port is ours, and who comes early waits
    except OSError as bad:
        raise UsageError(f"port {port} cannot be used ({bad.strerror}); choose another") from None
    found = [first]
    with suppress(OSError):
        second = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        second.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            second.bind(("::1", first.getsockname()[1]))
            second.listen(BACKLOG)
            found.append(second)
        except OSError:
            second.close()
    return found
