"""The command line: the only module that prints, exits or opens output files.

Heavy modules are imported where they are used, so that `grader --help` answers at once.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import click

from grader.cli import output_files, runner_log
from grader.cli.appeals import appeals
from grader.cli.check import check
from grader.cli.exit_codes import BROKEN, DONE, NOT_ALL, UNREAD
from grader.cli.export import export
from grader.cli.grade import grade
from grader.cli.mark import mark
from grader.cli.new import new
from grader.cli.purge import purge
from grader.cli.quiz import quiz
from grader.cli.regrade import regrade
from grader.cli.release import release
from grader.cli.report import report
from grader.cli.review import review
from grader.cli.say import say
from grader.cli.schema import schema
from grader.cli.selftest import selftest
from grader.cli.train import train
from grader.core.errors import GraderError, Mistakes
from grader.core.untrusted_text import printable
from grader.core.version import __version__

MANY = 50
"""Sentences on one input that still help a person at a terminal."""


class Boundary(click.Group):
    """The one error boundary: a GraderError becomes one sentence on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # what a console can't show is no failure
                stream.reconfigure(errors="replace")
        with runner_log.without_orders():
            return self._bounded(ctx)

    def _bounded(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GraderError as known:
            sentences = known.sentences if isinstance(known, Mistakes) else [known]
            for sentence in sentences[:MANY]:
                say(f"grader: {printable(_one_line(sentence))}", err=True)
            if more := len(sentences) - MANY if len(sentences) > MANY else 0:
                say(f"grader: and {more} more", err=True)
            ctx.exit(known.exit_code)
        except KeyboardInterrupt:
            say("grader: interrupted; what is done is kept, the same command goes on", err=True)
            ctx.exit(130)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:  # as behind `| head`: whoever read has seen enough
            output_files.print_nowhere()
            ctx.exit(UNREAD)
        except Exception as bug:
            if "GRADER_DEBUG" in os.environ:
                raise
            say(
                f"grader: the grader itself failed ({_one_line(bug)}); what is "
                "done is kept, and GRADER_DEBUG=1 shows where",
                err=True,
            )
            ctx.exit(BROKEN)


@click.group(cls=Boundary, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Grade deep-learning notebooks: confined execution, retraining, reports.

    Exit codes: 0 done, whatever students scored; 1 some submission could not be graded fully;
    2 wrong usage or a bad rubric; 3 the grader itself failed.
    """


@main.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="Where to look first.")
@click.option(
    "--needed-by",
    "work",
    type=click.Path(path_type=Path),
    help="Only if the notebooks in this bundle or repository need it.",
)
@click.option("--where", is_flag=True, help="Say where it is kept, and fetch nothing.")
def data(folder: Path | None, work: Path | None, where: bool) -> None:
    """Find or fetch Fashion-MNIST, verify its checksums, and say where it lies."""
    from grader.retraining.datasets import fashion_mnist as dataset

    if work and not _is_needed(work):
        say("" if where else "Fashion-MNIST: not needed here")
    elif where:
        say(dataset.cache_folder())
    else:
        say(f"Fashion-MNIST: {dataset.prepare(folder)}")


def _is_needed(work: Path) -> bool:
    """Whether a notebook that is there runs with the data."""
    from grader.core.errors import UsageError
    from grader.retraining.datasets import fashion_mnist
    from grader.student import find_notebooks, public_file

    file = public_file.find(work if work.is_dir() else work.parent)
    if file is None:
        raise UsageError(f"{public_file.FILE} is neither in {work} nor above it")
    assignment = public_file.read(file).assignment
    needing = {t.id for t in assignment.tasks if fashion_mnist.FIXTURE in t.prepare and t.items}
    return bool(needing & find_notebooks.find(work, assignment).files.keys())


@main.command()
def doctor() -> None:
    """Say what this machine can do, and what to install for more."""
    from grader.cli import doctor as checks

    findings = checks.examine()
    for finding in findings:
        say(f"{'ok     ' if finding.ok else 'MISSING'}  {finding.what}: {finding.text}")
    sys.exit(DONE if all(finding.ok for finding in findings) else NOT_ALL)


main.add_command(appeals)
main.add_command(check)
main.add_command(export)
main.add_command(grade)
main.add_command(mark)
main.add_command(new)
main.add_command(purge)
main.add_command(quiz)
main.add_command(regrade)
main.add_command(release)
main.add_command(report)
main.add_command(review)
main.add_command(schema)
main.add_command(selftest)
main.add_command(train)


def _one_line(error: Exception | str) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, GraderError | str) else f"{type(error).__name__}: {text}"


if __name__ == "__main__":
    main()
