"""The system-call filter for confined kernels, as a BPF program. Trusted side.

Namespaces hide files and networks; the kernel itself is shared. So student code may make the calls
that `system_calls.csv` lists, which Python, its libraries and a shell need, and no others. Where
one call has many doors, its arguments are looked at: `doors.py` has their lists. A call that the
table does not name is answered like one that an older kernel does not have, since libraries cope
with that best; one that is refused for lack of rights on most machines is refused so here.

Where there are no namespaces, the network is closed too, nobody may limit other processes, and
calls that change the rights and times of files or the scheduling of threads, on which Landlock is
silent, do nothing and say that they did.

The form is classic BPF over `struct seccomp_data`: see seccomp(2) and linux/filter.h.
"""

from __future__ import annotations

import csv
import ctypes
import errno
import functools
import itertools
import os
import platform
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from grader.sandbox.walls import doors

ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE = 0x00050000  # | errno
LOAD, EQUAL, AT_LEAST, ANY_BIT, JUMP, RETURN = 0x20, 0x15, 0x35, 0x45, 0x05, 0x06
KEEP_BITS = 0x54
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
SET_SECCOMP, MODE_FILTER = 22, 2  # of prctl(2)
FARTHEST = 255  # instructions that a conditional jump can pass
LONGEST = 4096  # instructions that the kernel takes

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_* in linux/audit.h
TABLE = Path(__file__).with_name("system_calls.csv")

Code = tuple[bytes, ...]


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _load(argument: int) -> bytes:
    """The lower half: all arguments that are looked at are ints, and the kernel cuts them too."""
    return _op(LOAD, ARGUMENTS + 8 * argument)


def _load_upper(argument: int) -> bytes:
    """The upper half, of a pointer."""
    return _op(LOAD, ARGUMENTS + 8 * argument + 4)


def _refuse(number: int) -> Code:
    return (_op(RETURN, REFUSE | number),)


PASS: Code = (_op(RETURN, ALLOW),)
NOTHING = _refuse(0)
"""Not done, and no error told."""


@functools.cache
def _table() -> tuple[dict[str, str], ...]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


def numbers() -> dict[str, int]:
    """This machine's numbers of the calls that the table names; none where we know no numbers."""
    column = platform.machine()
    if column not in ARCHITECTURES:
        return {}
    return {row["call"]: int(row[column]) for row in _table() if row[column]}


@functools.cache
def program(*, alone: bool = False, devices: bool = False, machine: str = "") -> bytes | None:
    """The filter for a machine (this one), or None where we know no numbers.

    `alone`: no namespaces stand behind it. `devices`: a graphics card is in sight, whose driver
    takes orders through ioctl(2) that only it knows.
    """
    machine = machine or platform.machine()
    if machine not in ARCHITECTURES:
        return None
    cases = {
        int(row[machine]): _answer(row["call"], row["answer"], alone=alone, devices=devices)
        for row in _table()
        if row[machine]
    }
    code = [_op(LOAD, ARCHITECTURE), _op(EQUAL, ARCHITECTURES[machine], 1, 0), _op(RETURN, KILL)]
    code += [_op(LOAD, NUMBER), *_choose(cases, _refuse(errno.ENOSYS))]
    if len(code) > LONGEST:
        raise ValueError(f"a filter of {len(code)} instructions")
    return b"".join(code)


def _answer(call: str, answer: str, *, alone: bool, devices: bool) -> Code:
    match answer:
        case "allow":
            return PASS
        case "files" if alone:
            return NOTHING
        case "scheduling" if alone:  # libraries set their threads', which can't be told apart
            return (_load(0), *_choose({0: PASS}, NOTHING))
        case "files" | "scheduling":
            return PASS
        case "nothing":
            return NOTHING
        case "arguments":
            return _by_arguments(call, alone=alone, devices=devices)
        case _:
            return _refuse(getattr(errno, answer))


