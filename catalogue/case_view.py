"""A procedure as it is for one citizen: what holds in their case, and what still depends on an answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from catalogue.phrases import small
from catalogue.procedures import CaseStatement, DocumentGroup, Paper, Procedure, Remark, Span, Statement
from catalogue.situations import Situation, holds


@dataclass(frozen=True)
class Said:
    """A fee or a time limit for the case: the phrase, the other cases that are still possible, and remarks."""

    short: str
    cases: list[CaseStatement]
    more: list[Remark]
    set_by: str | None
    span: Span | None


class CaseView:
    """`procedure` on a day, for what is known of the citizen's case."""

    def __init__(self, procedure: Procedure, situation: Situation, on: date) -> None:
        self._procedure, self._situation, self._on = procedure, situation, on
        self.papers: list[Paper] = []
        self.open_groups: list[DocumentGroup] = []
        for group in procedure.documents:
            self._sort(group)

    @property
    def label(self) -> str:
        """The case in brackets, to be put after the procedure's name; empty while nothing is known of it."""
        titles = [
            small(option.title)
            for question in self._procedure.questions
            for option in question.options
            if self._situation.get(question.key) == option.key
        ]
        return f" ({', '.join(titles)})" if titles else ""

    def forms(self) -> list[Paper]:
        """What has to be filled in, in this case or in one that is still possible."""
        items = [*self.papers, *(item for group in self.open_groups for item in group.items)]
        return list({item.text: item for item in items if item.kind == "form" or item.form}.values())

    def statement(self, one: Statement) -> Said:
        """What `one` says in this case."""
        sure = [case for case in one.cases if case.when and holds(case.when, self._situation)]
        rest = [] if sure else [case for case in one.cases if holds(case.when, self._situation) is not False]
        if not sure:
            return Said(one.short, self._open(rest), self.remarks(one.more), one.set_by, one.span)
        return Said(sure[0].short, [], self.remarks(one.more), one.set_by, sure[0].span)

    def remarks(self, items: Iterable[Remark]) -> list[Remark]:
        """Those that may be said today and do not speak of another case."""
        return [one for one in items if one.holds(self._on) and holds(one.when, self._situation) is not False]

    def _open(self, cases: list[CaseStatement]) -> list[CaseStatement]:
        """Cases without a condition are part of the fact, the others are so while they are possible."""
        return [case for case in cases if not case.when or holds(case.when, self._situation) is None]

    def _sort(self, group: DocumentGroup) -> None:
        """Papers that are needed for sure go to the list; the others stay with their case."""
        sure = holds(group.when, self._situation)
        items = [item for item in group.items if holds(item.when, self._situation) is not False]
        if sure is False or not items:
            return
        if group.case is None or (group.when and sure):
            self.papers += items
        else:
            self.open_groups.append(group.model_copy(update={"items": items}))
