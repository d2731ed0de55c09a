"""The documents name what there is, and what they point to exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from grader.cli.main import main
from grader.core.version import __version__
from grader.reports import FORMATS
from grader.sandbox.walls.levels import NAMES
from tests.test_architecture import ROOMS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    *(name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
]


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def links(page: str) -> list[str]:
    """Targets of Markdown links and pictures that lie in this repository."""
    text = re.sub(r"^```.*?^```", "", read(page), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)", text)
    found += re.findall(r"^\[[^\]]+\]:\s*(\S+)", text, re.MULTILINE)
    found += re.findall(r"""<(?:img|a)\b[^>]*?(?:src|href)=["']([^"']+)""", text)
    return [link for link in found if not re.match(r"[a-z][a-z0-9+.-]*:", link, re.IGNORECASE)]


def commands(page: str) -> Iterator[list[str]]:
    """The words of each `grader` command in a page's blocks of code, comments left out."""
    for line in re.findall(r"^ {4}(?:\S*/)?grader ([a-z].*)$", read(page), re.MULTILINE):
        words = re.split(r"\s#\s|\s{2,}#", line)[0].split()
        if words[0] != "…":
            yield words


SHOWN = [(page, words) for page in PAGES if page != "CHANGELOG.md" for words in commands(page)]


@pytest.mark.parametrize("command", sorted(main.commands))
def test_the_readme_mentions_each_command(command: str) -> None:
    assert re.search(rf"\bgrader {re.escape(command)}\b", README)


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_the_readme_mentions_each_report_format(format_: str) -> None:
    assert re.search(rf"\b{re.escape(format_)}\b", README, re.IGNORECASE)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_points_to_exists(page: str) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        assert target.resolve().is_relative_to(ROOT), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def anchors(path: Path) -> set[str]:
    """The names that GitHub gives to headings."""
    headings = re.findall(r"^#+ +(.+?) *$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def test_the_readme_is_short_shows_a_picture_and_leads_to_all_other_pages() -> None:
    assert README.count("\n") <= 120
    assert set(PAGES) - {"README.md"} <= set(links("README.md"))
    assert [link for link in links("README.md") if link.endswith((".png", ".svg"))]


@pytest.mark.parametrize(("page", "words"), SHOWN, ids=lambda value: str(value)[:60])
def test_each_command_that_a_page_shows_exists_with_its_options(
    page: str, words: list[str]
) -> None:
    command: click.Command = main
    left = list(words)
    while isinstance(command, click.Group) and left:
        name = left.pop(0)
        assert name in command.commands, f"{page}: {' '.join(words)}"
        command = command.commands[name]
    known = {option for param in command.params for option in param.opts}
    for word in left:
        if word.startswith("--"):
            assert word.partition("=")[0] in known, f"{page}: {' '.join(words)}: {word}"


def test_the_pages_show_commands_for_each_of_their_readers() -> None:
    shown = {page for page, _ in SHOWN}
    assert {
        "README.md",
        "docs/teaching-assistants.md",
        "docs/students.md",
        "docs/lecturers.md",
        "docs/continuous-integration.md",
        "docs/operations.md",
    } <= shown


def test_the_page_on_the_code_draws_each_room_in_order() -> None:
    drawn = re.findall(r"^ {4}([a-z_]+)/ ", read("docs/code-layout.md"), re.MULTILINE)
    assert tuple(drawn) == ROOMS


def test_files_that_the_page_on_the_code_names_exist() -> None:
    named = re.findall(r"`([a-z_/]+(?:\.py|/))`", read("docs/code-layout.md"))
    assert len(named) > 20
    for name in named:
        place = ROOT if name.startswith(("tests/", "grader/")) else ROOT / "grader"
        assert (place / name).exists(), name


@pytest.mark.parametrize("rung", NAMES)
def test_the_security_page_has_a_column_for_each_rung(rung: str) -> None:
    (heading,) = re.findall(r"^\| \| (.*) \|$", read("SECURITY.md"), re.MULTILINE)
    assert f"`{rung}`" in heading.split(" | ")


def test_the_changelog_tells_of_this_version() -> None:
    headings = re.findall(r"^## \[?([^\]\s]+)", read("CHANGELOG.md"), re.MULTILINE)
    assert __version__ in headings or headings[0].lower() == "unreleased"
