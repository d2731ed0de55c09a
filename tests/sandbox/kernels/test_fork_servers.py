"""Forked kernels: the same facts as from a cold one, and nothing of each other or of the server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import numpy as np
import psutil
import pytest

from grader.core import codec
from grader.core.model import Cell, Ending, Evidence, Limits, Notebook, Question
from grader.sandbox.inside import forks
from grader.sandbox.kernels import fork_servers
from grader.sandbox.observe import observe
from grader.sandbox.surroundings import Surroundings

pytestmark = [pytest.mark.sandbox, pytest.mark.xdist_group("one user")]

WARM = ", warm"
TORCH = "import torch\n"  # what makes it worth to wait for the server


def run(
    *sources: str,
    questions: tuple[Question, ...] = (),
    prepare: tuple[str, ...] = (),
    files: Mapping[str, bytes] | None = None,
    mounts: Mapping[str, Path] | None = None,
    cold: bool = False,
    **limits: int,
) -> Evidence:
    """Evidence of a notebook with these code cells."""
    cells = tuple(Cell(id=f"c{n}", kind="code", source=s) for n, s in enumerate(sources))
    return observe(
        Notebook(name="test.ipynb", cells=cells),
        questions,
        Surroundings(
            prepare=prepare, limits=Limits(**limits), files=files or {}, mounts=mounts or {}
        ),
        task="test",
        seed=5,
        resources=lambda name: np.zeros(1),
        cold=cold,
    )


def marked(name: str) -> str:
    """A mark for command lines that no other run of these tests has."""
    return f"{name}-{os.getpid()}"


def processes_with(text: str) -> list[int]:
    """Pids of processes whose command line holds a text."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and text.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def data_folder(place: Path, label: int) -> Path:
    """A data set of 20 images, all of one class."""
    raw = place / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, array in {
        "images-idx3": np.arange(20 * 784, dtype=np.uint8).reshape(20, 28, 28),
        "labels-idx1": np.full(20, label, np.uint8),
    }.items():
        head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        for prefix in ("train", "t10k"):
            (raw / f"{prefix}-{name}-ubyte").write_bytes(head + array.tobytes())
    for folder in (place.parent, place):
        folder.chmod(0o755)  # a cold kernel's user must get there
    return place


# --- the same facts -------------------------------------------------------------------------------

NOTEBOOK = (
    "import random, sys, os\nimport numpy as np\nprint(random.random(), np.random.rand())",
    "import torch\nfrom torch import nn\nmodel = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\n"
    "print(torch.rand(2), torch.get_num_threads(), random.random(), np.random.rand())",
    "import torchvision\nfrom torchvision import transforms\n"
    "train = torchvision.datasets.FashionMNIST('x', transform=transforms.ToTensor())\n"
    "loader = torch.utils.data.DataLoader(train, batch_size=5, shuffle=True)\n"
    "optimizer = torch.optim.Adam(model.parameters())\n"
    "for x, y in loader:\n    optimizer.zero_grad()\n"
    "    loss = nn.functional.cross_entropy(model(x), y)\n    loss.backward(); optimizer.step()\n"
    "    print(loss.item())",
    "from sklearn.model_selection import KFold\n"
    "print(list(KFold(2, shuffle=True).split(range(6))))",
    "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2], label='line'); plt.legend(); plt.show()\n"
    "plt.figure(); shown = plt.imshow(np.eye(3))",
    "np.float(1)\nplt.style.use('seaborn')\nmodel.cuda()\npart = iter(loader).next()",
    "1 / 0",
    "print(sys.argv, sys.path[:1], sys.path[-1], os.getcwd(), hash('x'), sys.stdin.isatty())\n"
    "print(sorted(os.environ.items()))\nprint(os.listdir(), open('/proc/self/limits').read()[:1])",
    "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "import draw\ndef double(x):\n    return draw.TWO * x",
    "import subprocess, multiprocessing\n"
    "print(subprocess.run(['id', '-u'], capture_output=True, text=True).stdout)\n"
    "with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, -2]))",
    "await __import__('asyncio').sleep(0)\n!echo shell\n%timeit -n1 -r1 pass",
)
QUESTIONS = (
    Question(probe="call_function", params={"name": "double", "points": np.arange(3.0)}),
    Question(probe="figures"),
    Question(probe="call_function", params={"name": "missing", "points": np.arange(3.0)}),
)
FIXTURES = ("figures", "version_rot", "fashion_mnist", "training")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evidence, Evidence]:
    """Evidence of one notebook from a forked kernel and from a cold one."""
    mounts = {"/data/fashion-mnist": data_folder(tmp_path_factory.mktemp("data"), 3)}
    forked, cold = (
        run(
            *NOTEBOOK,
            questions=QUESTIONS,
            prepare=FIXTURES,
            files={"draw.py": b"TWO = 2\n"},
            mounts=mounts,
            cold=is_cold,
        )
        for is_cold in (False, True)
    )
    return forked, cold


