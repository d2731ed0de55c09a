"""Pseudonyms in place of people: what a result folder holds instead, and the way back. Pure.

A pseudonym follows from a secret key and from who somebody is: it is the same in each batch, and
only who has the key can tell whose it is. What students wrote is changed by one rule everywhere, in
code, texts and names of files alike, so that a notebook still finds its files and its names.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import io
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace

from grader.core.model import Cell, Notebook, Person, QuizResponse, Submission
from grader.intake import mentions
from grader.intake.identity import Identity, cleaned
from grader.intake.mentions import Mention
from grader.intake.roster import Owner
from grader.intake.submissions import Submissions

PSEUDONYM = re.compile(r"(?<![0-9A-Za-z])p[0-9a-f]{10}(?![0-9A-Za-z])")
MOST_ENTRY = 16 << 20
"""Bytes of one part of a packed helper file that are looked through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Who is behind a pseudonym: a person or a team, and how others may write of them."""

    student: str  # the id that would stand without pseudonyms
    name: str
    person: Person
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()  # and user names
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The secret, and everybody who was met under it, by pseudonym."""

    secret: str
    people: Mapping[str, Known] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """By which a result folder knows its key again; it tells nothing of it."""
        return self._digest("mark")[:16]

    def of(self, assignment: str, owner: Owner) -> str:
        """Somebody's pseudonym: 11 letters and digits, a name in programming languages, too."""
        who = owner.identity.decides or f"folder {owner.identity.student}"
        return "p" + self._digest(f"{assignment}\n{who}")[:10]

    def _number(self, number: str) -> str:
        """As many other digits: it may be a seed in somebody's code."""
        least = 10 ** (len(number) - 1)
        return str(least + int(self._digest(f"number {number}"), 16) % (9 * least))

    def _digest(self, text: str) -> str:
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def met(self, assignment: str, owners: Iterable[Owner]) -> Key:
        """The same with these people; of whom it knows, it learns what is new."""
        people = dict(self.people)
        for owner in owners:
            pseudonym = self.of(assignment, owner)
            people[pseudonym] = _joined(people.get(pseudonym), _known(owner))
        return replace(self, people=people)

    def mentions(self) -> list[Mention]:
        """All that tells of somebody: addresses first, and what is longer before what is in it."""
        found: list[Mention] = []
        for pseudonym, known in self.people.items():
            for name in known.names:
                found += mentions.of_name(name, pseudonym)
            for address in known.addresses:
                found += mentions.of_address(address, pseudonym)
            for number in known.numbers:
                found += mentions.of_number(number, self._number(number))
        return sorted(dict.fromkeys(found), key=lambda one: (-len(one.within), -len(one.pattern)))

    def veiled(self, text: str) -> str:
        """A text without people."""
        return mentions.replaced(text, mentions.among([text], self.mentions()))

    def resolved(self, text: str) -> str:
        """A text with people's names in place of pseudonyms."""
        return PSEUDONYM.sub(lambda hit: self._name(hit[0]), text)

    def resolved_page(self, page: bytes) -> bytes:
        """Likewise of a page of HTML."""
        return PSEUDONYM.sub(lambda hit: html.escape(self._name(hit[0])), page.decode()).encode()

    def _name(self, pseudonym: str) -> str:
        return self.people[pseudonym].name if pseudonym in self.people else pseudonym


class Veil:
    """One assignment's batch with pseudonyms in place of its people."""

    def __init__(
        self, key: Key, assignment: str, given: Submissions, others: Sequence[Owner] = ()
    ) -> None:
        """`others` are those who are told of, and handed in nothing."""
        owners = given.owners()
        self.key = key.met(assignment, [*owners, *others])
        self._mentions = self.key.mentions()
        self._pseudonyms = {o.identity.student: key.of(assignment, o) for o in owners}
        self._given = given.ordered(self._pseudonyms)  # the order of names would tell them
        self._members = {
            o.identity.student: tuple(self.told(e.name) for e in o.entries) for o in owners
        }

    def __len__(self) -> int:
        return len(self._given)

    def identities(self) -> list[Identity]:
        """Whose the submissions are, with names, for a person to choose from."""
        known = [(one, self._pseudonyms[one.student]) for one in self._given.identities()]
        return [replace(one, student=own, decides=_decides(own)) for one, own in known]

    def names(self) -> list[str]:
        """The pseudonyms of those who handed in."""
        return [identity.student for identity in self.identities()]

    def only(self, students: Collection[str]) -> Veil:
        """The submissions under these pseudonyms alone."""
        known = {pseudonym: student for student, pseudonym in self._pseudonyms.items()}
        fewer = copy(self)
        fewer._given = self._given.only({known[student] for student in students})
        return fewer

    def __iter__(self) -> Iterator[Submission]:
        """The submissions; each is read when its turn comes."""
        return map(self._submission, self._given)

    def told(self, text: str) -> str:
        """A sentence of the grader's own without people."""
        return mentions.replaced(text, mentions.among([text], self._mentions))

    def _submission(self, given: Submission) -> Submission:
        pseudonym = self._pseudonyms[given.student]
        own = _Writer(self._mentions, pseudonym, (given.name, given.student))
        files, left = own.files(given.files)
        doubts = {task: own.told(why) for task, why in given.doubts.items()}
        if left:  # a notebook may need it
            doubts = {**dict.fromkeys(given.notebooks, left[0]), **doubts}
        extension = given.extension
        members = self._members[given.student] if given.person.members else ()
        return replace(
            given,
            student=pseudonym,
            name=pseudonym,
            identity=_decides(pseudonym),
            person=Person(members=members),
            notebooks={task: own.notebook(one) for task, one in given.notebooks.items()},
            missing={task: own.told(why) for task, why in given.missing.items()},
            doubts=doubts,
            quiz=own.quiz(given.quiz) if given.quiz else None,
            problems=(*map(own.told, given.problems), *left),
            files=files,
            unused=tuple(map(own.told, given.unused)),
            extension=extension
            and replace(
                extension, source=own.told(extension.source), reason=own.told(extension.reason)
            ),
        )


