"""The whole selftest of an assignment: everything known is handed in, and marked. Trusted side.

What asks about the run of a notebook goes through a batch as submissions do. Functions that are
called with inputs of ours are asked many variants to a kernel, by the same probes and checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.assignment import variants
from grader.assignment.selftest import known, mutants
from grader.assignment.selftest.known import Pack
from grader.assignment.selftest.mutants import Mutant
from grader.assignment.selftest.report import Report
from grader.batch import ask_many, batch, engines
from grader.batch.engine import Engine
from grader.core import codec, notebook_patch
from grader.core.model import (
    Answer,
    Assignment,
    Ending,
    Evidence,
    Grade,
    Item,
    Mistake,
    Notebook,
    Outcome,
    Question,
    Submission,
    Task,
)
from grader.marking import plan, typical_mistakes
from grader.marking.judge import judge
from grader.marking.masters import Masters, read_all
from grader.marking.task_work import TaskWork
from grader.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class SelftestSettings:
    """How a selftest is run."""

    seed: int = 0
    jobs: int = 1
    data_dir: Path | None = None
    train: bool = True  # whether tasks that ask about a whole run are tested, too
    mutate: bool = True
    engine: Engine | None = None  # None: this machine
    rung: str = ""  # the sandbox; empty: the best one that is safe


def run(
    assignment: Assignment, settings: SelftestSettings, store: Store, progress: batch.Progress
) -> Report:
    """Everything known, handed in and marked.

    Raises:
        UsageError: variants or reference can't be read.
        GraderError: the sandbox or the reference does not work.
    """
    return _Selftest(assignment, settings, store, progress).run()


class _Selftest:
    def __init__(
        self,
        assignment: Assignment,
        settings: SelftestSettings,
        store: Store,
        progress: batch.Progress,
    ) -> None:
        self._settings, self._store, self._progress = settings, store, progress
        self._engine = settings.engine or engines.local("", settings.jobs, settings.data_dir)
        if not settings.train:
            kept = tuple(task for task in assignment.tasks if _is_quick(task))
            assignment = replace(assignment, tasks=kept)
        self._assignment = assignment
        self._masters = read_all(assignment)
        self._bases = {name: self._base(name, own) for name, own in self._masters.items()}
        self._report = Report()
        self._outcomes: list[tuple[Pack, Mapping[str, Outcome]]] = []

    def run(self) -> Report:
        packs = {task.id: self._packs(task) for task in self._assignment.tasks}
        whole = [
            pack
            for task in self._assignment.tasks
            if not _is_apart(task)
            for pack in packs[task.id]
        ]
        self._hand_in(whole)
        for task in self._assignment.tasks:
            if _is_apart(task):
                self._ask_apart(task, packs[task.id])
        for task in self._assignment.tasks:
            self._report.count(task, [one for one in self._outcomes if one[0].task == task.id])
            self._report.judge_mutants(task, self._assignment.reference_dir / "variants" / task.id)
        return self._report

    def _packs(self, task: Task) -> list[Pack]:
        folder = self._assignment.reference_dir / "variants" / task.id
        if not folder.is_dir():
            if known.automatic(task):
                self._report.faults.append(
                    f"{task.id} has no variants: put some into {folder} to test its items"
                )
            return []
        found = variants.read(folder, [item.id for item in task.items])
        master = self._masters[task.id].master if task.id in self._masters else None
        most = 1 if _is_apart(task) or master is None else known.MOST
        return known.packed(task.id, found, master, most)

    def _base(self, task: str, own: Masters) -> Masters:
        """The masters with what all variants of the task start from."""
        path = self._assignment.reference_dir / "variants" / task / variants.BASE
        if not path.is_file():
            return own
        code = path.read_text(encoding="utf-8")
        return replace(own, master=notebook_patch.applied(own.master, code, path.name))

    # -- as submissions ----------------------------------------------------------------------

    def _hand_in(self, packs: Sequence[Pack]) -> None:
        """Reference, template and packs, marked by a batch."""
        known_ones = [
            known.reference(self._assignment, self._masters),
            known.template(self._masters),
        ]
        long = [pack for pack in packs if self._is_about_more_runs(pack)]
        short = [pack for pack in packs if pack not in long]
        reference, template, *grades = self._marked(self._assignment, known_ones, long)
        grades += self._marked(_without_more_runs(self._assignment), [], short)
        self._report.grades = {"reference": reference, "template": template}
        for task in self._assignment.tasks:
            for item in known.automatic(task):
                self._report.expect(
                    "the reference", task, item, "keeps", _outcome(reference, task, item)
                )
                self._report.expect_nothing(task, item, _outcome(template, task, item))
        for pack, grade_ in zip([*long, *short], grades, strict=True):
            marked = next(t for t in grade_.tasks if t.task.id == pack.task)
            outcomes = {item.item.id: item.outcome for item in marked.items}
            self._outcomes.append((pack, outcomes))

    def _marked(
        self, assignment: Assignment, first: Sequence[Submission], packs: Sequence[Pack]
    ) -> list[Grade]:
        handed = [known.submission(pack, self._bases, self._assignment) for pack in packs]
        settings = batch.Settings(
            seed=self._settings.seed,
            jobs=self._settings.jobs,
            data_dir=self._settings.data_dir,
            rung=self._settings.rung,
        )
        work = batch.Batch(assignment, self._store, settings, self._progress, self._engine)
        return work.run([*first, *handed])

    def _is_about_more_runs(self, pack: Pack) -> bool:
        task = next(task for task in self._assignment.tasks if task.id == pack.task)
        items = [item.id for item in task.items if plan.asks_again(item)]
        return any(item in variant.items for variant in pack.variants for item in items)

    # -- many to a kernel --------------------------------------------------------------------

    def _ask_apart(self, task: Task, packs: Sequence[Pack]) -> None:
        masters = self._masters[task.id]
        mutated = self._mutants(task) if self._settings.mutate else []
        asked = plan.plan(task, self._settings.seed)
        handed = [known.submission(p, self._bases, self._assignment) for p in packs]
        notebooks = [masters.master, *(s.notebooks[task.id] for s in handed)]
        asks = [_ask(notebook, task.items, asked) for notebook in notebooks]
        asks += [
            _ask(_mutated(masters.master, mutant), concerned(task, mutant.function), asked)
            for mutant in mutated
        ]
        wrong = [(i, m) for i in known.automatic(task) for m in i.mistakes]
        asks += [
            _ask(notebook_patch.applied(masters.master, m.code, f"mistakes/{m.name}"), [i], asked)
            for i, m in wrong
        ]
        self._progress.step("variants", task.id, f"{len(packs)}, and {len(mutated)} mutants")
        answers = self._runs().answers(asks, task, seed=self._settings.seed)
        expected = answers[0]
        for pack, submission, own in zip(packs, handed, answers[1 : len(notebooks)], strict=True):
            self._outcomes.append((pack, judge(self._work(task, submission, asked, own, expected))))
        self._recognise(task, wrong, asked, answers[len(asks) - len(wrong) :], expected)
        rest = answers[len(notebooks) : len(asks) - len(wrong)]
        for mutant, own in zip(mutated, rest, strict=True):
            submission = known.reference(self._assignment, self._masters)
            items = concerned(task, mutant.function)
            small = replace(task, items=items)
            outcomes = judge(self._work(small, submission, asked, own, expected))
            self._report.meet(task, mutant, outcomes)

    def _work(
        self,
        task: Task,
        submission: Submission,
        asked: Mapping[str, tuple[Question, ...]],
        own: Mapping[str, Answer],
        expected: Mapping[str, Answer],
    ) -> TaskWork:
        return TaskWork(
            task=task,
            submission=submission,
            questions=asked,
            evidence=Evidence(task=task.id, ending=Ending.COMPLETED, answers=own),
            expected=expected,
            masters=self._masters[task.id],
            reference_dir=self._assignment.reference_dir,
            data_dir=self._settings.data_dir,
        )

    def _recognise(
        self,
        task: Task,
        wrong: Sequence[tuple[Item, Mistake]],
        asked: Mapping[str, tuple[Question, ...]],
        answers: Sequence[Mapping[str, Answer]],
        expected: Mapping[str, Answer],
    ) -> None:
        """Each typical mistake of the rubric must lose its item, and be told by its own hint."""
        reference = known.reference(self._assignment, self._masters)
        everything = {
            typical_mistakes.key(item.id, one.name, question): own[codec.digest(question)]
            for (item, one), own in zip(wrong, answers, strict=True)
            for question in asked[item.id]
        }
        for (item, one), own in zip(wrong, answers, strict=True):
            small = replace(task, items=(item,))
            work = self._work(small, reference, asked, own, expected)
            told = typical_mistakes.hinted(work, judge(work), everything)[item.id]
            name = f"mistakes/{one.name}: {task.id}/{item.id}"
            if reason := known.fault("loses", told):
                self._report.faults.append(f"{name} {reason}")
            elif told.details.get("mistake") != one.name:
                self._report.faults.append(f"{name} is not told by its hint: {told.message}")

    def _runs(self) -> ask_many.Runs:
        return ask_many.Runs(
            engine=self._engine,
            tell=lambda job, text: self._progress.step(job.name, job.task.id, text),
            jobs=self._settings.jobs,
            hide=(self._assignment.reference_dir, self._assignment.rubric_dir),
            rung=self._settings.rung,
        )

    # -- mutants -----------------------------------------------------------------------------

    def _mutants(self, task: Task) -> list[Mutant]:
        """Of every function that the task's students write."""
        masters = self._masters[task.id]
        given = {cell.id: cell.source for cell in masters.template.cells}
        changed = [
            cell
            for cell in masters.master.cells
            if cell.kind == "code" and cell.source != given.get(cell.id)
        ]
        return mutants.of(masters.master, mutants.functions(changed))


