"""The fork server for kernels: imports the libraries once, then forks a kernel for each notebook.

Untrusted side: run by bubblewrap, as a module. Each kernel is shut into namespaces of
its own before student code runs. Three processes serve one notebook: the keeper (knows when the
driver or the kernel ends), the first process of the kernel's namespaces (its end ends all in
them), and the kernel. The server itself reads nothing but "one more".
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import resource
import select
import signal
import socket
import sys

from . import enclose, forks, launch, probes

LIBRARIES = (
    "numpy",
    "torch",
    "torch.utils.data",
    "torchvision",
    "torchvision.datasets",
    "torchvision.transforms",
    "sklearn.linear_model",
    "sklearn.model_selection",
    "sklearn.datasets",
    "sklearn.preprocessing",
    "sklearn.metrics",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "pandas",
    "seaborn",
    "ipykernel.kernelapp",
    "IPython.core.pylabtools",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "encodings.idna",
)
"""Not among them is what asks at its import whether a kernel is there: tqdm.auto and
matplotlib_inline."""

OURS = ("bootstrap", "fixtures", "figures", "watch", "plain", "handout")
MAX_REQUEST, MAX_FDS = 1 << 17, 253
LARGE, COLLAPSE = 2 << 20, 25
_libc = ctypes.CDLL(None)


variables: dict = {}  # of the environment, that libraries set when they are imported


def preload():
    """Imports everything, in the surroundings that a kernel would have."""
    before = dict(os.environ)
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # as ipykernel sets it
    launch.without_debugger()
    import_all(LIBRARIES)
    for name in OURS:
        importlib.import_module(f"{__package__}.{name}")
    probes.here()
    variables.update(dict(os.environ.items() - before.items()))
    gc.collect()
    gc.freeze()  # so that collections in a fork do not touch, and copy, the shared pages


def import_all(names):
    """Imports those that are there: one that is missing or broken costs its own notebooks alone."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def large_pages():
    """Puts this process's memory into large pages, one at each step, for the time between forks.

    A fork copies an entry for each page: of hundreds of MiB that takes long, and so does its end.
    Where the system cannot do it, nothing is lost. See madvise(2), MADV_COLLAPSE.
    """
    with open("/proc/self/maps", errors="replace") as file:
        areas = [line.split() for line in file]
    for addresses, rights, _, _, inode, *name in areas:
        if rights != "rw-p" or inode != "0" or name not in ([], ["[heap]"]):
            continue
        low, high = (int(address, 16) for address in addresses.split("-"))
        for page in range(-(-low // LARGE) * LARGE, high - LARGE + 1, LARGE):
            _libc.madvise(ctypes.c_void_p(page), ctypes.c_size_t(LARGE), COLLAPSE)
            yield


# -- the keeper ------------------------------------------------------------------------------------


def keep(fds):
    """Receives one request, starts its namespaces, and waits for their end or the driver's."""
    channel = socket.socket(fileno=fds[0])
    message, given, _, _ = socket.recv_fds(channel, MAX_REQUEST, MAX_FDS)
    request = json.loads(message)
    hidden = sorted(set(request["names"]) & set(sys.modules))
    if hidden:
        _tell(channel, refused=f"{hidden[0]} is a module of the notebook's own")
        return
    enclose.unshare()
    alive, lifeline = os.pipe()
    inhabitant = os.fork()
    if inhabitant == 0:
        os.close(lifeline)
        try:
            _inhabit(channel, request, given, alive)
        except Exception as error:
            _tell(channel, failed=f"{type(error).__name__}: {error}")
            raise
    for fd in (alive, *given):
        os.close(fd)
    pidfd = os.pidfd_open(inhabitant)
    socket.send_fds(channel, [b'{"init": true}'], [pidfd])
    poll = select.poll()
    poll.register(channel, 0)  # only its end is of interest; what is said is for the first process
    poll.register(pidfd, select.POLLIN)
    if pidfd not in dict(poll.poll()):
        os.kill(inhabitant, signal.SIGKILL)
    _, status = os.waitpid(inhabitant, 0)
    _tell(channel, exit=status)


def _tell(channel, **what):
    channel.send(json.dumps(what).encode())


# -- the first process of the namespaces -----------------------------------------------------------


def _inhabit(channel, request, given, alive):
    """Builds the surroundings, forks the kernel, and ends when it ends. Never returns."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a first process without handlers hears nothing
    if channel.recv(16) != b"go":
        os._exit(1)
    enclose.loopback()
    enclose.mounts(request["disk"], request["data"], request["hide"])
    try:
        for path, index in request["files"].items():
            _copy(given[index], path)
    except OSError as error:
        _tell(channel, refused=f"a file could not be copied: {error}")
        os._exit(1)
    for path in ("/data", "/run"):
        enclose.read_only(path)
    os.chdir("/notebook")
    enclose.give_up_powers(request["seccomp"])
    enclose.die_with_parent(dumpable=False)
    if select.select([alive], [], [], 0)[0]:  # the keeper was gone before we were bound to it
        os._exit(1)
    kernel = os.fork()
    if kernel == 0:
        _become_kernel(request, given)
    socket.send_fds(channel, [b'{"ready": true}'], [os.pidfd_open(kernel)])
    enclose.close_all_but([alive])
    enclose.end_with(kernel)


def _copy(fd, path):
    """Writes what an fd holds from its start."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    start = 0
    while sent := os.sendfile(target, fd, start, 1 << 26):
        start += sent
    os.close(target)


# -- the kernel ------------------------------------------------------------------------------------


def _become_kernel(request, given):
    """Never returns while the kernel lives."""
    try:
        os.setsid()
        setup = request["setup"]
        sockets = {name: given[index] for name, index in setup["sockets"].items()}
        pipes = {name: given[index] for name, index in setup["pipes"].items()}
        enclose.close_all_but([*sockets.values(), *pipes.values()])
        enclose.die_with_parent(dumpable=True)  # as a cold one: else it can't list its own fds
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(request["environment"] | variables)
        _fresh_random_numbers()
        setup["limits"]["RLIMIT_DATA"] += _data_size()
        _forget_folders()
        launch.start(request["connection"], setup | {"sockets": sockets, "pipes": pipes})
    finally:
        os._exit(1)


def _data_size():
    """Bytes of data that were there before the student's: they are not charged."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")


def _forget_folders():
    """What imports know of folders that are new in this fork. They know the others as they are."""
    for place in [place for place in sys.path_importer_cache if place.startswith(enclose.FRESH)]:
        del sys.path_importer_cache[place]


def _fresh_random_numbers():
    """No two forks share a random number, unless somebody seeds them alike."""
    import multiprocessing

    import numpy
    import torch

    random.seed()
    numpy.random.seed()
    torch.seed()
    multiprocessing.current_process().authkey = os.urandom(32)


def main():
    """Serves until the trusted side is gone."""
    setup = json.loads(os.environ.pop("GRADER_SETUP"))
    with contextlib.suppress(ValueError, OSError):  # it may be lower: see own_process.py
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    preload()
    forks.serve(socket.socket(fileno=setup["control"]), keep, large_pages())


if __name__ == "__main__":
    main()
