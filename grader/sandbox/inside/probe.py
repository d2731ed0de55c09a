"""Tries what student code must not be able to do, and tells what succeeded. Run by the self-test.

Untrusted side: a script without imports of ours, `-c` with its one argument as JSON. Prints one
JSON object whose true values are breaches, then leaves children that do not want to end.
"""

import ctypes
import json
import os
import signal
import socket
import sys
import time

SETTING, LOAD = "/proc/sys/kernel/core_pattern", "/proc/pressure/cpu"


def tries(action):
    """Whether it worked."""
    try:
        action()
    except Exception:
        return False
    return True


def reach(family, address):
    """Connects a socket."""
    with socket.socket(family, socket.SOCK_STREAM) as out:
        out.settimeout(1)
        out.connect(address)


def network():
    """A packet to the outside (an address for documentation): sent, or no way there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect(("192.0.2.1", 9))


def other_socket(path):
    """Connects to a socket file or, with @, to an abstract socket."""
    name = "\0" + path[1:] if path.startswith("@") else path
    reach(socket.AF_UNIX, name)


def refused(number, arguments, refusal):
    """Whether a system call ends with this error. Each is made once, and would do nothing."""
    libc = ctypes.CDLL(None, use_errno=True)
    words = [ctypes.c_long(word) for word in (number, *arguments, *[0] * (6 - len(arguments)))]
    return libc.syscall(*words) == -1 and ctypes.get_errno() == refusal


def main():
    """All attempts, then the survivors."""
    told = json.loads(sys.argv[1])
    canary, grader = told["canary"], f"/proc/{told['pid']}"
    facts = {
        "read a file of this machine": tries(lambda: os.open(canary, os.O_RDONLY)),
        "changed a file of this machine": tries(lambda: os.open(canary, os.O_WRONLY | os.O_TRUNC)),
        "listed a folder of this machine": tries(lambda: os.listdir(os.path.dirname(canary))),
        "reached the network": tries(network),
        "reached another program's socket": next(
            (path for path in told["sockets"] if tries(lambda path=path: other_socket(path))), ""
        ),
        "may write into its first process": tries(lambda: os.open("/proc/1/mem", os.O_RDWR)),
        "may change the kernel's settings": tries(lambda: os.open(SETTING, os.O_WRONLY)),
        "may ask to be told of this machine's load": tries(lambda: os.open(LOAD, os.O_RDWR)),
    }
    if told["doors"]:
        facts["took a terminal"] = tries(lambda: os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
    for done, *call in told["doors"]:
        facts[done] = not refused(*call)
    if told["born"] == birth(grader):
        facts["may signal the grader"] = tries(lambda: os.kill(told["pid"], 0))
        facts["read the grader's environment"] = tries(
            lambda: os.read(os.open(f"{grader}/environ", os.O_RDONLY), 1)
        )
    stay(told["mark"])
    print(json.dumps(facts), flush=True)
    time.sleep(600)


def birth(process):
    """When a process began; empty if there is none. Its number alone could be another's."""
    try:
        with open(f"{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def stay(mark):
    """Leaves four children behind, each in another way."""
    sleeper = "import signal, time; signal.signal(15, 1); signal.signal(2, 1); time.sleep(600)"
    argv = [sys.executable, "-I", "-S", "-c", sleeper, mark]
    for forks, session in ((1, False), (1, True), (2, True), (3, True)):
        descend(argv, forks, session)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def descend(argv, forks, session):
    """Starts it below so many forks whose parents end."""
    if os.fork():
        return
    if session:
        os.setsid()
    for _ in range(forks - 1):
        if os.fork():
            os._exit(0)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.execv(argv[0], argv)


main()
