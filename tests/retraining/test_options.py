"""What the command line changes of trainings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.assignment import rubric
from grader.core.errors import UsageError
from grader.core.model import Limits
from grader.retraining import options
from grader.sandbox.walls import bwrap
from grader.sandbox.walls.confinement import Wish

PLAIN = rubric.find("dais2021-a4")


def prepared(assignment: object) -> dict[str, tuple[str, ...]]:
    return {task.id: task.prepare for task in assignment.tasks}  # type: ignore[attr-defined]


def test_nothing_changes_unasked() -> None:
    assert options.adjusted(PLAIN) == PLAIN


def test_without_acceleration_only_trainings_are_others() -> None:
    before, after = prepared(PLAIN), prepared(options.adjusted(PLAIN, accelerate=False))
    assert after["fmssvrc"] == (*before["fmssvrc"], "no_acceleration")
    assert all(after[task] == before[task] for task in before if task != "fmssvrc")


def test_a_device_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "devices", lambda: ())
    with pytest.raises(UsageError, match="shows no NVIDIA device"):
        options.adjusted(PLAIN, device="cuda")


def test_a_device_that_is_there_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "devices", lambda: (Path("/dev/nvidia0"),))
    assert prepared(options.adjusted(PLAIN, device="cuda"))["fmssvrc"][-1] == "cuda"


@pytest.mark.parametrize("mounts", [{}, {"/dev/nvidia0": Path("/dev/nvidia0")}])
def test_the_sandbox_shows_a_device_only_where_it_was_asked_for(mounts: dict[str, Path]) -> None:
    confinement = bwrap.confine(Wish(mounts=mounts, info_fd=3))
    command = " ".join(confinement.command)
    confinement.close()
    assert ("--dev-bind /dev/nvidia0 /dev/nvidia0" in command) is bool(mounts)
    assert ("--setenv CUDA_VISIBLE_DEVICES" in command) is not bool(mounts)


@pytest.mark.parametrize(("rule", "last"), [("evaluated", False), ("last", True)])
def test_which_network_counts_is_a_key_of_the_task(tmp_path: Path, rule: str, last: bool) -> None:
    task = changed(tmp_path, f'network = "{rule}"')
    assert ("count_last_network" in task) is last


def test_an_unknown_rule_is_a_sentence_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="network is 'best'; expected 'evaluated' or 'last'"):
        changed(tmp_path, 'network = "best"')


def changed(folder: Path, line: str) -> tuple[str, ...]:
    """What the training task prepares with this line in its rubric."""
    shutil.copytree(PLAIN.rubric_dir, folder, dirs_exist_ok=True)
    for path in PLAIN.rubric_dir.glob("*.toml"):
        text = path.read_text()
        kept = [one if not one.startswith("network =") else line for one in text.splitlines()]
        (folder / path.name).write_text("\n".join(kept))
    return rubric.task(folder / "fmssvrc.toml", Limits()).prepare
