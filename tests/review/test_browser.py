"""An evening in a real browser: keys, several windows, hostile work, and what axe finds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from playwright.sync_api import expect

from grader.cli.main import main
from tests.review import keyboard
from tests.review.browser import HOSTILE, NUMBER, Site, heard, ready, served
from tests.review.conftest import WHY
from tests.review.payloads import PAYLOADS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
HIDE = """() => { Object.defineProperty(document, "hidden", { value: true });
    document.dispatchEvent(new Event("visibilitychange")); }"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The one server and browser."""
    yield from served(tmp_path_factory)


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
    expect(page.locator("#live")).to_contain_text("Taken back")
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
    expect(page.locator("#live")).to_contain_text("Taken back")
    assert site.points(27) == "open"
    page.context.close()


def evidence(site: Site) -> list[tuple[str]]:
    """The keys of all that was ever run."""
    return site.desk.store._db.execute("SELECT key FROM evidence ORDER BY key").fetchall()


def test_an_evening_by_keyboard_alone(site: Site) -> None:
    runs = evidence(site)
    page = site.enter()  # by the printed address
    found = heard(page.context, site)
    keyboard.finds_a_student(site, page)
    twin = keyboard.marks_twenty_equal_ones_together(site, page)
    keyboard.undoes_the_last_and_finds_a_step_by_words(site, page)
    keyboard.makes_a_step_worth_less_and_takes_it_back(site, page, twin)
    keyboard.overrides_an_automatic_mark(site, page)
    keyboard.answers_a_request_and_sees_the_final_page(site, page)
    keyboard.sees_all_other_pages(page)
    keyboard.follow(page, "Write the reports now")
    keyboard.waits_for(page, "The reports are written.")
    assert [line for line in found if "error" in line.lower() and "sandbox" not in line] == []
    page.context.close()
    assert evidence(site) == runs  # nothing was run again
    assert "You are right in part." in (site.folder / "students" / "s0001.html").read_text()
    document = json.loads((site.folder / "results.json").read_text())
    points = {one["student"]: one["points"] for one in document["submissions"]}
    row = next(line for line in exported(site).splitlines() if line.startswith("s0001,"))
    assert points["s0001"] in row


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
    expect(other.locator("#live")).to_contain_text("Settled")
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
    expect(other.locator("#live")).to_contain_text("Handed to the lead")
    page.goto(site.at("/"))
    expect(page.locator("main")).to_contain_text("1 for the lead")
    page.context.close()
    other.context.close()


def test_a_key_does_what_it_says_or_says_that_it_does_nothing(site: Site) -> None:
    page, relu = site.enter("Max"), "activation/relu"
    found = heard(page.context, site)
    drawn = min(site.desk.sample(WHY) - {"s0002"})
    page.goto(site.at(f"/item/{WHY}?at={site.desk.people[drawn].code}&round=2"))
    ready(page)
    for key in "shimo":  # a second mark is neither skipped nor handed on
        page.evaluate("document.getElementById('live').textContent = ''")
        page.keyboard.press(key)
        expect(page.locator("#live")).to_contain_text(re.compile("not|No "))
    page.keyboard.press("/")
    page.keyboard.type("chain")
    page.keyboard.press("Escape")  # once: what is typed next are keys again
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("f")
    expect(page.get_by_label("Points of 2")).to_have_value("2")
    page.keyboard.press("p")
    page.keyboard.type("1")  # in place of what stands there
    expect(page.get_by_label("Points of 2")).to_have_value("1")
    page.goto(site.at(f"/item/{relu}?at={site.code(10)}"))
    ready(page)
    page.get_by_label("Points of 2").fill("2")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    page.keyboard.type("odd")
    keyboard.enter(page, "Control+Enter")  # hands on, and marks nothing
    keyboard.waits_for(page, "Handed to the lead")
    assert site.points(10, relu) == "open"
    assert [line for line in found if "rror" in line] == []
    page.context.close()


def test_nothing_is_hidden_under_the_bar_or_lost_in_print(site: Site) -> None:
    page = site.enter(viewport={"width": 1280, "height": 600}, color_scheme="dark")
    page.goto(site.at(f"/item/{WHY}?at={site.code(2)}&show=all"))
    ready(page)
    page.keyboard.press("c")
    edges = """() => [document.activeElement.getBoundingClientRect().bottom,
        document.querySelector(".save").getBoundingClientRect().top]"""
    comment, bar = page.evaluate(edges)
    assert comment <= bar
    page.goto(site.at(f"/student/{site.code(2)}"))
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "light"
    sizes = "() => (({scrollHeight, clientHeight}) => [scrollHeight, clientHeight])(PANEL)"
    whole, shown = page.evaluate(sizes.replace("PANEL", "document.querySelector('.panel')"))
    assert whole <= shown
    page.context.close()
