"""What must not leave is found wherever it stands."""

from __future__ import annotations

import json

import pytest

from grader.assignment import leak_search, release, rubric
from grader.core import notebook
from grader.student import public_file
from tests.bundle import REFERENCE, ROOT, cell, made
from tests.bundle import notebook as saved

ASSIGNMENT = rubric.find(str(ROOT / "rubrics" / "dais2021-a4"))
MASTERS = {
    path.relative_to(REFERENCE).as_posix(): path.read_bytes()
    for path in sorted(REFERENCE.rglob("*"))
    if path.is_file()
}
MODEL_ANSWER = "the derivative of the activation function there, times the weights."


def found(files: dict[str, bytes]) -> list[str]:
    return leak_search.find(files, ASSIGNMENT, MASTERS)


def test_nothing_is_left_in_the_released_notebooks_and_checks() -> None:
    files = release.notebooks(ASSIGNMENT) | {public_file.FILE: public_file.dump(made())}
    assert found(files) == []


def test_every_master_as_it_is_would_be_refused() -> None:
    for name, content in MASTERS.items():
        if name.endswith(".ipynb"):
            told = found({name: content})
            ids = [c.id for c in notebook.read(content, name).cells if notebook.solution(c.source)]
            missed = [id for id in ids if not any(f", cell {id}, holds" in text for text in told)]
            assert missed == []


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("result = np.where(x >= 0, 1.0, decay) / (1.0 + decay)", "code"),
        ("    decay=np.exp( -np.abs(x) )\n\n    result = 1.0", "code"),
        ("validation_size = 6000", "code"),
        (f"Hint: {MODEL_ANSWER}", "markdown"),
        (f"<!-- {MODEL_ANSWER.upper().replace(' ', '  ')} -->", "markdown"),
    ],
)
def test_a_solution_elsewhere_is_named_with_file_and_cell(source: str, kind: str) -> None:
    told = found({"Sheet.ipynb": saved("x = 1", cell(source, "oops", kind))})
    assert told
    assert all(text.startswith("Sheet.ipynb, cell oops, holds the solution of") for text in told)


def test_a_solution_in_metadata_and_in_other_files_is_found() -> None:
    document = json.loads(saved("x = 1"))
    document["metadata"]["author"] = {"notes": [MODEL_ANSWER]}
    assert found({"Sheet.ipynb": json.dumps(document).encode()})
    assert found({"README.md": b"Try result = np.maximum(np.asarray(x, dtype=float), 0.0)."})
    assert found({public_file.FILE: json.dumps({"deep": [{"er": MODEL_ANSWER}]}).encode()})


def test_outputs_are_found() -> None:
    document = json.loads(saved("x = 1"))
    document["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    told = found({"Sheet.ipynb": json.dumps(document).encode()})
    assert told == ["Sheet.ipynb, cell c0, holds outputs"]


def test_hidden_hints_and_other_files_of_the_reference_are_found() -> None:
    hidden = next(i for t in ASSIGNMENT.tasks for i in t.items if i.id == "kfold_isolation")
    assert found({"README.md": hidden.hint.encode()}) == [
        "README.md holds the hint of the hidden item kfold_isolation"
    ]
    line = next(
        text
        for text in MASTERS["autodiff.toml"].decode().split("\n")
        if len(text) > 40 and not text.startswith("#")
    )
    assert found({"README.md": line.encode()})


def test_what_stubs_and_given_cells_say_is_no_secret() -> None:
    given = "plt.show()\nreturn result\nimport matplotlib.pyplot as plt"
    assert found({"Sheet.ipynb": saved(given)}) == []


def test_a_stub_is_what_stands_between_its_markers_without_their_signs() -> None:
    source = (
        "a = 1\n### BEGIN SOLUTION\nb = 2\n### END SOLUTION\n"
        "### BEGIN STUB\n# b = ...\n    # pass\n### END STUB\nc = 3"
    )
    assert leak_search.stub(source) == "b = ...\n    pass"
    assert leak_search.stub("a = 1") == ""


@pytest.mark.parametrize(("file", "where"), [("notes.md", "notes.md"), ("x.json", "x.json")])
def test_a_model_answer_is_found_by_eight_words_in_a_row_and_not_by_seven(
    file: str, where: str
) -> None:
    words = MODEL_ANSWER.split()
    for count, is_found in ((8, True), (7, False)):
        text = " ".join(words[:count])
        content = json.dumps({text: 1}) if file.endswith("json") else text
        told = found({file: content.encode()})
        assert bool(told) is is_found
        assert all(one.startswith(f"{where} holds the solution of") for one in told)
