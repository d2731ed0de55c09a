"""The documents name what there is, and what they point to exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.checks import CHECKS
from grader.cli.main import main
from grader.core.version import __version__
from grader.reports import FORMATS
from grader.sandbox.walls.levels import NAMES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def links(document: str) -> list[str]:
    """Targets of Markdown links and pictures that lie in this repository."""
    text = (ROOT / document).read_text(encoding="utf-8")
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)", text)
    found += re.findall(r"^\[[^\]]+\]:\s*(\S+)", text, re.MULTILINE)
    found += re.findall(r"""<(?:img|a)\b[^>]*?(?:src|href)=["']([^"']+)""", text)
    return [link for link in found if not re.match(r"[a-z][a-z0-9+.-]*:", link, re.IGNORECASE)]


@pytest.mark.parametrize("command", sorted(main.commands))
def test_the_readme_mentions_each_command(command: str) -> None:
    assert re.search(rf"\bgrader {re.escape(command)}\b", README)


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_the_readme_mentions_each_check_type(check: str) -> None:
    assert f"`{check}`" in README


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_the_readme_mentions_each_report_format(format_: str) -> None:
    assert re.search(rf"\b{re.escape(format_)}\b", README, re.IGNORECASE)


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"]
)
def test_what_a_document_points_to_exists(document: str) -> None:
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = ROOT / path if path else ROOT / document
        assert target.exists(), link
        assert target.resolve().is_relative_to(ROOT), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def anchors(path: Path) -> set[str]:
    """The names that GitHub gives to headings."""
    headings = re.findall(r"^#+ +(.+?) *$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def test_the_readme_shows_a_picture_and_leads_to_the_other_documents() -> None:
    assert {"CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} <= set(links("README.md"))
    assert [link for link in links("README.md") if link.endswith((".png", ".svg"))]


@pytest.mark.parametrize("rung", NAMES)
def test_the_security_page_has_a_column_for_each_rung(rung: str) -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    (heading,) = re.findall(r"^\| \| (.*) \|$", text, re.MULTILINE)
    assert f"`{rung}`" in heading.split(" | ")


def test_the_changelog_tells_of_this_version_or_of_what_is_not_released() -> None:
    headings = re.findall(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert __version__ in headings or headings[0].lower() == "unreleased"


def test_commands_in_code_blocks_of_the_readme_exist() -> None:
    blocks = re.findall(r"^ {4}(?:\S*/)?grader (\w+)", README, re.MULTILINE)
    assert blocks
    assert set(blocks) <= set(main.commands)
