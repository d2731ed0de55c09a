"""What a fork is asked to be, and how its keeper's answers are taken. No kernel is started."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from grader.core.model import Limits
from grader.sandbox.kernels import forked_kernel
from grader.sandbox.kernels.forked_kernel import ForkedKernel, ForkError
from grader.sandbox.kernels.job import KernelJob
from grader.sandbox.walls.usage import children

JOB = KernelJob(
    cells=((0, "a", "import numpy"),),
    questions=(),
    prepare=(),
    seed=1,
    limits=Limits(disk_mib=3),
    rung="bubblewrap",
)


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The other end of the socket that a forked kernel is given."""
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with closing(theirs):
        theirs.settimeout(10)
        keepers.append(ours)
        yield theirs
    keepers.clear()


keepers: list[socket.socket] = []


def kernel(job: KernelJob) -> ForkedKernel:
    return ForkedKernel(job, keepers[-1].detach())


def request(job: KernelJob) -> dict[str, object]:
    """What is asked of the fork server for this job, and the contents of its files."""
    asked = kernel(job)
    files: list[int] = []
    try:
        found = asked._request(files, 2)
        names = found["files"]
        assert isinstance(names, dict)
        contents = {}
        for path, number in names.items():
            fd = files[number - 2]
            contents[path] = os.pread(fd, os.fstat(fd).st_size, 0)
        return found | {"contents": contents, "count": len(files)}
    finally:
        for fd in files:
            os.close(fd)
        asked.close()


def test_a_fork_is_not_told_where_the_reference_lies(keeper: socket.socket, tmp_path: Path) -> None:
    assert request(replace(JOB, hide=(str(tmp_path),)))["hide"] == []


def test_a_fork_gets_its_connection_and_the_students_files(keeper: socket.socket) -> None:
    found = request(replace(JOB, files={"draw.py": b"TWO = 2\n", "a/b.txt": b"x"}))
    contents = found["contents"]
    assert isinstance(contents, dict)
    assert json.loads(contents.pop("/run/connection.json"))["transport"] == "ipc"
    assert contents == {"/notebook/draw.py": b"TWO = 2\n", "/notebook/a/b.txt": b"x"}
    assert found["count"] == 3
    assert found["disk"] == 3 << 20


def test_data_are_given_as_copies(keeper: socket.socket, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "images").write_bytes(b"i" * 5000)
    found = request(replace(JOB, mounts={"/data/set": str(tmp_path)}))
    contents, size = found["contents"], found["data"]
    assert isinstance(contents, dict)
    assert contents["/data/set/raw/images"] == b"i" * 5000
    assert isinstance(size, int)
    assert size > 5000


def refusal(job: KernelJob) -> ForkError:
    asked = kernel(job)
    files: list[int] = []
    try:
        with pytest.raises(ForkError) as refused:
            asked._request(files, 2)
    finally:
        for fd in files:
            os.close(fd)
        asked.close()
    assert not refused.value.blame  # the next job may well be possible
    return refused.value


def test_what_is_mounted_elsewhere_needs_a_cold_start(keeper: socket.socket) -> None:
    told = refusal(replace(JOB, mounts={"/dev/nvidia0": "/dev/nvidia0"}))
    assert str(told) == "/dev/nvidia0 can't be mounted in a fork"


def test_data_that_are_too_large_need_a_cold_start(
    keeper: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forked_kernel, "MAX_DATA", 1 << 21)
    (tmp_path / "images").write_bytes(bytes(1 << 21))
    told = refusal(replace(JOB, mounts={"/data/set": str(tmp_path)}))
    assert str(told) == f"{tmp_path} is too large to be copied"


def test_more_files_than_one_message_takes_need_a_cold_start(keeper: socket.socket) -> None:
    files = {f"{n}.txt": b"" for n in range(forked_kernel.MAX_FDS)}
    assert "too many files" in str(refusal(replace(JOB, files=files)))


def test_a_fork_sees_no_variable_of_ours_but_those_that_are_meant(keeper: socket.socket) -> None:
    environment = request(JOB)["environment"]
    assert isinstance(environment, dict)
    assert environment["PWD"] == environment["HOME"] == "/notebook"
    assert "GRADER_SETUP" not in environment


