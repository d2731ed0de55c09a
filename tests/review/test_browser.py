"""An evening in a real browser: keys, several windows, hostile work, and what axe finds.

One server and one browser for the module. Where no Chromium is there, all of it is skipped with one
line; in continuous integration that is an error.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Dialog,
    Page,
    Route,
    expect,
    sync_playwright,
)

from grader.cli.main import main
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

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
NUMBER = "activation/number"
HOSTILE = 36
"""The number of the student whose work is hostile in each of its places."""
HIDE = """() => { Object.defineProperty(document, "hidden", { value: true });
    document.dispatchEvent(new Event("visibilitychange")); }"""


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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The one server and browser."""
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


def every_page(site: Site, number: int) -> list[str]:
    code = site.code(number)
    return [
        "/",
        f"/item/{WHY}?at={code}&show=all",
        f"/item/{NUMBER}?at={code}&show=all",
        f"/student/{code}",
        f"/student/{code}/preview",
        f"/history?at={code}&item={WHY}",
        f"/steps/{WHY}",
        f"/agreement/{WHY}",
        "/requests",
        "/keys",
    ]


def test_hostile_work_shows_harmless_on_every_page(site: Site) -> None:
    assert len(PAYLOADS) >= 40
    page = site.enter()
    found = heard(page.context, site)
    page.goto(site.at(f"/student/{site.code(HOSTILE)}"))
    page.get_by_text("Show the name").first.click()
    page.get_by_label("Why").fill("the test")
    page.get_by_role("button", name="Show the name").click()
    expect(page.locator("main")).to_contain_text("The page that the student gets")
    for path in every_page(site, HOSTILE):
        page.goto(site.at(path))
        assert page.evaluate("window.__owned === undefined"), path
        assert page.evaluate("document.querySelectorAll('main a[href^=\"http\"]').length") == 0
        if "/preview" not in path:
            foreign = "main script, main iframe, main object, main style, main [onclick]"
            assert page.locator(foreign).count() == 0
    assert [line for line in found if "sandboxed" not in line] == []
    page.context.close()


