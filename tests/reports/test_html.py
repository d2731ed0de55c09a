"""The pages: what students wrote stays text, nothing is loaded, and what is open shows."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from grader.core.model import (
    Cell,
    CellRun,
    Ending,
    Evidence,
    Grade,
    LateRule,
    Mark,
    Notebook,
    QuizResponse,
    Status,
)
from grader.reports import course_page, html, learning_curves
from tests.reports import grades
from tests.reports.grades import item, task

PNG = b"\x89PNG\r\n\x1a\n" + bytes(25)
VOID = {"meta", "link", "br", "img", "line", "polyline", "input", "hr", "source"}


class Page(HTMLParser):
    """A page as a browser sees it: its tags, their attributes, and its text."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.source = content.decode()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(self.source)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def pages(*of: Grade) -> dict[str, Page]:
    rendered = html.render(of, grades.assignment(of[0] if of else None))
    return {name: Page(content) for name, content in rendered.items()}


def student_page(of: Grade) -> Page:
    return pages(of)[f"students/{of.submission.student}.html"]


def evidence(**of: object) -> Evidence:
    return Evidence(**({"task": "activation", "ending": Ending.COMPLETED} | of))  # type: ignore[arg-type]


# --- hostile text -----------------------------------------------------------------------------


def in_name(text: str) -> Grade:
    return grades.grade(name=text)


def in_note(text: str) -> Grade:
    return grades.grade(notes=(text,))


def in_message(text: str) -> Grade:
    return grades.grade(task(item(Status.REVIEW, message=text)))


def in_given(text: str) -> Grade:
    return grades.grade(task(item(Status.FAILED, details={"given": text, "expected": "an essay"})))


def in_given_alone(text: str) -> Grade:
    return grades.grade(task(item(Status.FAILED, details={"given": [text, text]})))


def in_quiz_value(text: str) -> Grade:
    row = {
        "name": "v3",
        "operation": "x * y",
        "given": text,
        "expected": "1.500",
        "verdict": "wrong",
        "note": "",
    }
    return grades.grade(task(item(Status.FAILED, details={"values": [row]})))


def in_problem(text: str) -> Grade:
    return grades.grade(task(item(Status.FAILED), problem=text))


def in_error_of_a_cell(text: str) -> Grade:
    broken = CellRun(index=3, id="c", status="error", error=text)
    return grades.grade(task(item(), evidence=evidence(cells=(broken,))))


def in_ending(text: str) -> Grade:
    return grades.grade(task(item(), evidence=evidence(ending=Ending.CRASHED, message=text)))


def in_repair_of_the_run(text: str) -> Grade:
    return grades.grade(task(item(), evidence=evidence(repairs=("np.float is float", text))))


def in_repair_of_the_file(text: str) -> Grade:
    read = Notebook(name="ActivationFunctions.ipynb", cells=(), repairs=(text,))
    return grades.grade(task(item()), notebooks={"activation": read})


def in_reason_of_a_mark(text: str) -> Grade:
    mark = Mark(
        item="activation/logistic",
        points=Decimal(1),
        reason=text,
        by=text,
        at=datetime(2021, 6, 1, tzinfo=UTC),
    )
    return grades.grade(task(item(Status.REVIEW, mark=mark)))


def in_code(text: str) -> Grade:
    cell = Cell(id="logistic", kind="code", source=f"x = 1 {text}")
    read = Notebook(name="ActivationFunctions.ipynb", cells=(cell,))
    return grades.grade(task(item(Status.FAILED)), notebooks={"activation": read})


def in_name_of_a_file(text: str) -> Grade:
    read = Notebook(name=text, cells=())
    return grades.grade(task(item()), notebooks={"activation": read})


def in_graph(text: str) -> Grade:
    told = {"expression": text, "point": text, "nodes": [["v1", "*", ["x", "y"]]], "wrong": []}
    return grades.grade(task(item(Status.FAILED, details={"graph": told})))