def test_the_evidence_tells_how_the_kernel_was_started(both: tuple[Evidence, Evidence]) -> None:
    assert [evidence.rung.endswith(WARM) for evidence in both] == [True, False]
    assert [evidence.ending for evidence in both] == [Ending.COMPLETED] * 2


@pytest.mark.parametrize("number", range(len(NOTEBOOK) - 1))
def test_both_starts_give_the_same_cells(both: tuple[Evidence, Evidence], number: int) -> None:
    """Random numbers, losses, pictures, errors, environment: to the last digit."""
    forked, cold = (evidence.cells[number] for evidence in both)
    assert (forked.status, forked.error) == (cold.status, cold.error)
    assert forked.text == cold.text
    assert forked.images == cold.images


def test_both_starts_run_shells_and_coroutines(both: tuple[Evidence, Evidence]) -> None:
    for evidence in both:
        assert evidence.cells[-1].status == "ok"
        assert "shell" in evidence.cells[-1].text


def test_both_starts_give_the_same_answers_and_repairs(both: tuple[Evidence, Evidence]) -> None:
    forked, cold = both
    for question in QUESTIONS:
        digest = codec.digest(question)
        assert str(forked.answers[digest]) == str(cold.answers[digest])
    doubled = forked.answers[codec.digest(QUESTIONS[0])].value
    assert doubled["values"].tolist() == [0, 2, 4]
    assert len(forked.answers[codec.digest(QUESTIONS[1])].value) == 2
    assert len(forked.repairs) == 4
    assert forked.repairs == cold.repairs


@pytest.mark.parametrize(
    ("sources", "files"),
    [
        (["import cycler\nprint(cycler.OWN)"], {"cycler.py": b"OWN = 1\n"}),
        (
            ["from kiwisolver import part\nprint(part.OWN)"],
            {"kiwisolver/part.py": b"OWN = 1\n", "kiwisolver/__init__.py": b""},
        ),
        (["%%writefile cycler.py\nOWN = 1", "import cycler\nprint(cycler.OWN)"], {}),
    ],
)
def test_a_module_of_the_students_with_a_name_that_the_server_has_loaded_is_theirs(
    sources: list[str], files: dict[str, bytes]
) -> None:
    assert run(TORCH).rung.endswith(WARM)
    evidence = run(*sources, files=files)
    assert not evidence.rung.endswith(WARM)
    assert evidence.cells[-1].text.endswith("1\n")


# --- one kernel, looked at from inside ------------------------------------------------------------

