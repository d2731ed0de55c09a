"""%check: what it shows, that it never raises, and that a real kernel and page take it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from grader.core.errors import UsageError
from grader.core.model import Status
from grader.student import jupyter_magic, public_file
from tests.bundle import REFERENCE, RIGHT, made, namespace

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">\x1b[31m'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A student's folder below that of the bundle."""
    (tmp_path / public_file.FILE).write_bytes(public_file.dump(made()))
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def test_all_that_is_defined_is_judged(folder: Path) -> None:
    result = jupyter_magic.judged([], namespace(RIGHT), folder)
    assert [(i.item.id, i.outcome.status) for i in result.items] == [
        ("logistic", Status.PASSED),
        ("relu", Status.PASSED),
    ]
    assert result.notes == ("2 of 2 passed; the grading asks with other inputs.",)


def test_one_function_is_judged_by_its_name(folder: Path) -> None:
    result = jupyter_magic.judged(["relu"], {"relu": lambda x: x}, folder)
    (item,) = result.items
    assert item.outcome.status is Status.FAILED
    assert "yours: relu(-2) = -2" in repr(result)
    assert "makes all others 0" in repr(result)


def test_evaluation_is_judged_in_the_namespace(folder: Path) -> None:
    names = namespace((REFERENCE / "Evaluation.ipynb").read_bytes(), without="-test")
    result = jupyter_magic.judged(["evaluation"], names, folder)
    assert [i.outcome.status for i in result.items] == [Status.PASSED] * 3


def test_what_another_assignment_is_made_of_is_judged_too(tmp_path: Path) -> None:
    """Its types say nothing of %check: functions with any arguments, and what they draw."""
    (tmp_path / public_file.FILE).write_bytes(public_file.dump(made("kmeans-example", "kmeans")))
    content = (REFERENCE.parent / "kmeans-example" / "KMeans.ipynb").read_bytes()
    names = namespace(content, without="-test")
    result = jupyter_magic.judged([], names, tmp_path)
    assert {i.item.id: i.outcome.status for i in result.items} == {
        "assign": Status.PASSED,
        "update": Status.PASSED,
        "plot_clusters": Status.PASSED,
    }
    names["assign"] = lambda data, centers: np.zeros(len(data), dtype=int)
    (item,) = jupyter_magic.judged(["assign"], names, tmp_path).items
    assert item.outcome.status is Status.FAILED


def test_nothing_defined_and_whole_notebooks_are_told(folder: Path) -> None:
    note, *askable = jupyter_magic.judged([], {}, folder).notes
    assert note.startswith("Nothing of the assignment is defined yet")
    assert len(askable) == 3
    assert ": %check logistic, logistic_grad, plot_logistic, tanh, " in askable[0]
    assert askable[1].endswith("%check kfold_crossvalidation, confusion_matrix")
    (note,) = jupyter_magic.judged(["mlp"], {}, folder).notes
    assert note.startswith("mlp: needs a run of the whole notebook")


def test_a_cell_is_judged_by_what_it_defines(folder: Path) -> None:
    cell = "import numpy as np\ndef Relu(x):\n    return np.maximum(x, 0)\nhelper = 3"
    names = namespace(RIGHT)
    result = jupyter_magic.judged_cell(cell, [], names, folder)
    assert [item.item.id for item in result.items] == ["relu"]
    result = jupyter_magic.judged_cell(cell, ["logistic"], names, folder)
    assert [item.item.id for item in result.items] == ["logistic", "relu"]
    note, *askable = jupyter_magic.judged_cell("helper = 3", [], names, folder).notes
    assert note == "This cell defines nothing that can be checked."
    assert askable


def test_a_hint_is_folded(folder: Path) -> None:
    page = jupyter_magic.judged(["relu"], {"relu": lambda x: x}, folder)._repr_html_()
    assert "<details><summary>Hint</summary>relu passes positive inputs on unchanged" in page


def test_without_the_bundle_one_sentence_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"public-checks\.json is neither beside this notebook"):
        jupyter_magic.judged([], {}, tmp_path)


def test_the_page_shows_nothing_that_a_student_wrote_as_html(folder: Path) -> None:
    def relu(x: Any) -> Any:
        raise ValueError(EVIL)

    page = jupyter_magic.judged(["relu"], {"relu": relu}, folder)._repr_html_()
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page


