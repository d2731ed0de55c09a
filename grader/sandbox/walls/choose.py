"""Which sandbox works on this machine: one counts if it has shown what it promises. Trusted."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from grader.core.errors import SandboxError
from grader.sandbox.walls import cgroup, levels, scratch, selftest
from grader.sandbox.walls.levels import Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitness:
    """What the self-test said of a rung here: nothing against it, or a problem and its mend."""

    rung: Rung
    problem: str = ""
    mend: str = ""


@functools.cache
def examine(name: str) -> Fitness:
    """Tests one rung on this machine. Once for each process."""
    rung = levels.get(name)
    problem, mend = selftest.examine(rung)
    return Fitness(rung=rung, problem=problem, mend=mend)


@functools.cache
def prepare() -> None:
    """Clears away what killed graders left here, and makes room for control groups."""
    scratch.reap()
    cgroup.delegate()
    cgroup.reap()


def best(minimum: str = levels.SAFE) -> str:
    """The name of the best rung that works here and is not below `minimum`.

    Raises:
        SandboxError: none is good enough; the sentence says why, what helps, and which option
            accepts a lower one.
    """
    prepare()
    allowed = levels.RUNGS[: levels.NAMES.index(levels.get(minimum).name) + 1]
    for rung in allowed:
        if not examine(rung.name).problem:
            return rung.name
    raise SandboxError(_refusal(examine(allowed[-1].name)))


def _refusal(verdict: Fitness) -> str:
    below = levels.RUNGS[levels.RUNGS.index(verdict.rung) + 1 :]
    lower = next((rung for rung in below if not examine(rung.name).problem), None)
    text = f"student code cannot be confined by {verdict.rung.what} here: {verdict.problem}"
    text += f"; {verdict.mend}" if verdict.mend else ""
    if lower:
        text += (
            f"; or accept the risk with `--accept-rung {lower.name}` "
            f"({lower.what}; not given: {lower.lacks})"
        )
    return text
