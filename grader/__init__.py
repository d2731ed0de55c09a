"""grader: automated grading of deep-learning notebooks."""

from typing import Any

from grader.core.version import __version__ as __version__


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext grader`: adds `%check`. Everything heavy is loaded when that is first used."""

    def check(line: str) -> None:
        """Check the assignment's functions that are defined here: %check [NAME …]."""
        from grader.student.jupyter_magic import check as run  # noqa: PLC0415

        run(line, shell)

    shell.register_magic_function(check, magic_kind="line", magic_name="check")


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext grader`: takes `%check` away again."""
    shell.magics_manager.magics["line"].pop("check", None)
