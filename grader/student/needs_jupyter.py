"""Whether a notebook asks for what Jupyter has beside Python. Trusted, pure.

If it does not, or only for what sets or shows something, a plain kernel tells the same of it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.core.model import Notebook
from grader.sandbox.inside.plain_shell import as_python

NAMES = re.compile(
    r"get_ipython|IPython|ipy\w+|jupyter\w*|asyncio|nest_asyncio|In|Out|__+|_i+|_i?\d+|_[iod]h"
    r"|notebook|autonotebook"
)
"""Its parts, its event loop, what earlier cells held and showed, and bars that ask for it."""


def needs_jupyter(notebook: Notebook) -> bool:
    """Whether a code cell has a name, a magic or a system command that only Jupyter understands.

    So has a cell that is Python in neither of them: what is wrong with it is its own matter.
    """
    return any(cell.kind == "code" and _needs(cell.source) for cell in notebook.cells)


def _needs(source: str) -> bool:
    code, left_out = as_python(source)
    try:
        return bool(left_out) or any(map(NAMES.fullmatch, _names(ast.parse(code))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True


def _names(tree: ast.Module) -> Iterator[str]:
    """What is read and imported by name; of what runs in an event loop, the loop's."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                yield name
            case ast.Import(names=names):
                yield from (part for alias in names for part in alias.name.split("."))
            case ast.ImportFrom(module=module, names=names):
                yield from (module or "").split(".")
                yield from (alias.name for alias in names)
            case ast.AsyncFunctionDef() | ast.AsyncFor() | ast.AsyncWith() | ast.Await():
                yield "asyncio"
