"""What student code may ask of calls that do many things, and what `doctor` finds closed. Trusted.

Numbers are those of the kernel's headers: sys/socket.h, linux/prctl.h, linux/fcntl.h,
asm-generic/ioctls.h. They are the same on x86_64 and aarch64.
"""

from __future__ import annotations

import errno
from typing import NamedTuple

UNIX, INET, INET6, NETLINK = 1, 2, 10, 16
NETLINK_ROUTE, ANY_PROTOCOL, TCP, UDP = 0, 0, 6, 17
STREAM, DATAGRAM, RAW, PACKETS = 1, 2, 3, 5
HOW = 0x80800
"""Flags beside the type of a socket: not blocking, closed by exec."""


class Kinds(NamedTuple):
    """Of sockets of one family: types and protocols."""

    types: tuple[int, ...]
    protocols: tuple[int, ...]


LOCAL_FAMILIES = {
    UNIX: Kinds((STREAM, DATAGRAM, PACKETS), (ANY_PROTOCOL, UNIX)),
    NETLINK: Kinds((DATAGRAM, RAW), (NETLINK_ROUTE,)),
}
FAMILIES = LOCAL_FAMILIES | dict.fromkeys(
    (INET, INET6), Kinds((STREAM, DATAGRAM), (ANY_PROTOCOL, TCP, UDP))
)
"""Families of sockets: any other, or other type or protocol, may load a module of the kernel's, and
sockets of virtual machines (40) ignore network namespaces."""

SOL_SOCKET, SOL_IP, SOL_IPV6 = 1, 0, 41
ATTACH_FILTER = 26
SOCKET_OPTIONS = {
    # SO_DEBUG to SO_PASSCRED (reuse, buffers, keepalive, linger), low water marks, timeouts. None
    # that attaches a program (26, 50 to 52), which takes memory that the whole machine shares, or
    # locks one (44).
    SOL_SOCKET: (*range(1, 17), 18, 19, 20, 21, 66, 67),
    SOL_IP: (1, 2, 8, 10, 11, 12),  # TOS, TTL, PKTINFO, MTU_DISCOVER, RECVERR, RECVTTL
    SOL_IPV6: (16, 23, 25, 26, 49, 66, 67),  # UNICAST_HOPS to TCLASS: as above, and V6ONLY
    # NODELAY, MAXSEG, CORK, KEEPIDLE, KEEPINTVL, KEEPCNT, SYNCNT, LINGER2, DEFER_ACCEPT,
    # WINDOW_CLAMP, QUICKACK, USER_TIMEOUT, FASTOPEN, NOTSENT_LOWAT, FASTOPEN_CONNECT
    TCP: (*range(1, 11), 12, 18, 23, 25, 30),
}

PROCESS_OPTIONS = (
    *(1, 2, 3, 4),  # death signal, dumpable
    *(15, 16),  # name
    21,  # asks for the filter's mode
    23,  # asks for the bounding set
    *(29, 30),  # slack of timers
    *(36, 37),  # adopts orphans
    *(38, 39),  # no new privileges
    *(40, 41, 42),  # address of the thread's number, large pages
    *(51, 56, 64),  # ask for vector lengths and tagged addresses
    0x53564D41,  # names a memory area
    0x41555856,  # asks for the auxiliary vector
)
"""None that sets a filter, however small (22): each takes memory that all share."""

FILE_COMMANDS = (*range(8), *range(36, 39), 1030, 1032, 1033, 1034)
"""Copies, flags, locks, seals. No signals, no lease, no notice of changes, no larger pipe."""

DEVICE_ORDERS = (
    *range(0x5401, 0x540E),  # modes of a terminal
    *(0x540E, 0x540F, 0x5410, 0x5411, 0x5413, 0x5414, 0x5422, 0x5429),  # its groups and size
    *(0x802C542A, 0x402C542B, 0x402C542C, 0x402C542D),  # its modes, in the newer form
    *(0x541B, 0x5421, 0x5450, 0x5451, 0x5460),  # bytes to read, blocking, closing
    *(0x8905, 0x8906, 0x8907, 0x8910, 0x8912, 0x8913, 0x8915, 0x8919, 0x891B, 0x891D),
    *(0x8921, 0x8927, 0x8933, 0x8942, 0x8946),  # ask for network devices
)
"""For ioctl(2): not 0x5412, which types into a terminal, nor 0x5423, which loads a module."""

