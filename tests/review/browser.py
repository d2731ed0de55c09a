"""A served folder and the browser that looks at it; where no Chromium is there, tests are skipped.

In continuous integration that is an error.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Dialog,
    Page,
    Route,
    expect,
    sync_playwright,
)

from grader.cli.result_folder import write_reports
from grader.core.model import Cell
from grader.marking import codes
from grader.marking.grades import Results
from grader.review import appeal_file
from grader.review.desk import Desk, Marker
from grader.review.server import Server
from grader.store.store import Store
from tests.review import evening
from tests.review.conftest import WHY
from tests.review.payloads import PAYLOADS
from tests.review.test_appeals import NOW

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
NUMBER = "activation/number"
HOSTILE = 36
"""The number of the student whose work is hostile in each of its places."""


@dataclass
class Site:
    """A served folder, and the browser that looks at it."""

    desk: Desk
    server: Server
    browser: Browser
    folder: Path

    def enter(self, name: str = "Jo", **settings: object) -> Page:
        """A window of a marker; it fails on whatever a page must not do."""
        context = self.browser.new_context(**settings)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(dict(self.server.addresses)[name])
        return page

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"

    def code(self, number: int) -> str:
        return self.desk.people[f"s{number:04}"].code

    def points(self, number: int, item: str = WHY) -> str:
        card = self.desk.cards[item][f"s{number:04}"]
        return "open" if card.waits else f"{card.points:.2f}"


def works() -> list[evening.Work]:
    """Work of 36 students, and one hostile to whoever looks at it."""
    text = "\n\n".join(PAYLOADS)
    cells = [Cell(id=f"p{n}", kind="markdown", source=p) for n, p in enumerate(PAYLOADS)]
    cells += [Cell(id="c", kind="code", source=text), Cell(id="r", kind="raw", source=text)]
    hostile = evening.Work(
        why=text,
        relu=PAYLOADS[0],
        cells=cells,
        text=text,
        doubt=text,
        images=(b"<svg onload=alert(1)>", evening.png()),
        name=PAYLOADS[1],
        notes=(text,),
    )
    return [*evening.works(HOSTILE), hostile]


expect.set_options(timeout=30_000)  # a busy machine is no fault of a page


def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server and a browser, to the end of a module."""
    if not CHROMIUM:
        assert not os.environ.get("CI"), "no Chromium: tools/setup.sh browser installs it"
        pytest.skip("NO BROWSER: the pages of `grader review` are NOT tested; apt install chromium")
    folder = tmp_path_factory.mktemp("evening") / "results"
    of = evening.fill(folder, works())
    with (
        Store(folder / "grader.sqlite") as store,
        sync_playwright() as player,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("grader.assignment.rubric.find", lambda name, **_: of)
        text = f"{codes.of(store.secret(codes.SECRET), 's0001', NUMBER)}: please look again"
        appeal_file.take(store, of, appeal_file.read("mail.txt", text.encode()), NOW)
        markers = [Marker(name="Jo", leads=True), Marker(name="Max")]
        desk = Desk(store, of, markers, second=Decimal("0.5"))

        def write() -> None:
            write_reports(Results(store, of), of, folder)

        server = Server(desk, write)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield Site(desk, server, browser, folder)
        browser.close()
        server.stop()
        thread.join(10)


def heard(context: BrowserContext, site: Site) -> list[str]:
    """All that pages of a context do and must not: it is filled as they do."""
    found: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        found.append(dialog.message)
        dialog.dismiss()

    def watch(page: Page) -> None:
        page.on("console", lambda message: found.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: found.append(str(error)))
        page.on("dialog", dismiss)

    def route(route: Route) -> None:
        if not route.request.url.startswith((site.at("/"), "data:")):
            found.append(route.request.url)
        route.continue_()

    context.on("page", watch)
    for page in context.pages:
        watch(page)
    context.route("**/*", route)
    return found


def ready(page: Page) -> None:
    """Waits until a new page hears keys."""
    expect(page.locator("html.scripted")).to_be_attached()
