"""Who somebody is: an id that follows from the person alone, never from who else is there. Pure.

It is what the platform numbers him by, else a roster's key, else the name of his folder.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from anyascii import anyascii

from grader.core.untrusted_text import printable

GERMAN = {
    ord(a): b for a, b in zip("äöüÄÖÜß", ("ae", "oe", "ue", "Ae", "Oe", "Ue", "ss"), strict=True)
}
DROPPED = re.compile(r"""[\x00-\x1f\x7f&<>"`|':\\/]""")
"""What Moodle leaves out of the names of files."""

MOST = 60
"""Letters of an id that are the name's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose a submission is."""

    student: str  # the id, safe as the name of a file
    name: str  # as shown to people
    decides: str = ""  # what seeds and marks follow from; empty: `student` does


def by_key(platform: str, key: str, name: str) -> Identity:
    """Of whom a platform or a roster knows by a key; the name makes the id telling."""
    end = key.lower() if re.fullmatch(r"[A-Za-z0-9]{1,20}", key) else _digest(key)
    shown = _shown(name)
    front = slug(shown).removesuffix(f"-{end}")
    student = end if front == end else f"{front}-{end}"
    return Identity(student=student, name=shown, decides=f"{platform} {key}")


def by_name(name: str) -> Identity:
    """Of whom nothing is known but the name of his folder.

    An id that does not tell the name alone has a digest of it, so that two names have two ids.
    """
    shown = _shown(name)
    found = slug(shown)
    bare = unicodedata.normalize("NFKD", shown.translate(GERMAN))
    latin = "".join(sign for sign in bare if not unicodedata.combining(sign))
    told = re.sub(r"[ _.,-]+", "-", latin).strip("-").lower()
    is_plain = found == told and not shown.isupper()
    return Identity(student=found if is_plain else f"{found}-{_digest(shown)}", name=shown)


def _shown(name: str) -> str:
    return printable(unicodedata.normalize("NFC", name)).strip()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def slug(name: str) -> str:
    """Small letters, digits and hyphens that tell a name of any script."""
    ascii_name = anyascii(unicodedata.normalize("NFC", name).translate(GERMAN))
    return (
        re.sub(r"[^a-z0-9]+", "-", ascii_name.lower().replace("'", ""))[:MOST].strip("-")
        or "student"
    )


def cleaned(name: str) -> str:
    """A name for comparison: as Moodle cleans it for files, one form, no case, single spaces."""
    plain = DROPPED.sub("", unicodedata.normalize("NFC", name)).casefold()
    return " ".join(re.sub(r"[,._]+", " ", plain).split())


def folded(key: str) -> str:
    """An address, number or user name for comparison."""
    return unicodedata.normalize("NFC", key).strip().casefold()
