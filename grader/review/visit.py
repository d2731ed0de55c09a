"""One request as pages see it: who it is, what was sent, and how pages are made. Trusted side."""

from __future__ import annotations

import asyncio
import logging
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from grader.core.errors import GraderError, UsageError
from grader.core.untrusted_text import printable
from grader.reports import html
from grader.review import steps
from grader.review.desk import Desk, Marker, new_request
from grader.review.sessions import Session, Sessions
from grader.store.decisions import Decision

log = logging.getLogger(__name__)

FIELDS, SECONDS = 4000, 30
"""Of a form, at most: a thousand equal answers are a field each; and to read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What all pages share."""

    desk: Desk
    sessions: Sessions
    write_reports: Callable[[], None]
    templates: Environment
    stopping: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of a marker."""

    web: Web
    session: Session
    path: Mapping[str, Any]
    query: Mapping[str, str]
    form: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def desk(self) -> Desk:
        """What is marked."""
        return self.web.desk

    @property
    def marker(self) -> Marker:
        """Who it is."""
        return self.session.marker

    def sent(self, name: str) -> str:
        """A field of the form; "" if it was not sent."""
        return self.form.get(name, ("",))[0]

    def number(self, name: str) -> int:
        """A whole number of the form; 0 if it is none."""
        text = self.sent(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else 0

    def item(self) -> str:
        """The "task/item" that the request names, in form, path or query.

        Raises:
            NotHere: there is none.
        """
        parts = [str(self.path.get(part, "")) for part in ("task", "item")]
        name = self.sent("item") or ("/".join(parts) if all(parts) else self.query.get("item", ""))
        if name not in self.desk.items:
            raise NotHere
        return name

    def student(self) -> str:
        """The student whose code the request names.

        Raises:
            NotHere: there is none.
        """
        code = self.sent("at") or str(self.path.get("code", "")) or self.query.get("at", "")
        if code not in self.desk.student_of:
            raise NotHere
        return self.desk.student_of[code]

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page."""
        revealed = self.desk.revealed(self.marker)
        page = self.web.templates.get_template(f"{template}.html.j2").render(
            desk=self.desk,
            marker=self.marker,
            csrf=self.session.csrf,
            named=lambda student: self.desk.people[student].name if student in revealed else "",
            news=self.desk.claims.newest,
            said=self.query.get("said", ""),
            **values,
        )
        return HTMLResponse(page, status_code=status)


class NotHere(Exception):
    """The request names something that there is not."""


Handler = Callable[[Visit], Response]


def environment() -> Environment:
    """The templates, with the filters of the reports."""
    made = html.environment("grader.review")
    made.filters |= {"signed": steps.signed, "when": when, "told": told}
    made.globals |= {"query": query, "new_request": new_request}
    return made


def told(decision: Decision) -> str:
    """A decision about one answer, in words."""
    note = str(decision.body.get("note", ""))
    return {
        "undo": "took a mark back",
        "hand": f"handed this to the lead: {note}",
        "appeal": "answered the student's request",
    }.get(decision.kind, f"{decision.kind} {note}")


def when(at: datetime) -> str:
    """A time as people on this machine write it."""
    return at.astimezone().strftime("%d %b %Y, %H:%M:%S")


def query(**values: object) -> str:
    """An address's query, of those values that are not empty."""
    kept = {name: str(value) for name, value in values.items() if value not in ("", None, False)}
    return f"?{urlencode(kept)}" if kept else ""


def page(handler: Handler) -> Callable[[Request], Any]:
    """A page that is read: needs a session, and changes nothing."""

    async def answer(request: Request) -> Response:
        web: Web = request.app.state.web
        session = web.sessions.of(request.cookies)
        if session is None:
            return _closed(web)
        visit = Visit(
            web=web, session=session, path=request.path_params, query=request.query_params
        )
        return await run_in_threadpool(_answered, handler, visit)

    return answer


def action(handler: Handler) -> Callable[[Request], Any]:
    """A form that is sent: needs a session, and the key that only our own pages have."""

    async def answer(request: Request) -> Response:
        web: Web = request.app.state.web
        session = web.sessions.of(request.cookies)
        if session is None:
            return _closed(web)
        try:
            form = await asyncio.wait_for(_form(request), SECONDS)
        except (UsageError, ClientDisconnect, TimeoutError, ValueError):
            return Response("This form cannot be read.\n", 400, media_type="text/plain")
        sent = form.get("csrf", ("",))[0] or request.headers.get("x-csrf", "")
        if not web.sessions.is_own(session, sent):
            return Response("This form was not made for you.\n", 403, media_type="text/plain")
        visit = Visit(
            web=web,
            session=session,
            path=request.path_params,
            query=request.query_params,
            form=form,
        )
        return await run_in_threadpool(_answered, handler, visit)

    return answer


async def _form(request: Request) -> dict[str, tuple[str, ...]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise UsageError("forms are sent as application/x-www-form-urlencoded")
    body = await request.body()
    pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS)
    form: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        form[name] = (*form.get(name, ()), value.replace("\r\n", "\n"))
    return form


def _answered(handler: Handler, visit: Visit) -> Response:
    with visit.desk.lock:
        try:
            return handler(visit)
        except NotHere:
            return visit.show("problem", 404, sentence="There is nothing at this address.")
        except GraderError as known:
            return visit.show("problem", 400, sentence=printable(str(known)))
        except Exception as bug:
            at = traceback.extract_tb(bug.__traceback__)[-1]
            # what it says may hold a name or an answer, and a log holds neither
            log.error("%s at %s:%s", type(bug).__name__, at.filename, at.lineno)
            sentence = "The grader failed here. What was saved is saved; its terminal says where."
            return visit.show("problem", 500, sentence=sentence)


def _closed(web: Web) -> Response:
    closed = web.templates.get_template("closed.html.j2").render()
    return HTMLResponse(closed, status_code=403)


def see(path: str, **values: object) -> Response:
    """On to another page, after something was done; `said` is what that page tells of it."""
    given = query(**values)
    if "?" in path:
        given = given.replace("?", "&", 1)
    return RedirectResponse(path + given, status_code=303)


STATIC = Path(__file__).parent / "static"
FILES = {"review.css": "text/css", "review.js": "text/javascript"}


def static(request: Request) -> Response:
    """Our own style and script."""
    name = request.path_params["name"]
    if name not in FILES:
        return Response("There is nothing at this address.\n", 404, media_type="text/plain")
    return Response((STATIC / name).read_bytes(), media_type=FILES[name])
