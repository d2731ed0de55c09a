"""`grader review` and `grader appeals` as their user meets them: killed, and begun again."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from click.testing import CliRunner, Result

from grader.assignment import rubric
from grader.cli import review
from grader.cli.main import main
from grader.marking import codes
from grader.store.store import Store
from tests.course import graded

START = """
import sys
from pathlib import Path
from grader.assignment import rubric
from grader.assignment import rubric
from grader.cli.main import main
from tests.course import assignment
rubric.find = lambda name, **_: assignment(Path(sys.argv[1]) / "reference")
main(["review", *sys.argv[1:], "--no-browser", "--by", "Jo"])
"""


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    of = graded(tmp_path, 2, start=10)
    monkeypatch.setattr("grader.assignment.rubric.find", lambda name, **_: of)
    return tmp_path


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@contextmanager
def served(results: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """The command in a process of its own, and a browser that has entered by what it printed."""
    command = [sys.executable, "-c", START, str(results)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    try:
        assert process.stdout is not None
        found = re.fullmatch(
            r"Jo: (http://127\.0\.0\.1:\d+)(/enter\?token=\S+)\n", process.stdout.readline()
        )
        assert found is not None
        with httpx.Client(base_url=found[1], follow_redirects=True, trust_env=False) as client:
            assert client.get(found[2]).status_code == 200
            yield process, client
    finally:
        process.kill()
        process.communicate()


def form(client: httpx.Client) -> dict[str, str]:
    """The form of the next answer that waits."""
    page = client.get("/item/sums/words").text.split('id="mark"', 1)[1].split("</form>", 1)[0]
    return {
        n: unescape(v) for n, v in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    }


def send_only(client: httpx.Client, sent: dict[str, str]) -> None:
    """Sends a mark, and does not wait for its answer."""
    url = client.base_url
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items()),
    }
    connection = HTTPConnection(url.host, url.port)
    connection.request("POST", "/mark", urlencode(sent), headers)


def test_killed_between_two_requests_nothing_is_lost_and_at_the_end_the_reports_are_written(
    results: Path,
) -> None:
    with served(results) as (process, client):
        first = form(client)
        assert client.post("/mark", data=first | {"points": "1.5"}).status_code == 200
        second = form(client)
        assert second["at"] != first["at"]
        send_only(client, second | {"points": "1"})
        process.send_signal(signal.SIGKILL)
        process.wait()
    with served(results) as (process, client):
        (key,) = re.findall(r'data-csrf="([^"]*)"', client.get("/").text)
        for sent, points in ((first, "1.5"), (second, "1")):
            again = client.post("/mark", data=sent | {"csrf": key, "points": points})
            assert again.status_code == 200
        process.send_signal(signal.SIGINT)
        told, log = process.communicate(timeout=60)
        assert (process.returncode, "nothing waits any more" in told) == (0, True)
        secret = [*client.cookies.values(), "token=", "s0010", "s0011"]
        assert not any(word in log for word in secret)
    with Store(results / "grader.sqlite") as store:
        given = [m for s in ("s0010", "s0011") for m in store.hand_marks.all(s)]
    assert sorted(f"{mark.points}" for mark in given) == ["1", "1.5"]
    document = json.loads((results / "results.json").read_text())
    assert sorted(entry["points"] for entry in document["submissions"]) == ["4.00", "4.50"]


def test_a_folder_that_is_served_is_in_use_and_nobody_elses_address_is_answered(
    results: Path,
) -> None:
    with served(results) as (process, client):
        refused = run("review", results, "--no-browser")
        assert refused.exit_code == 2
        assert re.search(rf"is in use by another grader \(process {process.pid}\)", refused.stderr)
        assert client.get("/", headers={"host": "evil.example"}).status_code == 421
        target = client.build_request("GET", "/").url
        with httpx.Client(trust_env=False) as stranger:
            assert stranger.get(target).status_code == 403


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--by", "Jo", "--marker", "Jo"), "two markers have the same name; give each another"),
        (("--second", "20"), "--second needs a second person; name one by --marker"),
        (("--second", "120", "--marker", "Max"), "--second is '120'; expected percent such as 20"),
        (("--second", "none/such=20", "--marker", "Max"), "none/such is no item; there are "),
        (("--calibrate", "5"), "--calibrate needs a second person; name one by --marker"),
        (("--tolerance", "half"), "--tolerance is 'half'; expected points such as 0.5"),
        (("--host", "0.0.0.0"), "No such option"),  # from elsewhere through ssh alone
        (("--conflicts", "none.csv"), "none.csv cannot be read"),
    ],
)
def test_what_can_not_be_is_one_sentence(
    results: Path, words: tuple[str, ...], sentence: str
) -> None:
    found = run("review", results, "--no-browser", *words)
    assert found.exit_code == 2
    assert sentence in found.stderr


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("who,whom\n", "the first row must be marker,student"),
        ("marker,student\nJo,eve\n", "row 2: Jo, eve: expected a marker of this review"),
        ("marker,student\nMax,s0010\n", "row 2: Max, s0010: expected a marker of this review"),
    ],
)
def test_a_list_of_conflicts_is_checked(results: Path, text: str, sentence: str) -> None:
    path = results / "conflicts.csv"
    path.write_text(text)
    found = run("review", results, "--no-browser", "--by", "Jo", "--conflicts", path)
    assert found.exit_code == 2
    assert sentence in found.stderr


def test_requests_are_read_by_the_codes_on_the_pages(results: Path) -> None:
    assert run("report", results).exit_code == 0
    page = (results / "students" / "s0010.html").read_text()
    with Store(results / "grader.sqlite") as store:
        code = codes.of(store.secret(codes.SECRET), "s0010", "sums/number")
    assert code in page
    mail = results / "mail.txt"
    mail.write_text(f"{code}: please look again. AAAA-AAAA too.")
    found = run("appeals", results, "--import", mail)
    assert (found.stdout, found.exit_code) == ("1 request waits for `grader review`\n", 0), (
        found.stderr
    )
    assert "AAAA-AAAA is no code of this batch" in found.stderr
    assert ", 1 was there already" in run("appeals", results, "--import", mail).stdout


def test_steps_that_were_never_changed_are_not_written(results: Path) -> None:
    found = run("review", results, "--write-steps")
    assert (found.exit_code, found.stdout) == (0, "the rubric's files hold these steps already\n")


def test_a_rubric_that_took_steps_back_is_as_it_was_graded(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = rubric.find("course")
    found = iter([of, replace(of, digest="with steps")])
    monkeypatch.setattr("grader.assignment.rubric.find", lambda name, **_: next(found))
    written = {"words.toml": ("new\n", ["one", "two"])}
    monkeypatch.setattr("grader.review.rubric_steps.written_back", lambda store, of: written)
    told = run("review", results, "--write-steps").stdout
    path = of.rubric_dir / "words.toml"
    assert told == f"wrote the steps of one, two into {path}\n"
    assert path.read_text() == "new\n"
    with Store(results / "grader.sqlite") as store:
        assert store.setting("digest") == "with steps"


def test_what_a_sample_can_tell_is_told_of_each_share() -> None:
    shares = {"a/one": Decimal("0.2"), "a/two": Decimal("0.2"), "a/three": Decimal("0.05")}
    assert [*review._sample_sizes(shares, 3, 212)] == [
        "about 11 answers of a/three are marked twice: below 20 only the differences say something",
        "about 42 answers of each of 2 items are marked twice: kappa within 0.03 where marks are "
        "spread, 0.20 where most are full",
    ]
    assert review._shares(["a/one=50", "20"], ["a/one", "a/two"]) == {
        "a/one": Decimal("0.5"),
        "a/two": Decimal("0.2"),
    }
    (line,) = review._sample_sizes({"a/one": Decimal(1), "a/two": Decimal(1)}, 2, 30)
    assert line.startswith("about 30 answers of each item are marked twice: kappa within 0.04 ")