def test_a_page_of_another_port_gets_nothing_in(site: Site) -> None:
    page = site.enter()
    before = site.desk.store.hand_marks.owners()
    other = page.context.new_page()
    other.route(
        "http://127.0.0.1:9/**",
        lambda route: route.fulfill(body="<p>evil", content_type="text/html"),
    )
    other.goto("http://127.0.0.1:9/")
    told = other.evaluate(
        """async (target) => {
            const tries = {};
            const answer = await fetch(target + "mark", {method: "POST", mode: "no-cors",
                credentials: "include", body: "item=a",
                headers: {"content-type": "application/x-www-form-urlencoded"}}).then(
                (found) => found.type, () => "failed");
            tries.fetch = answer;
            const read = fetch(target, {credentials: "include"});
            tries.read = await read.then(() => "read", () => "failed");
            tries.image = await new Promise((done) => { const image = new Image();
                image.onload = () => done("loaded"); image.onerror = () => done("failed");
                image.src = target + "static/review.css"; });
            tries.stream = await new Promise((done) => {
                const stream = new EventSource(target + "events", {withCredentials: true});
                stream.onopen = () => done("open"); stream.onerror = () => done("failed"); });
            return tries;
        }""",
        site.at("/"),
    )
    assert told["fetch"] in ("opaque", "failed")  # sent, refused, and unreadable
    assert (told["read"], told["image"], told["stream"]) == ("failed", "failed", "failed")
    with other.context.expect_page() as opened:
        other.evaluate("(target) => { window.theirs = window.open(target); }", site.at("/"))
    expect(opened.value.locator("body")).to_contain_text("comes from another page")
    reach = "() => { try { return window.theirs.document.title; } catch { return 'kept out'; } }"
    assert other.evaluate(reach) == "kept out"
    other.set_content(f'<form method=post action="{site.at("/undo")}"><button>x</button></form>')
    other.get_by_role("button").click()
    expect(other.locator("body")).to_contain_text("comes from another page")
    assert site.desk.store.hand_marks.owners() == before
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_overflows(site: Site, scheme: str) -> None:
    page = site.enter(color_scheme=scheme, bypass_csp=True, viewport={"width": 360, "height": 740})
    axe, wrong = Axe(), list[str]()
    # only colours differ: the other rules look at the same page
    rules = {"runOnly": ["color-contrast"]} if scheme == "dark" else None

    def look(name: str) -> None:
        found = axe.run(page, options=rules)
        wrong.extend(
            f"{name}: {v['id']}: {v['nodes'][0]['html'][:200]}"
            for v in found.response["violations"]
        )
        wide = page.evaluate("document.documentElement.scrollWidth")
        wrong.extend([f"{name} is {wide} px wide"] if wide > 360 else [])

    more = [f"/item/{WHY}?at={site.code(2)}&round=2", f"/start/{WHY}", "/student/none"]
    for path in [*every_page(site, 2), *more]:
        page.goto(site.at(path))
        look(path)
    page.goto(site.at(f"/steps/{WHY}"))
    page.locator("form.card").first.get_by_label("Points").fill("0.75")
    page.locator("form.card").first.get_by_role("button").click()
    expect(page.locator("h1")).to_contain_text("pass mark")
    look("a change of a step")
    page.goto(site.at(f"/item/activation/relu?at={site.code(8)}"))
    ready(page)
    page.keyboard.press("/")
    look("the palette")
    page.keyboard.press("Escape")
    page.evaluate("document.querySelector('[name=edition]').value = 'old'")
    page.get_by_label("Points of 2").fill("1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("main")).to_contain_text("Your mark is kept, and does not count yet.")
    look("two marks")
    page.get_by_role("button", name="Undo my last mark").click()
    expect(page.locator("#live")).to_contain_text("undone")
    page.context.clear_cookies()
    page.goto(site.at("/"))
    look("closed")
    assert wrong == []
    page.context.close()


def test_every_page_works_without_script(site: Site) -> None:
    page = site.enter(java_script_enabled=False)
    page.goto(site.at(f"/item/{WHY}?at={site.code(27)}"))
    page.get_by_label("Names the chain rule").check()
    page.get_by_role("button", name="Save and next").click()
    expect(page.locator("#live")).to_contain_text("Saved")
    assert site.points(27) == "1.00"
    page.get_by_role("button", name="Undo my last mark").click()
    expect(page.locator("#live")).to_contain_text("undone")
    assert site.points(27) == "open"
    page.context.close()


def tab_to(page: Page, words: str) -> None:
    """Goes on with Tab alone until a control of this name has the focus."""
    name = """() => { const it = document.activeElement;
        const name = it.ariaLabel || it.labels?.[0]?.innerText || it.innerText || "";
        return name.replace(/\\s+/g, " ").trim(); }"""
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate(name).startswith(words):
            return
    raise AssertionError(f"Tab never comes to {words!r}")


def follow(page: Page, words: str) -> None:
    """Goes to a control by Tab, presses Enter, and waits for the page that this opens."""
    tab_to(page, words)
    enter(page)


def enter(page: Page, key: str = "Enter") -> None:
    """Presses a key that opens a page."""
    with page.expect_navigation():
        page.keyboard.press(key)
    ready(page)


def waits_for(page: Page, words: str) -> None:
    """The page says so in its live region."""
    expect(page.locator("#live")).to_contain_text(words)
    ready(page)


def evidence(site: Site) -> list[tuple[str]]:
    """The keys of all that was ever run."""
    return site.desk.store._db.execute("SELECT key FROM evidence ORDER BY key").fetchall()


def test_an_evening_by_keyboard_alone(site: Site) -> None:
    runs = evidence(site)
    page = site.enter()  # by the printed address
    found = heard(page.context, site)
    finds_a_student(site, page)
    twin = marks_twenty_equal_ones_together(site, page)
    undoes_the_last_and_finds_a_step_by_words(site, page)
    makes_a_step_worth_less_and_takes_it_back(site, page, twin)
    overrides_an_automatic_mark(site, page)
    answers_a_request_and_sees_the_final_page(site, page)
    page.goto(site.at("/"))
    follow(page, "Write the reports now")
    waits_for(page, "The reports are written.")
    assert [line for line in found if "error" in line.lower() and "sandbox" not in line] == []
    page.context.close()
    assert evidence(site) == runs  # nothing was run again
    assert "You are right in part." in (site.folder / "students" / "s0001.html").read_text()
    document = json.loads((site.folder / "results.json").read_text())
    points = {one["student"]: one["points"] for one in document["submissions"]}
    row = next(line for line in exported(site).splitlines() if line.startswith("s0001,"))
    assert points["s0001"] in row


def finds_a_student(site: Site, page: Page) -> None:
    tab_to(page, "Find")
    page.keyboard.type(site.code(2)[:3])
    enter(page)
    expect(page.locator("tbody").last).to_contain_text(site.code(2))


def marks_twenty_equal_ones_together(site: Site, page: Page) -> str:
    """The student of one of those that went together."""
    keys, store = page.keyboard, site.desk.store
    follow(page, "Why do gradients vanish?")
    before = len(store.hand_marks.by("Jo", 100))
    for number in range(20):
        heading = page.locator("h1").text_content()
        expect(page.locator("h1")).to_be_focused()
        keys.press("1")
        keys.press("2" if number % 2 else "4")
        if page.locator("[name=all]").count():
            keys.press("m")
        if number == 3:
            keys.press("c")
            keys.type("7 is a digit, and no key")
        enter(page, "Control+Enter")
        expect(page.locator("h1")).not_to_have_text(heading or "")
    marks = store.hand_marks.by("Jo", 100)
    new = [mark for _, mark in marks[: len(marks) - before]]
    assert len(new) >= 20
    assert {mark.points for mark in new} == {Decimal("1.5")}
    assert any(mark.comment == "7 is a digit, and no key" for mark in new)
    group = next(mark.decision for mark in new if mark.decision)
    twins = [student for student, mark in store.hand_marks.of_item(WHY) if mark.decision == group]
    assert len(twins) > 1
    return twins[0]


def undoes_the_last_and_finds_a_step_by_words(site: Site, page: Page) -> None:
    keys = page.keyboard
    student, last = site.desk.store.hand_marks.by("Jo", 1)[0]
    enter(page, "u")
    waits_for(page, "undone")
    assert site.desk.cards[WHY][student].mark != last
    keys.press("/")
    keys.type("confuses")
    keys.press("Enter")
    expect(page.get_by_label("Confuses vanishing")).to_be_checked()
    keys.press("f")
    enter(page)
    waits_for(page, "Saved")
    assert f"{site.desk.cards[WHY][student].points:.2f}" == "2.00"


def makes_a_step_worth_less_and_takes_it_back(site: Site, page: Page, marked: str) -> None:
    keys, before = page.keyboard, site.desk.cards[WHY][marked].points
    follow(page, "steps")
    expect(page.locator("h1")).to_contain_text("Steps")
    tab_to(page, "Points")
    keys.press("Control+A")
    keys.type("0.25")
    enter(page)
    expect(page.locator("h1")).to_contain_text("pass mark")
    follow(page, "Decide")
    waits_for(page, "The steps are changed.")
    assert site.desk.cards[WHY][marked].points == before - Decimal("0.75")
    follow(page, "Take this change back")
    expect(page.locator("li .badge")).to_contain_text("taken back")
    assert site.desk.cards[WHY][marked].points == before


def overrides_an_automatic_mark(site: Site, page: Page) -> None:
    goes_to_course(page)
    follow(page, site.code(2))
    follow(page, "override The derivative of the sigmoid")
    gives(page, "1", "Copied from the sheet.")
    assert site.points(2, NUMBER) == "1.00"


def answers_a_request_and_sees_the_final_page(site: Site, page: Page) -> None:
    keys = page.keyboard
    goes_to_course(page)
    follow(page, "1 request of students")
    gives(page, "1.5", "You are right in part.")
    follow(page, "Requests")
    expect(page.locator("main")).to_contain_text("Answered by Jo")
    page.goto(site.at(f"/student/{site.code(1)}/preview"))
    tab_to(page, "Why")
    keys.type("to see the final page")
    enter(page)
    tab_to(page, "The page that the student gets")
    keys.press("Enter")
    expect(page.locator("body")).to_contain_text("You are right in part.")


def goes_to_course(page: Page) -> None:
    page.keyboard.press("g")
    enter(page, "c")
    expect(page.locator("h1")).to_have_text("Assignment 4")


def gives(page: Page, points: str, comment: str) -> None:
    """Points and a comment by keys."""
    keys = page.keyboard
    keys.press("p")
    keys.type(points)
    keys.press("Escape")
    keys.press("c")
    keys.press("Control+A")
    keys.type(comment)
    enter(page, "Control+Enter")
    waits_for(page, "Saved")


def exported(site: Site) -> str:
    """What `grader export` makes of the folder."""
    out = site.folder / "export"
    command = ["export", str(site.folder), "--to", "csv", "--provisional", "--out", str(out)]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    return "".join(path.read_text() for path in out.iterdir())


def test_two_windows_on_one_answer_and_one_for_the_lead(site: Site) -> None:
    page, other = site.enter(), site.enter("Max")
    address = site.at(f"/item/activation/relu?at={site.code(4)}")
    page.goto(address)
    other.goto(address)
    expect(other.locator("#live")).to_contain_text("Jo has this answer open")
    page.get_by_label("Points of 2").fill("1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(other.locator("#live")).to_contain_text("your page is no longer new")
    other.get_by_label("Points of 2").fill("2")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.locator("main")).to_contain_text("Your mark is kept, and does not count yet.")
    assert site.points(4, "activation/relu") == "1.00"
    other.get_by_role("button", name="Take mine").click()
    expect(other.locator("#live")).to_contain_text("Saved")
    assert site.points(4, "activation/relu") == "2.00"
    for _ in range(7):  # a browser has six connections; tabs behind others leave theirs
        behind = other.context.new_page()
        behind.goto(site.at("/"))
        behind.evaluate(HIDE)
    other.goto(site.at(f"/item/activation/relu?at={site.code(6)}"))
    ready(other)
    other.keyboard.press("h")
    other.keyboard.type("odd")
    other.keyboard.press("Enter")
    expect(other.locator("#live")).to_contain_text("handed on")
    page.goto(site.at("/"))
    expect(page.locator("main")).to_contain_text("1 for the lead")
    page.context.close()
    other.context.close()
