"""The people of a course as tables tell of them, and who of them handed in what. Trusted, pure.

Joined exactly by number, else by a unique address, ID number or user name, else by name as Moodle
cleans it for files. What fits several people is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, tzinfo

from grader.core import bounded
from grader.core.errors import UsageError
from grader.intake import tables
from grader.intake.identity import Identity, by_key, by_name, cleaned, folded
from grader.intake.platform import Entry, QuizAttempt, Table

COLUMNS = {
    "key": ("key", "participant"),
    "name": ("name", "full name", "vollständiger name", "student"),
    "first": ("first name", "vorname", "firstname"),
    "last": ("last name", "nachname", "surname", "lastname"),
    "email": ("email", "e-mail", "email address", "e-mail-adresse"),
    "number": ("number", "id number", "id-nummer", "matrikelnummer", "sid", "sis user id"),
    "username": ("username", "user name", "anmeldename", "login", "sis login id"),
    "group": ("group", "gruppe", "section", "sections"),
    "submitted": ("submitted", "submitted at", "submitted_at", "abgegeben", "time", "zeit"),
    "until": ("until", "extended until", "extension", "bis", "verlängert bis"),
    "reason": ("reason", "why", "grund"),
}
"""Headers of a roster of one's own."""


def read(name: str, table: Table) -> list[Entry] | None:
    """The people of a roster with any of `COLUMNS`; None if it is no such table.

    A table of times (`submitted`) or of extensions (`until`, `reason`) is one, too.

    Raises:
        UsageError: a time is none.
    """
    header = [cell.strip().casefold() for cell in table[0]] if table else []
    places = {
        key: next((header.index(alias) for alias in aliases if alias in header), None)
        for key, aliases in COLUMNS.items()
    }
    named = places["name"] is not None or None not in (places["first"], places["last"])
    if not named and all(places[key] is None for key in ("key", "email", "number", "username")):
        return None
    entries = []
    for line, row in enumerate(table[1:], 2):
        cell = {key: tables.cell(row, place).strip() for key, place in places.items()}
        if not any(row):
            continue
        first, last = cell["first"], cell["last"]
        entries.append(
            Entry(
                source=f"{name}, row {line}",
                key=cell["key"],
                name=cell["name"] or f"{first} {last}".strip(),
                reversed_name=f"{last} {first}".strip() if last else "",
                email=cell["email"],
                username=cell["username"],
                number=cell["number"],
                group=cell["group"],
                submitted_at=_time(cell["submitted"], f"{name}, row {line}"),
                extended_until=_time(cell["until"], f"{name}, row {line}"),
                reason=cell["reason"],
            )
        )
    return entries


