"""Holds what the design promises of imports: rooms, directions, a light command line.

Every import counts, also one within a function or under `TYPE_CHECKING`.
"""

from __future__ import annotations

import ast
import importlib
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.core import extras

PACKAGE = Path(__file__).parents[1] / "grader"

ROOMS = (
    "cli",
    "review",
    "assignment",
    "student",
    "batch",
    "reports",
    "platforms",
    "marking",
    "intake",
    "checks",
    "quiz",
    "retraining",
    "store",
    "sandbox",
    "core",
)
"""From the top. What stands in a room imports from its own and from those below."""

ENTRIES = {"grader": "grader.student.jupyter_magic"}
"""Imports upwards that are meant: `%load_ext grader` finds its magic when that is first used."""

NEVER = {
    "marking": {"sandbox"},
    "checks": {"sandbox", "store"},
    "reports": {"sandbox"},
    "quiz": {"sandbox", "store"},
    "intake": {"sandbox", "store"},
    "retraining": {"store"},
    "store": {"sandbox"},
}
"""What a room may not import, though it lies below."""

AT_IMPORT = {
    "grader.review": {"PIL", "markdown_it", "nh3", "pygments", "rapidfuzz", "scipy", "starlette"},
    "grader.review.server": {"uvicorn"},
    "grader.sandbox.kernels.client": {"jupyter_client", "nbclient", "nbformat", "zmq"},
    "grader.student.jupyter_magic": {"IPython"},
}
"""Which room or module may load which library of an extra when it is imported; the others say what
is missing at the moment they need it. The review and the client of a Jupyter kernel are parts that
nothing else imports, and `%check` runs where IPython is."""

LAZY = {"torch", "torchvision", "onnx", "pygraphviz", "matplotlib", "sklearn", "pandas", "seaborn"}
"""Loaded by whoever needs them, and not by the commands that students and lecturers wait for."""

KEPT = Path(__file__).parent / "data" / "0.1.0"
"""A bundle, and a result folder of its assignment."""


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py") if "inside" not in path.parts}


def imports(path: Path) -> Iterator[str]:
    """Names of our own modules that a module imports, wherever in it."""
    inside = "grader.sandbox.inside"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "grader":
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES or full.startswith(inside) else str(node.module)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "grader")


GRAPH = {name: set(imports(path)) - {name} for name, path in MODULES.items()}


def room(name: str) -> str:
    """The room of a module; that of `grader` itself is the package."""
    return name.split(".")[1] if "." in name else ""


def test_every_package_is_a_room_of_the_plan() -> None:
    found = {room(name) for name in MODULES if name != "grader"}
    assert found == set(ROOMS)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_go_down_only(name: str) -> None:
    for target in GRAPH[name]:
        if ENTRIES.get(name) == target:
            continue
        if name == "grader":
            assert room(target) == "core", target
            continue
        assert ROOMS.index(room(name)) <= ROOMS.index(room(target)), f"{name} -> {target}"
        assert room(target) not in NEVER.get(room(name), set()), f"{name} -> {target}"


def test_modules_import_each_other_without_circles() -> None:
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"a circle: {' -> '.join([*trail, name])}"
        if name in done or name not in GRAPH:
            return
        for target in sorted(GRAPH[name]):
            if not name.startswith(target + "."):  # a package's own __init__ comes before it
                visit(target, (*trail, name))
        done.add(name)

    for name in sorted(set(GRAPH) - set(ENTRIES)):
        visit(name, ())


def test_only_the_command_line_prints_or_exits() -> None:
    """The sandbox's driver is a process of its own, and speaks over its standard output."""
    for name, path in MODULES.items():
        if room(name) == "cli" or name == "grader.sandbox.kernels.driver":
            continue
        calls = [n.func for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        names = {f.id for f in calls if isinstance(f, ast.Name)}
        assert not names & {"print", "exit", "quit"}, path


def test_what_commands_say_goes_through_one_door() -> None:
    """Where text of others loses its power over a terminal."""
    said = {name for name, path in MODULES.items() if "click.echo" in path.read_text()}
    assert said == {"grader.cli.say"}


def loaded(code: str, names: set[str]) -> list[str]:
    """Which of these modules are loaded once this code has run in a new process."""
    code += f"\nimport sys\nprint(sorted({names!r} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: list[str] = ast.literal_eval(done.stderr.splitlines()[-1])
    return found


def test_the_command_line_loads_nothing_heavy() -> None:
    heavy = {"torch", "torchvision", "starlette", "nbclient", "matplotlib", "sklearn", "nbformat"}
    # With what begins a student's check, before it reads anything.
    code = "import grader.cli.main, grader.student.open_sandbox, grader.sandbox.kernels.drivers"
    assert loaded(code, heavy | {"numpy", "pydantic"}) == []


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "words",
    [
        ["new", "mine"],
        ["schema", "schemas"],
        ["report", "results", "--assignment", "rubrics/kmeans-example", "--format", "csv"],
        ["check", "bundle", "--item", "assign"],
    ],
    ids=lambda words: words[0],
)
def test_a_quick_command_loads_no_library_of_networks_and_pictures(
    words: list[str], tmp_path: Path
) -> None:
    shutil.copytree(KEPT, tmp_path, dirs_exist_ok=True)
    code = (
        f"import os, sys\nos.chdir({str(tmp_path)!r})\nsys.argv = ['grader', *{words!r}]\n"
        "from grader.cli.main import main\n"
        "try:\n    code = main(standalone_mode=False)\n"
        "except SystemExit as end:\n    code = end.code\n"
        "assert code in (None, 0, 1), code"
    )
    more = {"jinja2", "nbclient"} if words[0] == "check" else set()  # a student waits for it
    assert loaded(code, LAZY | more) == []


