"""Control groups: where one may be made, by both versions of the interface, and that they hold."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.core.errors import SandboxError
from grader.core.model import Limits
from grader.sandbox.walls import cgroup, scratch


def system(place: Path, own: str, *mounts: tuple[str, str, str]) -> Path:
    """A /proc/self that tells of these groups; a mount is (kind, mount point, options)."""
    proc = place / "proc"
    proc.mkdir(parents=True)
    (proc / "cgroup").write_text(own)
    lines = [
        f"30 24 0:26 / {point} rw,relatime shared:9 - {kind} cgroup {options}"
        for kind, point, options in mounts
    ]
    (proc / "mountinfo").write_text("\n".join(["22 1 8:1 / / rw - ext4 /dev/root rw", *lines]))
    return proc


def unified(place: Path, path: str, handed: dict[str, str]) -> Path:
    """A version 2 system: our group's path, and for some groups the controllers handed down."""
    top = place / "cgroup"
    (top / path.lstrip("/")).mkdir(parents=True)
    for name, controllers in handed.items():
        (top / name / "cgroup.subtree_control").write_text(controllers)
    return system(place, f"0::{path}\n", ("cgroup2", str(top), "rw"))


def test_version_1_has_a_folder_for_each_controller(tmp_path: Path) -> None:
    for name in ("memory/app", "pids"):
        (tmp_path / name).mkdir(parents=True)
    proc = system(
        tmp_path,
        "8:pids:/\n4:memory:/app\n1:name=systemd:/\n0::/\n",
        ("cgroup", f"{tmp_path}/memory", "rw,memory"),
        ("cgroup", f"{tmp_path}/pids", "rw,pids"),
    )
    assert cgroup.places(proc) == {"memory": tmp_path / "memory/app", "pids": tmp_path / "pids"}


def test_time_is_counted_by_version_1_where_that_may_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("memory", "pids", "cpu"):
        (tmp_path / name).mkdir()
    system_ = system(
        tmp_path,
        "8:pids:/\n4:memory:/\n2:cpu,cpuacct:/\n",
        *(("cgroup", f"{tmp_path}/{name}", f"rw,{name}") for name in ("memory", "pids")),
        ("cgroup", f"{tmp_path}/cpu", "rw,cpu,cpuacct"),
    )
    found = cgroup.places(system_)
    assert found["cpuacct"] == tmp_path / "cpu"
    (tmp_path / "cpu/cpuacct.usage").write_text("2500000000\n")
    assert cgroup.Group(folders=found).cpu_seconds() == 2.5
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda place, mode: place != tmp_path / "cpu" and access(place, mode)
    )
    assert set(cgroup.places(system_)) == {"memory", "pids"}


