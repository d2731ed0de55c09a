"""grader: automated grading of deep-learning notebooks."""

from typing import Any

from grader.core.version import __version__ as __version__


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext grader`: adds `%check`. Everything heavy is loaded when that is first used."""

    def check(line: str, cell: str | None = None) -> None:
        """Check the assignment's functions, in place: nothing of yours is changed.

        %check              all that is defined so far
        %check NAME …       functions, items or tasks
        %%check             first line of a cell: runs the cell, and checks what it defines
        """
        from grader.student.jupyter_magic import check as run  # noqa: PLC0415

        run(line, shell, cell)

    shell.register_magic_function(check, magic_kind="line_cell", magic_name="check")


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext grader`: takes `%check` away again."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("check", None)