LOOK = (
    TORCH
    + """
import json, os, resource, socket, ctypes, errno
def status(name):
    return [l.split()[1] for l in open('/proc/self/status') if l.startswith(name)][0]
def tried(action):
    try: action()
    except OSError as error: return errno.errorcode[error.errno]
    return 'done'
libc = ctypes.CDLL(None, use_errno=True)
def death_signal():
    value = ctypes.c_int(); libc.prctl(2, ctypes.byref(value)); return value.value
def fork_of_a_user_namespace():
    result = libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)
    if result == 0: os._exit(0)
    return ctypes.get_errno()
server = socket.create_server(('127.0.0.1', 0))
print(json.dumps({
    'powers': [status(f'Cap{kind}') for kind in ('Inh', 'Prm', 'Eff', 'Bnd', 'Amb')],
    'no new privileges': status('NoNewPrivs'), 'filter': status('Seccomp:'),
    'death signal': death_signal(), 'dumpable': libc.prctl(3, 0, 0, 0, 0),
    'first process': tried(lambda: os.listdir('/proc/1/fd')),
    'memory of the first': tried(lambda: open('/proc/1/mem', 'rb')),
    'pids': sorted(int(p) for p in os.listdir('/proc') if p.isdigit()),
    'parent': os.getppid(), 'session': os.getsid(0) == os.getpid(),
    'terminals': os.listdir('/dev/pts'), 'shared': os.listdir('/dev/shm'),
    'data': os.listdir('/data'), 'here': os.listdir('.'),
    'written': [  # by the system's own call: `open` is mended, and writes elsewhere
        tried(lambda: os.open(f'{place}/x', os.O_CREAT | os.O_RDWR))
        for place in ('/data', '/run', '', '/usr')
    ],
    'setting': tried(lambda: open('/proc/sys/kernel/core_pattern', 'w')),
    'load': tried(lambda: open('/proc/pressure/cpu', 'r+')),
    'namespaces': open('/proc/sys/user/max_user_namespaces').read().strip(),
    'unshare': tried(lambda: None) if libc.unshare(0x10000000) == 0 else 'refused',
    'clone': fork_of_a_user_namespace() not in (0,),
    'grader': [name for name in os.environ if 'GRADER' in name],
    'host': open('/proc/self/mountinfo').read().count('secret-place'),
    'loopback': tried(lambda: socket.create_connection(server.getsockname(), timeout=5)),
    'outside': tried(lambda: socket.create_connection(('192.0.2.1', 80), timeout=5)),
    'processes': resource.getrlimit(resource.RLIMIT_NPROC)[0],
    'files': sorted(os.readlink(f'/proc/self/fd/{n}').split(':')[0].split('/')[0]
                    for n in range(3, 9) if os.path.lexists(f'/proc/self/fd/{n}')),
    'size': os.statvfs('.').f_blocks * os.statvfs('.').f_frsize >> 20,
    'inodes': os.statvfs('.').f_files,
}))
"""
)


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a notebook in a forked kernel finds."""
    folder = data_folder(tmp_path_factory.mktemp("secret-place"), 7)
    evidence = run(
        LOOK,
        mounts={"/data/fashion-mnist": folder},
        files={"a.txt": b"x"},
        disk_mib=64,
        processes=99,
    )
    assert evidence.rung.endswith(WARM)
    assert evidence.cells[0].error == ""
    return dict(json.loads(evidence.cells[0].text))


def test_a_fork_has_no_powers_and_can_get_none(look: Mapping[str, object]) -> None:
    assert look["powers"] == ["0" * 16] * 5
    assert (look["no new privileges"], look["filter"]) == ("1", "2")
    assert (look["namespaces"], look["unshare"], look["clone"]) == ("0", "refused", True)
    assert look["setting"] in ("EROFS", "EACCES")
    assert look["load"] in ("EROFS", "EACCES", "ENOENT")


def test_a_fork_is_bound_to_its_first_process_which_is_closed_to_it(
    look: Mapping[str, object],
) -> None:
    assert (look["death signal"], look["dumpable"]) == (9, 1)
    assert (look["first process"], look["memory of the first"]) == ("EACCES", "EACCES")
    assert (look["pids"], look["parent"], look["session"]) == ([1, 2], 1, True)


def test_a_fork_sees_its_own_files_alone(look: Mapping[str, object]) -> None:
    assert (look["here"], look["data"]) == (["a.txt"], ["fashion-mnist"])
    assert (look["terminals"], look["shared"], look["host"]) == ([], [], 0)
    assert look["written"] == ["EROFS"] * 4
    assert look["grader"] == ["GRADER_DATA"]


def test_a_fork_has_limits_of_its_own(look: Mapping[str, object]) -> None:
    assert (look["size"], look["inodes"], look["processes"]) == (64, 100_000, 99)


def test_a_fork_reaches_itself_and_nobody_else(look: Mapping[str, object]) -> None:
    assert (look["loopback"], look["outside"]) == ("done", "ENETUNREACH")


def test_a_fork_inherits_five_sockets_and_two_pipes_and_nothing_else(
    look: Mapping[str, object],
) -> None:
    """Above them come those that the kernel has opened itself."""
    files = look["files"]
    assert isinstance(files, list)
    assert set(files) <= {"anon_inode", "socket", "pipe"}


# --- two kernels ----------------------------------------------------------------------------------

FIRST = (
    TORCH
    + """