def _by_arguments(call: str, *, alone: bool, devices: bool) -> Code:
    match call:
        case "clone":
            return (_load(0), _op(ANY_BIT, doors.CLONE_REFUSED, 0, 1), *_refuse(errno.EPERM), *PASS)
        case "socket" | "socketpair":
            families = doors.LOCAL_FAMILIES if alone else doors.FAMILIES
            cases = {family: _socket(kinds) for family, kinds in families.items()}
            return (_load(0), *_choose(cases, _refuse(errno.EAFNOSUPPORT)))
        case "setsockopt":
            told = errno.ENOPROTOOPT
            return (_load(1), *_pairs(2, doors.SOCKET_OPTIONS, told, told))
        case "prctl":
            return (_load(0), *_among(doors.PROCESS_OPTIONS, errno.EINVAL))
        case "fcntl":
            return (_load(1), *_among(doors.FILE_COMMANDS, errno.EINVAL))
        case "ioctl" if devices:
            terminals = dict.fromkeys(doors.TERMINAL, _refuse(errno.ENOTTY))
            return (_load(1), *_choose({**terminals, **_passes(doors.DEVICE_ORDERS)}, PASS))
        case "ioctl":
            return (_load(1), *_among(doors.DEVICE_ORDERS, errno.ENOTTY))
        case "setrlimit" | "prlimit64":
            return _by_limit(call, alone=alone)
        case "setpriority" if alone:
            return (_load(0), *_pairs(1, {0: (0,)}, errno.EPERM, errno.EPERM))
        case _:
            return PASS


def _socket(kinds: doors.Kinds) -> Code:
    """By type, without its flags, and then by protocol."""
    told = (_load(2), *_among(kinds.protocols, errno.EPROTONOSUPPORT))
    types = _choose(dict.fromkeys(kinds.types, told), _refuse(errno.ESOCKTNOSUPPORT))
    return (_load(1), _op(KEEP_BITS, 0xFFFFFFFF ^ doors.HOW), *types)


def _by_limit(call: str, *, alone: bool) -> Code:
    """All limits but that of core dumps, which may be asked for: then there is no new one."""
    no = _refuse(errno.EPERM)
    if call == "setrlimit":
        return (_load(0), *_choose({doors.CORES: no}, PASS))
    asks = (_load(2), *_choose({0: (_load_upper(2), *_choose({0: PASS}, no))}, no))
    limits = (_load(1), *_choose({doors.CORES: asks}, PASS))
    # Without namespaces, for oneself (process 0), not for others.
    return (_load(0), *_choose({0: limits}, no)) if alone else limits


def _passes(values: Iterable[int]) -> dict[int, Code]:
    return dict.fromkeys(values, PASS)


def _among(values: Iterable[int], otherwise: int) -> Code:
    return _choose(_passes(values), _refuse(otherwise))


def _pairs(
    second: int, allowed: Mapping[int, Iterable[int]], no_first: int, no_second: int
) -> Code:
    """By the value at hand, and then by another argument."""
    cases = {
        value: (_load(second), *_among(others, no_second)) for value, others in allowed.items()
    }
    return _choose(cases, _refuse(no_first))


def _choose(cases: Mapping[int, Code], otherwise: Code) -> Code:
    """Code that goes on by the value at hand: a binary search over ranges with the same answer."""
    edges = sorted({0, *cases, *(value + 1 for value in cases if value < 0xFFFFFFFF)})
    ranges = [(edge, cases.get(edge, otherwise)) for edge in edges]
    merged = [next(group) for _, group in itertools.groupby(ranges, key=lambda found: found[1])]
    return _search(merged)


def _search(ranges: list[tuple[int, Code]]) -> Code:
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    below, above = _search(ranges[:middle]), _search(ranges[middle:])
    if len(below) <= FARTHEST:
        return (_op(AT_LEAST, ranges[middle][0], len(below), 0), *below, *above)
    return (_op(AT_LEAST, ranges[middle][0], 0, 1), _op(JUMP, len(below)), *below, *above)


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
