"""Notebook files of every sort are read into plain cells, or refused in one sentence."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.core import notebook
from grader.core.notebook import NotebookProblem, read, release, release_source, solution

PLAIN: dict[str, Any] = {
    "cells": [
        {"cell_type": "code", "id": "a", "metadata": {"tags": ["x"]}, "source": ["1\n", "2"]},
        {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "words"},
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def file(*cells: Any, **more: Any) -> bytes:
    return json.dumps({"cells": list(cells), "nbformat": 4} | more).encode()


def refusal(content: bytes) -> str:
    with pytest.raises(NotebookProblem) as refused:
        read(content, "n.ipynb")
    return str(refused.value)


# --- what is read ------------------------------------------------------------------------------


def test_cells_come_with_kind_source_and_tags() -> None:
    found = read(json.dumps(PLAIN).encode(), "n.ipynb")
    assert (found.name, found.repairs) == ("n.ipynb", ())
    first, second = found.cells
    assert (first.id, first.kind, first.source, first.tags) == ("a", "code", "1\n2", ("x",))
    assert (second.id, second.kind, second.source, second.tags) == ("b", "markdown", "words", ())


def test_saved_outputs_are_kept_as_text_and_pictures_are_not() -> None:
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
        {"output_type": "execute_result", "data": {"text/plain": "7", "text/html": "<b>7</b>"}},
        {"output_type": "display_data", "data": {"image/png": "AAAA"}},
        {"output_type": "error", "ename": "E"},
        None,
        "nothing",
    ]
    (cell,) = read(file({"cell_type": "code", "source": "", "outputs": outputs}), "n").cells
    assert cell.outputs == ("a\nb", "7")


def test_a_long_output_is_cut() -> None:
    outputs = [{"text": "x" * (notebook.MAX_OUTPUT + 1)}]
    (cell,) = read(file({"cell_type": "code", "source": "", "outputs": outputs}), "n").cells
    assert len(cell.outputs[0]) == notebook.MAX_OUTPUT


def test_format_3_is_read_from_all_its_sheets() -> None:
    sheets = [
        {"cells": [{"cell_type": "code", "input": "x = 1"}]},
        {"cells": "damaged"},
        {"cells": [{"cell_type": "markdown", "source": "words"}]},
    ]
    found = read(json.dumps({"worksheets": sheets, "nbformat": 3}).encode(), "n.ipynb")
    assert [cell.source for cell in found.cells] == ["x = 1", "words"]
    assert found.repairs == ("old notebook format 3 was read",)


def test_cells_without_an_id_are_numbered() -> None:
    cells = [{"cell_type": "code", "source": "1"}, {"cell_type": "code", "source": "2", "id": ""}]
    assert [cell.id for cell in read(file(*cells), "n").cells] == ["cell-1", "cell-2"]


def test_a_cell_with_the_id_of_an_earlier_one_gets_another_and_keeps_the_rest() -> None:
    twice = {"cell_type": "code", "id": "a", "source": "1", "metadata": {"tags": ["t"]}}
    found = read(file(twice, twice), "n")
    assert [cell.id for cell in found.cells] == ["a", "a~1"]
    assert [cell.tags for cell in found.cells] == [("t",), ("t",)]
    assert found.repairs == ("cell 2 had the id of an earlier cell (a)",)


def test_what_is_no_cell_is_left_out_and_told() -> None:
    found = read(file({"cell_type": "code", "source": "1"}, 5, None), "n")
    assert [cell.source for cell in found.cells] == ["1"]
    assert found.repairs == (
        "cell 2 was not a cell and was left out",
        "cell 3 was not a cell and was left out",
    )


@pytest.mark.parametrize(
    ("entry", "kind", "source", "tags"),
    [
        ({}, "markdown", "", ()),
        ({"cell_type": "heading", "source": "T"}, "markdown", "T", ()),
        ({"cell_type": 5, "source": 5, "metadata": 5}, "markdown", "", ()),
        ({"cell_type": "raw", "source": ["a", 5, "b"]}, "raw", "ab", ()),
        ({"cell_type": "code", "source": "a\r\nb\rc\0"}, "code", "a\nb\nc", ()),
        ({"cell_type": "code", "metadata": {"tags": ["a", 1, "b"]}}, "code", "", ("a", "b")),
        ({"cell_type": "code", "metadata": {"tags": "ab"}}, "code", "", ()),
    ],
)
def test_a_cell_of_any_form_becomes_a_cell(
    entry: dict[str, Any], kind: str, source: str, tags: tuple[str, ...]
) -> None:
    (cell,) = read(file(entry), "n").cells
    assert (cell.kind, cell.source, cell.tags) == (kind, source, tags)


def test_a_long_id_is_cut_and_a_long_source_too() -> None:
    (cell,) = read(
        file({"cell_type": "code", "id": "i" * 99, "source": "x" * (2 << 20)}), "n"
    ).cells
    assert (len(cell.id), len(cell.source)) == (64, notebook.MAX_SOURCE)


def test_lone_surrogates_are_replaced() -> None:
    (cell,) = read(file({"cell_type": "code", "source": "\ud800x"}), "n").cells
    assert cell.source == "?x"


@pytest.mark.parametrize(
    ("encoding", "repairs"),
    [
        ("utf-8", ()),
        ("utf-8-sig", ()),
        ("utf-16", ("the file was UTF-16",)),
        ("cp1252", ("the file was not UTF-8; odd characters may show",)),
    ],
)
def test_other_encodings_are_read_and_told(encoding: str, repairs: tuple[str, ...]) -> None:
    content = json.dumps(
        {"cells": [{"cell_type": "code", "source": "# Größe"}]}, ensure_ascii=False
    ).encode(encoding)
    found = read(content, "n")
    assert found.cells[0].source == "# Größe"
    assert found.repairs == repairs


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "n.ipynb is empty."),
        (b" \n\t", "n.ipynb is empty."),
        (b"[]", "n.ipynb is JSON, but not a notebook."),
        (b"{}", "n.ipynb is JSON, but not a notebook: it has no list of cells."),
        (b'{"cells": 5}', "n.ipynb is JSON, but not a notebook: it has no list of cells."),
        (b'{"cells": [', "the file breaks off at line 1."),
        (b'{"cells":\n [{"source": "abc', "the file breaks off at line 2."),
        (b'{"cells": nonsense, "nbformat": 4}', "the file is damaged at line 1."),
        (b"\x89PNG\r\n\x1a\n\0\0\0\xff", "n.ipynb is not a text file."),
        (b"[" * 200_000, "n.ipynb is nested too deeply to be a notebook."),
        (b'{"cells": ' + b"9" * 5000 + b"}", "it holds an impossible number."),
    ],
)
def test_what_is_no_notebook_is_told_in_a_sentence(content: bytes, told: str) -> None:
    assert refusal(content).endswith(told)
    assert refusal(content).startswith("n.ipynb ")


def test_a_notebook_of_too_many_cells_is_refused() -> None:
    content = file(*[{}] * (notebook.MAX_CELLS + 1))
    assert refusal(content) == "n.ipynb has 2001 cells; more than 2000 are not graded."


def test_a_file_that_is_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "MAX_BYTES", 1 << 20)
    assert refusal(b" " * ((1 << 20) + 1)) == "n.ipynb is larger than 1 MiB."


def test_a_file_of_too_many_values_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "MAX_VALUES", 100)
    told = refusal(file(*[{}] * 101))
    assert told == "n.ipynb holds more than any notebook: over 100 values."


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "cell_type", "source", "id", "metadata", "tags", "outputs"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=30,
)


@given(JSONS)
def test_whatever_json_comes_it_is_a_notebook_or_a_problem(data: Any) -> None:
    content = json.dumps({"cells": data}).encode()
    try:
        found = read(content, "n")
    except NotebookProblem as refused:
        assert str(refused).startswith("n ")
        return
    assert len({cell.id for cell in found.cells}) == len(found.cells)
    assert {cell.kind for cell in found.cells} <= {"code", "markdown", "raw"}
    json.dumps([cell.source for cell in found.cells]).encode()


@given(st.binary(max_size=200))
def test_whatever_bytes_come_they_are_a_notebook_or_a_problem(content: bytes) -> None:
    try:
        assert read(content, "n").name == "n"
    except NotebookProblem as refused:
        assert str(refused).startswith("n ")


# --- the students' version ---------------------------------------------------------------------

CODE = """def f(x):
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION
    ### BEGIN STUB
    # # TODO
    # return result
    #
    ### END STUB"""