import ctypes, os, socket, time
import numpy as np
torch.add = None; np.array = None
memory = open('/dev/shm/from-the-first', 'w'); open('/tmp/from-the-first', 'w'); open('mine', 'w')
listener = socket.socket(socket.AF_UNIX); listener.bind('\\0from-the-first'); listener.listen()
server = socket.create_server(('127.0.0.1', 4321))
queue = ctypes.CDLL(None).msgget(4321, 0o1666)
time.sleep(4)
print('slept', queue >= 0)
"""
)
SECOND = (
    TORCH
    + """
import ctypes, os, socket
import numpy as np
def tried(action):
    try: action()
    except OSError as error: return type(error).__name__
    return 'done'
print(torch.add is None, np.array is None, ctypes.CDLL(None).msgget(4321, 0))
print(os.listdir('/dev/shm'), 'from-the-first' in os.listdir('/tmp'), os.listdir('.'))
print(os.listdir('/dev/pts'), [p for p in os.listdir('/proc') if p.isdigit()])
print(tried(lambda: socket.socket(socket.AF_UNIX).connect('\\0from-the-first')))
print(tried(lambda: socket.create_connection(('127.0.0.1', 4321), timeout=2)))
raw = '/data/fashion-mnist/FashionMNIST/raw/'
print(set(open(raw + 'train-labels-idx1-ubyte', 'rb').read()[8:]), os.listdir('/data'))
"""
)


def test_kernels_at_the_same_time_and_one_after_the_other_share_nothing(tmp_path: Path) -> None:
    """Neither labels nor files, sockets, queues, terminals, processes or changed libraries."""

    def one(source: str, label: int) -> Evidence:
        folder = data_folder(tmp_path / f"secret-{time.monotonic_ns()}", label)
        return run(source, mounts={"/data/fashion-mnist": folder})

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(one, FIRST, 3)
        time.sleep(1.5)
        during = pool.submit(one, SECOND, 7).result()
    after = one(SECOND, 8)
    assert first.result().cells[0].text == "slept False\n"
    for evidence, label in ((during, 7), (after, 8)):
        assert evidence.rung.endswith(WARM)
        assert evidence.cells[0].text.splitlines() == [
            "False False -1",
            "[] False []",
            "[] ['1', '2']",
            "ConnectionRefusedError",
            "ConnectionRefusedError",
            f"{{{label}}} ['fashion-mnist']",
        ]


# --- memory ---------------------------------------------------------------------------------------


def test_the_pages_of_the_server_are_not_the_students() -> None:
    """The libraries alone take more than this limit."""
    evidence = run(
        TORCH + "import time\nx = bytearray(100 << 20)\ntime.sleep(1)\nprint(len(x))",
        memory_mib=256,
    )
    assert evidence.cells[0].text == f"{100 << 20}\n"


def test_memory_shared_among_forks_of_the_students_is_counted() -> None:
    """Held by mappings, which no limit of the system counts, and seen from several processes."""
    evidence = run(
        TORCH + "import mmap, os, time\nmaps = [mmap.mmap(-1, 100 << 20) for _ in range(6)]\n"
        "for m in maps: m.write(b'x' * (100 << 20))\n"
        "for _ in range(3): os.fork() or time.sleep(60)\ntime.sleep(60)",
        memory_mib=400,
    )
    assert evidence.rung.endswith(WARM)
    assert evidence.ending is Ending.MEMORY


# --- ends -----------------------------------------------------------------------------------------

SLEEPER = (
    TORCH
    + """
import subprocess, sys, time
for _ in range(2):
    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', {mark!r}],
                     start_new_session=True)
