"""How the tests run: one thread for each process, and side by side in processes of their own.

`make test` starts one process more than there are processors, as tests of limits mostly wait. Tests
of a module stay together, for the sake of its fixtures; `xdist_group` marks those that belong to
each other otherwise, or that may part from their module.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from xdist.remote import Producer

# On small arrays several threads only wait for each other, above all where there is other work.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # read when numpy and torch are imported, after this

# What was compiled once is read by all further processes and runs, also where it is not wanted
# otherwise: the assertions of all tests take seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A busy machine is no fault of an example. In continuous integration they are the same each time:
# what fails there can be repeated here.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

DEAREST_FIRST = ("training", "hostile", "sandbox")
"""Marks. What takes long must not begin last, while the other processes have nothing to do."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Side by side, the dearest begin; tests of one module keep their order."""
    if not hasattr(config, "workerinput"):
        return

    def cost(item: pytest.Item) -> int:
        marks = {mark.name for mark in item.iter_markers()}
        return next((n for n, name in enumerate(DEAREST_FIRST) if name in marks), 3)

    items.sort(key=cost)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than the processors that are ours: who waits leaves one to the others."""
    return min(8, 1 + len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> object:
    """With `--dist loadgroup`, what has no group belongs to its module's."""
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling

    class Modules(LoadGroupScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return str(super()._split_scope(nodeid)).split("::")[0]

    config.option.loadscopereorder = False  # as they were sorted above
    return Modules(config, log)
