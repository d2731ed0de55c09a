"""The ladder of sandboxes, best first: what each promises and lacks. Trusted side."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from grader.core.errors import SandboxError, UsageError
from grader.sandbox.walls import bwrap, cgroup, supervised
from grader.sandbox.walls.confinement import Confinement, Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One way to confine student code."""

    name: str
    what: str
    promises: str
    lacks: str
    confine: Callable[[Wish], Confinement]


def _in_group(confine: Callable[[Wish], Confinement], wish: Wish) -> Confinement:
    group = cgroup.create(wish.limits)
    try:
        result = confine(wish)
    except BaseException:
        group.close()
        raise
    return replace(result, command=[*group.enter(), *result.command], group=group)


def _supervised(wish: Wish, *, walls: bool) -> Confinement:
    """In a control group where there is one. Root that stays root has no other limit of processes.

    Raises:
        SandboxError: it needs one, and there is none.
    """
    confine = functools.partial(supervised.confine, walls=walls)
    try:
        return _in_group(confine, wish)
    except SandboxError:
        if supervised.user_for(wish) == 0:
            raise
        return confine(wish)


CGROUP, BUBBLEWRAP, LANDLOCK, UNCONFINED = RUNGS = (
    Rung(
        name="bubblewrap+cgroup",
        what="bubblewrap, and control groups",
        promises="no file of this machine but the interpreter's, no network, no other process; "
        "nothing outlives its run; memory (with memory file systems) and processes are "
        "limited for all of a notebook's processes together",
        lacks="protection against bugs of the Linux kernel",
        confine=functools.partial(_in_group, bwrap.confine),
    ),
    Rung(
        name="bubblewrap",
        what="bubblewrap",
        promises="no file of this machine but the interpreter's, no network, no other process; "
        "nothing outlives its run",
        lacks="a limit by the kernel on all processes together: the grader looks four times a "
        "second and stops what is too large",
        confine=bwrap.confine,
    ),
    Rung(
        name="landlock",
        what="Landlock and a system-call filter",
        promises="reference, homes and other submissions cannot be read, nothing outside the "
        "work folder can be changed, no network, no signals to other processes; what was started "
        "is ended with the run",
        lacks="a view of its own: names of files and processes are visible, /dev/shm is "
        "shared, disk is limited by looking, not by the kernel",
        confine=functools.partial(_supervised, walls=True),
    ),
    Rung(
        name="unconfined",
        what="limits and timeouts only",
        promises="a crash, an endless loop or too much output of honest code stays its own",
        lacks="any protection against code that wants harm: it can read and change whatever this "
        "user can, and reach the network",
        confine=functools.partial(_supervised, walls=False),
    ),
)
SAFE = BUBBLEWRAP.name
"""The lowest rung on which submissions are graded without being told so."""

CONCURRENT = (CGROUP.name, BUBBLEWRAP.name)
"""On the others two notebooks at once could meet: their processes belong to one user."""

NAMES = tuple(rung.name for rung in RUNGS)


def get(name: str) -> Rung:
    """The rung of this name.

    Raises:
        UsageError: there is none.
    """
    for rung in RUNGS:
        if rung.name == name:
            return rung
    raise UsageError(f"there is no sandbox {name!r}; there are {', '.join(NAMES)}")


def below_safe(name: str) -> str:
    """The name again if this rung is below the safe ones, else nothing.

    What was seen on such a rung is not taken for what would be seen on a safe one.
    """
    return name if name and name not in NAMES[: NAMES.index(SAFE) + 1] else ""


def confine(name: str, wish: Wish) -> Confinement:
    """The start of one kernel on this rung.

    Raises:
        SandboxError: not on this machine.
    """
    return get(name).confine(wish)
