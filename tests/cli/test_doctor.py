"""`grader doctor` tells the truth of the sandbox: rung, promise, mend for a better one."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import doctor
from grader.cli.main import main
from grader.core import extras
from grader.sandbox.walls import choose, levels, remedies


def ladder(monkeypatch: pytest.MonkeyPatch, *working: str) -> dict[str, doctor.Finding]:
    """What is said of the sandbox where these rungs work, by what it is about."""

    def examine(name: str) -> choose.Fitness:
        if name in working:
            return choose.Fitness(rung=levels.get(name))
        return choose.Fitness(rung=levels.get(name), problem=f"{name} is broken", mend="mend it")

    monkeypatch.setattr(choose, "examine", examine)
    monkeypatch.setattr(choose, "prepare", lambda: None)
    return {finding.what: finding for finding in doctor._ladder()}


def test_the_best_sandbox_is_told_with_its_promise_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ladder(monkeypatch, *levels.NAMES)
    assert list(found) == ["sandbox"]
    assert found["sandbox"].ok
    assert found["sandbox"].text.startswith("bubblewrap+cgroup, tested here. Promised: no file of")
    assert "Not promised: protection against bugs of the Linux kernel" in found["sandbox"].text


def test_control_groups_are_recommended_but_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ladder(monkeypatch, "bubblewrap", "landlock", "unconfined")
    assert found["sandbox"].ok
    assert found["sandbox"].text.startswith("bubblewrap, tested here.")
    better = found["sandbox bubblewrap+cgroup"]
    assert (better.ok, better.text) == (True, "bubblewrap+cgroup is broken; mend it")


@pytest.mark.parametrize("rung", ["landlock", "unconfined"])
def test_a_weak_sandbox_is_a_finding_with_the_option_that_accepts_it(
    monkeypatch: pytest.MonkeyPatch, rung: str
) -> None:
    found = ladder(monkeypatch, rung)
    assert not found["sandbox"].ok
    assert found["sandbox"].text.endswith(f"`grader grade` needs --accept-rung {rung}")
    assert not found["sandbox bubblewrap"].ok
    assert found["sandbox bubblewrap"].text == "bubblewrap is broken; mend it"


def test_no_sandbox_at_all_is_told_for_each_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ladder(monkeypatch)
    assert list(found) == [f"sandbox {name}" for name in levels.NAMES[1:]]
    assert "sandbox" not in found


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose kernel settings are files of the test's own; none is there at first."""
    for name in ("APPARMOR", "NAMESPACES", "DEBIAN_SWITCH"):
        monkeypatch.setattr(remedies, name, tmp_path / name)
    monkeypatch.setattr(remedies, "CONTAINERS", (tmp_path / "CONTAINER",))
    return tmp_path


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("APPARMOR", "1\n", "bwrap-userns-restrict"),
        ("NAMESPACES", "0\n", "sudo sysctl -w user.max_user_namespaces=10000"),
        ("DEBIAN_SWITCH", "0\n", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        ("CONTAINER", "", "--security-opt seccomp=unconfined"),
        ("APPARMOR", "0\n", "`unshare --user true` must work"),
        ("nothing", "", "`unshare --user true` must work"),
    ],
)
def test_the_mend_follows_the_state_of_the_machine(
    state: Path, file: str, content: str, expected: str
) -> None:
    (state / file).write_text(content)
    assert expected in remedies.of("bubblewrap", "setting up uid map: Permission denied")


def test_a_lack_of_control_groups_has_its_own_mend(state: Path) -> None:
    assert "systemd-run" in remedies.of("bubblewrap+cgroup", "no control group for memory is given")
    assert "apt-get install bubblewrap" in remedies.BUBBLEWRAP


def test_what_a_kernel_is_made_of_is_no_fault_of_the_sandbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extras, "missing", lambda *names: ["nbclient"])
    told = doctor._confinement().text
    assert told == "not tested: it needs nbclient: pip install 'grader[notebooks]'"


@pytest.fixture(scope="module")
def without_bubblewrap() -> str:
    """What the doctor says on a machine without bubblewrap, from the command line."""
    choose.examine.cache_clear()
    result = CliRunner().invoke(main, ["doctor"], env={"GRADER_BWRAP": "/nowhere/bwrap"})
    choose.examine.cache_clear()
    assert result.exit_code == 1
    return result.stdout


@pytest.mark.sandbox
def test_without_bubblewrap_the_doctor_says_so_and_what_helps(without_bubblewrap: str) -> None:
    assert "MISSING  sandbox bubblewrap: bubblewrap is missing; " in without_bubblewrap
    assert "bubblewrap+cgroup" not in without_bubblewrap
    assert "`make setup` or `apt-get install bubblewrap`" in without_bubblewrap
    assert "MISSING  confinement: not tested: there is no safe sandbox" in without_bubblewrap


@pytest.mark.sandbox
def test_without_bubblewrap_nothing_is_graded_and_the_option_is_named(tmp_path: Path) -> None:
    choose.examine.cache_clear()
    result = CliRunner().invoke(
        main,
        ["grade", "submissions/examples", "--out", str(tmp_path / "out")],
        env={"GRADER_BWRAP": "/nowhere/bwrap"},
    )
    choose.examine.cache_clear()
    assert result.exit_code == 3
    assert result.stderr.startswith(
        "grader: student code cannot be confined by bubblewrap here: bubblewrap is missing; "
    )
    assert "apt-get install bubblewrap" in result.stderr
    assert "--accept-rung" in result.stderr
    assert not (tmp_path / "out").exists()
