"""`grader quiz`: from the graph to a Moodle file, and from Moodle's download to marks.

The expression of the example assignment is written out here by hand, apart from the grader's own
code: log(1 + exp(x1 x2)) sin(x3) + sigmoid(x1 x2 - x3) / x1. A value of the forward trace is worth
0.30 points, an adjoint 0.50, a part of the gradient 0.67 (two points by three).
"""

from __future__ import annotations

import csv
import io
import math
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from defusedxml import ElementTree

from grader.cli.main import main

FORWARD = [f"v{n}" for n in range(1, 11)]
ADJOINTS = [f"adj_v{n}" for n in range(1, 11)]
GRADIENT = ["grad_x1", "grad_x2", "grad_x3"]
NAMES = [*FORWARD, *ADJOINTS, *GRADIENT]


def work(x1: float, x2: float, x3: float, **slips: float) -> dict[str, float]:
    """Every value by hand; a slip is added to its value, and carried on from there."""
    t: dict[str, float] = {}

    def put(name: str, value: float) -> None:
        t[name] = round(value + slips.get(name, 0.0), 4)

    put("v1", x1 * x2)
    put("v2", math.exp(t["v1"]))
    put("v3", 1 + t["v2"])
    put("v4", math.log(t["v3"]))
    put("v5", math.sin(x3))
    put("v6", t["v4"] * t["v5"])
    put("v7", t["v1"] - x3)
    put("v8", 1 / (1 + math.exp(-t["v7"])))
    put("v9", t["v8"] / x1)
    put("v10", t["v6"] + t["v9"])
    put("adj_v10", 1)
    put("adj_v9", t["adj_v10"])
    put("adj_v8", t["adj_v9"] / x1)
    put("adj_v7", t["adj_v8"] * t["v8"] * (1 - t["v8"]))
    put("adj_v6", t["adj_v10"])
    put("adj_v5", t["adj_v6"] * t["v4"])
    put("adj_v4", t["adj_v6"] * t["v5"])
    put("adj_v3", t["adj_v4"] / t["v3"])
    put("adj_v2", t["adj_v3"])
    put("adj_v1", t["adj_v2"] * math.exp(t["v1"]) + t["adj_v7"])
    put("grad_x1", t["adj_v1"] * x2 - t["adj_v9"] * t["v8"] / x1**2)
    put("grad_x2", t["adj_v1"] * x1)
    put("grad_x3", t["adj_v5"] * math.cos(x3) - t["adj_v7"])
    return t


# What is planted: slips carried on, texts put in place afterwards, and the marks by hand.
CASES: list[tuple[str, dict[str, float], dict[str, str], str]] = [
    ("perfect", {}, {}, "10.00"),
    ("nothing at all", {}, dict.fromkeys(NAMES, ""), "0.00"),
    ("v1 off, carried on", {"v1": 0.31}, {}, "9.70"),
    ("v2 off, carried on", {"v2": 0.31}, {}, "9.70"),
    ("v3 off, carried on", {"v3": 0.31}, {}, "9.70"),
    ("v4 off, carried on", {"v4": 0.17}, {}, "9.70"),
    ("v5 off, carried on", {"v5": 0.23}, {}, "9.70"),
    ("v6 off, carried on", {"v6": 0.17}, {}, "9.70"),
    ("v7 off, carried on", {"v7": 0.27}, {}, "9.70"),
    ("v8 off, carried on", {"v8": 0.13}, {}, "9.70"),
    ("v9 off, carried on", {"v9": 0.17}, {}, "9.70"),
    ("v10 off", {"v10": 0.31}, {}, "9.70"),
    ("adj_v8 off, carried on", {"adj_v8": 0.21}, {}, "9.50"),
    ("adj_v7 off, carried on", {"adj_v7": 0.21}, {}, "9.50"),
    ("adj_v6 off, carried on", {"adj_v6": 0.37}, {}, "9.50"),
    ("adj_v5 off, carried on", {"adj_v5": 0.21}, {}, "9.50"),
    ("adj_v4 off, carried on", {"adj_v4": 0.13}, {}, "9.50"),
    ("adj_v3 off, carried on", {"adj_v3": 0.13}, {}, "9.50"),
    ("adj_v2 off, carried on", {"adj_v2": 0.13}, {}, "9.50"),
    ("adj_v1 off, carried on", {"adj_v1": 0.21}, {}, "9.50"),
    ("grad_x1 off", {"grad_x1": 0.31}, {}, "9.33"),
    ("two slips, both carried on", {"v2": 0.31, "v7": 0.27}, {}, "9.40"),
    ("a slip in each part, carried on", {"v4": 0.17, "adj_v1": 0.21, "grad_x3": 0.4}, {}, "8.53"),
    ("v3 left empty", {}, {"v3": ""}, "9.70"),
    ("v3 is a word", {}, {"v3": "drei"}, "9.70"),
    ("v3 is a formula", {}, {"v3": "=1+A2"}, "9.70"),
    ("only the gradient", {}, dict.fromkeys([*FORWARD, *ADJOINTS], ""), "2.00"),
    ("only the forward trace", {}, dict.fromkeys([*ADJOINTS, *GRADIENT], ""), "3.00"),
    ("all of the gradient wrong", {}, dict.fromkeys(GRADIENT, "7.7"), "8.00"),
    ("v6 off, not carried on", {}, {"v6": "7.7"}, "9.70"),
    ("zeros everywhere", {}, dict.fromkeys(NAMES, "0"), "0.00"),
]


