"""What a notebook says of its own accuracy."""

from __future__ import annotations

import pytest

from grader.checks.trained_network.claimed_accuracy import claim, claim_again, disagreement
from grader.core.model import Cell, CellRun, Ending, Evidence, Notebook


def saved(source: str, *outputs: str) -> Notebook:
    cell = Cell(id="a", kind="code", source=source, outputs=outputs)
    return Notebook(name="FMSSVRC.ipynb", cells=(cell,))


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ("test accuracy: 87.31%", 87.31),
        ("test accuracy: 0.8731", 87.31),
        ("Test acc 87", 87.0),
        ("Accuracy of the network on the 10000 test images: 83 %", 83.0),
        ("test loss 0.412, test accuracy 0.851", 85.1),
        ("epoch 1: test acc 0.70\nepoch 2: test acc 0.80", 80.0),
        ("Test set: Average loss: 0.5, Accuracy: 8731/10000 (87%)", 87.0),
        ("Test Accuracy (Overall): 87% (8731/10000)", 87.0),
        ("test accuracy: 0.87\ntest loss: 0.35", 87.0),
        ("test accuracy: 100%", 100.0),
        ("test accuracy: tensor(0.8731)", 87.31),
        ("epoch 2/2.. test accuracy: 0.834..", 83.4),
        ("Test Accuracy: 0.840..", 84.0),
        ("test accuracy: 83.4 %\naccuracy on test images of class 9: 94.3 %", 83.4),
        ("Test accuracy of the 10 classes: 83 %", 83.0),
        ("test accuracy: 85 %\nAccuracy of Ankle boot: 94 %\nAccuracy of Shirt : 56 %", 85.0),
        ("Test accuracy of T-shirt/top: 80 %", None),
        ("test accuracy with torch 1.13.1", None),
        ("done", None),
        ("test accuracy: nan", None),
        ("test accuracy: 8731", None),
        ("", None),
    ],
)
def test_claims(output: str, value: float | None) -> None:
    got = claim(saved("evaluate(model, testloader)", output))
    assert got == (None if value is None else pytest.approx(value))


def test_the_last_claim_counts_and_only_of_cells_on_the_test_set() -> None:
    cells = (
        Cell(id="a", kind="code", source="evaluate(model, testloader)", outputs=("acc: 0.5",)),
        Cell(id="b", kind="code", source="evaluate(model, testloader)", outputs=("acc: 0.7",)),
        Cell(id="c", kind="code", source="evaluate(model, valloader)", outputs=("acc: 0.9",)),
        Cell(id="d", kind="markdown", source="My test accuracy is 99 %"),
    )
    assert claim(Notebook(name="n", cells=cells)) == 70.0
    assert claim(Notebook(name="n", cells=cells[2:])) is None
    assert claim(None) is None


def test_the_claim_of_the_run_here_is_read_from_its_own_outputs() -> None:
    notebook = saved("evaluate(model, testloader)", "test accuracy: 95.0%")
    run = CellRun(index=0, id="a", status="ok", text="test accuracy: 71.5%\n")
    evidence = Evidence(task="fmssvrc", ending=Ending.COMPLETED, cells=(run,))
    assert claim_again(notebook, evidence) == 71.5
    assert claim_again(notebook, None) is None


def text(output: str) -> Evidence:
    run = CellRun(index=0, id="a", status="ok", text=output)
    return Evidence(task="fmssvrc", ending=Ending.COMPLETED, cells=(run,))


@pytest.mark.parametrize(
    ("said", "says", "words"),
    [
        ("test accuracy: 86.9%", "test accuracy: 86.0%", ""),
        ("test accuracy: 95.0%", "test accuracy: 87.0%", "it is from another run"),
        (
            "Epoch 30/30\ntest accuracy: 91%",
            "Epoch 5/5\ntest accuracy: 87%",
            "saved after 30 epochs, and here it trained for 5",
        ),
        ("test accuracy: 96.7%", "test accuracy: 96.5%", "perhaps measured on images"),
    ],
)
def test_why_a_claim_is_another_number(said: str, says: str, words: str) -> None:
    notebook = saved("evaluate(model, testloader)", said)
    found = disagreement(notebook, text(says), None, 87.0)
    assert words in found
    assert bool(found) is bool(words)
