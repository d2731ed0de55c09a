"""Tests mirror the rooms: each module has its test file, or a test of its room is about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "grader"

INSIDE = "sandbox/inside/"
"""Runs beside student code: seen through kernels by `sandbox/` and `hostile/`, and where it can be
imported, by `test_inside_….py`."""

THROUGH = {
    "checks/model_evaluation/test_kfold.py": ["checks/model_evaluation/findings"],
    "cli/test_main.py": ["cli/exit_codes", "cli/grade", "cli/release"],
    "assignment/selftest/test_run.py": ["cli/selftest"],
    "review/test_actions.py": [
        "review/agreement_page",
        "review/course_page",
        "review/item_page",
        "review/record_pages",
        "review/saving",
        "review/submission_page",
    ],
    "sandbox/walls/test_levels.py": ["sandbox/walls/supervisor"],
}
"""Modules that no test of their room names, by a test that goes through them. Nothing new comes in:
who writes a module writes its tests, and who writes tests of one of these takes it out."""

EXCEPTED = {module for modules in THROUGH.values() for module in modules}

MODULES = sorted(
    path.relative_to(PACKAGE).with_suffix("").as_posix()
    for path in PACKAGE.rglob("*.py")
    if path.name not in ("__init__.py", "version.py")
    and not path.relative_to(PACKAGE).as_posix().startswith(INSIDE)
)


def own(module: str) -> Path:
    """The test file of a module's own name."""
    path = Path(module)
    return TESTS / path.parent / f"test_{path.name}.py"


def named(module: str) -> bool:
    """Whether a test of its room imports it."""
    room, *_, name = module.split("/")
    package = re.escape("grader." + ".".join(module.split("/")[:-1]))
    full = re.escape("grader." + module.replace("/", "."))
    pattern = re.compile(
        rf"{full}\b|from {package} import [^\n]*\b{name}\b|import \([^)]*\b{name}\b"
    )
    return any(pattern.search(path.read_text()) for path in (TESTS / room).rglob("*.py"))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_its_tests(module: str) -> None:
    assert own(module).is_file() or module in EXCEPTED or named(module), f"write {own(module)}"


def test_every_folder_of_tests_is_a_room() -> None:
    folders = {path.name for path in TESTS.iterdir() if (path / "__init__.py").is_file()}
    assert folders - {path.name for path in PACKAGE.iterdir()} == {"ci", "hostile"}


def test_what_is_excepted_is_there() -> None:
    assert set(MODULES) >= EXCEPTED
    assert all((TESTS / test).is_file() for test in THROUGH)
