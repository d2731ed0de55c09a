"""What a driver is asked comes to it as it was meant, through plain JSON text."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.core.model import Limits
from grader.sandbox.kernels.job import KernelJob

JOB = KernelJob(
    cells=((0, "a", "x = 1"), (2, "b", "print('ä')")),
    questions=(("d1", '{"probe": "p"}', 5), ("d2", "{}", 60)),
    prepare=("figures", "version_rot"),
    seed=1 << 47,
    limits=Limits(cell_seconds=3, memory_mib=77, output_kib=1),
    files={"helper.py": b"\x00\xff", "a/b.txt": b""},
    mounts={"/data/x": "/somewhere"},
    hide=("/reference", "/rubric"),
    held={"d1": '{"probe": "p", "secret": 1}'},
    rung="bubblewrap+cgroup",
)


def sent(job: KernelJob) -> KernelJob:
    return KernelJob.from_json(json.loads(json.dumps(job.to_json())))


def test_a_job_comes_as_it_was_meant() -> None:
    assert sent(JOB) == JOB


def test_no_field_is_left_out() -> None:
    assert set(JOB.to_json()) == {field.name for field in fields(KernelJob)}


def test_a_job_with_nothing_beside_its_cells_comes_too() -> None:
    bare = KernelJob(cells=(), questions=(), prepare=(), seed=0, limits=Limits(), rung="unconfined")
    found = sent(bare)
    assert (found.files, found.mounts, found.hide, found.held) == ({}, {}, (), {})
    assert found == bare


@given(st.dictionaries(st.text(max_size=9), st.binary(max_size=99), max_size=3))
def test_files_come_to_the_byte(files: dict[str, bytes]) -> None:
    job = KernelJob(
        cells=(), questions=(), prepare=(), seed=0, limits=Limits(), files=files, rung="r"
    )
    assert sent(job).files == files


@pytest.mark.parametrize("missing", ["cells", "limits", "rung", "files"])
def test_a_job_that_lacks_a_part_is_none(missing: str) -> None:
    data = JOB.to_json()
    del data[missing]
    with pytest.raises(KeyError):
        KernelJob.from_json(data)
