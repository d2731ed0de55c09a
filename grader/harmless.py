"""Takes the power from text of unknown origin, for logs and Markdown that a machine reads. Pure."""

from __future__ import annotations

import re

from grader.printable import printable


def for_log(text: str) -> str:
    """One line that no runner takes for a command: `::name::` and `##[name]` are broken up."""
    line = " ".join(printable(text, "\n\t\r").split())
    return re.sub(r":(?=:)", ": ", line).replace("##[", "## [")


def for_markdown(text: str) -> str:
    """Text that Markdown shows as it is: no links, pictures, HTML, mentions or tables."""
    line = " ".join(printable(text, "\n\t\r").split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_{}\[\]()#+\-!|~$])", r"\\\1", line)
    return line.replace("@", "&#64;").replace("://", "&#58;//").replace("www.", "www&#46;")


def code(text: str, most: int = 300) -> str:
    """Text as Markdown code in one line, in a table or outside."""
    line = " ".join(printable(text, "\n\t\r").split())[:most]
    fence = "`" * (max((len(run) for run in re.findall(r"`+", line)), default=0) + 1)
    return f"{fence} {line} {fence}".replace("|", "\\|") if line else ""
