"""The system-call filter for confined kernels, as a BPF program. Trusted side.

Namespaces hide files and networks; this closes parts of the kernel that they leave open and that no
notebook needs: keyrings, io_uring, userfaultfd, ptrace, BPF, and socket families other than unix,
netlink and inet (virtual-machine sockets ignore network namespaces). Where there are no
namespaces, inet and memory shared by number are closed too, nobody may limit other processes, and
calls that change the rights and times of files, on which Landlock is silent, do nothing and say
that they did.

The form is classic BPF over `struct seccomp_data`: see seccomp(2) and linux/filter.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from typing import NamedTuple

ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE = 0x00050000  # | errno
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data

FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink
LOCAL_FAMILIES = (1, 16)
NEW_NAMESPACE = 0x7E020080  # any of clone's CLONE_NEW* flags
SET_SECCOMP, MODE_FILTER = 22, 2  # of prctl(2)


class Machine(NamedTuple):
    """Audit architecture and numbers of calls, from the kernel's tables."""

    architecture: int
    numbers: dict[str, int]
    file_changes: tuple[int, ...]  # chmod, chown, utime and xattr in all their forms
    others_things: tuple[int, ...]  # System V memory, semaphores, messages; POSIX queues
    process_limits: int  # prlimit64


X86_64 = Machine(
    0xC000003E,
    {
        "ptrace": 101,
        "personality": 135,
        "keyctl": 250,
        "add_key": 248,
        "request_key": 249,
        "bpf": 321,
        "perf_event_open": 298,
        "userfaultfd": 323,
        "kexec_load": 246,
        "kexec_file_load": 320,
        "io_uring_setup": 425,
        "io_uring_enter": 426,
        "io_uring_register": 427,
        "memfd_secret": 447,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "mount": 165,
        "umount2": 166,
        "pivot_root": 155,
        "unshare": 272,
        "setns": 308,
        "open_by_handle_at": 304,
        "init_module": 175,
        "finit_module": 313,
        "delete_module": 176,
        "swapon": 167,
        "swapoff": 168,
        "reboot": 169,
        "fsopen": 430,
        "fsmount": 432,
        "move_mount": 429,
        "open_tree": 428,
        "socket": 41,
        "clone": 56,
        "clone3": 435,
    },
    (
        90,
        91,
        92,
        93,
        94,
        132,
        188,
        189,
        190,
        197,
        198,
        199,
        235,
        260,
        261,
        268,
        280,
        452,
        463,
        466,
        469,
    ),
    (29, 30, 31, 64, 65, 66, 68, 69, 70, 71, 220, 240, 241),
    302,
)
AARCH64 = Machine(
    0xC00000B7,
    {
        "ptrace": 117,
        "personality": 92,
        "keyctl": 219,
        "add_key": 217,
        "request_key": 218,
        "bpf": 280,
        "perf_event_open": 241,
        "userfaultfd": 282,
        "kexec_load": 104,
        "kexec_file_load": 294,
        "io_uring_setup": 425,
        "io_uring_enter": 426,
        "io_uring_register": 427,
        "memfd_secret": 447,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "mount": 40,
        "umount2": 39,
        "pivot_root": 41,
        "unshare": 97,
        "setns": 268,
        "open_by_handle_at": 265,
        "init_module": 105,
        "finit_module": 273,
        "delete_module": 106,
        "swapon": 224,
        "swapoff": 225,
        "reboot": 142,
        "fsopen": 430,
        "fsmount": 432,
        "move_mount": 429,
        "open_tree": 428,
        "socket": 198,
        "clone": 220,
        "clone3": 435,
    },
    (5, 6, 7, 14, 15, 16, 52, 53, 54, 55, 88, 452, 463, 466, 469),
    (180, 181, 186, 187, 188, 189, 190, 191, 192, 193, 194, 195, 196),
    261,
)
MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}


def program(*, alone: bool = False) -> bytes | None:
    """The filter for this machine, or None where we know no numbers.

    `alone`: no namespaces stand behind it.
    """
    known = MACHINES.get(platform.machine())
    if known is None:
        return None
    numbers = dict(known.numbers)
    socket, clone, clone3 = (numbers.pop(name) for name in ("socket", "clone", "clone3"))
    code = [_op(LOAD, ARCHITECTURE), _jump(EQUAL, known.architecture, 1, 0), _op(RETURN, KILL)]
    code.append(_op(LOAD, NUMBER))
    if known is X86_64:  # the x32 calls are the same ones under other numbers
        code += [_jump(AT_LEAST, 0x40000000, 0, 1), _op(RETURN, KILL)]
    # clone3's flags lie in memory, where no filter sees them; libc falls back to clone.
    code += [_jump(EQUAL, clone3, 0, 1), _op(RETURN, REFUSE | errno.ENOSYS)]
    for number in numbers.values():
        code += [_jump(EQUAL, number, 0, 1), _op(RETURN, REFUSE | errno.EPERM)]
    if alone:
        code += _alone(known)
    code += [_jump(EQUAL, clone, 0, 4), _op(LOAD, FIRST_ARGUMENT)]
    code += [_jump(ANY_BIT, NEW_NAMESPACE, 0, 1), _op(RETURN, REFUSE | errno.EPERM)]
    code.append(_op(RETURN, ALLOW))
    code += [_jump(EQUAL, socket, 1, 0), _op(RETURN, ALLOW), _op(LOAD, FIRST_ARGUMENT)]
    for family in LOCAL_FAMILIES if alone else FAMILIES:
        code += [_jump(EQUAL, family, 0, 1), _op(RETURN, ALLOW)]
    code.append(_op(RETURN, REFUSE | errno.EAFNOSUPPORT))
    return b"".join(code)


def _alone(known: Machine) -> list[bytes]:
    """What namespaces, or another user, would keep from harm: other programs of this user."""
    code: list[bytes] = []
    for number in known.file_changes:
        code += [_jump(EQUAL, number, 0, 1), _op(RETURN, REFUSE)]
    for number in known.others_things:
        code += [_jump(EQUAL, number, 0, 1), _op(RETURN, REFUSE | errno.EPERM)]
    # Limits may be set for oneself (process 0), not for others.
    code += [_jump(EQUAL, known.process_limits, 0, 4), _op(LOAD, FIRST_ARGUMENT)]
    code += [_jump(EQUAL, 0, 1, 0), _op(RETURN, REFUSE | errno.EPERM), _op(RETURN, ALLOW)]
    return code


def install(code: bytes) -> None:
    """Puts a filter on this process and all that it starts. For ever.

    Raises:
        OSError: the kernel refused; nothing may be run then.
    """

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))

    told = Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(SET_SECCOMP, MODE_FILTER, ctypes.byref(told), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")


def _op(code: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, 0, 0, value)


def _jump(code: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