print('ok')
time.sleep({seconds})
"""
)


def test_an_interrupt_reaches_the_kernel_and_the_next_cell_runs() -> None:
    evidence = run(TORCH + "import time\ntime.sleep(60)", "print('next')", cell_seconds=2)
    assert [cell.status for cell in evidence.cells] == ["timeout", "ok"]
    assert evidence.rung.endswith(WARM)


def test_nothing_that_a_notebook_started_is_left_after_it() -> None:
    mark = marked("left-by-a-fork")
    run(SLEEPER.format(mark=mark, seconds=0))
    assert processes_with(mark) == []


def wait_for(text: str) -> None:
    deadline = time.monotonic() + 120
    while not processes_with(text):
        assert time.monotonic() < deadline, f"{text} never came"
        time.sleep(0.1)


def family(pid: int) -> list[psutil.Process]:
    """All descendants of a process."""
    return list(psutil.Process(pid).children(recursive=True))


def test_a_driver_that_is_killed_takes_all_with_it_and_costs_a_retry() -> None:
    mark = marked("driver-killed")
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(run, SLEEPER.format(mark=mark, seconds=4), "print('end')")
        wait_for(mark)
        victims = [psutil.Process(pid) for pid in processes_with(mark)]
        for process in family(os.getpid()):
            with contextlib.suppress(psutil.NoSuchProcess):  # others end meanwhile
                is_driver = any("kernels.driver" in part for part in process.cmdline())
                if is_driver and process.pid != fork_servers.drivers.pid:
                    process.kill()
        assert psutil.wait_procs(victims, timeout=60)[1] == []
        evidence = job.result()
    assert evidence.ending is Ending.COMPLETED
    assert evidence.cells[1].text == "end\n"
    assert processes_with(mark) == []


KILLED = """
import sys
sys.path.insert(0, {root!r})
from tests.sandbox.kernels.test_fork_servers import SLEEPER, run
run(SLEEPER.format(mark=sys.argv[1][::-1], seconds=60))
"""


def test_nothing_is_left_when_the_grader_is_killed() -> None:
    """Neither its servers nor a kernel, nor what that has started."""
    code = KILLED.format(root=str(Path(__file__).parents[3]))
    mark = marked("grader-killed")
    grader = subprocess.Popen([sys.executable, "-c", code, mark[::-1]])  # not its own mark
    try:
        wait_for(mark)
        left = family(grader.pid)
    finally:
        grader.kill()
        grader.wait()
    assert len(left) >= 6
    assert psutil.wait_procs(left, timeout=60)[1] == []


def test_a_server_that_dies_costs_a_retry_and_no_result() -> None:
    """The kernels die with it. That is not the student's fault: the notebook is run again."""
    run(TORCH)
    mark = marked("server-killed")
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(run, SLEEPER.format(mark=mark, seconds=3), "print('end')")
        wait_for(mark)
        server = fork_servers.kernels.pid
        assert server is not None
        os.kill(server, signal.SIGKILL)
        evidence = job.result()
    assert evidence.ending is Ending.COMPLETED
    assert not evidence.rung.endswith(WARM)
    assert evidence.cells[1].text == "end\n"
    assert processes_with(mark) == []
    assert run(TORCH + "print(1)").rung.endswith(WARM)  # from a second server


def test_a_driver_server_that_dies_costs_nothing() -> None:
    run(TORCH)
    run(TORCH)
    deadline = time.monotonic() + 60
    while (server := fork_servers.drivers.pid) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert server is not None
    os.kill(server, signal.SIGKILL)
    assert run("print(1)").cells[0].text == "1\n"


def test_the_variable_starts_everything_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("print(1)").rung.endswith(WARM)
    monkeypatch.setenv("GRADER_COLD", "1")
    assert not run("print(1)").rung.endswith(WARM)


# --- the server -----------------------------------------------------------------------------------