WORDS = """Why?
<!-- ### BEGIN SOLUTION -->
Because.
<!-- ### END SOLUTION -->
<!-- ### BEGIN STUB
*Write here.*
### END STUB -->"""


def test_a_code_cell_loses_its_solution_and_shows_its_stub() -> None:
    found = release_source(CODE, "n", is_code=True)
    assert found == "def f(x):\n    # TODO\n    return result"


def test_a_markdown_cell_loses_its_solution_and_shows_its_stub() -> None:
    assert release_source(WORDS, "n", is_code=False) == "Why?\n*Write here.*"


def test_the_model_answer_is_what_stands_between_the_markers() -> None:
    assert solution(WORDS) == "Because."
    assert solution(CODE) == "return x"
    assert solution("no markers") == ""


def test_a_cell_without_markers_stays_as_it_is() -> None:
    assert release_source("\n  x = 1\n\n", "n", is_code=True) == "\n  x = 1\n\n"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = 1  ### BEGIN SOLUTION", "line 1: a marker must stand alone on its line."),
        ("### BEGIN SOLUTION\nx", "n: BEGIN SOLUTION has no END SOLUTION."),
        ("x\n### END SOLUTION", "line 2: END SOLUTION has no partner."),
        ("### BEGIN SOLUTION\n### BEGIN STUB", "line 2: BEGIN STUB has no partner."),
        ("### BEGIN STUB\n### END SOLUTION", "line 2: END SOLUTION has no partner."),
        ("### BEGIN STUB\nreturn 1\n### END STUB", "line 2: a line of a stub must begin with '#'."),
    ],
)
def test_markers_that_do_not_fit_are_refused_with_their_place(source: str, told: str) -> None:
    with pytest.raises(NotebookProblem) as refused:
        release_source(source, "n", is_code=True)
    assert str(refused.value).endswith(told)