@pytest.mark.parametrize(
    ("files", "sources", "names"),
    [
        ({"draw.py": b""}, [], {"draw"}),
        ({"pack/part.py": b""}, [], {"pack", "part"}),
        ({}, ["%%writefile helper.py\nX = 1"], {"helper"}),
        ({}, ["open('a/tools/__init__.py', 'w')"], {"tools"}),
    ],
)
def test_modules_of_the_students_are_told_by_name(
    keeper: socket.socket, files: dict[str, bytes], sources: list[str], names: set[str]
) -> None:
    """They must not find the server's of the same name; a name too many only costs a cold start."""
    cells = tuple((n, f"c{n}", source) for n, source in enumerate(sources))
    told = request(replace(JOB, files=files, cells=cells))["names"]
    assert isinstance(told, list)
    assert names <= set(told)


@pytest.mark.parametrize("source", ["import numpy", "x = 'notes.pyc'", "open('data.csv')"])
def test_what_is_only_imported_is_no_module_of_the_students(
    keeper: socket.socket, source: str
) -> None:
    cells = ((0, "a", source),)
    assert request(replace(JOB, files={"data.csv": b""}, cells=cells))["names"] == []


def test_the_record_says_that_it_was_warm(keeper: socket.socket) -> None:
    asked = kernel(JOB)
    assert asked.rung == "bubblewrap, warm"
    asked.close()


@pytest.mark.parametrize(
    ("answer", "told", "blame"),
    [
        (b'{"refused": "the name numpy is taken"}', "the name numpy is taken", False),
        (b'{"failed": "fork: no memory"}', "the fork failed: fork: no memory", True),
        (b'{"nonsense": 1}', "the fork failed: {'nonsense': 1}", True),
        (b"", "the fork failed: it ended", True),
    ],
)
def test_a_keeper_that_gives_no_kernel_is_to_blame_or_not(
    keeper: socket.socket, answer: bytes, told: str, blame: bool
) -> None:
    asked = kernel(JOB)
    try:
        if answer:
            keeper.send(answer)
        else:
            keeper.close()
        with pytest.raises(ForkError) as refused:
            asked._answer("init")
    finally:
        asked.close()
    assert (str(refused.value), refused.value.blame) == (told, blame)


def test_a_keeper_that_is_gone_is_to_blame(keeper: socket.socket) -> None:
    asked = kernel(JOB)
    keeper.close()
    with pytest.raises(ForkError, match="does not answer") as refused:
        asked.start()
    assert refused.value.blame
    asked.close()


def test_an_answer_brings_a_process(keeper: socket.socket) -> None:
    asked = kernel(JOB)
    own = os.pidfd_open(os.getpid())
    try:
        socket.send_fds(keeper, [b'{"init": true}'], [own])
        found = asked._answer("init")
        assert forked_kernel._pid(found) == os.getpid()
        os.close(found)
    finally:
        os.close(own)
        asked.close()


def test_a_process_that_is_gone_has_no_command_line() -> None:
    assert forked_kernel._places(0) == []


def test_a_fork_is_told_from_who_was_started_by_the_same_words() -> None:
    """Else any process could have a fork's share of memory for nothing."""
    code = "import os, time\nos.fork()\nos.write(1, b'1\\n')\ntime.sleep(60)"
    again = [sys.executable, "-c", code]
    with (
        subprocess.Popen(again, stdout=subprocess.PIPE) as one,
        subprocess.Popen(again, stdout=subprocess.PIPE) as other,
    ):
        for process in (one, other):
            assert process.stdout is not None
            assert [process.stdout.readline() for _ in "12"] == [b"1\n"] * 2
        (fork,), (stranger,) = children(one.pid), children(other.pid)
        places = forked_kernel._places(one.pid)
        assert len(set(places)) == 4
        assert forked_kernel._places(fork) == places
        assert forked_kernel._places(other.pid) != places
        assert forked_kernel._places(stranger) != places
        for pid in (fork, stranger, one.pid, other.pid):
            os.kill(pid, signal.SIGKILL)
