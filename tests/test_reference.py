"""The master notebooks are well-formed, complete and stored without outputs."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest

REFERENCE = Path(__file__).resolve().parent.parent / "reference" / "dais2021-a4"

FUNCTIONS = ("logistic", "tanh", "relu")
REQUIRED: dict[str, tuple[str, ...]] = {
    "ActivationFunctions.ipynb": (
        "imports",
        *(
            cell
            for name in FUNCTIONS
            for cell in (name, f"{name}-grad", f"plot-{name}", f"call-plot-{name}")
        ),
        *(f"vanishing-{kind}-{n}" for n in range(1, 5) for kind in ("question", "answer")),
    ),
    "Evaluation.ipynb": (
        *("imports", "data", "create-model", "train-model", "predict", "calculate-accuracy"),
        *("kfold", "kfold-test", "confusion", "confusion-test", "interpretation-answer"),
    ),
    "FMSSVRC.ipynb": (
        *("imports", "data", "sample", "split", "loaders", "model", "hyperparameters"),
        *("train-evaluate", "training", "plots", "test-accuracy", "class-accuracy"),
    ),
}
SIGNATURES: dict[str, dict[str, str]] = {
    "ActivationFunctions.ipynb": {
        **dict.fromkeys(FUNCTIONS, "x"),
        **{f"{name}_grad": "x" for name in FUNCTIONS},
        **{f"plot_{name}": "x_min, x_max" for name in FUNCTIONS},
    },
    "Evaluation.ipynb": {
        "create_model": (
            "hidden_layers=[], input_size=attribute_count, output_size=label_count, "
            "activation=torch.nn.ReLU(), output_activation=torch.nn.Identity()"
        ),
        "trainModel": "model, data, target, epochs, lr=0.01, batchsize=20, shuffle=False",
        "predict": "data, model",
        "calculate_accuracy": "data, target, model",
        "kfold_crossvalidation": "k, data, target, hidden=[100], epochs=50, lr=0.01",
        "confusion_matrix": "data, target, model",
    },
    "FMSSVRC.ipynb": {
        "train": "model, dataloader, optimizer, loss",
        "evaluate": "model, dataloader",
    },
}
MARKERS = {
    "code": (
        *("### BEGIN SOLUTION", "### END SOLUTION"),
        *("### BEGIN STUB", "### END STUB"),
    ),
    "markdown": (
        *("<!-- ### BEGIN SOLUTION -->", "<!-- ### END SOLUTION -->"),
        *("<!-- ### BEGIN STUB", "### END STUB -->"),
    ),
}

every_master = pytest.mark.parametrize("name", sorted(REQUIRED))


def load(name: str) -> Any:
    """The notebook as nbformat reads it, without any upgrade or repair."""
    return nbformat.read(REFERENCE / name, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]


@every_master
def test_is_a_valid_notebook_of_format_4_5(name: str) -> None:
    notebook = load(name)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"


@every_master
def test_ids_are_unique_and_complete(name: str) -> None:
    ids = [cell.id for cell in load(name).cells]
    assert len(ids) == len(set(ids))
    assert [wanted for wanted in REQUIRED[name] if wanted not in ids] == []


@every_master
def test_stores_no_outputs(name: str) -> None:
    for cell in load(name).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@every_master
def test_markers_are_paired_and_never_nested(name: str) -> None:
    for cell in load(name).cells:
        lines = [line.strip() for line in cell.source.splitlines()]
        markers = MARKERS[cell.cell_type]
        found = [line for line in lines if any(word in line for word in (" SOLUTION", " STUB"))]
        pairs = list(zip(found[::2], found[1::2], strict=True))
        assert set(pairs) <= {markers[:2], markers[2:]}, cell.id
        # A student's editor may drop ids; the tag is what is left to find the cell by.
        assert cell.metadata.get("tags", []) == ([cell.id] if found else []), cell.id


@every_master
def test_every_code_cell_parses_and_signatures_are_kept(name: str) -> None:
    signatures = {}
    for cell in load(name).cells:
        if cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef):
                    signatures[node.name] = ast.unparse(node.args)
    expected = {
        function: ast.unparse(ast.parse(f"lambda {arguments}: 0", mode="eval").body.args)  # type: ignore[attr-defined]
        for function, arguments in SIGNATURES[name].items()
    }
    assert signatures == expected
