"""The system-call filter for confined kernels, as a BPF program that bubblewrap installs. Trusted.

Namespaces hide files and networks; this closes parts of the kernel that they leave open and that no
notebook needs: keyrings, io_uring, userfaultfd, ptrace, BPF, and socket families other than unix,
netlink and inet (virtual-machine sockets ignore network namespaces).

The form is classic BPF over `struct seccomp_data`: see seccomp(2) and linux/filter.h.
"""

from __future__ import annotations

import errno
import platform
import struct

ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE = 0x00050000  # | errno
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data

FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink

# Audit architecture, then the numbers of the calls, from the kernel's tables.
X86_64 = (0xC000003E, {
    "ptrace": 101, "personality": 135, "keyctl": 250, "add_key": 248, "request_key": 249,
    "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "kexec_load": 246,
    "kexec_file_load": 320, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "memfd_secret": 447, "process_vm_readv": 310, "process_vm_writev": 311, "mount": 165,
    "umount2": 166, "pivot_root": 155, "unshare": 272, "setns": 308, "open_by_handle_at": 304,
    "init_module": 175, "finit_module": 313, "delete_module": 176, "swapon": 167, "swapoff": 168,
    "reboot": 169, "fsopen": 430, "fsmount": 432, "move_mount": 429, "open_tree": 428,
    "socket": 41, "clone3": 435,
})  # fmt: skip
AARCH64 = (0xC00000B7, {
    "ptrace": 117, "personality": 92, "keyctl": 219, "add_key": 217, "request_key": 218,
    "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "kexec_load": 104,
    "kexec_file_load": 294, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "memfd_secret": 447, "process_vm_readv": 270, "process_vm_writev": 271, "mount": 40,
    "umount2": 39, "pivot_root": 41, "unshare": 97, "setns": 268, "open_by_handle_at": 265,
    "init_module": 105, "finit_module": 273, "delete_module": 106, "swapon": 224, "swapoff": 225,
    "reboot": 142, "fsopen": 430, "fsmount": 432, "move_mount": 429, "open_tree": 428,
    "socket": 198, "clone3": 435,
})  # fmt: skip
MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}


def program() -> bytes | None:
    """The filter for this machine, or None where we know no numbers."""
    known = MACHINES.get(platform.machine())
    if known is None:
        return None
    architecture, numbers = known
    numbers = dict(numbers)
    socket, clone3 = numbers.pop("socket"), numbers.pop("clone3")
    code = [_op(LOAD, ARCHITECTURE), _jump(EQUAL, architecture, 1, 0), _op(RETURN, KILL)]
    code.append(_op(LOAD, NUMBER))
    if known is X86_64:  # the x32 calls are the same ones under other numbers
        code += [_jump(AT_LEAST, 0x40000000, 0, 1), _op(RETURN, KILL)]
    # clone3's flags lie in memory, where no filter sees them; libc falls back to clone.
    code += [_jump(EQUAL, clone3, 0, 1), _op(RETURN, REFUSE | errno.ENOSYS)]
    for number in numbers.values():
        code += [_jump(EQUAL, number, 0, 1), _op(RETURN, REFUSE | errno.EPERM)]
    code += [_jump(EQUAL, socket, 1, 0), _op(RETURN, ALLOW), _op(LOAD, FIRST_ARGUMENT)]
    for family in FAMILIES:
        code += [_jump(EQUAL, family, 0, 1), _op(RETURN, ALLOW)]
    code.append(_op(RETURN, REFUSE | errno.EAFNOSUPPORT))
    return b"".join(code)


def _op(code: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, 0, 0, value)


def _jump(code: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
