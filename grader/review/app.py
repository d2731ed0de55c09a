"""The application: its addresses, behind the guard."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from grader.review import (
    actions,
    agreement_page,
    course_page,
    item_page,
    record_pages,
    submission_page,
)
from grader.review.desk import Desk
from grader.review.events import events
from grader.review.guard import Guard
from grader.review.sessions import Sessions
from grader.review.visit import Handler, Web, action, environment, page, static

PAGES: dict[str, Handler] = {
    "/": course_page.course,
    "/item/{task}/{item}": item_page.item,
    "/start/{task}/{item}": item_page.start,
    "/steps/{task}/{item}": record_pages.step_list,
    "/agreement/{task}/{item}": agreement_page.agreement,
    "/student/{code}": submission_page.submission,
    "/student/{code}/preview": submission_page.preview,
    "/student/{code}/notebook/{task}": submission_page.download,
    "/student/{code}/picture/{task}/{cell:int}/{number:int}": submission_page.picture,
    "/history": record_pages.history,
    "/requests": record_pages.requests,
    "/requests/first": record_pages.first_appeal,
    "/keys": record_pages.keys,
}
ACTIONS: dict[str, Handler] = {
    "/mark": actions.mark,
    "/mark-task": actions.mark_task,
    "/undo": actions.undo,
    "/skip": actions.skip,
    "/hand": actions.hand,
    "/take": actions.take,
    "/release": actions.release,
    "/settle": actions.settle,
    "/reveal": actions.reveal,
    "/reports": actions.reports,
    "/steps": actions.change_step,
    "/steps/take-back": actions.take_back,
}


def application(
    desk: Desk, sessions: Sessions, hosts: Iterable[str], write_reports: Callable[[], None]
) -> tuple[Guard, Web]:
    """The guarded application, and what its pages share."""
    web = Web(desk=desk, sessions=sessions, write_reports=write_reports, templates=environment())
    routes = [
        Route("/enter", _enter),
        Route("/events", events),
        Route("/static/{name}", static),
        *(Route(path, page(handler)) for path, handler in PAGES.items()),
        *(Route(path, action(handler), methods=["POST"]) for path, handler in ACTIONS.items()),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    app.state.web = web
    return Guard(app, hosts), web


async def _enter(request: Request) -> Response:
    """A token in the address becomes a cookie, and leaves the address."""
    web: Web = request.app.state.web
    cookie = await web.sessions.enter(request.query_params.get("token", ""))
    if cookie is None:
        return Response("This address is not valid any more.\n", 403, media_type="text/plain")
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(web.sessions.cookie, cookie, httponly=True, samesite="strict", path="/")
    return answer
