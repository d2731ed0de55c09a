"""What is said to mend: by what was seen, and by the state of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.sandbox.walls import levels, remedies


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose kernel settings are files of the test's own; none is there at first."""
    for name in ("APPARMOR", "NAMESPACES", "DEBIAN_SWITCH"):
        monkeypatch.setattr(remedies, name, tmp_path / name)
    monkeypatch.setattr(remedies, "CONTAINERS", (tmp_path / "CONTAINER",))
    return tmp_path


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, remedies.UNKNOWN),
        ({"APPARMOR": "1\n"}, remedies.PROFILE),
        ({"APPARMOR": "0\n"}, remedies.UNKNOWN),
        ({"APPARMOR": "1\n", "CONTAINER": ""}, remedies.PROFILE),
        ({"NAMESPACES": "0"}, "`sudo sysctl -w user.max_user_namespaces=10000`"),
        ({"NAMESPACES": "63000", "DEBIAN_SWITCH": "0"}, "kernel.unprivileged_userns_clone=1"),
        ({"DEBIAN_SWITCH": "1", "CONTAINER": ""}, remedies.CONTAINER),
        ({"NAMESPACES": "no number"}, remedies.UNKNOWN),
    ],
)
def test_the_mend_follows_the_state_of_the_machine(
    state: Path, files: dict[str, str], expected: str
) -> None:
    for name, content in files.items():
        (state / name).write_text(content)
    assert expected in remedies.of("bubblewrap", "setting up uid map: Permission denied")


def test_a_lack_of_control_groups_has_its_own_mend(state: Path) -> None:
    (state / "APPARMOR").write_text("1")
    said = "no control group for memory is given to this user"
    assert remedies.of("bubblewrap+cgroup", said) == remedies.CGROUP
    assert remedies.of("bubblewrap", said) == remedies.PROFILE


def test_below_bubblewrap_only_sockets_have_a_mend(state: Path) -> None:
    assert remedies.of("landlock", "reached another program's socket") == remedies.SOCKETS
    assert remedies.of("landlock", "wrote to a file of this machine") == ""
    assert remedies.of("unconfined", "anything") == ""


@pytest.mark.parametrize("rung", levels.NAMES)
def test_each_rung_has_an_answer_to_anything(state: Path, rung: str) -> None:
    assert isinstance(remedies.of(rung, ""), str)
