"""The file of a key for pseudonyms: made, read and kept, for its owner's eyes alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from grader.intake.pseudonyms import Key, Known
    from grader.store.store import Store

FORMAT = 1
SETTING = "pseudonyms"
"""What a result folder notes of its key; one without it holds names."""

pseudonyms_option = click.option(
    "--pseudonyms",
    "key_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The key file of a result folder that carries pseudonyms.",
)


def read(path: Path) -> Key:
    """The key in a file.

    Raises:
        UsageError: there is none, others may read it, or it is another file.
    """
    from grader.core.errors import UsageError
    from grader.intake.pseudonyms import Key

    try:
        text, mode = path.read_text(encoding="utf-8"), path.stat().st_mode
    except (OSError, UnicodeDecodeError) as bad:
        raise UsageError(f"{path} cannot be read as a key file ({bad})") from None
    if mode & 0o077:
        raise UsageError(f"{path} tells who is who, and others may read it; chmod 600 {path}")
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise UsageError(f"{path} was written by a newer grader; update the grader to read it")
        people = {pseudonym: _known(known) for pseudonym, known in data["people"].items()}
        return Key(secret=str(data["secret"]), people=people)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{path} is no key file of `grader grade --pseudonyms`") from None


def read_or_new(path: Path, results: Path) -> Key:
    """The key in a file, or a new one if there is no such file.

    Raises:
        UsageError: it is no key, or lies where it must not.
    """
    import secrets

    from grader.core.errors import UsageError
    from grader.intake.pseudonyms import Key

    if path.resolve().is_relative_to(results.resolve()):
        raise UsageError(f"{path} lies in {results}, which it is to be kept apart from")
    return read(path) if path.exists() else Key(secret=secrets.token_hex(32))


def write(path: Path, key: Key) -> None:
    """Keeps a key.

    Raises:
        UsageError: it cannot be written.
    """
    from dataclasses import asdict

    from grader.cli import output_files

    people = {pseudonym: asdict(known) for pseudonym, known in key.people.items()}
    data = {"format": FORMAT, "secret": key.secret, "people": people}
    content = json.dumps(data, ensure_ascii=False, indent=1).encode()
    output_files.write_secret(path, content, "choose another --pseudonyms file")


def check(store: Store, key: Key | None) -> None:
    """Holds that a folder carries names or pseudonyms, and never both.

    Raises:
        UsageError: it is the other way round, or of another key.
    """
    from grader.core.errors import UsageError

    noted, folder = store.setting(SETTING), store.path.parent
    if key is None and noted:
        raise UsageError(f"{folder} carries pseudonyms; name its key file with --pseudonyms FILE")
    if key is not None and noted is None and store.setting("assignment") is not None:
        raise UsageError(f"{folder} holds names; choose a new --out folder for pseudonyms")
    if key is not None and noted not in (None, key.mark):
        raise UsageError(f"{folder} carries pseudonyms of another key")


def keep(store: Store, key: Key | None, path: Path | None) -> dict[str, str]:
    """Writes the key of a batch before anything of it is kept; what the folder is to note.

    Raises:
        UsageError: the folder is of another key, or of none.
    """
    check(store, key)
    if key is None or path is None:
        return {}
    write(path, key)
    return {SETTING: key.mark}


def of(store: Store, path: Path | None) -> Key | None:
    """The key of a result folder; None if it holds names.

    Raises:
        UsageError: it is missing, or another one.
    """
    key = read(path) if path is not None and store.setting(SETTING) else None
    check(store, key)
    return key


def _known(data: dict[str, Any]) -> Known:
    from grader.core.model import Person
    from grader.intake.pseudonyms import Known

    lists = {name: tuple(data[name]) for name in ("names", "addresses", "numbers")}
    person = data["person"]
    tuples = {name: tuple(person[name]) for name in ("groups", "members")}
    return Known(**(data | lists | {"person": Person(**(person | tuples))}))
