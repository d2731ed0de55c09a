"""`grader check`: a student's own check, on a laptop or in continuous integration."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import output_files, runner_log
from grader.cli.options import FORMAT
from grader.cli.say import say
from grader.core import busy_files

if TYPE_CHECKING:
    from grader.core.model import Assignment, Task
    from grader.reports.notebook_lines import Place
    from grader.student.find_notebooks import HandIn
    from grader.student.public_checks import Public
    from grader.student.selfcheck import Budget, Checked

PASSED, NOT_ALL, BROKEN = 0, 1, 3
POLL_SECONDS = 0.1


@click.command()
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option(
    "--item",
    "items",
    multiple=True,
    help="Only this item, function or task; may be given several times.",
)
@click.option("--watch", is_flag=True, help="Check again each time a notebook is saved.")
@click.option("--train", is_flag=True, help="Also estimate whether the model will be good enough.")
@click.option(
    "--epochs", type=click.IntRange(1), help="With --train: stop the training after these."
)
@click.option(
    "--seconds", type=click.IntRange(10), help="With --train: stop the notebook after these."
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=FORMAT,
    default=("text",),
    show_default=True,
    help="What to write; may be given several times.",
)
@click.option(
    "--out",
    "--output",
    "output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the reports; without it they go to standard output.",
)
@click.option("--assignment", help="Use this checkout's reference, not the course's bundle.")
@click.option(
    "--data", "data_dir", type=click.Path(path_type=Path), help="Folder that holds Fashion-MNIST."
)
def check(
    path: Path,
    items: tuple[str, ...],
    watch: bool,
    train: bool,
    epochs: int | None,
    seconds: int | None,
    formats: tuple[str, ...],
    output: Path | None,
    assignment: str | None,
    data_dir: Path | None,
) -> None:
    """Check a notebook, a folder or a repository: the public items, judged as in the grading.

    Needs the file public-checks.json of the course's bundle beside or above the notebooks, and
    neither a reference nor a network.

    Exit codes: 0 all public items passed; 1 not all; 2 wrong usage; 3 the grader failed.
    """
    from grader.core.errors import UsageError
    from grader.student import open_sandbox

    open_sandbox.begin()
    atexit.register(gc.freeze)  # what ends with this process need not be looked through for cycles
    from grader.student import find_notebooks
    from grader.student.selfcheck import Budget

    if (epochs or seconds) and not train:
        raise UsageError("--epochs and --seconds limit the training of --train; add --train")
    if not output and len(set(formats) - {"text"}) + ("text" in formats) > 1:
        raise UsageError("several formats need a folder: add --out FOLDER")
    public = _public(path, assignment)
    budget = Budget(epochs=epochs, seconds=seconds) if train else None
    job = Request(public, items, budget, formats, output, data_dir)
    saved: list[str] = []
    while True:
        work = find_notebooks.find(path, public.assignment)
        seen = {task: find_notebooks.digest(file) for task, file in work.files.items()}
        code = job.run(work, path, saved)
        if not watch:
            sys.exit(code)
        saved = _wait(work, seen, code)


def _wait(work: HandIn, seen: Mapping[str, str], code: int) -> list[str]:
    """Waits until a notebook was saved; the tasks whose notebook was."""
    from grader.student import find_notebooks, open_sandbox

    open_sandbox.stay_ready()
    say("\nWaiting for a notebook to be saved; Ctrl+C ends.", err=True)
    try:
        while True:
            time.sleep(POLL_SECONDS)
            now = {task: find_notebooks.digest(file) for task, file in work.files.items()}
            if saved := [task for task in now if now[task] not in ("", seen[task])]:
                return saved
    except KeyboardInterrupt:
        say("", err=True)
        sys.exit(code)


# --- what to check with -----------------------------------------------------------------------


def _public(path: Path, assignment: str | None) -> Public:
    """From the course's bundle, or made from a checkout's reference and kept for next time."""
    from grader.core.errors import UsageError
    from grader.student import public_file

    start = path if path.is_dir() else path.parent
    found = None if assignment else public_file.find(start)
    if found:
        return public_file.read(found)
    try:
        return _from_checkout(assignment)
    except UsageError as missing:
        if assignment:
            raise
        raise UsageError(
            f"{public_file.FILE} is neither in {start.resolve()} nor above it; run this in the "
            "folder that you got from the course, or put your notebooks there"
        ) from missing


def _from_checkout(name: str | None) -> Public:
    import hashlib

    from grader.assignment import release, rubric
    from grader.core import user_cache
    from grader.core.errors import UsageError
    from grader.core.version import __version__
    from grader.student import public_checks, public_file

    chosen = rubric.find(name)
    key = hashlib.sha256(f"{__version__}:{chosen.digest}".encode()).hexdigest()[:24]
    file = user_cache.folder() / "public" / f"{key}.json"
    if file.is_file():
        with suppress(UsageError):  # it is made again
            return public_file.read(file)
    made = public_checks.make(chosen, release.answers(chosen))
    with suppress(UsageError):  # it is made again next time
        output_files.write(file, public_file.dump(made), "set XDG_CACHE_HOME to another folder")
    return made


def _tasks(public: Public, items: Sequence[str], only: Sequence[str]) -> tuple[Task, ...]:
    """The tasks to check: all that run a notebook, or those named, with the items named."""
    from grader.marking import plan
    from grader.student.public_checks import select

    tasks = select(public, items)
    return tuple(t for t in tasks if plan.needs_run(t) and (not only or t.id in only))


# --- one check --------------------------------------------------------------------------------


class Request:
    """What one call of the command is to do, each time a notebook was saved."""

    def __init__(
        self,
        public: Public,
        items: tuple[str, ...],
        budget: Budget | None,
        formats: tuple[str, ...],
        output: Path | None,
        data_dir: Path | None,
    ) -> None:
        from grader.cli.check_screen import Screen

        self.public, self._items, self._budget = public, items, budget
        self._formats, self._output, self._data_dir = formats, output, data_dir
        self._screen = Screen(on="text" in formats or output is not None)
        self._first = True  # what the sandbox lacks is told once

    def run(self, work: HandIn, path: Path, only: Sequence[str] = ()) -> int:
        """Checks, tells and writes; the exit code."""
        from grader.student import open_sandbox, public_checks
        from grader.student.selfcheck import SelfCheck

        alone = [*work.files, *work.submission.unreadable] if path.is_file() else list(only)
        self._screen.missing = work.submission.missing
        tasks = _tasks(self.public, self._items, alone)
        door, note = open_sandbox.find(pictures="html" in self._formats)
        if note and self._first:
            say(f"note: {note}", err=True)
        self._first = False
        with self._screen as screen:
            checked = SelfCheck(
                public=self.public,
                submission=work.submission,
                door=door,
                settled=screen.item,
                passed_over=screen.passed_over,
                progress=screen.progress,
                data_dir=self._data_dir,
                train=self._budget,
                tell_later=not self._items and not only,
            ).run(tasks)
            screen.summary(checked)
        self._write(checked, work, public_checks.chosen(self.public, tasks))
        if checked.broken:
            say(f"grader: {checked.broken[0]}", err=True)
            return BROKEN
        return PASSED if checked.passed else NOT_ALL

    def _write(self, checked: Checked, work: HandIn, assignment: Assignment) -> None:
        from grader.core.errors import UsageError
        from grader.reports import FORMATS

        places = _places(checked, work)
        for name in self._formats:
            files = FORMATS[name].files([checked.grade], assignment, places)
            if name == "github":
                _to_runner(files)
            if self._output:
                output_files.write_all(self._output, files, "choose another --out folder")
            elif name not in ("text", "github"):
                if len(files) > 1:
                    raise UsageError(f"{name} is several files; add --out FOLDER")
                say(b"".join(files.values()), nl=False)


def _places(checked: Checked, work: HandIn) -> dict[str, Place]:
    """Where each item stands, files relative to the repository that the runner or we are in."""
    from grader.reports import notebook_lines

    home = Path(os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or ".")
    found = {}
    for task in checked.grade.tasks:
        file = work.files.get(task.task.id)
        if file is None:
            continue
        try:
            shown = file.resolve().relative_to(home.resolve()).as_posix()
        except ValueError:
            shown = file.name
        content = busy_files.read(file)
        for item in task.items:
            found[f"{task.task.id}/{item.item.id}"] = notebook_lines.of_item(
                item.item, work.submission.notebooks[task.task.id], content, shown, task.evidence
            )
    return found


def _to_runner(files: dict[str, bytes]) -> None:
    """Annotations to the log, the rest to the files that GitHub's runner names."""
    runner_log.command(files["annotations.txt"].decode())
    for variable, name in (("GITHUB_STEP_SUMMARY", "summary.md"), ("GITHUB_OUTPUT", "outputs.txt")):
        target = os.environ.get(variable)
        if target:
            output_files.append(Path(target), files[name], f"set {variable} to another file")