def _time(text: str, where: str) -> datetime | None:
    """A time as 2021-05-30 20:00, with or without seconds and zone."""
    if text in ("", "-"):
        return None
    try:
        return bounded.time(text)
    except ValueError:
        raise UsageError(
            f"{where}: {text!r} is no time; expected one such as 2021-05-30 20:00"
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a submission is, and the rows of tables that tell of him, or of a team's members."""

    identity: Identity
    platform: str = ""
    key: str = ""
    entries: tuple[Entry, ...] = ()
    is_team: bool = False
    candidates: tuple[Entry, ...] = ()  # where several people could be meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """All people that tables tell of, one entry for each."""

    entries: list[Entry] = field(default_factory=list)
    zone: tzinfo = UTC
    """Of times that have none."""

    def add(self, entries: Iterable[Entry]) -> None:
        """Takes one more table; who is known already by number, address or ID is joined.

        Raises:
            UsageError: two rows of it have the same key.
        """
        before = list(self.entries)
        seen: dict[tuple[str, str], Entry] = {}
        for entry in (_zoned(entry, self.zone) for entry in entries):
            if entry.key and (twin := seen.setdefault((entry.platform, entry.key), entry)) != entry:
                raise UsageError(f"{entry.source} and {twin.source} have the same key {entry.key}")
            known = [one for one in before if _same(one, entry)]
            if not known and not (entry.key or entry.email or entry.number or entry.username):
                known = [one for one in before if names(one) & names(entry)]
            if len(known) == 1:
                self.entries[self.entries.index(known[0])] = _joined(known[0], entry)
            else:
                self.entries.append(entry)

    def by_ids(self, email: str, number: str, username: str) -> list[Entry]:
        """Whom a unique address, ID number or user name means."""
        for attribute, value in (("email", email), ("number", number), ("username", username)):
            found = [e for e in self.entries if value and _is(e, attribute, value)]
            if found:
                return found
        return []

    def by_name(self, name: str) -> list[Entry]:
        """Everybody of this name."""
        return [entry for entry in self.entries if cleaned(name) in names(entry)]

    def owner(self, platform: str, key: str, name: str) -> Owner:
        """Whose the work is that a download or folder has under this key and name."""
        team = tuple(e for e in self.entries if e.team and cleaned(e.team) == cleaned(name))
        known = [e for e in self.entries if key and (e.platform, e.key) == (platform, key)]
        if team and not any(cleaned(name) in names(e) for e in known):
            shown = team[0].team
            identity = by_key(platform, key, shown) if key else by_name(shown)
            return Owner(identity=identity, platform=platform, key=key, entries=team, is_team=True)
        if key:
            shown = known[0].name if known and known[0].name else named(name, key)
            entries = tuple(known) or self._only(name)
            return Owner(
                identity=by_key(platform, key, shown), platform=platform, key=key, entries=entries
            )
        found = self.by_ids(name, name, name) or self.by_name(name)
        if len(found) != 1:
            return Owner(identity=by_name(name), candidates=tuple(found))
        return owner_of(found[0], name)

    def others(self, owners: Iterable[Owner], rows: Iterable[QuizAttempt]) -> tuple[Owner, ...]:
        """Everybody else that is told of, by these tables or in a quiz."""
        there = {entry for owner in owners if not owner.is_team for entry in owner.entries}
        found = [owner_of(entry) for entry in self.entries if entry not in there]
        for row in rows:
            if not self.by_ids(row.email, row.number, row.username) and not self.by_name(row.name):
                stranger = Entry(
                    source=row.source,
                    name=row.name,
                    reversed_name=row.reversed_name,
                    email=row.email,
                    username=row.username,
                    number=row.number,
                )
                found.append(owner_of(stranger))
        return tuple(found)

    def _only(self, name: str) -> tuple[Entry, ...]:
        """Who alone has this name, of those whose number is not known."""
        found = [entry for entry in self.by_name(name) if not entry.key]
        return tuple(found) if len(found) == 1 and len(self.by_name(name)) == 1 else ()


def owner_of(entry: Entry, name: str = "") -> Owner:
    """Who a row is; `name` is that of the folder of who handed in."""
    own = entry.key or entry.number or entry.username or entry.email
    if not own:
        return Owner(identity=by_name(name or entry.name), entries=(entry,))
    return Owner(
        identity=by_key(entry.platform or "roster", own, entry.name or name),
        platform=entry.platform if entry.key else "",
        key=entry.key,
        entries=(entry,),
    )


ANONYMOUS = {"participant": "Participant", "teilnehmerin": "Teilnehmer/in"}
"""What Moodle calls everybody while marking is anonymous, as file names have it."""


def named(name: str, key: str) -> str:
    """A name to be shown; of whom has none, with the number."""
    word = ANONYMOUS.get(cleaned(name))
    return f"{word} {key}" if word else name


def names(entry: Entry) -> set[str]:
    """An entry's name for comparison, in both orders if they are known."""
    return {cleaned(entry.name), cleaned(entry.reversed_name)} - {""}


def _is(entry: Entry, attribute: str, value: str) -> bool:
    return bool(value) and folded(getattr(entry, attribute)) == folded(value)


def _same(one: Entry, other: Entry) -> bool:
    """Whether two tables' rows are of one person, for certain."""
    if one.key and other.key and one.platform == other.platform:
        return one.key == other.key
    return any(_is(one, kind, getattr(other, kind)) for kind in ("email", "number", "username"))


def _joined(one: Entry, other: Entry) -> Entry:
    """What both tell; of what differs the first, and of extensions the later."""
    names = (field.name for field in fields(Entry))
    known = {name: getattr(one, name) or getattr(other, name) for name in names}
    longer = max(
        (one, other), key=lambda entry: (entry.extended_until is not None, entry.extended_until)
    )
    known |= {"extended_until": longer.extended_until, "reason": longer.reason}
    return Entry(**known)


def _zoned(entry: Entry, zone: tzinfo) -> Entry:
    return replace(
        entry,
        submitted_at=zoned(entry.submitted_at, zone),
        extended_until=zoned(entry.extended_until, zone),
    )


def zoned(time: datetime | None, zone: tzinfo) -> datetime | None:
    """A time of this zone, if it has none of its own."""
    return time.replace(tzinfo=zone) if time is not None and time.tzinfo is None else time
