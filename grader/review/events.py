"""What others do, told to open pages as server-sent events: a GET behind the same walls as all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from grader.review.visit import Web

EVERY, HEARTBEAT = 1.0, 15
"""Seconds between looks, and looks between signs of life."""


async def events(request: Request) -> Response:
    """The stream. It begins after the event that the page names."""
    web: Web = request.app.state.web
    session = web.sessions.of(request.cookies)
    if session is None:
        return Response(status_code=403)
    after = request.query_params.get("after", "")
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 12 else 0
    return StreamingResponse(
        _stream(web, session.marker.name, start, request), media_type="text/event-stream"
    )


async def _stream(web: Web, by: str, after: int, request: Request) -> AsyncIterator[str]:
    quiet = 0
    while not web.stopping.is_set() and not await request.is_disconnected():
        news = [told for told in list(web.desk.claims.news) if told.number > after]
        for told in news:
            after = told.number
            if told.by != by:
                data: dict[str, Any] = {"text": told.text, "item": told.item, "code": told.code}
                yield f"id: {told.number}\ndata: {json.dumps(data)}\n\n"
        quiet = 0 if news else quiet + 1
        if quiet >= HEARTBEAT:
            quiet = 0
            yield ": still there\n\n"
        await asyncio.sleep(EVERY)