def test_types_of_the_package_are_for_others_too() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_the_grading_never_asks_in_its_own_process() -> None:
    """Only %check does, in the student's kernel, and the process of a student's own check."""
    asks, magic = "grader.student.ask_in_kernel", "grader.student.jupyter_magic"
    process = "grader.student.plain_process"
    assert {name for name, targets in GRAPH.items() if asks in targets} == {magic, process}
    assert not [name for name, targets in GRAPH.items() if process in targets]
    plain = {name for name, targets in GRAPH.items() if "grader.student.plain_run" in targets}
    assert plain == {"grader.student.open_sandbox"}
    doors = {name for name, targets in GRAPH.items() if "grader.sandbox.observe" in targets}
    assert {name for name in doors if "plain=" in MODULES[name].read_text()} == plain
    assert {name for name, targets in GRAPH.items() if magic in targets} == {"grader"}


def test_what_runs_beside_student_code_imports_nothing_else_of_ours() -> None:
    for path in (PACKAGE / "sandbox" / "inside").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").partition(".")[0] != "grader", path
            if isinstance(node, ast.Import):
                assert "grader" not in {a.name.partition(".")[0] for a in node.names}, path


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


def test_names_that_the_system_tells_are_taken_to_be_anybodys() -> None:
    """A process, a file or a socket of any name, and who reads it strictly ends by an exception."""
    for name, path in MODULES.items():
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if called in ("read_text", "open"):
                    assert "/proc" not in ast.unparse(node), name


def repeats_within(pattern: Any, *, within: bool = False) -> Iterator[Any]:
    """Parts of a pattern that repeat without end and lie in others that do."""
    for operation, about in pattern:
        kind = str(operation)
        parts, ends = [], True
        if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            ends = kind == "POSSESSIVE_REPEAT" or str(about[1]) != "MAXREPEAT"
            parts = [about[2]]
        elif kind == "BRANCH":
            parts = about[1]
        elif kind in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
            parts = [about[-1]]
        if within and not ends:
            yield operation
        for part in parts:
            yield from repeats_within(part, within=within or not ends)


def test_no_pattern_repeats_what_repeats() -> None:
    """Names and texts are others': such a pattern can take years over thirty signs."""
    parser: Any = importlib.import_module("re._parser")
    assert list(repeats_within(parser.parse(r"(?:a\d*)+b")))
    assert not list(repeats_within(parser.parse(r"(?:a\d*+)++b|\d*\s*")))
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and re.fullmatch(r"re\.\w+", ast.unparse(node.func)):
                first = node.args[0]
                parts = first.values if isinstance(first, ast.JoinedStr) else [first]
                known = [str(p.value) if isinstance(p, ast.Constant) else "X" for p in parts]
                if not any(isinstance(getattr(part, "value", ""), bytes) for part in parts):
                    found = parser.parse("".join(known))
                    assert not list(repeats_within(found)), (name, ast.unparse(first))
                    is_by_line = "^" in "".join(known) and "re.M" in ast.unparse(node)
                    assert not (is_by_line and "^\\s*" in "".join(known)), name  # from each to all


def at_import(path: Path) -> Iterator[str]:
    """The packages that a module loads when it is imported."""
    waiting: list[ast.stmt] = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).partition(".")[0]
        elif isinstance(node, (ast.Try, ast.With, ast.ClassDef)):
            waiting += node.body
        elif isinstance(node, ast.If) and ast.unparse(node.test) != "TYPE_CHECKING":
            waiting += [*node.body, *node.orelse]


def test_libraries_of_extras_are_loaded_when_they_are_needed() -> None:
    optional = {*extras.LIBRARIES, "pygments", "zmq", "traitlets", "dask"}
    for name, path in MODULES.items():
        allowed = AT_IMPORT.get(name, set()) | AT_IMPORT.get(f"grader.{room(name)}", set())
        assert not set(at_import(path)) & optional - allowed, path


THROUGH = {
    "IPython": "ipykernel",
    "PIL": "pillow",
    "markupsafe": "jinja2",
    "pydantic_core": "pydantic",
    "anyio": "starlette",
    "h11": "uvicorn",
    "traitlets": "jupyter_client",
    "yaml": "pyyaml",
    "zmq": "jupyter_client",
}
"""Packages under another name than their distribution's, and those that always come with one."""


def test_every_library_that_is_imported_is_declared() -> None:
    """What is only installed by chance is missing on the next machine."""
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    brought = project["optional-dependencies"]
    groups = [group for name, group in brought.items() if name != "dev"]
    lines = [*project["dependencies"], *(line for group in groups for line in group)]
    declared = {re.split(r"[\[<>=~!; ]", line)[0] for line in lines}
    known = declared | {"distributed"} | {name.replace("-", "_") for name in declared}
    known |= {"sklearn", "markdown_it", "python_calamine"}
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [str(node.module)]
            for top in {name.split(".")[0] for name in names} - {"grader"}:
                if top not in sys.stdlib_module_names:
                    assert THROUGH.get(top, top) in known, f"{path.name} imports {top}"