@pytest.mark.parametrize("bug", [RuntimeError("boom"), KeyboardInterrupt(), SystemExit(3)])
def test_nothing_is_raised_into_the_notebook(
    bug: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise bug

    monkeypatch.setattr(jupyter_magic, "judged", broken)
    jupyter_magic.check("", SimpleNamespace(user_ns={}))
    assert capsys.readouterr().out.startswith(("This could not be checked", "Stopped."))


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlockingKernelClient]:
    folder = tmp_path_factory.mktemp("notebook")
    (folder / public_file.FILE).write_bytes(public_file.dump(made()))
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder))
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def executed(client: BlockingKernelClient, code: str) -> tuple[str, list[dict[str, Any]]]:
    """The reply's status, and what was displayed or printed."""
    shown: list[dict[str, Any]] = []

    def keep(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "stream":
            shown.append({"text/plain": content["text"]})
        elif "data" in content:
            shown.append(content["data"])

    reply = client.execute_interactive(code, output_hook=keep, timeout=60)
    return reply["content"]["status"], shown


@pytest.mark.sandbox
def test_in_a_real_kernel(kernel: BlockingKernelClient) -> None:
    status, shown = executed(
        kernel,
        "import sys\n%load_ext grader\n"
        "print(sorted({'torch', 'numpy', 'grader.checks', 'pydantic'} & set(sys.modules)))",
    )
    assert (status, shown) == ("ok", [{"text/plain": "[]\n"}])
    setup = (
        "%matplotlib inline\nimport numpy as np, matplotlib.pyplot as plt\n"
        "def tanh(x): return np.tanh(x)\ndef tanh_grad(x): return 1 - np.tanh(x)\n"
        "def plot_tanh(a, b):\n"
        "    x = np.linspace(a, b, 99); plt.plot(x, tanh(x)); plt.show(); print('noise')\n"
        "np.random.seed(1); 7"
    )
    assert executed(kernel, setup)[0] == "ok"
    status, shown = executed(kernel, "%check")
    assert status == "ok"
    page = shown[-1]  # before it, on a slow machine, what it was at
    assert "passed" in page["text/html"]
    assert "tanh_grad gives wrong values" in page["text/html"]
    assert "noise" not in page["text/plain"]
    assert not [part for part in shown if "image/png" in part]
    after = "print(_, np.random.rand() == np.random.RandomState(1).rand(), plt.get_fignums())"
    assert executed(kernel, after) == ("ok", [{"text/plain": "7 True []\n"}])
    cell = "%%check\n%matplotlib inline\ndef relu(x): return np.maximum(x, 0)\nkept = 5"
    status, shown = executed(kernel, cell)
    assert status == "ok"
    assert shown[-1]["text/plain"].split()[:2] == ["passed", "relu"]
    assert executed(kernel, "print(kept)") == ("ok", [{"text/plain": "5\n"}])
    _, shown = executed(kernel, "%%check\n1 / 0")
    assert not any("passed" in part.get("text/plain", "") for part in shown)
    status, shown = executed(kernel, "%check no_such_thing")
    assert status == "ok"
    assert "there is no public item no_such_thing" in shown[0]["text/plain"]


def test_every_status_has_its_colour() -> None:
    assert set(jupyter_magic.COLOURS) == set(Status)


def test_a_cell_that_fails_is_the_shells_to_show(capsys: pytest.CaptureFixture[str]) -> None:
    failing = SimpleNamespace(run_cell=lambda cell: SimpleNamespace(success=False))
    jupyter_magic.check("relu", failing, "1 / 0")
    assert capsys.readouterr() == ("", "")


def test_names_may_be_parted_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(jupyter_magic, "judged", lambda names, *_: asked.append(names))
    jupyter_magic.check(" relu,tanh ,  mlp", SimpleNamespace(user_ns={}))
    assert asked == [["relu", "tanh", "mlp"]]


def test_a_page_that_takes_no_display_hears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def closed(result: object, **_: object) -> None:
        asked.append(result)
        raise RuntimeError("the page is gone")

    monkeypatch.setattr(jupyter_magic, "display", closed)
    monkeypatch.setattr(jupyter_magic, "judged", lambda *_: "a result")
    jupyter_magic.check("", SimpleNamespace(user_ns={}))
    assert asked == ["a result"]


def test_notes_of_a_file_are_shown_as_text() -> None:
    result = jupyter_magic.CheckResult(notes=(EVIL, "x" * 2000))
    assert "<script" not in result._repr_html_()
    assert "x" * 1000 in result._repr_html_()
    assert "x" * 1001 not in result._repr_html_()
    assert "\x1b" not in repr(result)


def test_a_name_is_defined_if_it_can_be_called(folder: Path) -> None:
    assert jupyter_magic.judged([], {"relu": 3, "tanh": "text"}, folder).items == ()
    (item,) = jupyter_magic.judged([], {"RELU": lambda x: np.maximum(x, 0)}, folder).items
    assert (item.item.id, item.outcome.status) == ("relu", Status.PASSED)
