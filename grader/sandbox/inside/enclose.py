"""Shuts a forked process in: namespaces, mounts, capabilities, system calls. Linux only.

Trusted code on the untrusted side: it runs in the fork server's children before any student code.
What bubblewrap does for a cold start is done here once more, one level deeper.
"""

import base64
import ctypes
import fcntl
import os
import signal
import socket
import struct

_libc = ctypes.CDLL(None, use_errno=True)

NEW = {
    "NEWNS": 0x00020000,
    "NEWCGROUP": 0x02000000,
    "NEWUTS": 0x04000000,
    "NEWIPC": 0x08000000,
    "NEWUSER": 0x10000000,
    "NEWPID": 0x20000000,
    "NEWNET": 0x40000000,
}
READ_ONLY, NO_SUID, NO_DEV, NO_EXEC, REMOUNT, BIND = 1, 2, 4, 8, 32, 4096
RECURSIVE, PRIVATE = 16384, 1 << 18
PDEATHSIG, SET_DUMPABLE, SET_SECCOMP, CAPBSET_DROP, NO_NEW_PRIVS, CAP_AMBIENT = 1, 4, 22, 24, 38, 47
CLEAR_ALL, FILTER = 4, 2
CAPABILITY_VERSION = 0x20080522
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 1
FRESH = ("/notebook", "/tmp", "/dev/shm", "/data", "/run")
"""What each fork gets anew, empty."""

OF_THE_MACHINE = ("/proc/sys", "/proc/pressure")
"""Settings; and its load, of which anyone may ask to be told, in memory that all share."""

INODES = 100_000  # files of a private folder: each costs memory that its size does not count


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def prctl(option, first=0, second=0):
    """prctl(2) with up to two arguments."""
    arguments = [ctypes.c_ulong(first), ctypes.c_ulong(second), ctypes.c_ulong(0)]
    _check(_libc.prctl(option, *arguments, ctypes.c_ulong(0)), f"prctl {option}")


def unshare():
    """New namespaces of all kinds; the process namespace is for children only."""
    user, group = os.geteuid(), os.getegid()
    _check(_libc.unshare(sum(NEW.values())), "unshare")
    prctl(SET_DUMPABLE, 1)  # else the maps of our own belong to the machine's root
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(content)
    prctl(SET_DUMPABLE, 0)


def mount(source, target, kind, flags, options=""):
    """mount(2)."""
    texts = [text.encode() if text else None for text in (source, target, kind)]
    result = _libc.mount(*texts, ctypes.c_ulong(flags), options.encode() or None)
    _check(result, f"mount {target}")


def private_folder(path, size, mode="0755"):
    """An empty folder of its own in the place of `path`, with room for `size` bytes."""
    options = f"size={size},nr_inodes={INODES},mode={mode}"
    mount("tmpfs", path, "tmpfs", NO_SUID | NO_DEV, options)


def read_only(path):
    """From now on, nothing of this mount can be changed."""
    mount("", path, "", REMOUNT | BIND | READ_ONLY | NO_SUID | NO_DEV)


def mounts(size, data_size, hide):
    """Private folders and processes; `/data` and `/run` are filled before they close."""
    mount("", "/", "", RECURSIVE | PRIVATE)
    for path in ("/notebook", "/tmp", "/dev/shm"):
        private_folder(path, size)
    private_folder("/data", data_size)
    private_folder("/run", 1 << 20)
    mount("proc", "/proc", "proc", NO_SUID | NO_DEV | NO_EXEC)
    with open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")  # of this namespace: below it there will be none
    for path in OF_THE_MACHINE:
        if os.path.isdir(path):
            mount(path, path, "", BIND)
            mount("", path, "", REMOUNT | BIND | READ_ONLY | NO_SUID | NO_DEV | NO_EXEC)
    for path in hide:
        if os.path.isdir(path):
            private_folder(path, 4096)
            read_only(path)


def loopback():
    """The only network device there is comes up, as in bubblewrap."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        (flags,) = struct.unpack_from("H", fcntl.ioctl(any_socket, GET_FLAGS, request), 16)
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH14x", b"lo", flags | UP))


def give_up_powers(calls):
    """No capabilities, none to be had by running anything, and the system-call filter `calls`."""
    prctl(NO_NEW_PRIVS, 1)
    prctl(CAP_AMBIENT, CLEAR_ALL)
    with open("/proc/sys/kernel/cap_last_cap") as file:
        last = int(file.read())
    for capability in range(last + 1):
        prctl(CAPBSET_DROP, capability)
    header = struct.pack("Ii", CAPABILITY_VERSION, 0)
    _check(_libc.capset(header, struct.pack("6I", *[0] * 6)), "capset")
    if calls:
        code = ctypes.create_string_buffer(base64.b64decode(calls))
        program = struct.pack("HP", (len(code) - 1) // 8, ctypes.addressof(code))
        _check(_libc.prctl(SET_SECCOMP, ctypes.c_ulong(FILTER), program), "seccomp")


def die_with_parent(dumpable):
    """Bound to the parent, and closed to other processes or not. After the last loss of powers,
    for each of those undoes both."""
    prctl(PDEATHSIG, 9)
    prctl(SET_DUMPABLE, int(dumpable))


def stay_first():
    """Returns in a child; the process that calls it is the first of its namespaces for good.

    Bubblewrap's own could be written into by whoever it starts.
    """
    die_with_parent(dumpable=False)  # before there is anybody who could look
    child = os.fork()
    if child == 0:
        os.setsid()
        die_with_parent(dumpable=True)
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a first process without handlers hears nothing
    close_all_but([])
    end_with(child)


def end_with(child):
    """Buries orphans until a child has ended, and ends as it did. Never returns."""
    while True:
        ended, status = os.wait()
        if ended == child:
            os._exit(os.waitstatus_to_exitcode(status) & 255)


def close_all_but(kept):
    """Closes every fd from 3 on that is not in `kept`."""
    edges = [2, *sorted(fd for fd in kept if fd > 2), os.sysconf("SC_OPEN_MAX")]
    for below, above in zip(edges[:-1], edges[1:], strict=True):
        os.closerange(below + 1, above)
