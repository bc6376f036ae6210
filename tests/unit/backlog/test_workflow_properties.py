"""Random walks over real tickets, read off the workflow's own table: an edge that is added there is walked here."""

import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain, combinations
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from backlog import audit, jobs, queries, tickets, workflow
from backlog.context import CITIZEN, SYSTEM, Actor, Change, Desk, staff_actor
from backlog.errors import Incomplete, NotAllowed, WrongState
from backlog.model import ROLES, AuditRow, Staff, Ticket
from backlog.recompute import recompute
from backlog.workflow import TRANSITIONS, State, Transition
from catalogue.load import Facts
from kit.crypto import Sealer
from kit.errors import TiepDanError
from tests.factories import MONDAY, OTHER_UNIT, UNIT, make_conversation, make_staff, make_ticket

EVERYBODY = (*ROLES, "citizen", "system")
WHOLE_CITY = ("coordinator", "inspector", "admin", "trainer")
OUT_OF_HOPE = 15
"""So many refusals in a row, and the walk goes on with another ticket."""

# Everything that a change may write, for all tickets at once: another one may be part of it.
EVERYTHING = """
select
  (select jsonb_agg(to_jsonb(t) order by t.id) from ticket t),
  (select jsonb_agg(to_jsonb(p) order by p.id) from ticket_pause p),
  (select count(*) from ticket_message), (select count(*) from ticket_link), (select count(*) from staff_notice),
  (select count(*) from audit_row), (select count(*) from audit_text),
  (select count(*) from outbox_message), (select count(*) from procrastinate_jobs)
"""


class Walk:
    """One walker with loaded dice, who files tickets and tries things on them."""

    def __init__(self, session: Session, facts: Facts, sealer: Sealer, seed: int) -> None:
        self.session, self.facts, self.sealer = session, facts, sealer
        self.dice = Random(seed)
        self.now = MONDAY
        self.taken: Counter[str] = Counter()
        self._staff: dict[tuple[str, str | None], Staff] = {}
        self.file()

    def file(self) -> None:
        """Go on with a new ticket; beside it lies another one."""
        self.other, self.ticket = (
            make_ticket(
                self.session,
                self.facts,
                self.sealer,
                conversation_id=make_conversation(self.session, self.sealer),
                now=self.now,
            )
            for _ in range(2)
        )
        self.accepted, self.refused_in_a_row = 0, 0

    def desk(self) -> Desk:
        return Desk(self.session, self.facts, self.sealer, self.now)

    def everything(self) -> tuple[Any, ...]:
        self.session.flush()
        return tuple(self.session.execute(text(EVERYTHING)).one())

    def step(self) -> None:
        """Try one thing and check what came of it."""
        if self.refused_in_a_row > OUT_OF_HOPE or not leading_out(self.ticket.state):
            self.file()
        self.now += timedelta(hours=self.dice.uniform(0, 30))
        edge, role, filled = self._sensible() if self.dice.random() < 0.6 else self._anything()
        actor, given = self._actor(role), self._change(filled)
        state, before = self.ticket.state, self.everything()
        try:
            tickets.change(self.desk(), actor, self.ticket, edge.action, given)
        except TiepDanError:
            self.refused_in_a_row += 1
            assert self.everything() == before, f"{edge.action} was refused and yet wrote something"
            return
        self.taken[edge.action] += 1
        self.accepted, self.refused_in_a_row = self.accepted + 1, 0
        assert state in edge.sources
        assert role in edge.who
        assert set(edge.requires) <= given.filled
        self.check_taken(edge, actor, state)

    def check_taken(self, edge: Transition, actor: Actor, state: str) -> None:
        """The ticket stands where the table says, with one row that tells it."""
        assert self.ticket.state == edge.target
        rows = history(self.session, self.ticket)
        assert len(rows) == self.accepted + 1, "one row a change, and one for filing"
        assert (rows[-1].action, rows[-1].actor, rows[-1].at) == (edge.action, actor.id, self.now)
        assert (rows[-1].data["from"], rows[-1].data["to"]) == (state, self.ticket.state)
        check_clock(self.session, self.ticket)

    def _sensible(self) -> tuple[Transition, str, tuple[str, ...]]:
        """An edge from here that has been walked least, by somebody who may, with all that it requires."""
        edges = self.dice.sample(leading_out(self.ticket.state), k=len(leading_out(self.ticket.state)))
        edge = min(edges, key=lambda one: self.taken[one.action])
        return edge, self.dice.choice(edge.who), edge.requires

    def _anything(self) -> tuple[Transition, str, tuple[str, ...]]:
        edge = self.dice.choice(TRANSITIONS)
        names = (
            edge.requires[: self.dice.randint(0, len(edge.requires))] if self.dice.random() < 0.5 else edge.requires
        )
        return edge, self.dice.choice(EVERYBODY), names

    def _actor(self, role: str) -> Actor:
        if role in ("citizen", "system"):
            return CITIZEN if role == "citizen" else SYSTEM
        stranger = self.dice.random() < 0.1
        unit = None if role in WHOLE_CITY else OTHER_UNIT if stranger else self.ticket.unit_key
        return staff_actor(self._colleague(role, unit))

    def _colleague(self, role: str, unit: str | None) -> Staff:
        if (role, unit) not in self._staff:
            self._staff[role, unit] = make_staff(self.session, role, unit)
        return self._staff[role, unit]

    def _change(self, names: tuple[str, ...]) -> Change:
        """Those fields filled, now and then with somebody or something that does not fit."""
        unit = self.dice.choice([self.ticket.unit_key, OTHER_UNIT])
        values: Mapping[str, Any] = {
            "assignee": self._colleague(self.dice.choice(["handler", "unit_head"]), unit),
            "target": self.dice.choice([self.other, self.other, self.ticket]),
            "unit": self.dice.choice([UNIT, OTHER_UNIT, "khong-co-don-vi-nay"]),
        }
        return Change(**{name: values.get(name, "đủ rõ để hiểu") for name in names})


