"""Which rung of the ladder is taken on a machine, and what is said where none is good enough."""

from __future__ import annotations

import pytest

from grader.core.errors import SandboxError, UsageError
from grader.sandbox.walls import cgroup, choose, levels, scratch, selftest

PROBLEM = "user namespaces are closed"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of the rungs that work here; a test adds to them."""
    working: set[str] = set()

    def examine(name: str) -> choose.Fitness:
        if name in working:
            return choose.Fitness(rung=levels.get(name))
        return choose.Fitness(rung=levels.get(name), problem=PROBLEM, mend="open them")

    monkeypatch.setattr(choose, "examine", examine)
    monkeypatch.setattr(choose, "prepare", lambda: None)
    return working


def test_the_best_rung_that_works_is_taken(machine: set[str]) -> None:
    machine |= set(levels.NAMES)
    assert choose.best() == "bubblewrap+cgroup"
    assert choose.best("unconfined") == "bubblewrap+cgroup"
    machine.remove("bubblewrap+cgroup")
    assert choose.best() == "bubblewrap"


def test_below_bubblewrap_the_risk_must_be_accepted_by_name(machine: set[str]) -> None:
    machine |= {"landlock", "unconfined"}
    with pytest.raises(SandboxError) as refused:
        choose.best()
    text = str(refused.value)
    assert PROBLEM in text
    assert "; open them" in text
    assert "`--accept-rung landlock`" in text
    assert levels.LANDLOCK.lacks in text
    assert choose.best("landlock") == "landlock"
    assert choose.best("unconfined") == "landlock"


def test_the_strongest_of_the_weak_ones_is_offered(machine: set[str]) -> None:
    machine |= {"unconfined"}
    with pytest.raises(SandboxError, match="`--accept-rung unconfined`"):
        choose.best()


def test_where_nothing_works_nothing_is_offered(machine: set[str]) -> None:
    with pytest.raises(SandboxError) as refused:
        choose.best("unconfined")
    assert "--accept-rung" not in str(refused.value)


def test_a_required_rung_is_not_replaced_by_a_lower_one(machine: set[str]) -> None:
    machine |= {"bubblewrap", "landlock", "unconfined"}
    with pytest.raises(SandboxError, match="bubblewrap, and control groups"):
        choose.best("bubblewrap+cgroup")


def test_an_unknown_rung_is_wrong_usage(machine: set[str]) -> None:
    with pytest.raises(UsageError, match=r"no sandbox 'docker'; there are bubblewrap\+cgroup"):
        choose.best("docker")


def test_a_rung_is_tested_once_for_each_process(monkeypatch: pytest.MonkeyPatch) -> None:
    tested: list[str] = []

    def examine(rung: levels.Rung) -> selftest.Finding:
        tested.append(rung.name)
        return "it is broken", "mend it"

    monkeypatch.setattr(selftest, "examine", examine)
    choose.examine.cache_clear()
    try:
        first, second = choose.examine("landlock"), choose.examine("landlock")
        choose.examine("bubblewrap")
    finally:
        choose.examine.cache_clear()
    assert first is second
    assert (first.rung, first.problem, first.mend) == (levels.LANDLOCK, "it is broken", "mend it")
    assert tested == ["landlock", "bubblewrap"]


def test_what_killed_graders_left_is_cleared_away_once(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(scratch, "reap", lambda: done.append("folders"))
    monkeypatch.setattr(cgroup, "delegate", lambda: done.append("room"))
    monkeypatch.setattr(cgroup, "reap", lambda: done.append("groups"))
    choose.prepare.cache_clear()
    try:
        choose.prepare()
        choose.prepare()
    finally:
        choose.prepare.cache_clear()
    assert done == ["folders", "room", "groups"]
