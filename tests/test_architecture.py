"""Holds what the design promises of imports: no cycles, a light command line, a closed inside."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "grader"
HEAVY = {"torch", "torchvision", "nbclient", "numpy", "matplotlib", "sklearn", "nbformat"}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def runtime_imports(path: Path) -> set[str]:
    """Names of our own modules that a module imports when it is loaded."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("grader"):
            found.add(str(node.module))
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name for a in node.names if a.name.startswith("grader")}
    return found


def graph() -> dict[str, set[str]]:
    names = {
        module_name(path): path for path in PACKAGE.rglob("*.py") if "inside" not in path.parts
    }
    return {name: runtime_imports(path) & set(names) for name, path in names.items()}


def test_our_modules_import_each_other_without_cycles() -> None:
    edges = graph()
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"import cycle: {' -> '.join([*trail, name])}"
        if name in done:
            return
        for target in edges[name] - {name}:
            if not name.startswith(target + "."):  # a package's own __init__ comes before it
                visit(target, (*trail, name))
        done.add(name)

    for name in edges:
        visit(name, ())


def test_only_the_command_line_prints_or_exits() -> None:
    """The sandbox's driver is a process of its own, and speaks over its standard output."""
    for path in PACKAGE.rglob("*.py"):
        if path.name in ("cli.py", "driver.py", "progress.py") or "commands" in path.parts:
            continue
        if "inside" in path.parts:
            continue
        calls = [n.func for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        names = {f.id for f in calls if isinstance(f, ast.Name)}
        assert not names & {"print", "exit", "quit"}, path


def test_help_loads_nothing_heavy() -> None:
    code = f"import sys, grader.cli\nprint(sorted(set({sorted(HEAVY)!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_grading_never_asks_in_its_own_process() -> None:
    """Only %check does, in the student's kernel."""
    users = {name for name, targets in graph().items() if "grader.student.ask_in_kernel" in targets}
    assert users == {"grader.student.jupyter_magic"}
    assert not [
        name for name, targets in graph().items() if "grader.student.jupyter_magic" in targets
    ]


def test_what_runs_beside_student_code_imports_nothing_else_of_ours() -> None:
    for path in (PACKAGE / "sandbox" / "inside").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert not (node.module or "").startswith("grader"), path
            if isinstance(node, ast.Import):
                assert not any(alias.name.startswith("grader") for alias in node.names), path


def test_no_module_unpickles() -> None:
    """Nothing on the trusted side may read a pickle, in any of its disguises."""
    banned = {"pickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules: set[str] = set()
            if isinstance(node, ast.Import):
                modules = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                modules = {(node.module or "").split(".")[0]}
            assert not modules & banned, path
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant) and node.value.value is False, path