def leading_out(state: str) -> list[Transition]:
    return [edge for edge in TRANSITIONS if state in edge.sources]


def history(session: Session, ticket: Ticket) -> list[AuditRow]:
    return [row for row, _ in queries.history(session, ticket)]


def check_clock(session: Session, ticket: Ticket) -> None:
    """The clock stands while the citizen is waited for, runs in every other open state, and is stopped else."""
    state = State(ticket.state)
    expected = "pause" if state is State.WAITING_CITIZEN else "run" if state.is_open else "stop"
    waiting = [pause for pause in queries.pauses(session, ticket) if pause.ended_at is None]
    assert ticket.clock_state == expected
    assert len(waiting) == (expected == "pause")


def every_selection(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return list(chain.from_iterable(combinations(names, count) for count in range(len(names) + 1)))


@pytest.mark.parametrize("edge", TRANSITIONS, ids=[edge.action for edge in TRANSITIONS])
def test_nothing_passes_but_what_the_table_says(edge: Transition) -> None:
    for state in State:
        for role in EVERYBODY:
            for filled in every_selection(edge.requires):
                if state in edge.sources and role in edge.who and filled == edge.requires:
                    assert workflow.check(edge.action, state, role, filled) is edge
                    continue
                with pytest.raises((WrongState, NotAllowed, Incomplete)):
                    workflow.check(edge.action, state, role, filled)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_tried_the_ticket_keeps_to_the_table(
    session: Session, facts: Facts, sealer: Sealer, seed: int
) -> None:
    walk = Walk(session, facts, sealer, seed)
    for _ in range(45):
        walk.step()
    assert audit.verify(session) == []


def test_the_walks_come_along_every_edge(session: Session, facts: Facts, sealer: Sealer) -> None:
    """Or the test above would say nothing about some of them."""
    walk = Walk(session, facts, sealer, seed=2026)
    missing = {edge.action for edge in TRANSITIONS}
    for _ in range(600):
        walk.step()
        if not (missing := missing - set(walk.taken)):
            break
    assert missing == set()


@pytest.mark.parametrize("seed", range(2))
def test_the_deadline_after_a_walk_is_the_one_that_would_be_reckoned_anew(
    session: Session, facts: Facts, sealer: Sealer, seed: int
) -> None:
    walk = Walk(session, facts, sealer, 100 + seed)
    for _ in range(30):
        walk.step()
        recompute(session, facts, sealer, walk.now)
        assert "recompute" not in {row.action for row in history(session, walk.ticket)}


@pytest.mark.parametrize("seed", range(4))
def test_time_too_keeps_to_the_table_and_never_lowers_a_level(
    session: Session, facts: Facts, sealer: Sealer, seed: int
) -> None:
    """The system looks at moments that nobody chose, some of them twice, between what people do."""
    walk = Walk(session, facts, sealer, 200 + seed)
    for _ in range(25):
        walk.step()
        for _ in range(walk.dice.randint(0, 3)):
            walk.now += timedelta(days=walk.dice.choice([0.5, 3, 10]))
            look(walk)
    assert audit.verify(session) == []


def look(walk: Walk) -> None:
    """One look of the system at the ticket."""
    ticket, state, level = walk.ticket, walk.ticket.state, walk.ticket.level
    seen = len(history(walk.session, ticket))
    check_at(walk, ticket.id, walk.now)
    new = history(walk.session, ticket)[seen:]
    steps = [row for row in new if row.action in {edge.action for edge in TRANSITIONS}]
    for row in steps:
        edge = workflow.transition(row.action)
        assert row.data["from"] == state
        assert state in edge.sources
        assert "system" in edge.who
        state = row.data["to"]
    assert ticket.state == state
    assert ticket.level >= level
    assert {row.actor for row in new} <= {SYSTEM.id}
    check_clock(walk.session, ticket)
    walk.accepted += len(new)
    before = walk.everything()
    check_at(walk, ticket.id, walk.now)
    assert walk.everything() == before, "looking twice at one moment did something twice"


def check_at(walk: Walk, ticket_id: uuid.UUID, now: datetime) -> None:
    jobs.deadline_check(walk.session, walk.facts, walk.sealer, str(ticket_id), now)
