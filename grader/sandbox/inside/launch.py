"""Starts the kernel inside the sandbox: resource limits first, then sockets handed over as fds.

Untrusted side (it becomes the student's process). Run as a script: `python launch.py CONNECTION`,
or `python launch.py -- COMMAND...` for something else than a kernel.
The five kernel sockets listen already, outside; their fds are inherited, so that no host
directory needs to be visible in here. A plain kernel has pipes alone.
"""

import contextlib
import gc
import importlib
import json
import os
import resource
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, HERE)


def limit(limits):
    """Lowers the hard limits for good. `limits` maps names of `resource` constants to values."""
    for name, value in limits.items():
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def bind_to_fds(fds):
    """Makes zmq listen on the inherited sockets: `fds` maps endpoints to fds."""
    import zmq

    bind = zmq.Socket.bind

    def bind_inherited(self, address):
        if address in fds:
            self.setsockopt(zmq.USE_FD, fds[address])
        return bind(self, address)

    zmq.Socket.bind = bind_inherited


def without_debugger():
    """Tells ipykernel that there is no debugpy: nobody debugs here, and to load it takes long."""
    sys.modules["debugpy"] = None
    import ipykernel.debugger  # noqa: F401

    del sys.modules["debugpy"]


@contextlib.contextmanager
def unlisted_modules():
    """Within, a kernel that begins does not list the files of all modules for its debugger.

    A fork that touches each module copies a page of memory for each.
    """
    from ipykernel import ipkernel

    class Sys:
        def __init__(self):
            self.modules = {}

        def __getattr__(self, name):
            return getattr(sys, name)

    ipkernel.sys = Sys()
    try:
        yield
    finally:
        ipkernel.sys = sys


def run_without_terminal():
    """Lets `!command` and `%%sh` work where no terminal can be had for them."""
    try:
        os.close(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
        return
    except OSError:
        pass
    import subprocess

    from ipykernel import zmqshell
    from IPython.core import interactiveshell

    def run(command):
        return subprocess.run(
            command,
            shell=True,
            text=True,
            errors="replace",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )

    def system(command):
        done = run(command)
        print(done.stdout, end="")
        return done.returncode

    zmqshell.system = interactiveshell.system = system
    interactiveshell.getoutput = lambda command: run(command).stdout


def start(connection, setup):
    """Never returns while the kernel lives. `connection` is the path of its connection file."""
    limit(setup["limits"])
    os.environ["GRADER_PIPES"] = json.dumps(setup["pipes"])
    sys.argv = [os.path.abspath(__file__), connection]
    # The work folder is not yet on the path: see `bootstrap.begin`.
    sys.path[:] = [path for path in sys.path if path != HERE] + [HERE]
    if "orders" in setup["pipes"]:
        gc.disable()  # to look through all that is loaded, again and again, takes a tenth of it
        importlib.import_module("grader_inside.plain_kernel").start(setup, limit)
    bind_to_fds(setup["sockets"])
    run_without_terminal()
    if "ipykernel.debugger" not in sys.modules:
        without_debugger()
    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    class App(IPKernelApp):
        def parse_command_line(self, argv=None):
            """There is none, and to learn all that it might hold takes long."""

    App.__name__ = App.__qualname__ = "IPKernelApp"
    # Of a section with this name, notebooks tell that they run in Jupyter.
    app = App.instance(
        config=Config(
            {
                "IPKernelApp": {"connection_file": connection},
                "HistoryManager": {"enabled": False},
            }
        )
    )
    with unlisted_modules():
        app.initialize([])
    app.start()


if __name__ == "__main__":
    if os.getpid() == 1:  # of namespaces of its own, not below a supervisor
        from grader_inside import enclose

        enclose.stay_first()
    if sys.argv[1] == "--":
        os.execvp(sys.argv[2], sys.argv[2:])
    start(sys.argv[1], json.loads(os.environ.pop("GRADER_SETUP")))
