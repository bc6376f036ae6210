"""The audit trail: reasons beside the chain, the end of it, and everything somebody might do to either."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backlog import audit, queries, tickets
from backlog.audit import GENESIS, Head
from backlog.context import Change, Desk, staff_actor
from backlog.model import Ticket
from catalogue.load import Facts
from kit.crypto import Sealer
from kit.db import session_scope
from tests.factories import MONDAY, OTHER_UNIT, make_staff, make_ticket

WHY = "chị Lê Thị Thử nhắn nhầm nơi"
TABLES = ("audit_row", "audit_text", "audit_head")


@pytest.fixture
def desk(session: Session, facts: Facts, sealer: Sealer) -> Desk:
    return Desk(session, facts, sealer, MONDAY + timedelta(hours=1))


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    """A ticket with a reason beside the chain, and a row after it."""
    ticket = make_ticket(desk.session, desk.facts, desk.sealer)
    actor = staff_actor(make_staff(desk.session, "coordinator", None))
    tickets.change(desk, actor, ticket, "transfer", Change(unit=OTHER_UNIT, reason=f" {WHY} "))
    return tickets.change(desk, actor, ticket, "start")


def write(session: Session, action: str = "try", reason: str = "", at: datetime = MONDAY) -> Head:
    texts = {"reason": reason} if reason else None
    audit.write(session, at=at, actor="system", action=action, ticket_id=None, data={}, texts=texts)
    return audit.head(session)


def tamper(session: Session, *statements: str) -> None:
    """What the owner of the tables could do: past the triggers."""
    session.execute(text("set constraints all immediate"))  # what was honest so far is looked at now
    for table in TABLES:
        session.execute(text(f"alter table {table} disable trigger user"))
    for statement in statements:
        session.execute(text(statement))
    for table in TABLES:
        session.execute(text(f"alter table {table} enable trigger user"))
    session.execute(text("set constraints all deferred"))
    session.expire_all()


# Reasons


def test_reasons_stand_beside_the_chain_and_only_their_digest_in_it(session: Session, ticket: Ticket) -> None:
    row, texts = next(one for one in queries.history(session, ticket) if one[0].action == "transfer")
    assert texts == {"reason": WHY}
    assert len(row.data["texts"]) == 64
    chain = session.execute(text("select row_to_json(r)::text from audit_row r")).scalars().all()
    assert not any("Thử" in one for one in chain)
    assert audit.verify(session) == []


def test_a_row_without_a_reason_says_nothing_of_one(session: Session) -> None:
    none: list[dict[str, str] | None] = [None, {}]
    for texts in none:
        row = audit.write(session, at=MONDAY, actor="system", action="x", ticket_id=None, data={}, texts=texts)
        assert row.data == {}


@pytest.mark.parametrize(
    ("attack", "found"),
    [
        ('update audit_text set texts = \'{"reason": "lý do khác"}\'', "lý do kèm theo đã bị sửa"),
        ("update audit_text set texts = '{}'", "lý do kèm theo đã bị sửa"),
        ("delete from audit_text", "lý do kèm theo đã mất"),
        (
            'insert into audit_text values ((select max(seq) from audit_row), \'{"reason": "thêm"}\')',
            "lý do kèm theo đã bị sửa",
        ),
    ],
)
def test_a_reason_that_was_changed_is_found(session: Session, ticket: Ticket, attack: str, found: str) -> None:
    tamper(session, attack)
    problems = audit.verify(session)
    assert len(problems) == 1
    assert found in problems[0]


def test_a_reason_changed_together_with_its_digest_is_found_all_the_same(session: Session, ticket: Ticket) -> None:
    digest = audit._digest({"reason": "x"})
    tamper(
        session,
        'update audit_text set texts = \'{"reason": "x"}\'',
        f"update audit_row set data = jsonb_set(data, '{{texts}}', '\"{digest}\"') where data ? 'texts'",
    )
    (problem,) = audit.verify(session)
    assert "nội dung đã bị sửa" in problem


def test_reasons_may_go_only_after_the_purge_of_their_ticket(session: Session, desk: Desk, ticket: Ticket) -> None:
    other = make_ticket(session, desk.facts, desk.sealer)
    for one, action in ((other, audit.PURGE), (ticket, "purge_identity")):
        audit.write(session, at=desk.now, actor="system", action=action, ticket_id=one.id, data={})
    session.execute(text("delete from audit_text"))
    assert any("đã mất" in problem for problem in audit.verify(session)), "another ticket's purge excuses nothing"
    audit.write(session, at=desk.now, actor="system", action=audit.PURGE, ticket_id=ticket.id, data={})
    assert audit.verify(session) == []


def test_a_reason_given_after_the_purge_may_not_go(session: Session, desk: Desk, ticket: Ticket) -> None:
    audit.write(session, at=desk.now, actor="system", action=audit.PURGE, ticket_id=ticket.id, data={})
    audit.write(
        session, at=desk.now, actor="system", action="x", ticket_id=ticket.id, data={}, texts={"reason": "mới"}
    )
    session.execute(text("delete from audit_text where seq = (select max(seq) from audit_text)"))
    assert any("đã mất" in problem for problem in audit.verify(session))


# The end of the chain


def test_an_empty_chain_has_a_beginning_and_no_problems(lasting: Engine) -> None:
    with session_scope(lasting) as session:
        assert audit.head(session) == Head(0, GENESIS)
        assert audit.verify(session) == []


def test_the_head_is_the_last_row(session: Session, ticket: Ticket) -> None:
    last, _ = queries.history(session, ticket)[-1]
    assert audit.head(session) == Head(last.seq, last.hash)
    after = write(session)
    assert after.count == last.seq + 1
    assert audit.head(session) == after


def test_heads_of_earlier_days_fit_a_chain_that_only_grew(session: Session) -> None:
    witnessed = [write(session) for _ in range(3)]
    write(session)
    assert audit.verify(session, witnessed) == []
    assert audit.verify(session, [Head(0, GENESIS), *witnessed]) == []


CUT = "delete from audit_row where seq > {keep}"
BACK = "update audit_head set count = {keep}, hash = (select hash from audit_row where seq = {keep})"


def cut_back(session: Session, keep: int) -> None:
    tamper(session, CUT.format(keep=keep), BACK.format(keep=keep))


def test_a_cut_off_tail_with_its_head_reset_is_found_by_a_witness(session: Session) -> None:
    first, _, last = [write(session) for _ in range(3)]
    cut_back(session, first.count)
    assert audit.verify(session) == [], "the chain alone cannot know: that is what witnesses are for"
    (problem,) = audit.verify(session, [first, last])
    assert f"đã từng có {last.count} dòng, nay chỉ còn {first.count} dòng" in problem


def test_a_tail_written_anew_is_found_by_a_witness(session: Session) -> None:
    first, _, last = [write(session) for _ in range(3)]
    cut_back(session, first.count)
    for _ in range(3):
        write(session, "another")
    assert audit.verify(session) == []
    assert audit.verify(session, [first]) == []
    (problem,) = audit.verify(session, [first, last])
    assert problem == f"dòng {last.count}: khác với bản đã ghi làm chứng"


def test_a_whole_chain_emptied_is_found_by_a_witness(session: Session) -> None:
    last = write(session)
    tamper(session, "delete from audit_text", "delete from audit_row", "delete from audit_head")
    assert audit.verify(session) == []
    assert len(audit.verify(session, [last])) == 1


@pytest.mark.parametrize(
    ("words", "attack"),
    [
        ("a tail cut off without its head", "delete from audit_row where seq = (select max(seq) from audit_row)"),
        ("a head moved back without its tail", "update audit_head set count = count - 1"),
        ("a head moved on", "update audit_head set count = count + 1"),
        ("a head of another hash", f"update audit_head set hash = '{GENESIS}'"),
        ("no head at all", "delete from audit_head"),
        ("a gap", "delete from audit_row where seq = (select max(seq) - 1 from audit_row)"),
        ("another actor", "update audit_row set actor = 'x' where action = 'start'"),
        (
            "another moment",
            "update audit_row set at = at + interval '1 s' where seq = (select max(seq) from audit_row)",
        ),
        ("another ticket", "update audit_row set ticket_id = null where action = 'start'"),
    ],
)
def test_what_does_not_fit_is_found_without_a_witness(
    session: Session, ticket: Ticket, words: str, attack: str
) -> None:
    assert audit.verify(session) == []
    tamper(session, attack)
    assert audit.verify(session) != []


# What the database itself refuses


@pytest.fixture
def three(lasting: Engine) -> Engine:
    """A database of this test's own, with three committed rows."""
    for _ in range(3):
        with session_scope(lasting) as session:
            write(session, reason=WHY)
    return lasting


