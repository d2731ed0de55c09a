"""Runs small notebooks in the real sandbox and looks at what comes back."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from grader.core.model import Cell, Ending, Evidence, Limits, Notebook, Question
from grader.sandbox.kernels.kernel import MORE
from grader.sandbox.observe import observe
from grader.sandbox.surroundings import Progress, Surroundings

pytestmark = pytest.mark.sandbox


def run(
    *sources: str,
    questions: tuple[Question, ...] = (),
    files: Mapping[str, bytes] | None = None,
    hide: tuple[Path, ...] = (),
    progress: Progress | None = None,
    **limits: int,
) -> Evidence:
    """Evidence of a notebook with these code cells."""
    cells = tuple(Cell(id=f"c{n}", kind="code", source=s) for n, s in enumerate(sources))
    return observe(
        Notebook(name="test.ipynb", cells=cells),
        questions,
        Surroundings(limits=Limits(**limits), files=files or {}, hide=hide),
        task="test",
        seed=1,
        resources=lambda name: np.zeros(1),
        progress=progress,
    )


def test_a_failing_cell_does_not_stop_the_next() -> None:
    evidence = run("x = 1", "1 / 0", "print(x + 1)")
    assert [cell.status for cell in evidence.cells] == ["ok", "error", "ok"]
    assert evidence.cells[1].error == "ZeroDivisionError: division by zero"
    assert evidence.cells[2].text == "2\n"
    assert evidence.ending is Ending.COMPLETED


def test_what_a_cell_prints_is_told_while_it_runs_but_not_each_line_of_a_flood() -> None:
    told: list[tuple[str, int, int, str]] = []
    run(
        "x = 1",
        "for epoch in range(20_000):\n    print('epoch', epoch, flush=epoch % 100 == 0)",
        progress=lambda *step: told.append(step),
    )
    printed = [step for step in told if step[3].startswith("epoch ")]
    assert 1 <= len(printed) < 100
    assert {step[:3] for step in printed} == {("cell", 1, 2)}


def test_a_cell_that_does_not_parse_is_an_error_of_that_cell_alone() -> None:
    evidence = run("def f(:", "print('next')")
    assert evidence.cells[0].error.startswith("SyntaxError")
    assert evidence.cells[1].text == "next\n"


def test_nothing_of_the_host_is_visible(tmp_path: Path) -> None:
    """Reference, rubric, homes, other processes, the grader's environment and the network."""
    repository = Path(__file__).parents[2]
    secret = tmp_path / "secret.txt"
    secret.write_text("canary")
    evidence = run(
        "import os, socket\n"
        f"for path in [{str(repository / 'reference')!r}, {str(repository / 'rubrics')!r},"
        f" {str(secret)!r}, '/etc/shadow', '/etc/machine-id', '/var', '/sys']:\n"
        "    print(os.path.exists(path))",
        "print(sorted(p for p in os.listdir('/proc') if p.isdigit())[:1], len("
        "[p for p in os.listdir('/proc') if p.isdigit()]) <= 4)",
        "print([k for k in os.environ if 'GRADER' in k and k != 'GRADER_DATA'])",
        "try:\n    socket.create_connection(('1.1.1.1', 80), timeout=3)\n"
        "except OSError as error:\n    print(error.errno)",
        "print(socket.if_nameindex())",
    )
    assert evidence.cells[0].text == "False\n" * 7
    assert evidence.cells[1].text == "['1'] True\n"
    assert evidence.cells[2].text == "[]\n"
    assert evidence.cells[3].text in ("101\n", "113\n")
    assert evidence.cells[4].text == "[(1, 'lo')]\n"


def test_the_kernel_setting_files_cannot_be_written() -> None:
    """Real root inside a user namespace may write /proc/sys unless it gave its uid up before."""
    evidence = run(
        "for path, mode in (('sys/kernel/core_pattern', 'w'), ('pressure/cpu', 'r+')):\n"
        "    try:\n        open(f'/proc/{path}', mode)\n    except OSError as error:\n"
        "        print(error.errno)"
    )
    setting, load = map(int, evidence.cells[0].text.split())
    assert setting in (errno.EROFS, errno.EACCES)
    assert load in (errno.EROFS, errno.EACCES, errno.ENOENT)


def test_files_beside_the_notebook_can_be_imported() -> None:
    evidence = run("import draw\nprint(draw.X)", files={"draw.py": b"X = 7\n"})
    assert evidence.cells[0].text == "7\n"


def test_the_debian_copy_of_the_test_labels_is_hidden() -> None:
    evidence = run("import os\nprint(os.path.exists('/usr/share/datasets/fashion-mnist'))")
    assert evidence.cells[0].text == "False\n"


def test_a_slow_cell_is_interrupted_and_the_next_runs() -> None:
    evidence = run("import time\ntime.sleep(60)", "print('next')", cell_seconds=2)
    assert [cell.status for cell in evidence.cells] == ["timeout", "ok"]


def test_a_cell_that_ignores_interrupts_ends_the_run_with_a_sentence() -> None:
    evidence = run(
        "import time\nwhile True:\n    try: time.sleep(1)\n    except KeyboardInterrupt: pass",
        "print('never')",
        cell_seconds=2,
    )
    assert evidence.ending is Ending.TIMEOUT
    assert "could not be interrupted" in evidence.message


def test_a_memory_hog_is_stopped() -> None:
    evidence = run(
        "x = bytearray(900 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1", memory_mib=512
    )
    assert evidence.cells[0].error.startswith("MemoryError") or evidence.ending is Ending.MEMORY


def test_an_output_flood_is_capped() -> None:
    evidence = run("for i in range(200_000): print('x' * 100)", "print('next')", output_kib=64)
    assert evidence.cells[0].text.startswith("x" * 100 + "\n")
    assert evidence.cells[0].text.endswith(MORE)
    assert len(evidence.cells[0].text) == 64 << 10
    assert evidence.cells[1].text == "next\n"


def test_a_kernel_that_kills_itself_is_an_ending_not_a_crash_of_ours() -> None:
    evidence = run("import os\nos._exit(0)", "print('never')")
    assert evidence.ending is Ending.CRASHED
    assert [cell.status for cell in evidence.cells] == ["died"]


def test_no_process_or_folder_is_left_behind() -> None:
    def ours() -> list[str]:
        found = []
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"survivor-of-the-sandbox" in line:
                found.append(entry.name)
        return found

    run(
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)',"
        " 'survivor-of-the-sandbox'], start_new_session=True)\nprint('ok')"
    )
    assert ours() == []


def test_calls_that_no_notebook_needs_are_refused() -> None:
    """Keyrings, ptrace, new namespaces, page faults, virtual-machine sockets."""
    evidence = run(
        "import ctypes, errno, platform, socket\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "calls = {'x86_64': (250, 101, 272, 323), 'aarch64': (219, 117, 97, 282)}\n"
        "for number in calls[platform.machine()]:\n"
        "    print(libc.syscall(number, 0, 0, 0, 0), errno.errorcode[ctypes.get_errno()])",
        "try:\n    socket.socket(40, socket.SOCK_STREAM)\n"
        "except OSError as error:\n    print(errno.errorcode[error.errno])",
        "import threading, multiprocessing\n"
        "thread = threading.Thread(target=print, args=['thread'])\nthread.start(); thread.join()\n"
        "with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, -2]))",
    )
    assert evidence.cells[0].text == "-1 EPERM\n" * 4
    assert evidence.cells[1].text == "EAFNOSUPPORT\n"
    assert sorted(evidence.cells[2].text.split("\n")) == ["", "[1, 2]", "thread"]