def test_time_is_counted_by_every_group_of_version_2(tmp_path: Path) -> None:
    (tmp_path / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 9\nsystem_usec 1\n")
    assert cgroup.Group(folders={"memory": tmp_path, "pids": tmp_path}).cpu_seconds() == 1.5
    (tmp_path / "cpu.stat").unlink()
    assert cgroup.Group(folders={"memory": tmp_path}).cpu_seconds() == 0.0


def test_version_2_has_the_nearest_group_that_hands_both_controllers_down(tmp_path: Path) -> None:
    proc = unified(tmp_path, "/user/app/run", {"user": "cpu memory pids", "user/app": "cpu pids"})
    expected = tmp_path / "cgroup/user"
    assert cgroup.places(proc) == {"memory": expected, "pids": expected}


def test_without_both_controllers_there_is_no_place(tmp_path: Path) -> None:
    proc = unified(tmp_path, "/user", {"user": "cpu pids"})
    with pytest.raises(SandboxError, match="no control group for memory and pids"):
        cgroup.places(proc)
    with pytest.raises(SandboxError, match="no control groups"):
        cgroup.places(tmp_path / "nothing")


def test_a_group_handed_to_us_alone_is_made_to_hand_down(tmp_path: Path) -> None:
    """What `systemd-run --user --scope -p Delegate=yes` gives: a group with one process."""
    proc = unified(tmp_path, "/run.scope", {})
    own = tmp_path / "cgroup/run.scope"
    (own / "cgroup.controllers").write_text("cpu memory pids")
    (own / "cgroup.procs").write_text(f"{os.getpid()}\n")
    cgroup.delegate(proc)
    assert (own / "grader/cgroup.procs").read_text() == "0"
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"


@pytest.mark.parametrize(
    ("controllers", "others"), [("cpu pids", ""), ("cpu memory pids", "1\n"), ("", "")]
)
def test_a_group_that_is_not_ours_alone_stays_as_it_is(
    tmp_path: Path, controllers: str, others: str
) -> None:
    proc = unified(tmp_path, "/session.scope", {})
    own = tmp_path / "cgroup/session.scope"
    (own / "cgroup.controllers").write_text(controllers)
    (own / "cgroup.procs").write_text(f"{others}{os.getpid()}\n")
    cgroup.delegate(proc)
    assert not (own / "grader").exists()
    assert not (own / "cgroup.subtree_control").exists()


def test_version_2_is_limited_by_its_own_files(tmp_path: Path) -> None:
    for name in ("memory.max", "memory.swap.max"):
        (tmp_path / name).write_text("max")
    cgroup._limit_memory(tmp_path, 64 << 20)
    assert (tmp_path / "memory.max").read_text() == "67108864"
    assert (tmp_path / "memory.swap.max").read_text() == "0"
    (tmp_path / "memory.events").write_text("low 0\nmax 7\noom 1\noom_kill 1\n")
    assert cgroup.Group(folders={"memory": tmp_path}).exceeded() == "memory"
    (tmp_path / "memory.events").write_text("low 0\nmax 7\noom 0\noom_kill 0\n")
    assert cgroup.Group(folders={"memory": tmp_path}).exceeded() == ""


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> cgroup.Group:
    """A real one with 64 MiB and 12 processes, of a name that no grader beside us looks for."""
    monkeypatch.setattr(scratch, "PREFIX", f"grader-test-{os.getpid()}-")
    try:
        return cgroup.create(Limits(memory_mib=64, processes=4))
    except SandboxError as none:
        pytest.skip(str(none))


def run(group: cgroup.Group, code: str) -> subprocess.CompletedProcess[str]:
    command = [*group.enter(), sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def wait_for(group: cgroup.Group, processes: int) -> None:
    """Until so many processes have come into every part of the group."""
    deadline = time.monotonic() + 60
    for folder in group.folders.values():
        while len((folder / "cgroup.procs").read_text().split()) < processes:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_real_group_stops_who_takes_too_much_memory(group: cgroup.Group) -> None:
    done = run(group, "x = bytearray(b'x' * (200 << 20)); print('never')")
    assert (done.returncode, done.stdout) == (-9, "")
    assert group.exceeded() == "memory"
    group.close()


def test_a_real_group_stops_who_starts_too_many_processes(group: cgroup.Group) -> None:
    code = (
        "import os, time\nnumber = 0\ntry:\n    while True:\n"
        "        if os.fork() == 0: time.sleep(60); os._exit(0)\n        number += 1\n"
        "except BlockingIOError: print(number)"
    )
    process = subprocess.Popen(
        [*group.enter(), sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert int(process.stdout.readline()) == 4 + cgroup.SPARE_PROCESSES - 1
    group.close()
    process.wait()
    process.stdout.close()


def test_closing_a_group_ends_and_removes_all_of_it(group: cgroup.Group) -> None:
    folders = list(group.folders.values())
    code = "import os, time\nos.fork(); os.fork(); os.setsid() if os.getpid() % 2 else 0\n"
    process = subprocess.Popen([*group.enter(), sys.executable, "-c", code + "time.sleep(600)"])
    wait_for(group, 4)
    group.close()
    assert process.wait() == -9
    assert not any(folder.exists() for folder in folders)


def test_a_group_whose_owner_is_gone_is_reaped_with_its_processes(
    group: cgroup.Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "FRESH_SECONDS", 0)
    process = subprocess.Popen([*group.enter(), "sleep", "600"])
    wait_for(group, 1)
    folders = set(group.folders.values())
    assert not folders & set(cgroup.reap())  # still held, by us
    for lock in group._locks:
        os.close(lock)
    group._locks.clear()
    assert folders <= set(cgroup.reap())
    assert process.wait() == -9
    assert not any(folder.exists() for folder in folders)


def test_groups_that_can_not_be_emptied_are_waited_for_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each start looked at what others left, and waited seven seconds for each of it."""
    stuck = []
    for number in range(20):
        folder = tmp_path / f"grader-{number}"
        folder.mkdir()
        (folder / "cgroup.procs").write_text("")  # a file, so that the folder is never empty
        stuck.append(folder)
    clock = iter(range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    assert cgroup.clear(stuck, 3) == stuck
    assert next(clock) == 5  # looked at once a second, all of them


def test_a_running_process_can_be_put_into_a_group(group: cgroup.Group) -> None:
    process = subprocess.Popen(["sleep", "600"])
    group.add(process.pid)
    wait_for(group, 1)
    group.close()
    assert process.wait() == -9