def part(texts: dict[str, str], *, german: bool) -> str:
    word = "Teil" if german else "part"
    shown = [texts[name].replace(".", ",") if german else texts[name] for name in NAMES]
    return "; ".join(f"{word} {n}: {text}" for n, text in enumerate(shown, 1)).rstrip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the quiz as made by the command, with 31 variants."""
    made = tmp_path_factory.mktemp("quiz")
    arguments = ["--variants", "31", "--seed", "7", "--out", str(made / "quiz.xml")]
    arguments += ["--assignment", "dais2021-a4"]
    done = CliRunner().invoke(main, ["quiz", "make", *arguments])
    assert done.exit_code == 0, done.output
    assert "31 variants" in done.output
    return made


@pytest.fixture(scope="module")
def points(folder: Path) -> list[tuple[float, float, float]]:
    """The numbers of each variant, as the questions state them."""
    questions = ElementTree.parse(folder / "quiz.xml").getroot().findall("question")[1:]
    texts = [q.find("questiontext/text").text for q in questions]
    found = [re.findall(r"x\d = (-?\d+\.\d+)", text) for text in texts]
    return [(float(a), float(b), float(c)) for a, b, c in found]


def download(points: list[tuple[float, float, float]], *, german: bool) -> str:
    """A responses download: each case with the numbers of another variant."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(
        [
            "Nachname",
            "Vorname",
            "E-Mail-Adresse",
            "Status",
            "Bewertung/10,00",
            "Antwort 1",
            "Richtige Antwort 1",
        ]
        if german
        else [
            "Last name",
            "First name",
            "Email address",
            "State",
            "Grade/10.00",
            "Response 1",
            "Right answer 1",
        ]
    )
    for number, ((_, slips, texts, _), point) in enumerate(zip(CASES, points, strict=True)):
        typed = {name: f"{value:.4f}" for name, value in work(*point, **slips).items()} | texts
        right = {name: f"{value:.4f}" for name, value in work(*point).items()}
        rows.writerow(
            [
                "Case",
                f"Nr{number}",
                f"{number}@x.org",
                "Beendet" if german else "Finished",
                "5.00",
                part(typed, german=german),
                part(right, german=False),
            ]
        )
    return out.getvalue()


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.mark.parametrize("german", [False, True])
def test_planted_slips_get_the_marks_of_a_person(
    folder: Path, points: list[tuple[float, float, float]], german: bool
) -> None:
    responses, marks = folder / "responses.csv", folder / "marks.csv"
    responses.write_text(download(points, german=german), encoding="utf-8-sig")
    arguments = ["--variants", "31", "--seed", "7", "--out", str(marks)]
    done = CliRunner().invoke(main, ["quiz", "mark", str(responses), *arguments])
    assert done.exit_code == 0, done.output
    got = {row["name"]: row["points"].replace(",", ".") for row in table(marks)}
    wanted = {f"Nr{number} Case": case[3] for number, case in enumerate(CASES)}
    assert {CASES[int(k[2:-5])][0]: v for k, v in got.items()} == {
        CASES[int(k[2:-5])][0]: v for k, v in wanted.items()
    }
    assert len(CASES) >= 25


