"""What the command line may change of how notebooks are trained. Trusted side, pure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from grader.core.errors import UsageError
from grader.core.model import Assignment, Task

FIXTURE = "training"
"""The fixture that tasks with a training prepare."""
PLAIN, CUDA = "no_acceleration", "cuda"


def adjusted(assignment: Assignment, *, accelerate: bool = True, device: str = "cpu") -> Assignment:
    """The assignment with its trainings run so; what is stored of other settings stays apart.

    Raises:
        UsageError: there is no such device here.
    """
    more = (*(() if accelerate else (PLAIN,)), *((CUDA,) if device == CUDA else ()))
    if device == CUDA and not devices():
        raise UsageError(
            "this machine shows no NVIDIA device (/dev/nvidia0 is missing); leave out --device "
            "cuda, and everything is trained on the CPU"
        )
    return replace(assignment, tasks=tuple(_adjusted(task, more) for task in assignment.tasks))


def _adjusted(task: Task, more: tuple[str, ...]) -> Task:
    if FIXTURE not in task.prepare:
        return task
    return replace(task, prepare=(*task.prepare, *more))


def devices() -> tuple[Path, ...]:
    """The files by which programs reach NVIDIA's devices; none if there is no first device."""
    found = tuple(path for path in sorted(Path("/dev").glob("nvidia*")) if not path.is_dir())
    return found if Path("/dev/nvidia0") in found else ()
