"""Runs a notebook's cells in this process without IPython: for a student's own check.

Untrusted side. What its cells see is what they see in a kernel, as far as it matters to a check:
the last expression is shown, figures are closed when they are shown or the cell ends, and a cell is
watched by the same hooks. Of IPython's own language it knows what times, sets or shows; the rest is
left out, and noted.
"""

import ast
import builtins
import contextlib
import io
import linecache
import re
import sys
import types

from . import state
from .imports import after_import

SPECIAL = re.compile(r"^(\s*)(?:([A-Za-z_][\w., ]*?)\s*=\s*)?([%!])\s*(\w*)[ \t]*(.*)$")
CELL_MAGIC = re.compile(r"\A\s*%%(\w+)[^\n]*\n?")
RUN_ANYHOW = ("capture", "check", "prun", "python", "python3", "time")
"""Magics of a cell or of a line that run the code that comes with them."""

SET_ANYHOW = (
    "config",
    "load_ext",
    "matplotlib",
    "check",
    "autoreload",
    "reload_ext",
    "tensorboard",
)
"""Magics that change nothing of what a check looks at."""


class PlainShell:
    """As much of IPython's shell as fixtures and what watches cells make use of."""

    kernel = None

    def __init__(self, names):
        self.user_ns, self.hooks, self._count = names, {}, 0
        self.events = types.SimpleNamespace(register=self._register)
        self.display_formatter = types.SimpleNamespace(format=repr)
        self.enable_matplotlib = self.enable_gui = lambda gui=None: None
        self.register_magic_function = lambda function, kind="line", name="": None
        self.ast_transformers = []
        builtins.get_ipython = lambda: self
        builtins.display = self.display
        builtins.exit = builtins.quit = self.ask_exit
        after_import("matplotlib.pyplot", _shown_when_asked)

    def _register(self, event, hook):
        self.hooks.setdefault(event, []).append(hook)

    def _fire(self, event, *told):
        for hook in self.hooks.get(event, []):
            hook(*told)

    def ask_exit(self, *_):
        """What `exit()` in a cell does: nothing."""
        state.repaired("exit() was called; the notebook went on")

    def display(self, *objects, **_):
        """Prints each as text."""
        for thing in objects:
            print(self.display_formatter.format(thing))

    def run_line_magic(self, *_, **__):
        """As notebooks that were saved as scripts call it."""

    run_cell_magic = system = getoutput = run_line_magic

    def transform_cell(self, source):
        """The cell as Python."""
        code, left_out = as_python(source)
        for what in left_out:
            state.repaired(f"{what[:40]} needs IPython, and was left out here")
        return code

    def run_cell(self, source, out):
        """Runs a cell, printing into the text stream `out`; the exception that it ended with."""
        self._count += 1
        info = types.SimpleNamespace(raw_cell=source)
        result = types.SimpleNamespace(info=info, error_before_exec=None, error_in_exec=None)
        self._fire("pre_run_cell", info)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            try:
                parts = self._compiled(source)
            except Exception as error:
                result.error_before_exec = error
            else:
                try:
                    self._execute(*parts)
                except BaseException as error:
                    result.error_in_exec = error
            self._fire("post_run_cell", result)
            _close_figures()
        return result.error_before_exec or result.error_in_exec

    def _compiled(self, source):
        code = self.transform_cell(source)
        file = f"<cell {self._count}>"
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
        tree = ast.parse(code, file)
        for transformer in self.ast_transformers:
            tree = transformer.visit(tree)
        body = tree.body
        shown = body and isinstance(body[-1], ast.Expr) and not code.rstrip().endswith(";")
        first = compile(ast.Module(body[:-1] if shown else body, []), file, "exec")
        last = compile(ast.Expression(body[-1].value), file, "eval") if shown else None
        return first, last

    def _execute(self, first, last):
        exec(first, self.user_ns)
        if last is None:
            return
        value = eval(last, self.user_ns)
        if value is not None:
            self.user_ns["_"] = value
            self.display(value)


def as_python(source):
    """A cell as Python, and what of it is IPython's and was left out."""
    left_out = []
    if found := CELL_MAGIC.match(source):
        source = source[found.end() :]
        if found[1] not in RUN_ANYHOW:
            return "", [f"%%{found[1]}"]
    with contextlib.suppress(SyntaxError, ValueError):
        ast.parse(source)
        return source, left_out
    return "\n".join(_line(line, left_out) for line in source.split("\n")), left_out


def _line(line, left_out):
    """A line, or what stands for it where it is IPython's."""
    if re.match(r"^\s*\??[\w.]+\?{1,2}\s*$|^\s*\?{1,2}[\w.]+\s*$", line) and "?" in line:
        return re.match(r"\s*", line)[0] + "pass"  # a question for help
    found = SPECIAL.match(line)
    if found is None:
        return line
    indent, target, sign, name, rest = found.groups()
    if sign == "%" and name in RUN_ANYHOW and rest and not target:
        return indent + rest
    if sign == "!" or name not in SET_ANYHOW:
        left_out.append(f"{sign}{name}")
    return f"{indent}{target} = []" if target else f"{indent}pass"


def _shown_when_asked(pyplot):
    """`show` ends a figure, as in a notebook."""
    pyplot.show = lambda *_, **__: pyplot.close("all")


def _close_figures():
    pyplot = sys.modules.get("matplotlib.pyplot")
    with contextlib.suppress(Exception):  # its import may have broken off
        if pyplot is not None and pyplot.get_fignums():
            pyplot.close("all")


class Printed(io.TextIOBase):
    """What a cell prints: as much as may be kept. `told` gets the last line of each piece."""

    encoding = "utf-8"

    def __init__(self, most, told):
        self._left, self._told, self.parts = most, told, []
        self.size = 0  # of all that was printed, in characters

    def fileno(self):
        """The process's own standard output, for what a child prints."""
        return 1

    def writable(self):
        """It is."""
        return True

    def write(self, text):
        """Keeps the text while there is room."""
        kept = text[: self._left]
        self._left -= len(kept)
        self.size += len(text)
        if kept:
            self.parts.append(kept)
        if lines := text.strip().splitlines():
            self._told(lines[-1])
        return len(text)

    def text(self):
        """All that was kept."""
        return "".join(self.parts)