PLACES = [
    in_name,
    in_note,
    in_message,
    in_given,
    in_given_alone,
    in_quiz_value,
    in_problem,
    in_error_of_a_cell,
    in_ending,
    in_repair_of_the_run,
    in_repair_of_the_file,
    in_reason_of_a_mark,
    in_code,
    in_name_of_a_file,
]
MARKUP = [
    "<script>alert(1)</script>",
    "</style><b>x</b>",
    "</title></pre></div><h1>100</h1>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus='alert(1)",
    '<a href="javascript:alert(1)">x</a>',
    "<!-- ",
    "&lt;script&gt; &amp;amp;",
    "{{7*7}} {% raw %} {#",
    "]]><svg/onload=alert(1)>",
]


def pages_of_each(place: Callable[[str], Grade]) -> dict[str, Page]:
    """By text: the page of a student who wrote that, in that place."""
    of = {text: place(text) for text in ["harmless", *MARKUP]}
    named = [
        replace(one, submission=replace(one.submission, student=f"s{number}"))
        for number, one in enumerate(of.values())
    ]
    rendered = pages(*named)
    return {text: rendered[f"students/s{number}.html"] for number, text in enumerate(of)}


@pytest.mark.parametrize("place", PLACES)
def test_what_a_student_wrote_shows_as_it_was_written(place: Callable[[str], Grade]) -> None:
    found = pages_of_each(place)
    harmless = [(tag, sorted(of)) for tag, of in found["harmless"].tags]
    for text in MARKUP:
        assert text in found[text].text
        assert [(tag, sorted(of)) for tag, of in found[text].tags] == harmless, text


@pytest.mark.parametrize("place", [in_name, in_message])
def test_hostile_text_is_text_on_the_course_page_too(place: Callable[[str], Grade]) -> None:
    harmless = pages(*(place(f"harmless {number}") for number in range(len(MARKUP))))["index.html"]
    page = pages(*map(place, MARKUP))["index.html"]
    assert [(tag, sorted(of)) for tag, of in page.tags] == [
        (tag, sorted(of)) for tag, of in harmless.tags
    ]
    for text in MARKUP:
        assert text in page.text


