"""The wall before the pages: who may send a request here at all, and how much. Pure ASGI.

Checked on the raw request, before anything is routed: the `Host` header (a name that an attacker
points to this machine arrives as that name), where a request comes from, and its size. Every answer
carries the headers that keep other pages out.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024
"""Bytes of a request's body."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"x-frame-options": b"DENY",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",  # with none at all our own forms come from "null"
    b"cache-control": b"no-store",
}

ENTRANCE = "/enter"
"""The one page that may be reached from elsewhere: the printed address is clicked in a terminal."""


class Guard:
    """Refuses what does not come from our own pages."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        """`hosts` are the only values of `Host` that are right, such as `127.0.0.1:8000`."""
        self._app = app
        self._hosts = {host.encode() for host in hosts}
        self._origins = {b"http://" + host for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # WebSockets are not used
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        await self._app(scope, _limited(receive), _with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and sentence, if a request is refused."""
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return 421, "This is not the address that the grader printed."
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "Only GET and POST are known here."
        if not scope["path"].startswith("/"):
            return 400, "This is no path of ours."
        sites = [value for name, value in headers if name == b"sec-fetch-site"]
        at_entrance = scope["method"] == "GET" and scope["path"] == ENTRANCE
        if not at_entrance and any(site not in (b"same-origin", b"none") for site in sites):
            return 403, "This request comes from another page."
        origins = [value for name, value in headers if name == b"origin"]
        if any(origin not in self._origins for origin in origins):
            return 403, "This request comes from another page."
        sizes = [value for name, value in headers if name == b"content-length"]
        if any(not size.isdigit() or int(size) > MAX_BODY for size in sizes):
            return 413, "This is too much at once."
        return None


def _limited(receive: Receive) -> Receive:
    """Reads on until too much has come, whatever length was told; then it is as if one hung up."""
    seen = 0

    async def read() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > MAX_BODY else message

    return read


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            more = [(name, value) for name, value in HEADERS.items() if name not in own]
            message["headers"] = [*message["headers"], *more]
        await send(message)

    return sent


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = f"{sentence}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    start: Message = {"type": "http.response.start", "status": status, "headers": headers}
    await _with_headers(send)(start)
    await send({"type": "http.response.body", "body": body})
