"""The system-call filter: in a small interpreter and, once for each door, for real."""

from __future__ import annotations

import errno
import json
import struct
import subprocess
import sys

import pytest

from grader.sandbox.walls import doors, seccomp

MACHINES = sorted(seccomp.ARCHITECTURES)
NAMED = {
    machine: {row["call"]: int(row[machine]) for row in seccomp._table() if row[machine]}
    for machine in MACHINES
}


def answer(
    machine: str,
    call: str | int,
    *arguments: int,
    alone: bool = False,
    devices: bool = False,
    architecture: int = 0,
) -> str:
    """What the filter says to a call: "allow", "kill", or the name of an error ("" for none)."""
    code = seccomp.program(machine=machine, alone=alone, devices=devices)
    assert code is not None
    number = NAMED[machine][call] if isinstance(call, str) else call
    words = [word & (1 << 64) - 1 for word in (*arguments, *[0] * (6 - len(arguments)))]
    architecture = architecture or seccomp.ARCHITECTURES[machine]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *words)
    program = list(struct.iter_unpack("=HBBI", code))
    at = value = 0
    while True:
        operation, if_true, if_false, operand = program[at]
        at += 1
        if operation == seccomp.LOAD:
            (value,) = struct.unpack_from("<I", data, operand)
        elif operation == seccomp.JUMP:
            at += operand
        elif operation == seccomp.KEEP_BITS:
            value &= operand
        elif operation == seccomp.RETURN:
            break
        else:
            holds = {
                seccomp.EQUAL: value == operand,
                seccomp.AT_LEAST: value >= operand,
                seccomp.ANY_BIT: bool(value & operand),
            }[operation]
            at += if_true if holds else if_false
    if operand in (seccomp.ALLOW, seccomp.KILL):
        return "allow" if operand == seccomp.ALLOW else "kill"
    return errno.errorcode.get(operand & 0xFFFF, "")


@pytest.mark.parametrize("machine", MACHINES)
def test_no_number_stands_for_two_calls(machine: str) -> None:
    assert len(set(NAMED[machine].values())) == len(NAMED[machine]) > 200


@pytest.mark.parametrize("machine", MACHINES)
def test_each_call_of_the_table_gets_its_answer_and_no_other_call_any(machine: str) -> None:
    told = {row["call"]: row["answer"] for row in seccomp._table()}
    for call in NAMED[machine]:
        if told[call] in ("allow", "files", "scheduling"):
            assert answer(machine, call, 77, 77) == "allow", call
        elif told[call] != "arguments":
            wanted = told[call].replace("nothing", "")
            assert answer(machine, call) == wanted, call
    unnamed = {*range(600), 0x40000000, 0x40000001, 0xFFFFFFFF} - set(NAMED[machine].values())
    assert {answer(machine, number) for number in unnamed} == {"ENOSYS"}


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_architecture_end_the_process(machine: str) -> None:
    for other in (0x40000003, 0x40000028):  # i386, arm
        assert answer(machine, "read", architecture=other) == "kill"


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("call", "arguments", "wanted"),
    [
        ("setsockopt", (3, 1, 2), "allow"),  # SO_REUSEADDR
        ("setsockopt", (3, 6, 1), "allow"),  # TCP_NODELAY
        ("setsockopt", (3, 6, 31), "ENOPROTOOPT"),  # TCP_ULP loads modules
        ("setsockopt", (3, 1 | 1 << 32, 26 | 1 << 32), "ENOPROTOOPT"),  # the kernel cuts it too
        ("socket", (1, 1, 0), "allow"),
        ("socket", (2, 1, 6), "allow"),
        ("socket", (2, 2 | 0x80800, 0), "allow"),
        ("socket", (10, 1 | 0x80000, 0), "allow"),
        ("socket", (1, 5, 0), "allow"),
        ("socketpair", (1, 1 | 0x80800, 0), "allow"),
        ("socket", (2, 6, 0), "ESOCKTNOSUPPORT"),  # DCCP, whose module older kernels load
        ("socket", (2, 3, 17), "ESOCKTNOSUPPORT"),  # raw
        ("socket", (16, 3 | 0x80000, 0), "allow"),
        ("socketpair", (1, 1 | 0x100000, 0), "ESOCKTNOSUPPORT"),
        ("socket", (2, 1, 132), "EPROTONOSUPPORT"),  # SCTP
        ("socket", (16, 3, 0), "allow"),
        ("socket", (16, 3, 12), "EPROTONOSUPPORT"),  # netfilter
        ("socket", (38, 5, 0), "EAFNOSUPPORT"),  # the kernel's cryptography
        ("prctl", (15, 0), "allow"),
        ("prctl", (22, 2), "EINVAL"),
        ("ioctl", (0, 0x5413), "allow"),
        ("ioctl", (0, 0x5412), "ENOTTY"),
        ("fcntl", (0, 1030), "allow"),
        ("fcntl", (0, 1031), "EINVAL"),  # a larger pipe
        ("setrlimit", (7, 99), "allow"),
        ("setrlimit", (4 | 1 << 32, 99), "EPERM"),  # dumps of memory
        ("prlimit64", (0, 7, 99), "allow"),
        ("prlimit64", (0, 4, 0, 99), "allow"),  # asks
        ("prlimit64", (0, 4, 99, 0), "EPERM"),
        ("prlimit64", (0, 4, 99 << 32, 0), "EPERM"),
        ("clone", (0x3D0F00,), "allow"),  # a thread
        ("clone", (0x1200011,), "allow"),  # a process
        ("clone", (0x10000011,), "EPERM"),  # a user namespace
        ("clone", (0x8011,), "EPERM"),  # a sibling
    ],
)
def test_where_a_call_has_many_doors_each_is_looked_at(
    machine: str, call: str, arguments: tuple[int, ...], wanted: str
) -> None:
    assert answer(machine, call, *arguments) == wanted
    if not call.startswith("socket"):
        assert answer(machine, call, *arguments, alone=True) == wanted


