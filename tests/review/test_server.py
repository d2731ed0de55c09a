"""The server itself, on real sockets: where it listens, what it answers raw, and what it logs."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from grader.core.errors import UsageError
from grader.review.server import Server
from tests.review.conftest import Room


@pytest.fixture
def server(room: Room) -> Iterator[Server]:
    made = Server(room.desk, lambda: None)
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    yield made
    made.stop()
    thread.join(10)


def raw(server: Server, head: str) -> bytes:
    """What comes back for a request as it stands; PORT in it is the server's."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(head.replace("PORT", str(server.port)).replace("\n", "\r\n").encode())
        return line.makefile("rb").readline().split()[1]


def test_it_listens_on_loopback_alone_of_both_kinds_and_on_one_port(room: Room) -> None:
    made = Server(room.desk, lambda: None)
    names = [listening.getsockname()[:2] for listening in made._sockets]
    assert names[0] == ("127.0.0.1", made.port)
    assert names[1:] in ([], [("::1", made.port)])  # [] where there is no IPv6
    with pytest.raises(UsageError, match=f"port {made.port} cannot be used"):
        Server(room.desk, lambda: None, made.port)
    for listening in made._sockets:
        listening.close()


def test_ipv6_is_answered_by_its_own_name(server: Server) -> None:
    if len(server._sockets) < 2:
        pytest.skip("this machine has no IPv6")
    connection = http.client.HTTPConnection("::1", server.port, timeout=10)
    connection.request("GET", "/", headers={"Host": f"[::1]:{server.port}"})
    assert connection.getresponse().status == 403  # closed without a token, but it is our page
    connection.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1\nHost: 127.0.0.1:PORT\n\n", b"403"),
        ("GET http://evil.example/ HTTP/1.1\nHost: 127.0.0.1:PORT\n\n", b"400"),
        ("GET http://127.0.0.1:PORT/ HTTP/1.1\nHost: evil.example\n\n", b"421"),
        ("GET / HTTP/1.1\n\n", b"400"),
        ("GET / HTTP/1.0\n\n", b"421"),
        ("GET / HTTP/1.1\nHost: 127.0.0.1:PORT\nHost: evil.example\n\n", b"400"),
        ("CONNECT evil.example:80 HTTP/1.1\nHost: 127.0.0.1:PORT\n\n", b"405"),
    ],
)
def test_odd_heads_of_requests_get_nothing(server: Server, head: str, status: bytes) -> None:
    assert raw(server, head) == status


def test_a_head_that_never_ends_is_hung_up_on_and_one_that_ends_is_not(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.review.server.HEAD", 0.05)
    whole = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    for begun in (b"", b"GET / HTTP/1.1\r\nHost: 127."):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
            line.sendall(begun)
            assert line.recv(1) == b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(whole)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        answer.read()
        line.sendall(whole[:20])  # the next one on the same line
        assert line.recv(1) == b""


def test_a_bug_is_told_without_names_or_answers(
    make: Callable[..., Room],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("Ada Lovelace wrote: it saturates")

    room = make()
    browser = room.browser()
    monkeypatch.setattr("grader.review.submission_page.notebook_page.cells", broken)
    answer = browser.get(f"/student/{room.code('s0000')}")
    assert (answer.status_code, "The grader failed here." in answer.text) == (500, True)
    (record,) = caplog.records
    told = record.getMessage()
    assert "ValueError at " in told
    assert not any(word in answer.text + told + caplog.text for word in ("Ada", "saturates"))