def test_a_released_notebook_has_neither_solutions_nor_outputs() -> None:
    ran: dict[str, Any] = {"outputs": [{"text": "1"}], "execution_count": 3}
    cells = [
        {"cell_type": "code", "id": "f", "source": CODE} | ran,
        {"cell_type": "markdown", "id": "w", "source": WORDS},
    ]
    released = release(file(*cells), "n.ipynb")
    assert b"Because" not in released
    code, words = json.loads(released)["cells"]
    assert (code["outputs"], code["execution_count"]) == ([], None)
    assert "outputs" not in words
    assert code["source"].endswith("return result")


def test_the_bytes_of_a_release_depend_on_the_content_alone() -> None:
    one = json.dumps({"cells": [], "nbformat": 4, "metadata": {"a": 1, "b": 2}}).encode()
    other = json.dumps(
        {"metadata": {"b": 2, "a": 1}, "nbformat": 4, "cells": []}, indent=4
    ).encode()
    assert release(one, "n") == release(other, "n")
    assert release(one, "n").endswith(b"}\n")


def test_a_refusal_of_a_master_names_file_cell_and_line() -> None:
    cell = {"cell_type": "code", "id": "f", "source": ["x\n", "### END STUB"]}
    with pytest.raises(NotebookProblem, match=r"^m\.ipynb, cell f, line 2: END STUB has no"):
        release(file(cell), "m.ipynb")


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"kernelspec": {"language": "R", "name": "ir"}}, "R"),
        ({"language_info": {"name": "julia"}, "kernelspec": {"language": "python"}}, "julia"),
        ({"language_info": {"name": "python", "version": "3.9"}}, ""),
        ({"kernelspec": {"name": "conda-base-py"}}, ""),
        ({"kernelspec": ["R"], "language_info": {"name": 3}}, ""),
        (None, ""),
    ],
)
def test_another_language_than_python_is_known(metadata: object, language: str) -> None:
    content = json.dumps({"cells": [], "metadata": metadata, "nbformat": 4}).encode()
    assert notebook.read(content, "X.ipynb").language == language


# --- code as Python reads it -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("%matplotlib inline\nimport numpy", "pass\nimport numpy"),
        ("!pip install torch\n?len\nx = 1", "pass\npass\nx = 1"),
        ("if new:\n    !mkdir data\nx = 1", "if new:\n    pass\nx = 1"),
        ("x = (7\n% 4)", "x = 7 % 4"),  # an operator ahead of its line
        ("%%time\nimport numpy", "pass\nimport numpy"),
        ("%%bash\nls -la | grep 'x", "pass"),
        ("\n%%writefile helper.py\nimport numpy", "pass"),  # in a file, not here
    ],
)
def test_what_ipython_alone_understands_does_nothing(source: str, plain: str) -> None:
    assert ast.unparse(notebook.parsed(source)) == ast.unparse(ast.parse(plain))


def test_what_is_no_python_without_magics_either_is_refused() -> None:
    with pytest.raises(SyntaxError):
        notebook.parsed("%time\nimport is no Python")