@pytest.mark.parametrize("machine", MACHINES)
def test_without_namespaces_others_are_left_alone(machine: str) -> None:
    def alone(call: str, *arguments: int) -> str:
        return answer(machine, call, *arguments, alone=True)

    assert alone("socket", 2, 1, 6) == "EAFNOSUPPORT"
    assert (alone("prlimit64", 0, 7), alone("prlimit64", 1, 7)) == ("allow", "EPERM")
    assert (alone("setpriority", 0, 0), alone("setpriority", 0, 9)) == ("allow", "EPERM")
    assert alone("setpriority", 2, 0) == "EPERM"  # all of a user's
    assert (alone("sched_setaffinity", 0), alone("sched_setaffinity", 9)) == ("allow", "")
    assert alone("fchmodat", 1) == ""


@pytest.mark.parametrize("machine", MACHINES)
def test_a_graphics_card_gets_its_orders_and_a_terminal_does_not(machine: str) -> None:
    assert answer(machine, "ioctl", 5, 0xC020462A, devices=True) == "allow"
    assert answer(machine, "ioctl", 5, 0x30000001, devices=True) == "allow"
    assert answer(machine, "ioctl", 5, 0x5413, devices=True) == "allow"
    assert answer(machine, "ioctl", 5, 0x5412, devices=True) == "ENOTTY"
    assert answer(machine, "ioctl", 5, 0xC020462A) == "ENOTTY"


TRY = """
import ctypes, json, sys
from grader.sandbox.walls import seccomp
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
told = json.loads(sys.argv[1])
if told["filter"]:
    seccomp.install(seccomp.program(alone=told["alone"]))
for number, arguments in told["calls"]:
    words = [ctypes.c_long(word) for word in (number, *arguments, *[0] * (6 - len(arguments)))]
    print(ctypes.get_errno() if libc.syscall(*words) == -1 else 0)
"""


def attempts(*, filtered: bool, alone: bool = False) -> list[int]:
    """Errors of one attempt at each door. None would do anything if it were open."""
    numbers = seccomp.numbers()
    calls = [(numbers[door.call], door.arguments) for door in doors.CLOSED]
    told = json.dumps({"filter": filtered, "alone": alone, "calls": calls})
    done = subprocess.run(
        [sys.executable, "-c", TRY, told], capture_output=True, text=True, check=True
    )
    return [int(line) for line in done.stdout.split()]


@pytest.mark.skipif(seccomp.program() is None, reason="no filter is known for this machine")
@pytest.mark.parametrize("alone", [False, True])
def test_each_closed_door_is_refused(alone: bool) -> None:
    refused = dict(zip(doors.CLOSED, attempts(filtered=True, alone=alone), strict=True))
    assert refused == {door: door.refusal for door in doors.CLOSED}


@pytest.mark.skipif(seccomp.program() is None, reason="no filter is known for this machine")
def test_a_socket_filter_would_be_told_from_a_refusal() -> None:
    open_doors = dict(zip(doors.CLOSED, attempts(filtered=False), strict=True))
    door = doors.CLOSED[0]
    assert (door.call, door.arguments) == ("setsockopt", (-1, doors.SOL_SOCKET, 26))
    assert open_doors[door] == errno.EBADF


def test_of_a_machine_whose_numbers_nobody_knows_there_is_no_filter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert seccomp.program(machine="riscv64") is None
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert seccomp.numbers() == {}


@pytest.mark.parametrize("value", [0, 6, 7, 8, 9, 10, 0xFFFFFFFE, 0xFFFFFFFF])
def test_a_choice_holds_at_its_edges(value: int) -> None:
    """Also where its branches are longer than a conditional jump."""
    long = (seccomp._load(0),) * 300
    cases = {7: (*long, *seccomp._refuse(1)), 9: seccomp.PASS, 0xFFFFFFFF: seccomp.PASS}
    code = [struct.unpack("=HBBI", op) for op in seccomp._choose(cases, seccomp._refuse(2))]
    at = 0
    while code[at][0] != seccomp.RETURN:
        operation, if_true, if_false, operand = code[at]
        at += 1
        if operation == seccomp.JUMP:
            at += operand
        elif operation == seccomp.AT_LEAST:
            at += if_true if value >= operand else if_false
    expected = {7: seccomp.REFUSE | 1, 9: seccomp.ALLOW, 0xFFFFFFFF: seccomp.ALLOW}
    assert code[at][3] == expected.get(value, seccomp.REFUSE | 2)


def test_a_filter_that_no_kernel_takes_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seccomp, "LONGEST", 10)
    with pytest.raises(ValueError, match=r"^a filter of \d{3,} instructions$"):
        seccomp.program.__wrapped__(machine=MACHINES[0])
