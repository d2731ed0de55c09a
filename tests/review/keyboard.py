"""An evening by keys alone, step by step: Tab, Enter, and the page's own keys."""

from __future__ import annotations

from decimal import Decimal

from playwright.sync_api import Page, expect

from tests.review.browser import NUMBER, Site, ready
from tests.review.conftest import WHY


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
    waits_for(page, "Taken back")
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
    follow(page, "Change it")
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
    goes_to_course(page)
    follow(page, site.code(1))
    tab_to(page, "Show the name")
    keys.press("Enter")
    tab_to(page, "Why")
    keys.type("to see the final page")
    enter(page)
    tab_to(page, "The page that the student gets")
    keys.press("Enter")
    expect(page.locator("body")).to_contain_text("You are right in part.")
    page.go_back()  # that page runs nothing, so this is the browser's own key
    ready(page)


def sees_all_other_pages(page: Page) -> None:
    """From the course on and back to it."""
    goes_to_course(page)
    enter(page, "n")
    enter(page, "i")
    expect(page.locator("h1")).to_contain_text("History")
    follow(page, "To the answer")
    page.keyboard.press("g")
    enter(page, "a")
    expect(page.locator("h1")).to_contain_text("Agreement")
    follow(page, "To the answers")
    enter(page, "?")
    expect(page.locator("h1")).to_contain_text("Keys and help")
    page.keyboard.press("g")
    enter(page, "r")
    expect(page.locator("h1")).to_contain_text("Requests")
    goes_to_course(page)


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