@pytest.mark.parametrize("place", PLACES)
def test_control_and_direction_characters_are_made_visible(place: Callable[[str], Grade]) -> None:
    hidden = "\0\a\b\x1b[31m\r\x7f\x85\u200b\u202e\u2066\ufeff\U000e0041\ud800\ue000"
    for name, page in pages(place(f"before{hidden}after")).items():
        found = {c for c in page.source if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co")}
        assert found <= {"\n", "\t"}, name
        if name != "index.html":
            assert "before\ufffd\ufffd\ufffd\ufffd[31m\ufffd" in page.text


def test_letters_of_all_scripts_stay() -> None:
    page = student_page(grades.grade(name="Jörg Łukasz 李梅 Ελένη 👩 e\u0301"))
    assert "Jörg Łukasz 李梅 Ελένη 👩 e\u0301" in page.text


@pytest.mark.parametrize("place", PLACES)
def test_a_flood_of_text_is_cut(place: Callable[[str], Grade]) -> None:
    assert len(student_page(place("x" * 300_000)).source) < 50_000


@pytest.mark.parametrize("text", ["<script>", "{{7*7}}", "</style>"])
def test_a_graph_with_hostile_words_is_a_picture_beside_text(text: str) -> None:
    page = student_page(in_graph(text))
    assert text in page.text
    assert "49" not in page.text
    (picture,) = page.all("img")
    assert picture["src"].startswith("data:image/svg+xml;base64,")


# --- nothing is loaded, nothing runs -------------------------------------------------------------


def everything() -> Grade:
    """A grade that uses every part of the page."""
    ran = evidence(
        cells=(
            CellRun(index=0, id="a", status="ok", images=(PNG,)),
            CellRun(index=1, id="b", status="error", error="NameError: name 'x'"),
        ),
        repairs=("np.float is float",),
        message="The kernel died.",
    )
    details = {
        "accuracies": [84.5],
        "cutoff": 82.0,
        "claimed": 90.0,
        "per_class": {"Bag": 84.5},
        "curves": {"loss": [2.0, 1.0, 0.5]},
        "given": "x",
        "expected": "y",
    }
    items = [
        item(status, id=status.value, hint="Look again.", details=details) for status in Status
    ]
    return grades.grade(
        task(*items, evidence=ran),
        task(
            *in_quiz_value("1.4").tasks[0].items,
            *in_graph("x * y").tasks[0].items,
            id="autodiff",
            notebook=None,
        ),
        notes=("Handed in late.",),
        quiz=QuizResponse(
            values={}, source="quiz.csv", moodle_grade=Decimal(9), moodle_max=Decimal(10)
        ),
    )


def test_no_page_holds_a_script_or_loads_anything() -> None:
    loading = {"script", "link", "iframe", "frame", "object", "embed", "form", "input", "base"}
    for page in pages(everything()).values():
        assert not {tag for tag, _ in page.tags} & loading
        assert "http:" not in page.source
        assert "https:" not in page.source
        assert "url(" not in page.source
        assert "@import" not in page.source
        for _, attributes in page.tags:
            assert not [name for name in attributes if name.startswith("on")]
            assert "javascript:" not in " ".join(attributes.values())


def test_every_address_is_a_picture_inside_or_a_page_of_the_report() -> None:
    rendered = pages(everything())
    for page in rendered.values():
        for _, attributes in page.tags:
            assert attributes.get("src", "data:image/").startswith("data:image/")
            assert attributes.get("srcset", "data:image/").startswith("data:image/")
            target = attributes.get("href", "index.html").partition("#")[0]
            assert target in ("", *rendered)


def test_a_link_to_an_item_has_its_target() -> None:
    rendered = pages(everything())
    links = [
        (name, of["href"])
        for name, page in rendered.items()
        for of in page.all("a")
        if "#" in of["href"]
    ]
    assert {name for name, _ in links} == set(rendered)
    for name, link in links:
        file, _, anchor = link.partition("#")
        assert anchor in {of.get("id") for _, of in rendered[file or name].tags}


def test_every_page_forbids_all_but_its_own_style_and_pictures() -> None:
    for page in pages(everything()).values():
        (policy,) = [
            of["content"]
            for of in page.all("meta")
            if of.get("http-equiv", "").lower() == "content-security-policy"
        ]
        rules = dict(rule.split(maxsplit=1) for rule in policy.split(";"))
        assert rules == {
            "default-src": "'none'",
            "img-src": "data:",
            "style-src": "'unsafe-inline'",
        }


def test_only_png_pictures_of_a_notebook_are_shown() -> None:
    images = (PNG, b"<svg onload='alert(1)'/>", b"\xff\xd8\xff jpeg", b"GIF89a", b"", PNG[:7])
    ran = evidence(cells=(CellRun(index=0, id="a", status="ok", images=images),))
    shown = [of["src"] for of in student_page(grades.grade(task(item(), evidence=ran))).all("img")]
    assert shown == [f"data:image/png;base64,{base64.b64encode(PNG).decode()}"]


def test_pictures_are_capped_in_size_and_number() -> None:
    huge = PNG + bytes(html.MAX_PICTURE_BYTES)
    ran = evidence(cells=(CellRun(index=0, id="a", status="ok", images=(huge, *[PNG] * 40)),))
    page = student_page(grades.grade(task(item(), evidence=ran)))
    assert len(page.all("img")) == html.MAX_PICTURES
    assert len(page.source) < 50_000


def test_pictures_that_unpack_to_more_than_a_page_shows_are_left_out() -> None:
    def sized(width: int, height: int) -> bytes:
        return PNG[:16] + width.to_bytes(4) + height.to_bytes(4) + bytes(9)

    images = (sized(6000, 7000), *[sized(4000, 3500)] * 9, sized(640, 480))
    ran = evidence(cells=(CellRun(index=0, id="a", status="ok", images=images),))
    shown = student_page(grades.grade(task(item(), evidence=ran))).all("img")
    assert len(shown) == 8


# --- the student's page -----------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.REVIEW, Status.ERROR])
def test_an_open_item_shows_a_dash_and_no_zero(status: Status) -> None:
    page = student_page(grades.grade(task(item(status, points="4"), item(id="tanh", points="6"))))
    assert "– / 4" in page.text
    assert "0 / 4" not in page.text
    assert "6 / 6" in page.text
    assert "provisional: a person has yet to mark up to 4 points" in page.text
    assert "+ 4?" in page.text


def test_the_course_page_says_who_came_late_and_what_was_not_used() -> None:
    of = grades.grade(name="Ada Lovelace")
    by = replace(
        of.submission,
        submitted_at=datetime(2021, 6, 1, 10, tzinfo=UTC),
        unused=("scan<b>.pdf",),
    )
    late = replace(grades.assignment(of), late=LateRule(percent_per_day=Decimal(10)))
    made = html.render([replace(of, submission=by, deduction=Decimal("0.3"))], late)
    page = made["index.html"].decode()
    assert ">Late</h2>" in page
    assert "2 started days" in page
    own = made["students/ada.html"].decode()
    assert re.search(r"<td>Time</td><td[^>]*>0.3</td><td>Handed in late, on 2021-06-01", own)
    assert "scan&lt;b&gt;.pdf" in page
    assert ">Late</h2>" not in html.render([of], late)["index.html"].decode()


def test_a_judged_grade_is_not_called_provisional() -> None:
    page = student_page(grades.grade(task(item(), item(Status.FAILED, id="tanh"))))
    assert "provisional" not in page.text
    assert "–" not in page.text


def test_a_persons_mark_shows_with_points_name_and_reason() -> None:
    mark = Mark(
        item="activation/logistic",
        points=Decimal("1.25"),
        reason="Well argued.",
        by="Jo",
        at=datetime(2021, 6, 1, tzinfo=UTC),
    )
    page = student_page(grades.grade(task(item(Status.REVIEW, mark=mark))))
    assert "1.25 / 1.5" in page.text
    assert "Jo gave 1.25 points: Well argued." in page.text
    assert "provisional" not in page.text


@pytest.mark.parametrize(
    ("status", "helps"),
    [(Status.PASSED, False), (Status.PARTIAL, True), (Status.FAILED, True), (Status.REVIEW, False)],
)
def test_the_hint_is_for_who_lost_points(status: Status, helps: bool) -> None:
    page = student_page(grades.grade(task(item(status, hint="Mind the sign."))))
    assert ("Mind the sign." in page.text) is helps


@pytest.mark.parametrize("status", list(Status))
def test_every_state_has_a_word_and_not_only_a_colour(status: Status) -> None:
    assert html.WORDS[status][1] in student_page(grades.grade(task(item(status)))).text


def test_expected_stands_beside_given() -> None:
    details = {"given": "[1, 2]", "expected": "[1, 3]"}
    page = student_page(grades.grade(task(item(Status.FAILED, details=details))))
    assert re.search(r"Yours\s*\[1, 2\]\s*Expected\s*\[1, 3\]", page.text)


@pytest.mark.parametrize("epochs", [2, 3, 200])
def test_a_learning_curve_has_a_point_for_each_epoch(epochs: int) -> None:
    curves = {
        "loss": [2 / (n + 1) for n in range(epochs)],
        "train_accuracy": [0.3 + 0.6 * n / epochs for n in range(epochs)],
        "validation_accuracy": [0.9] * epochs,
    }
    page = student_page(grades.grade(task(item(details={"curves": curves}))))
    lines = [of["points"].split() for of in page.all("polyline")]
    assert [len(line) for line in lines] == [epochs, epochs, epochs]
    for line in lines:
        xs, ys = zip(*(map(float, point.split(",")) for point in line), strict=True)
        assert (xs[0], xs[-1]) == (learning_curves.LEFT, learning_curves.RIGHT)
        assert all(learning_curves.TOP <= y <= learning_curves.BOTTOM for y in ys)
    falling = [float(point.split(",")[1]) for point in lines[0]]
    assert falling == sorted(falling)  # y grows downwards
    assert "training accuracy 30.0 % → " in page.text


def test_one_epoch_is_no_curve() -> None:
    page = student_page(grades.grade(task(item(details={"curves": {"loss": [2.0]}}))))
    assert not page.all("polyline")


def test_the_measured_accuracy_stands_beside_the_claimed_one() -> None:
    details = {
        "accuracies": [79.12],
        "cutoff": 82.0,
        "claimed": 91.5,
        "per_class": {"Bag": 95.5, "Shirt": 44.0},
    }
    page = student_page(grades.grade(task(item(Status.FAILED, details=details))))
    assert "79.12 %; cutoff 82 %; the notebook claimed 91.50 %." in page.text
    assert re.search(r"Bag\s*95.5 %\s*Shirt\s*44.0 %", page.text)


def test_classes_stand_in_the_order_of_their_numbers_however_they_were_stored() -> None:
    details = {
        "accuracies": [79.1],
        "cutoff": 82.0,
        "claimed": None,
        "confusion": [[9, 1], [2, 8]],
        "classes": ["Shirt", "Bag"],
        "per_class": {"Bag": 80.0, "Shirt": 90.0},
    }
    page = student_page(grades.grade(task(item(Status.FAILED, details=details))))
    assert re.search(r"Shirt\s*90.0 %\s*Bag\s*80.0 %", page.text)
    assert re.search(r"true\s*0\s*1\s*0\s*9\s*1\s*1\s*2\s*8", page.text)


def test_the_name_on_every_sheet_is_text_and_no_style() -> None:
    page = student_page(grades.grade(name='"; } </style> \\ ö'))
    (foot,) = re.findall(r'@bottom-left\{content:"([^"]*)"', page.source)
    read = re.sub(r"\\([0-9a-f]{6})", lambda found: chr(int(found[1], 16)), foot)
    assert read == '"; } </style> \\ ö – Assignment 4'
    assert '@bottom-right{content:"Page " counter(page) " of " counter(pages)' in page.source
    assert set(re.sub(r"\\[0-9a-f]{6}", "", foot)) <= set("styleAssignment4")


def test_all_points_of_a_page_have_the_same_decimals() -> None:
    page = student_page(grades.grade(task(item(points="15"), item(id="tanh", points="1.25"))))
    assert "15.00 / 15.00" in page.text
    assert "1.25 / 1.25" in page.text
    whole = student_page(grades.grade(task(item(points="15"), item(id="tanh", points="2"))))
    assert "15 / 15" in whole.text


@pytest.mark.parametrize(
    ("values", "places"),
    [(["15", "9.40", "12.33"], 2), (["15.00", "9.40"], 1), (["20", "100"], 0), ([], 0)],
)
def test_a_column_has_as_many_decimals_as_its_numbers_need(values: list[str], places: int) -> None:
    assert html.digits(Decimal(value) for value in values) == places


@pytest.mark.parametrize(
    ("value", "shown"),
    [("1.50", "1.5"), ("10", "10"), ("100.00", "100"), ("0", "0"), ("0.25", "0.25"), ("20", "20")],
)
def test_points_are_written_without_needless_zeros(value: str, shown: str) -> None:
    assert html.points(Decimal(value)) == shown


# --- the course's page ------------------------------------------------------------------------


def test_the_course_page_lists_every_student_with_points_and_result() -> None:
    good = grades.grade(task(item(points="10")), student="ada", name="Ada")
    bad = grades.grade(task(item(Status.FAILED, points="10")), student="bob", name="Bob")
    page = pages(good, bad)["index.html"]
    assert "2 submissions · 1 passed · mean 5 of 10 points · 0 provisional" in page.text
    assert "Ada1010✓ passed" in page.text
    assert "Bob00✗ not passed" in page.text
    assert [of["href"] for of in page.all("a")] == ["students/ada.html", "students/bob.html"]


def waiting_part(page: Page) -> str:
    return page.text.partition("Who needs a person")[2].partition("Items")[0]


def test_the_course_page_says_who_waits_for_a_person_and_why() -> None:
    waits = grades.grade(
        task(item(Status.REVIEW, id="vanishing_1", points="3", message="An answer in words.")),
        student="ada",
        name="Ada",
    )
    broken = grades.grade(
        task(item(Status.ERROR, points="3", message="The kernel would not start.")),
        student="bob",
        name="Bob",
    )
    fine = grades.grade(task(item(points="3")), student="eve", name="Eve")
    told = waiting_part(pages(waits, broken, fine)["index.html"])
    assert "AdaItem vanishing_1 An answer in words.3" in told
    assert "BobItem logistic The kernel would not start.3" in told
    assert "Eve" not in told


def test_items_that_wait_for_one_reason_are_one_row() -> None:
    items = [item(Status.ERROR, id=f"i{n}", points="2", message="Lost.") for n in range(5)]
    told = waiting_part(pages(grades.grade(task(*items)))["index.html"])
    assert told.count("Lost.") == 1
    assert "activation: 5 items Lost.10" in told


def test_who_was_marked_by_a_person_waits_no_more() -> None:
    mark = Mark(
        item="activation/logistic",
        points=Decimal(1),
        reason="",
        by="Jo",
        at=datetime(2021, 6, 1, tzinfo=UTC),
    )
    page = pages(grades.grade(task(item(Status.REVIEW, mark=mark))))["index.html"]
    assert "Nobody: every item is judged." in page.text


def test_the_course_page_shows_where_moodle_differs() -> None:
    def quiz(name: str, moodle: str) -> Grade:
        response = QuizResponse(
            values={}, source="quiz.csv", moodle_grade=Decimal(moodle), moodle_max=Decimal(20)
        )
        return grades.grade(
            task(item(points="10"), id="autodiff", notebook=None), quiz=response, name=name
        )

    told = pages(quiz("Ada", "18"), quiz("Bob", "20"))["index.html"].text
    told = told.partition("Moodle's mark and ours")[2]
    assert "Ada9.0010.00+1.00" in told
    assert "Bob" not in told


def test_no_submission_is_an_empty_page_and_no_crash() -> None:
    assert "0 submissions" in pages()["index.html"].text


def test_the_histogram_counts_every_student_once() -> None:
    def of(points: str) -> Grade:
        status = {"0": Status.FAILED, "5": Status.PARTIAL}.get(points, Status.PASSED)
        return grades.grade(task(item(status, points="10")))

    counts = [
        count for _, count, _ in course_page.histogram([of("0"), of("5"), of("10"), of("10")])
    ]
    assert counts == [1, 0, 0, 0, 0, 1, 0, 0, 0, 2]


def test_three_hundred_grades_render() -> None:
    of = [
        grades.grade(task(item(), item(Status.REVIEW, id="tanh")), student=f"s{n}", name=f"S {n}")
        for n in range(300)
    ]
    rendered = html.render(of, grades.assignment(of[0]))
    assert len(rendered) == 301
    assert rendered["index.html"].count(b'href="students/s299.html') == 3


def test_a_page_that_cannot_be_drawn_has_the_marks_and_ends_nobody_elses() -> None:
    broken = grades.grade(
        task(item(Status.PARTIAL, details={"graph": "no graph"}), evidence=evidence())
    )
    found = pages(broken)
    page = found[f"students/{broken.submission.student}.html"]
    assert "Only the marks could be drawn (TypeError: " in page.text
    assert "partly" in page.text
    assert f"Page of {broken.submission.name}: Only the marks could be drawn" in (
        found["index.html"].text
    )