TERMINAL = range(0x5400, 0x5480)

CORES = 4
"""RLIMIT_CORE. At 1 nothing is dumped; at 0 a crash may still start a program of the machine's."""

CLONE_REFUSED = 0x7E02A000
"""Flags of clone(2): CLONE_NEW*, CLONE_PARENT, CLONE_PTRACE."""


class Door(NamedTuple):
    """One attempt that must fail: a breach is any other error than the filter's.

    The arguments are such that nothing would happen if the door stood open.
    """

    done: str
    call: str
    arguments: tuple[int, ...]
    refusal: int


CLOSED = (
    Door("attached a filter to a socket", "setsockopt", (-1, 1, 26), errno.ENOPROTOOPT),
    Door("attached a program to a socket", "setsockopt", (-1, 1, 50), errno.ENOPROTOOPT),
    Door("attached a filter to a group of ports", "setsockopt", (-1, 1, 51), errno.ENOPROTOOPT),
    Door("attached a program to a group of ports", "setsockopt", (-1, 1, 52), errno.ENOPROTOOPT),
    Door("locked the filter of a socket", "setsockopt", (-1, 1, 44), errno.ENOPROTOOPT),
    Door("set a system-call filter by prctl", "prctl", (22, 3), errno.EINVAL),
    Door("set a system-call filter", "seccomp", (9,), errno.ENOSYS),
    Door("restricted itself by Landlock", "landlock_create_ruleset", (0, 0, 9), errno.ENOSYS),
    Door("took a context for asynchronous files", "io_setup", (0,), errno.ENOSYS),
    Door("took a ring of system calls", "io_uring_setup", (0,), errno.ENOSYS),
    Door("watched files (inotify)", "inotify_init1", (-1,), errno.ENOSYS),
    Door("watched files (fanotify)", "fanotify_init", (-1, -1), errno.EPERM),
    Door("opened a message queue", "mq_open", (0,), errno.ENOSYS),
    Door("took memory shared by number", "shmget", (1, 0, 0), errno.ENOSYS),
    Door("took a file in memory", "memfd_create", (0,), errno.ENOSYS),
    Door("took secret memory", "memfd_secret", (-1,), errno.ENOSYS),
    Door("took a key", "add_key", (), errno.EPERM),
    Door("asked for a keyring", "keyctl", (-1,), errno.EPERM),
    Door("loaded a BPF program", "bpf", (-1,), errno.EPERM),
    Door("counted events of the processor", "perf_event_open", (), errno.EPERM),
    Door("handled page faults", "userfaultfd", (-1,), errno.EPERM),
    Door("read another process's memory", "process_vm_readv", (0,), errno.EPERM),
    Door("traced a process", "ptrace", (-1,), errno.EPERM),
    Door("took another process's files", "pidfd_getfd", (-1, -1), errno.EPERM),
    Door("made a namespace", "unshare", (0,), errno.EPERM),
    Door("made a process with flags in memory", "clone3", (0, 0), errno.ENOSYS),
    Door("made a socket of a virtual machine", "socket", (40, -1), errno.EAFNOSUPPORT),
    Door("made a socket for packets", "socket", (17, -1), errno.EAFNOSUPPORT),
    Door("made a socket of an odd type", "socket", (1, 6, -1), errno.ESOCKTNOSUPPORT),
    Door("had its crashes handled", "prlimit64", (0, 4, -1), errno.EPERM),
    Door("typed into a terminal", "ioctl", (-1, 0x5412), errno.ENOTTY),
    Door("changed a terminal's discipline", "ioctl", (-1, 0x5423), errno.ENOTTY),
    Door("asked to be told of changes in a folder", "fcntl", (-1, 1026), errno.EINVAL),
)
