"""A new assignment that works: one notebook with one function and one question.

`grader new` writes it; `grader selftest` passes on it before anything was changed, so that whoever
writes an assignment always starts from, and returns to, something that marks right.
A copy of another assignment is made here, too.
"""

from __future__ import annotations

import json
import re
from typing import Any

from grader.core import busy_files
from grader.core.errors import UsageError
from grader.core.model import Assignment

LEFT_OUT = {"__pycache__", ".ipynb_checkpoints", ".git"}

ASSIGNMENT = """\
#:schema ../schema/assignment.json
# Points are texts, so that they stay exact.

[assignment]
name = "{name}"
title = "{name}"
points = "10"
pass_points = "5"
due = 2030-01-31T20:00:00
timezone = "Europe/Berlin"
tasks = ["first"]

[late]
percent_per_day = "0"  # of the maximum, for each started day after the due time
grace_minutes = 15
"""

TASK = """\
#:schema ../schema/task.json
# Each item: what is asked, its points, a hint for who did not get it, and the check that marks it.
# `public` items can be checked by students themselves; `hidden` ones only here.

[task]
id = "first"
title = "First task"
points = "10"
notebook = "First.ipynb"
prepare = ["figures", "version_rot"]

[[item]]
id = "spread"
title = "Spread of the values"
points = "6"
visibility = "public"
question = "Return how far the values reach."  # on the student's page
hint = "The spread is the largest value less the smallest one."
[item.check]
type = "function_results"
function = "spread"
[[item.check.example]]  # public, and shown when it goes wrong
arguments = [[3.0, 1.0, 2.0]]
[[item.check.example]]
arguments = [[7.0]]
why = "there is one value only"
share = "0.25"          # lost if only this goes wrong
[item.check.inputs]     # hidden, drawn anew for each submission
calls = 4
sizes = { n = [5, 20] }
argument = [{ draw = "normal", shape = ["n"], spread = 3.0 }]
[[item.mistake]]        # recognised by what it computes, and told by its hint
variant = "largest_alone.py"
hint = "This is the largest value; the smallest one was not subtracted."

[[item]]
id = "meaning"
title = "What the spread tells"
points = "4"
visibility = "hidden"
hint = "Think of a single value far from all others."
[item.check]
type = "text_answer"
cell = "meaning-answer"
question = "What does the spread tell, and what not?"
"""

MISTAKE = """\
def spread(values):
    return np.max(values)
"""

VARIANTS = """\
# %% loses spread: the largest value alone
def spread(values):
    return values.max()

# %% loses spread: the sign is wrong
def spread(values):
    return values.min() - values.max()

# %% loses spread: last and first, whatever their size
def spread(values):
    return values[-1] - values[0]

# %% loses spread: the standard deviation
def spread(values):
    return np.std(values)

# %% keeps spread: numpy's own
def spread(values):
    return np.ptp(values)

# %% keeps spread: in plain Python
def spread(values):
    return max(values) - min(values)

# %% keeps spread: of the sorted values
def spread(values):
    ordered = np.sort(values)
    return ordered[-1] - ordered[0]
"""

SPREAD = '''\
def spread(values):
    """Return the largest value less the smallest one; `values` is a numpy array."""
    ### BEGIN SOLUTION
    return values.max() - values.min()
    ### END SOLUTION
    ### BEGIN STUB
    # # TODO: compute the spread of the values
    # result = None
    # return result
    ### END STUB
'''

ANSWER = """\
<!-- ### BEGIN SOLUTION -->
How far the values reach, and nothing of how they lie between: one far value decides it alone.
<!-- ### END SOLUTION -->
<!-- ### BEGIN STUB
*Write your answer here.*
### END STUB -->
"""


def files(name: str) -> dict[str, str]:
    """The files of a new assignment: text by path, below the folder of `rubrics/`."""
    return {
        f"rubrics/{name}/assignment.toml": ASSIGNMENT.format(name=name),
        f"rubrics/{name}/first.toml": TASK,
        f"rubrics/{name}/mistakes/largest_alone.py": MISTAKE,
        f"reference/{name}/First.ipynb": notebook(name),
        f"reference/{name}/variants/first/spread.py": VARIANTS,
    }


def copied(source: Assignment, name: str) -> dict[str, bytes]:
    """The files of an assignment under another name, by path likewise: rubric and reference.

    Raises:
        UsageError: a file can't be read, or the name is not found where it stands.
    """
    found: dict[str, bytes] = {}
    for kind, folder in (("rubrics", source.rubric_dir), ("reference", source.reference_dir)):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and not LEFT_OUT & set(inside.parts):
                found[f"{kind}/{name}/{inside.as_posix()}"] = busy_files.read(path)
    head = f"rubrics/{name}/assignment.toml"
    line = re.compile(rf"""^name\s*=\s*["']{re.escape(source.name)}["']""", re.MULTILINE)
    text, times = line.subn(f'name = "{name}"', found[head].decode(), 1)
    if not times:
        raise UsageError(f'{source.rubric_dir}/assignment.toml has no line name = "{source.name}"')
    return found | {head: text.encode()}


def notebook(name: str) -> str:
    """The master notebook: solutions between markers, stubs for students."""
    cells = [
        _cell("title", f"# {name}\n\nReplace the lines marked `TODO`, and keep all names."),
        _cell("imports", "import numpy as np", code=True),
        _cell("spread-task", "## Spread (6 points)\n\nWrite `spread`."),
        _cell("spread", SPREAD.strip(), code=True, answer=True),
        _cell("spread-test", "print(spread(np.array([3.0, 1.0, 2.0])))", code=True),
        _cell("meaning-question", "What does the spread tell, and what not? (4 points)"),
        _cell("meaning-answer", ANSWER.strip(), answer=True),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _cell(cell_id: str, source: str, *, code: bool = False, answer: bool = False) -> dict[str, Any]:
    """A cell; where students answer, its id is a tag, too, for editors that drop ids."""
    cell: dict[str, Any] = {
        "cell_type": "code" if code else "markdown",
        "id": cell_id,
        "metadata": {"tags": [cell_id]} if answer else {},
        "source": source,
    }
    return cell | ({"outputs": [], "execution_count": None} if code else {})