def test_moodles_mark_and_the_difference_stand_beside_ours(
    folder: Path, points: list[tuple[float, float, float]]
) -> None:
    responses, marks = folder / "beside.csv", folder / "beside-marks.csv"
    responses.write_text(download(points, german=False))
    arguments = ["--variants", "31", "--seed", "7", "--out", str(marks)]
    CliRunner().invoke(main, ["quiz", "mark", str(responses), *arguments])
    first = table(marks)[0]
    assert (first["points"], first["moodle"], first["difference"]) == ("10,00", "5,00", "5,00")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("Nachname,Vorname,Status\nA,B,Beendet\n", "has no column 'Response 1'"),
        ("Nachname,Vorname,Status,Antwort 1\nA,B,Beendet,Paris\n", "another one"),
        ("", "is empty"),
    ],
)
def test_a_file_that_is_not_this_quizs_download_is_one_sentence(
    tmp_path: Path, content: str, why: str
) -> None:
    path = tmp_path / "r.csv"
    path.write_text(content)
    out = tmp_path / "marks.csv"
    done = CliRunner().invoke(main, ["quiz", "mark", str(path), "--out", str(out)])
    assert done.exit_code == 2
    assert why in done.output
    assert "r.csv" in done.output
    assert done.output.count("\n") == 1
    assert not out.exists()


def test_an_attempt_that_is_not_finished_is_told(folder: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "r.csv", tmp_path / "marks.csv"
    answers = "; ".join(f"part {n}: 1" for n in range(1, 24))
    path.write_text(
        "Last name,First name,State,Response 1\n"
        f"A,B,Finished,{answers}\nC,D,In progress,-\nE,F,-,-\n"
    )
    done = CliRunner().invoke(main, ["quiz", "mark", str(path), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "row 3: the attempt of D C is not finished (In progress)" in done.output
    assert "F E" not in done.output


@pytest.mark.parametrize("words", [["make"], ["mark", "r.csv"]])
def test_a_place_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    answers = "; ".join(f"part {n}: 1" for n in range(1, 24))
    Path("r.csv").write_text(f"Nachname,Vorname,Antwort 1\nA,B,{answers}\n")
    done = CliRunner().invoke(main, ["quiz", *words, "--out", "r.csv/out"])
    assert done.exit_code == 2
    assert done.output.count("\n") == 1
    assert "r.csv/out cannot be written" in done.output


def test_the_rubrics_tolerance_is_that_of_the_question(tmp_path: Path) -> None:
    """What Moodle marks right and what we mark right is the same."""
    rubrics = Path(__file__).parents[2] / "rubrics" / "dais2021-a4"
    copy = shutil.copytree(rubrics, tmp_path / "rubrics" / "dais2021-a4")
    shutil.copytree(rubrics.parents[1] / "reference", tmp_path / "reference")
    task = copy / "autodiff.toml"
    task.write_text(
        task.read_text().replace(
            'group = "gradient"', 'group = "gradient"\nrelative_tolerance = 0.25'
        )
    )
    out = tmp_path / "quiz.xml"
    done = CliRunner().invoke(main, ["quiz", "make", "--assignment", str(copy), "--out", str(out)])
    assert done.exit_code == 0, done.output
    text = ElementTree.parse(out).getroot()[1].find("questiontext/text").text
    fields = re.findall(r"NUMERICAL:=(-?[\d.]+):([\d.]+)", text)
    shares = [float(slack) / abs(float(value)) for value, slack in fields]
    assert [round(share, 2) for share in shares[-3:]] == [0.25] * 3
    assert max(shares[:-3]) < 0.02