ROW = "with added as (insert into audit_row values ({seq}, now(), 'system', 'x', null, '{{}}', '{previous}', 'h'))"
MOVE_BACK = "update audit_head set count = 2, hash = (select hash from audit_row where seq = 2)"
MOVES = {
    "back": MOVE_BACK,
    "on, without a row": "update audit_head set count = 4, hash = 'x'",
    "to the beginning": f"update audit_head set count = 0, hash = '{GENESIS}'",
    "nowhere, with another hash": "update audit_head set hash = 'x'",
    "nowhere at all": "update audit_head set count = count",
    "to a row that follows nothing": (
        f"{ROW.format(seq=4, previous='elsewhere')} update audit_head set count = 4, hash = 'h'"
    ),
    "over a gap": f"{ROW.format(seq=5, previous='elsewhere')} update audit_head set count = 5, hash = 'h'",
}


@pytest.mark.parametrize("attack", MOVES.values(), ids=MOVES)
def test_the_end_of_the_chain_is_not_moved_by_hand(three: Engine, attack: str) -> None:
    with pytest.raises(DBAPIError, match="only moves on"), three.begin() as connection:
        connection.execute(text(attack))
    with session_scope(three) as session:
        assert audit.verify(session) == []
        assert audit.head(session).count == 3


@pytest.mark.parametrize("attack", ["delete from audit_head", "truncate audit_head"])
def test_the_end_of_the_chain_is_not_removed(three: Engine, attack: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), three.begin() as connection:
        connection.execute(text(attack))


def test_a_head_cannot_be_moved_in_the_shadow_of_an_honest_row(three: Engine) -> None:
    """The moves of one transaction are looked at one by one."""

    def cheat() -> None:
        with session_scope(three) as session:
            write(session)
            session.execute(text(MOVE_BACK))

    with pytest.raises(DBAPIError, match="only moves on"):
        cheat()
    with session_scope(three) as session:
        assert audit.head(session).count == 3


def test_several_rows_in_one_transaction_are_fine(three: Engine) -> None:
    with session_scope(three) as session:
        for _ in range(5):
            write(session)
    with session_scope(three) as session:
        assert audit.head(session).count == 8
        assert audit.verify(session) == []


def test_a_row_that_was_rolled_back_leaves_no_gap(three: Engine) -> None:
    with Session(three) as session:
        assert write(session).count == 4
        session.rollback()
    with session_scope(three) as session:
        assert write(session).count == 4
        assert audit.verify(session) == []
