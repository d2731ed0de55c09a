"""What honest notebooks do with the system, through the system-call filter, on each rung."""

from __future__ import annotations

import numpy as np
import pytest

from grader.core.model import Cell, Ending, Limits, Notebook
from grader.sandbox.observe import observe
from grader.sandbox.surroundings import Surroundings
from grader.sandbox.walls import landlock

HONEST = (
    "import subprocess\n"
    "line = 'seq 3 | sort -r | head -1; cp -a /etc/passwd a; tar czf a.gz a; timeout 5 ls'\n"
    "print(subprocess.check_output(['bash', '-c', line], text=True))",
    "import multiprocessing, threading\n"
    "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
    "    print(sum(pool.map(abs, range(-9, 9))))\n"
    "shared = multiprocessing.Array('d', 3)\n"
    "thread = threading.Thread(target=print, args=('thread',))\n"
    "thread.start()\nthread.join()",
    "from multiprocessing.shared_memory import SharedMemory\n"
    "block = SharedMemory(create=True, size=100)\nblock.close()\nblock.unlink()\n"
    "import mmap, os, sqlite3, tempfile\n"
    "with tempfile.TemporaryFile() as file:\n    file.truncate(9999)\n"
    "    mmap.mmap(file.fileno(), 9999).close()\n"
    "sqlite3.connect('x.db').execute('create table t(a)')\n"
    "os.utime('x.db')\nos.chmod('x.db', 0o600)",
    "import zmq\ncontext = zmq.Context()\n"
    "one, two = context.socket(zmq.REP), context.socket(zmq.REQ)\n"
    "one.bind('ipc://there')\ntwo.connect('ipc://there')\ntwo.send(b'hi')\nprint(one.recv())",
    "!echo shell\nlines = !echo caught\nprint(lines)",
)
SAID = ("3\na\na.gz\n\n", "81\nthread\n", "", "b'hi'\n", "shell\n['caught']\n")


@pytest.mark.sandbox
@pytest.mark.parametrize("rung", ["bubblewrap", "landlock"])
def test_what_honest_code_needs_of_the_system_is_there(rung: str) -> None:
    if rung == "landlock" and landlock.version() < landlock.NEEDED:
        pytest.skip("this kernel has no Landlock that is new enough")
    cells = tuple(Cell(id=f"c{n}", kind="code", source=s) for n, s in enumerate(HONEST))
    evidence = observe(
        Notebook(name="test.ipynb", cells=cells),
        (),
        Surroundings(limits=Limits(), rung=rung),
        task="test",
        seed=1,
        resources=lambda name: np.zeros(1),
        cold=True,
    )
    assert [cell.error for cell in evidence.cells] == [""] * len(HONEST)
    assert tuple(cell.text for cell in evidence.cells) == SAID
    assert evidence.ending is Ending.COMPLETED