def _decides(pseudonym: str) -> str:
    """What seeds and marks follow from."""
    return f"pseudonym {pseudonym}"


class _Writer:
    """One person's texts without people. Where namesakes are meant, it is this one."""

    def __init__(self, known: Sequence[Mention], pseudonym: str, own: Sequence[str]) -> None:
        mine = [one for one in known if one.stands == pseudonym]
        self._plain = [one for one in (*mine, *known) if one.is_plain]
        words = {word for name in own for word in mentions.LETTERS.findall(name) if len(word) > 2}
        parts = [
            Mention(rf"(?<![^\W\d_])(?-i:{word})(?![^\W\d_])", word.casefold(), pseudonym)
            for word in sorted(words)
        ]
        self._all = [*mine, *known, *parts]

    def told(self, text: str) -> str:
        """A sentence or the name of a file that is told; parts of the own name are replaced."""
        return mentions.replaced(text, mentions.among([text], self._all))

    def work(self, text: str) -> str:
        """What the student wrote."""
        return mentions.replaced(text, mentions.among([text], self._plain))

    def notebook(self, given: Notebook) -> Notebook:
        """Looked through once as a whole: a large course has many names, and many cells."""
        texts = [t for c in given.cells for t in (c.id, c.source, *c.tags, *c.outputs)]
        found = mentions.among(texts, self._plain)
        cells = tuple(_without(cell, found) for cell in given.cells) if found else given.cells
        repairs = tuple(map(self.told, given.repairs))
        return replace(given, name=self.told(given.name), cells=cells, repairs=repairs)

    def quiz(self, given: QuizResponse) -> QuizResponse:
        return replace(
            given,
            values={key: self.work(text) for key, text in given.values.items()},
            right={key: self.work(text) for key, text in given.right.items()},
            question=self.work(given.question),
            source=self.told(given.source),
        )

    def files(self, given: Mapping[str, bytes]) -> tuple[dict[str, bytes], list[str]]:
        """Helper files; those that are no text and hold a name are left out, and told."""
        kept, left = dict[str, bytes](), []
        for path, content in given.items():
            try:
                kept[self.work(path)] = self.work(content.decode()).encode()
            except UnicodeDecodeError:
                if self._is_named_in(content):
                    left.append(f"{self.told(path)} names a person and is not kept.")
                else:
                    kept[self.work(path)] = content
        return kept, left

    def _is_named_in(self, content: bytes) -> bool:
        texts = (part.decode(code, "ignore") for part in _parts(content) for code in CODES)
        return any(self.work(text) != text for text in texts)


def _without(cell: Cell, found: Sequence[Mention]) -> Cell:
    return replace(
        cell,
        id=mentions.replaced(cell.id, found),
        source=mentions.replaced(cell.source, found),
        tags=tuple(mentions.replaced(tag, found) for tag in cell.tags),
        outputs=tuple(mentions.replaced(output, found) for output in cell.outputs),
    )


CODES = ("utf-8", "utf-16-le", "latin-1")
"""In which a name may stand in a file that is no text."""


def _parts(content: bytes) -> Iterator[bytes]:
    """A file, and what is packed in it, as in spreadsheets and arrays."""
    yield content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                with archive.open(entry) as stream:
                    yield stream.read(MOST_ENTRY)
    except Exception:  # zipfile has many kinds, all of which mean that it is none
        return


def _known(owner: Owner) -> Known:
    """What is known of somebody. Of a team's members each is known by himself."""
    identity, entries = owner.identity, () if owner.is_team else owner.entries
    entry = entries[0] if len(entries) == 1 else None
    return Known(
        student=identity.student,
        name=identity.name,
        person=Person(
            platform=owner.platform,
            key=owner.key,
            email=entry.email if entry else "",
            username=entry.username if entry else "",
            number=entry.number if entry else "",
            groups=tuple(filter(None, (entry.group, entry.team))) if entry else (),
            members=tuple(one.name for one in owner.entries) if owner.is_team else (),
        ),
        names=_unique(
            [identity.name, *(e.name for e in entries), *(e.reversed_name for e in entries)]
        ),
        addresses=_unique([identity.student, *(t for e in entries for t in (e.email, e.username))]),
        numbers=_unique([e.number for e in entries]),
    )


def _joined(old: Known | None, new: Known) -> Known:
    if old is None:
        return new
    return replace(
        new,
        names=_unique([*new.names, *old.names]),
        addresses=_unique([*new.addresses, *old.addresses]),
        numbers=_unique([*new.numbers, *old.numbers]),
    )


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in texts if cleaned(text)))