SERVER = """
import asyncio, gc, json, os, random, sys
sys.path.insert(0, {root!r})
from grader.sandbox.inside import zygote
zygote.preload()
import numpy, torch, zmq
facts = {{
    "threads": len(os.listdir("/proc/self/task")),
    "loop": asyncio.events._get_running_loop() is None
            and asyncio.events.get_event_loop_policy()._local._loop is None,
    "contexts": sum(isinstance(thing, zmq.Context) for thing in gc.get_objects()),
    "cuda": torch.cuda.is_initialized(),
    "asks": sorted({{"tqdm.auto", "tqdm.autonotebook", "matplotlib_inline"}} & set(sys.modules)),
    "draws": [],
}}
for _ in range(2):
    read, write = os.pipe()
    if os.fork() == 0:
        zygote._fresh_random_numbers()
        draws = random.random(), numpy.random.rand(), torch.rand(1).item()
        os.write(write, json.dumps(draws).encode())
        os._exit(0)
    os.wait()
    facts["draws"].append(json.loads(os.read(read, 1000)))
print(json.dumps(facts))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, object]]:
    """What a process finds of itself when it has imported what the server imports."""
    environment = {
        "PATH": os.environ["PATH"],
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    code = SERVER.format(root=str(Path(__file__).parents[3]))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    yield json.loads(done.stdout)


def test_the_server_has_one_thread_no_loop_no_sockets_and_no_cuda(
    server: Mapping[str, object],
) -> None:
    assert (server["threads"], server["loop"]) == (1, True)
    assert (server["contexts"], server["cuda"]) == (0, False)


def test_the_server_has_not_imported_what_asks_for_a_kernel(server: Mapping[str, object]) -> None:
    assert server["asks"] == []


@pytest.mark.parametrize("cold", [True, False])
def test_a_notebook_sees_that_it_runs_in_jupyter(cold: bool) -> None:
    """The usual ways to ask: tqdm's, and those of notebooks that are scripts, too."""
    evidence = run(
        f"{TORCH}import sys\nshell = get_ipython()",
        "print('IPKernelApp' in shell.config, type(shell).__name__, 'ipykernel' in sys.modules)",
        "from ipykernel.kernelapp import IPKernelApp\nprint(IPKernelApp.initialized())",
        "print(type(shell.kernel.parent).__name__, shell.history_manager.enabled)",
        cold=cold,
    )
    assert [cell.text for cell in evidence.cells] == [
        "",
        "True ZMQInteractiveShell True\n",
        "True\n",
        "IPKernelApp False\n",
    ]


def test_forks_draw_different_random_numbers(server: Mapping[str, object]) -> None:
    draws = server["draws"]
    assert isinstance(draws, list)
    assert len({number for drawn in draws for number in drawn}) == 6


def test_a_server_with_a_second_thread_refuses_to_fork() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    done = threading.Event()
    threading.Thread(target=done.wait).start()
    try:
        with ours, theirs, pytest.raises(RuntimeError, match="one thread"):
            forks.serve(theirs, lambda fds: None)
    finally:
        done.set()


def test_a_server_works_between_requests_and_never_instead_of_one() -> None:
    """The work here has no end."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made, step = os.pipe()
    os.set_blocking(step, False)

    def steps() -> Iterator[None]:
        while True:
            with contextlib.suppress(BlockingIOError):
                os.write(step, b".")
            yield

    def answer(fds: list[int]) -> None:
        os.write(fds[0], b"answered")

    pid = os.fork()
    if pid == 0:
        ours.close()
        try:
            forks.serve(theirs, answer, steps())
        finally:
            os._exit(0)
    theirs.close()
    with ours:
        assert ours.recv(16) == b"ready"
        for _ in range(3):
            assert os.read(made, 1) == b"."
            said, say = os.pipe()
            socket.send_fds(ours, [b"fork"], [say])
            os.close(say)
            assert os.read(said, 64) == b"answered"
            os.close(said)
    os.waitpid(pid, 0)
    os.close(made)
    os.close(step)


def test_an_interpreter_below_a_private_folder_starts_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.sandbox.walls.confinement.runtime", lambda: ["/tmp/checkout/.venv"])
    assert fork_servers.kernels.fork(wait=True) is None


def test_a_server_that_can_not_be_started_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For whatever reason: what a thread raises nobody hears."""

    def launch(_: object) -> NoReturn:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(fork_servers, "covered", lambda: "")
    monkeypatch.delenv(fork_servers.COLD, raising=False)
    assert fork_servers.Pool(launch).fork(wait=True) is None
