"""The bundle as the command writes it: from a real run of the reference, the same each time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest
from click.testing import CliRunner, Result

from grader.assignment import release, rubric
from grader.cli.main import main
from grader.core import codec, notebook
from grader.marking import plan
from grader.student import public_checks, public_file
from tests.bundle import REFERENCE, ROOT, made


def run(*words: object) -> Result:
    named = words if "--assignment" in words else (*words, "--assignment", "dais2021-a4")
    return CliRunner().invoke(main, ["release", *map(str, named)])


def copied(folder: Path) -> tuple[Path, Path]:
    """Rubric and reference in another place, to be changed."""
    rubrics, reference = folder / "rubrics" / "dais2021-a4", folder / "reference" / "dais2021-a4"
    shutil.copytree(ROOT / "rubrics" / "dais2021-a4", rubrics)
    shutil.copytree(REFERENCE, reference)
    return rubrics, reference


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference is not run: its answers are known."""
    monkeypatch.setattr(
        "grader.assignment.release.answers", lambda assignment: dict(made().expected)
    )
    monkeypatch.setattr("grader.assignment.release.mistaken", lambda assignment: {})


@pytest.mark.sandbox
def test_the_bundle_is_the_same_twice_and_holds_what_students_need(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert run(tmp_path / name).exit_code == 0
    one, two = (
        {path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())}
        for name in ("one", "two")
    )
    assert one == two
    assert set(one) == {
        "ActivationFunctions.ipynb",
        "Evaluation.ipynb",
        "FMSSVRC.ipynb",
        "README.md",
        "public-checks.json",
        "requirements.txt",
    }
    read = public_file.read(tmp_path / "one" / public_file.FILE)
    for digest, answer in made().expected.items():
        assert codec.encode(read.expected[digest].value) == codec.encode(answer.value)
    tanh = read.task("activation")
    own = {m.hint for item in tanh.items if item.id == "tanh_grad" for m in item.mistakes}
    assert own
    assert all(mistake.code == "" for item in tanh.items for mistake in item.mistakes)
    assert any(key.startswith("tanh_grad/") for key in read.mistakes)
    assert one["requirements.txt"].decode().splitlines() == [
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        "matplotlib>=3.8,<4",
        "numpy>=1.26,<3",
        "scikit-learn>=1.4,<2",
        "torch>=2.9,<3",
        "torchvision>=0,<1",
    ]


@pytest.mark.usefixtures("quick")
def test_the_readme_names_notebooks_commands_and_what_is_judged_later(tmp_path: Path) -> None:
    wheel = tmp_path / "grader-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    assert run(tmp_path / "out", "--install", wheel).exit_code == 0
    text = (tmp_path / "out" / "README.md").read_text()
    for expected in (
        "ActivationFunctions.ipynb",
        "grader check",
        "%load_ext grader",
        f"pip install -r requirements.txt ./{wheel.name}\n",
        "Interpretation of the",
    ):
        assert expected in text
    assert (tmp_path / "out" / wheel.name).read_bytes() == b"wheel"


def test_students_install_what_their_notebooks_import_and_no_more() -> None:
    assignment = rubric.find(str(ROOT / "rubrics" / "kmeans-example"))
    assert release.requirements(assignment) == "matplotlib>=3.8,<4\nnumpy>=1.26,<3\n"


@pytest.mark.usefixtures("quick")
def test_a_solution_outside_of_its_markers_is_refused_with_its_cell(tmp_path: Path) -> None:
    rubrics, reference = copied(tmp_path)
    path = reference / "ActivationFunctions.ipynb"
    document = json.loads(path.read_text())
    line = "print(np.maximum(np.asarray(x, dtype=float), 0.0))"
    document["cells"].append(
        {
            "id": "forgotten",
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": f"result = {line[6:-1]}",
        }
    )
    path.write_text(json.dumps(document))
    done = run(tmp_path / "out", "--assignment", rubrics)
    assert done.exit_code == 2
    assert "ActivationFunctions.ipynb, cell forgotten, holds the solution" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_handout_whose_first_run_all_would_stop_is_refused(tmp_path: Path) -> None:
    rubrics = tmp_path / "rubrics" / "kmeans-example"
    shutil.copytree(ROOT / "rubrics" / "kmeans-example", rubrics)
    shutil.copytree(ROOT / "reference", tmp_path / "reference")
    path = tmp_path / "reference" / "kmeans-example" / "KMeans.ipynb"
    path.write_text(path.read_text().replace("\\n    # pass\\n", "\\n"))
    done = run(tmp_path / "out", "--assignment", rubrics)
    assert done.exit_code == 2
    assert "KMeans.ipynb: cell plot is no Python as students get it" in done.stderr
    assert "such as `# pass`" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["dais2021-a4", "kmeans-example"])
def test_the_first_run_all_of_an_untouched_handout_gets_through(name: str) -> None:
    """But for what trains: that needs the data set."""
    matplotlib.use("agg")
    for file, content in release.notebooks(rubric.find(name)).items():
        names: dict[str, object] = {}
        for cell in notebook.read(content, file).cells if file != "FMSSVRC.ipynb" else ():
            if cell.kind == "code":
                lines = [line for line in cell.source.split("\n") if not line.startswith("%")]
                exec("\n".join(lines), names)
    plt.close("all")


@pytest.mark.usefixtures("quick")
def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = run(tmp_path)
    assert done.exit_code == 2
    assert "holds other files (notes.txt)" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_public_verdicts_do_not_depend_on_where_the_questions_come_from() -> None:
    """Drawn again from the published seed, they are those in the file."""
    assignment = rubric.find(str(ROOT / "rubrics" / "dais2021-a4"))
    again = public_checks.questions(assignment)
    for task in assignment.tasks:
        asked = plan.plan(made().task(task.id), public_checks.SEED)
        assert {k: [codec.digest(q) for q in v] for k, v in asked.items()} == {
            k: [codec.digest(q) for q in v] for k, v in again[task.id].items()
        }