def _outcome(found: Grade, task: Task, item: Item) -> Outcome:
    marked = next(t for t in found.tasks if t.task.id == task.id)
    return next(i.outcome for i in marked.items if i.item.id == item.id)


def _without_more_runs(assignment: Assignment) -> Assignment:
    """The assignment without such items: they are tested by the variants about them."""
    tasks = tuple(
        replace(task, items=tuple(item for item in task.items if not plan.asks_again(item)))
        for task in assignment.tasks
    )
    return replace(assignment, tasks=tasks)


def _is_apart(task: Task) -> bool:
    """Whether all that is asked about a task's notebook are its functions."""
    questions = [q for asked in plan.plan(task, 0).values() for q in asked]
    return plan.needs_run(task) and ask_many.is_possible(questions)


def _is_quick(task: Task) -> bool:
    return _is_apart(task) or not plan.needs_run(task)


def _ask(
    notebook: Notebook, items: Sequence[Item], asked: Mapping[str, tuple[Question, ...]]
) -> ask_many.Ask:
    questions = tuple(question for item in items for question in asked[item.id])
    return ask_many.Ask(notebook=notebook, questions=questions)


def concerned(task: Task, function: str) -> tuple[Item, ...]:
    """The automatic items whose checks name a function; all of them where none does."""
    items = known.automatic(task)
    named = [i for i in items if function in i.check.model_dump().values()]
    return tuple(named) or items


def _mutated(master: Notebook, mutant: Mutant) -> Notebook:
    cells = tuple(
        replace(cell, source=mutant.source) if cell.id == mutant.cell else cell
        for cell in master.cells
    )
    return replace(master, cells=cells)
