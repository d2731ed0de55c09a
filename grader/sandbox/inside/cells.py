"""Watches a notebook's cells: goes on in one that failed, and knows what the notebook defined.

Untrusted side. One failed line does not take the other lines of its cell with it: what it kept from
running is run statement by statement, as far as it defines something.
"""

import ast
import contextlib
import os
import re
import sys

from . import state
from .protocol import Undefined, describe_error

KEPT = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
)
CONTINUES = re.compile(r"[)\]}\s]|(else|elif|except|finally)\b")

watched = {"names": None}  # the namespace whose cells are watched
bound: dict = {}  # name: how a cell bound it last: "import", "def" or "assign"
defined: dict = {}  # name: the last statement that defined a function of that name


def watch(shell, names):
    """From now on, for the cells that this shell runs in this namespace."""
    watched["names"] = names
    shell.events.register("post_run_cell", lambda result: _after(shell, names, result))


def _after(shell, names, result):
    source = result.info.raw_cell if result.info else ""
    error = result.error_before_exec or result.error_in_exec
    statements = _statements(shell, source)
    for statement in statements:
        _note(statement)
    if isinstance(error, Exception):
        _go_on(_left(statements, error, names), error, names)


def _statements(shell, source):
    """A cell's statements; of a cell that is no Python, those of its parts that are."""
    with contextlib.suppress(Exception):
        return ast.parse(shell.transform_cell(source)).body
    found = []
    for part in _parts(source):
        with contextlib.suppress(Exception):
            found += ast.parse(shell.transform_cell(part)).body
    return found


def _parts(source):
    """Runs of lines, each of which begins where something new may begin."""
    parts = []
    for line in source.splitlines():
        decorated = parts and parts[-1].lstrip().startswith("@") and "\n" not in parts[-1].strip()
        if parts and (not line or CONTINUES.match(line) or decorated):
            parts[-1] += "\n" + line
        else:
            parts.append(line)
    return parts


def _left(statements, error, names):
    """What an error kept from running, and the single names of the import that failed."""
    line = _reached(error, names)
    if line is None:  # nothing of the cell was run
        return statements
    left = []
    for statement in statements:
        if statement.lineno <= line <= (statement.end_lineno or line):
            left += _singly(statement)
        elif statement.lineno > line:
            left.append(statement)
    return left


def _reached(error, names):
    """The line of the cell that an error came from."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals is names and trace.tb_frame.f_locals is names:
            return trace.tb_lineno
        trace = trace.tb_next
    return None


def _singly(statement):
    """An import of several names as imports of one."""
    if not isinstance(statement, (ast.Import, ast.ImportFrom)) or len(statement.names) < 2:
        return []
    made = []
    for alias in statement.names:
        fields = {name: value for name, value in ast.iter_fields(statement) if name != "names"}
        made.append(ast.copy_location(type(statement)(names=[alias], **fields), statement))
    return made


def _go_on(statements, error, names):
    kept = [statement for statement in statements if isinstance(statement, KEPT)]
    for statement in kept:
        code = compile(ast.Module([statement], []), "<after an error>", "exec")
        with contextlib.suppress(Exception):
            exec(code, names)
    if kept:
        state.repaired(
            f"a cell ended with {describe_error(error)[:120]}; its other imports, definitions and "
            "assignments were run all the same"
        )


def _note(statement):
    """What a top-level statement, or one within its branches and loops, binds."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            bound[(alias.asname or alias.name).partition(".")[0]] = "import"
    elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        bound[statement.name] = "def"
        defined[statement.name] = statement
    else:
        for node in ast.iter_child_nodes(statement):
            if isinstance(node, ast.stmt):
                _note(node)
            else:
                for part in ast.walk(node):
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                        bound[part.id] = "assign"


# --- what the notebook defined ----------------------------------------------------------------


def own(names, name):
    """The notebook's own function of this name, whatever its capitals, and the name it has.

    One that a later line hid by an import or by a value is put back. What was only imported is
    nobody's work.

    Raises:
        Undefined: there is none; the text says what the name is.
    """
    why = ""
    for candidate in [name, *names]:
        if candidate.lower() != name.lower():
            continue
        value = names.get(candidate)
        hidden = _hides(names, candidate, value)
        if callable(value) and not hidden:
            return value, candidate
        if candidate in defined and names is watched["names"] and _put_back(names, candidate):
            state.repaired(
                f"{candidate} was hidden by {hidden or _kind(value)}; what the "
                "notebook defined itself was marked"
            )
            return names[candidate], candidate
        if candidate in names:
            why = f"{candidate} is {hidden or _kind(value)} and no function of the notebook's own"
    raise Undefined(why or name)


def _kind(value):
    return f"a value of type {type(value).__name__}"


def _hides(names, name, value):
    """The import that bound this name last; empty if the notebook did."""
    imported = bound.get(name, "import") == "import"  # or by `from library import *`
    if names is not watched["names"] or not callable(value) or not imported:
        return ""
    module = getattr(value, "__module__", None) or ""
    if module == "__main__":
        return ""
    place = os.path.abspath(getattr(sys.modules.get(module), "__file__", None) or os.sep)
    if os.path.dirname(place).startswith(os.getcwd()):  # a file that was handed in, too
        return ""
    return f"an import from {module.partition('.')[0]}" if module else "an import"


def _put_back(names, name):
    code = compile(ast.Module([defined[name]], []), "<put back>", "exec")
    found = {}
    with contextlib.suppress(Exception):
        exec(code, names, found)
    if not callable(found.get(name)):
        return False
    names[name] = found[name]
    return True
