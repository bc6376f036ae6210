"""What goes when its time is over, what must stay, and that the audit chain stays whole."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from backlog import audit, escalation, evidence, identity, links, queries, receipts, retention, tickets
from backlog.context import CITIZEN, SYSTEM, Change, Desk, staff_actor
from backlog.figures import Period, figures
from backlog.identity import Contact
from backlog.model import (
    KINDS,
    AuditText,
    Evidence,
    IdentityRequest,
    PetitionDraft,
    Rating,
    Receipt,
    ReceiptAttempt,
    SealedIdentity,
    StaffNotice,
    Ticket,
    TicketLink,
    TicketMessage,
)
from backlog.workflow import State
from catalogue.load import Facts
from kit.crypto import Sealer
from tests.factories import MONDAY, make_conversation, make_staff, make_ticket

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
FIVE_YEARS = 1825 * DAY
NAMED = Contact("named", "Lý Thị Bí Mật", "0912345678")
WORDS = {
    "story": "chị Hạnh bắt tôi đi ba lần",
    "place_text": "nhà bà Sáu",
    "counter": "quầy số 3",
    "official": "chị Hạnh",
    "event_text": "sáng thứ Hai",
    "money": "hai trăm nghìn",
    "procedure_name": "Đăng ký khai sinh",
}


class Archive:
    """Tickets that are filed, worked on and ended at chosen moments."""

    def __init__(self, session: Session, facts: Facts, sealer: Sealer) -> None:
        self.session, self.facts, self.sealer = session, facts, sealer
        self.admin = make_staff(session, "admin", None, full_name="Quản Trị Viên")

    def desk(self, now: datetime) -> Desk:
        return Desk(self.session, self.facts, self.sealer, now)

    def file(self, now: datetime = MONDAY, **more: Any) -> Ticket:
        more.setdefault("conversation_id", make_conversation(self.session, self.sealer))
        return make_ticket(self.session, self.facts, self.sealer, now=now, **more)

    def take(self, ticket: Ticket, action: str, now: datetime, **given: Any) -> None:
        actor = CITIZEN if action in ("withdraw", "reopen") else staff_actor(self.admin)
        words = dict.fromkeys(("text", "checked", "reason", "legal_ground", "onward", "receiver"), "như đã nói")
        tickets.change(self.desk(now), actor, ticket, action, Change(**{**words, **given}))

    def answer(self, ticket: Ticket, now: datetime) -> None:
        self.take(ticket, "start", now)
        self.take(ticket, "answer", now)

    def close(self, ticket: Ticket, now: datetime = MONDAY) -> None:
        self.answer(ticket, now)
        self.take(ticket, "close", now)

    def purge(self, now: datetime) -> dict[str, int]:
        return retention.purge(self.session, self.facts, now)

    def purged(self, ticket: Ticket) -> bool:
        self.session.expire(ticket)
        return ticket.purged_at is not None

    def count(self, table: Any, *wanted: Any) -> int:
        return self.session.scalars(select(func.count()).select_from(table).where(*wanted)).one()


@pytest.fixture
def archive(session: Session, facts: Facts, sealer: Sealer) -> Archive:
    # What other tests have committed is not counted here; the deletion is rolled back with everything else.
    for table in (Evidence, PetitionDraft, ReceiptAttempt, StaffNotice, TicketLink, SealedIdentity):
        session.execute(delete(table))
    return Archive(session, facts, sealer)


def keep_file(archive: Archive, ticket: Ticket | None, now: datetime = MONDAY) -> Evidence:
    clean = evidence.Clean("document", "application/pdf", "a.pdf", b"%PDF " + str(now).encode())
    conversation = make_conversation(archive.session, archive.sealer)
    file = evidence.keep(archive.session, archive.sealer, clean, conversation, now)
    if ticket is not None:
        evidence.attach(archive.session, ticket, conversation, [file.id], now)
    return file


def full_ticket(archive: Archive) -> Ticket:
    """A closed ticket that has everything that a ticket can have."""
    ticket = archive.file(MONDAY, contact=NAMED, **WORDS)
    other = archive.file()
    desk = archive.desk(MONDAY)
    links.relate(desk, staff_actor(archive.admin), ticket, other)
    tickets.note(desk, archive.admin, ticket, "gọi cho bà Lý")
    keep_file(archive, ticket)
    receipts.issue(archive.session, "k" * 32, str(ticket.id))
    identity.open_identity(desk, make_staff(archive.session, "inspector", None), ticket, "cần gọi cho bà Lý")
    archive.session.add(
        IdentityRequest(ticket_id=ticket.id, asked_by=archive.admin.id, reason="bà Lý", asked_at=MONDAY)
    )
    archive.take(ticket, "transfer", MONDAY, unit=ticket.unit_key, reason="bà Lý nhờ")
    archive.close(ticket)
    archive.session.add(Rating(ticket_id=ticket.id, stars=4, word="bà Lý khen", at=MONDAY))
    archive.session.flush()
    return ticket


def everything_about(session: Session, ticket: Ticket) -> str:
    """What the database says of a ticket, apart from the chain: rows of every table that names it."""
    tables = ("ticket_message", "sealed_identity", "receipt", "evidence", "rating", "identity_request")
    found = [
        session.execute(text(f"select * from {table} where ticket_id = :id"), {"id": ticket.id}).all()
        for table in tables
    ]
    chain = session.execute(
        text("select r.data, t.texts from audit_row r left join audit_text t using (seq) where ticket_id = :id"),
        {"id": ticket.id},
    ).all()
    return str([session.execute(text("select * from ticket where id = :id"), {"id": ticket.id}).all(), found, chain])


def test_nothing_that_was_told_is_left_and_the_chain_holds(archive: Archive) -> None:
    ticket = full_ticket(archive)
    assert "bà Lý" in everything_about(archive.session, ticket)
    assert archive.purge(MONDAY + FIVE_YEARS)["tickets"] == 1
    left = everything_about(archive.session, ticket)
    assert [word for word in (*WORDS.values(), "bà Lý", "hanh", "a.pdf", "như đã nói") if word in left] == []
    assert archive.purged(ticket)
    assert ticket.conversation_id is None
    assert all(getattr(ticket, name) == "" for name in retention.BLANKED)
    for table in (TicketMessage, SealedIdentity, Receipt, Evidence, IdentityRequest):
        assert archive.count(table, table.ticket_id == ticket.id) == 0
    assert archive.count(TicketLink) == 0
    assert audit.verify(archive.session) == []


def test_what_is_counted_stays(archive: Archive) -> None:
    ticket = full_ticket(archive)
    kept = ("number", "kind", "state", "categories", "unit_key", "about_key", "filed_at", "due_at", "closed_at")
    before = [getattr(ticket, name) for name in kept]
    counted = figures(archive.session, Period.year(2026), by="category", now=MONDAY)
    archive.purge(MONDAY + FIVE_YEARS)
    assert archive.purged(ticket)
    assert [getattr(ticket, name) for name in kept] == before
    assert figures(archive.session, Period.year(2026), by="category", now=MONDAY) == counted
    rating = archive.session.scalars(select(Rating).execution_options(populate_existing=True)).one()
    assert (rating.stars, rating.word) == (4, "")


def test_one_audit_row_says_how_much_went_and_nothing_else(archive: Archive) -> None:
    ticket = full_ticket(archive)
    messages = len(queries.messages(archive.session, ticket))
    reasons = sum(bool(texts) for _, texts in queries.history(archive.session, ticket))
    assert (messages > 1, reasons > 1) == (True, True)
    archive.purge(MONDAY + FIVE_YEARS)
    rows = [row for row, _ in queries.history(archive.session, ticket) if row.action == "purge"]
    ones = dict.fromkeys(("files", "identities", "requests", "receipts", "links"), 1)
    assert [(row.actor, row.at, row.data) for row in rows] == [
        (
            "system",
            MONDAY + FIVE_YEARS,
            {"number": ticket.number, "messages": messages, "reasons": reasons, **ones},
        )
    ]


def test_doing_it_again_changes_nothing(archive: Archive) -> None:
    full_ticket(archive)
    archive.purge(MONDAY + FIVE_YEARS)
    head = audit.head(archive.session)
    assert archive.purge(MONDAY + FIVE_YEARS + DAY) == {
        "tickets": 0, "identities": 0, "files": 0, "drafts": 0, "attempts": 0, "notices": 0,
    }  # fmt: skip
    assert audit.head(archive.session) == head


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_kept_to_its_last_second(archive: Archive, kind: str) -> None:
    ticket = archive.file(kind=kind)
    archive.close(ticket, MONDAY + DAY)
    end = MONDAY + DAY + {"khen": 365 * DAY}.get(kind, FIVE_YEARS)
    archive.purge(end - SECOND)
    assert not archive.purged(ticket)
    assert ticket.story
    archive.purge(end)
    assert archive.purged(ticket)


def test_every_way_of_ending_counts(archive: Archive) -> None:
    ended = [archive.file() for _ in range(3)]
    for ticket, action in zip(ended, ("withdraw", "reject", "hand_off"), strict=True):
        archive.take(ticket, action, MONDAY)
    assert archive.purge(MONDAY + FIVE_YEARS)["tickets"] == 3
    assert all(map(archive.purged, ended))


@pytest.mark.parametrize("steps", [[], ["start"], ["start", "ask"], ["start", "answer"], ["reject", "reopen"]])
def test_what_has_not_ended_stays_whatever_its_age(archive: Archive, steps: list[str]) -> None:
    ticket = archive.file(contact=NAMED)
    for step in steps:
        archive.take(ticket, step, MONDAY)
    counts = archive.purge(MONDAY + 4 * FIVE_YEARS)
    assert (counts["tickets"], counts["identities"]) == (0, 0)
    assert not archive.purged(ticket)
    assert identity.has_identity(archive.session, ticket)


def test_a_merged_ticket_stays_until_the_time_of_its_target_is_over(archive: Archive) -> None:
    first, second, third = (archive.file(contact=NAMED) for _ in range(3))
    archive.take(first, "merge", MONDAY, target=second)
    archive.take(second, "merge", MONDAY, target=third)
    late = MONDAY + 2 * FIVE_YEARS
    archive.purge(late)
    assert not any(map(archive.purged, (first, second, third)))
    assert archive.count(SealedIdentity) == 3
    archive.close(third, late)
    archive.purge(late + 180 * DAY - SECOND)
    assert not archive.purged(second)
    assert archive.count(SealedIdentity, SealedIdentity.ticket_id == second.id) == 1
    archive.purge(late + FIVE_YEARS)
    assert all(map(archive.purged, (first, second, third)))


def test_the_target_of_a_merge_stays_while_it_is_under_way(archive: Archive) -> None:
    """No edge of the workflow opens a merged ticket again; if one ever does, its target is not emptied under it."""
    first, target = archive.file(), archive.file()
    archive.take(first, "merge", MONDAY, target=target)
    archive.close(target)
    first.state, first.closed_at = State.IN_PROGRESS.value, None
    archive.session.flush()
    archive.purge(MONDAY + FIVE_YEARS)
    assert not archive.purged(target)


@pytest.mark.parametrize("part_is_open", [True, False])
def test_a_split_matter_stays_whole_while_a_part_is_open(archive: Archive, part_is_open: bool) -> None:
    ticket = archive.file()
    part = links.split(archive.desk(MONDAY), staff_actor(archive.admin), ticket, "phần kia", ["delay"])
    ended, other = (ticket, part) if part_is_open else (part, ticket)
    archive.close(ended)
    archive.purge(MONDAY + FIVE_YEARS)
    assert not archive.purged(ended)
    archive.close(other, MONDAY + DAY)
    archive.purge(MONDAY + FIVE_YEARS)
    assert archive.purged(ended)
    assert not archive.purged(other)


def test_a_ticket_that_is_only_related_to_an_open_one_goes(archive: Archive) -> None:
    ticket, other = archive.file(), archive.file()
    links.relate(archive.desk(MONDAY), staff_actor(archive.admin), ticket, other)
    archive.close(ticket)
    archive.purge(MONDAY + FIVE_YEARS)
    assert archive.purged(ticket)
    assert not archive.purged(other)


def test_a_name_goes_half_a_year_after_the_end_and_the_story_stays(archive: Archive) -> None:
    ticket = archive.file(contact=NAMED)
    archive.close(ticket)
    end = MONDAY + 180 * DAY
    assert archive.purge(end - SECOND)["identities"] == 0
    assert archive.purge(end)["identities"] == 1
    assert not identity.has_identity(archive.session, ticket)
    assert not archive.purged(ticket)
    assert ticket.story
    last, _ = queries.history(archive.session, ticket)[-1]
    assert (last.action, last.data) == ("purge_identity", {"number": ticket.number, "identities": 1})
    assert archive.purge(end)["identities"] == 0


def test_a_reopened_ticket_keeps_its_name(archive: Archive) -> None:
    ticket = archive.file(contact=NAMED)
    archive.close(ticket)
    archive.take(ticket, "reopen", MONDAY + DAY)
    archive.close(ticket, MONDAY + 100 * DAY)
    archive.purge(MONDAY + 181 * DAY)
    assert identity.has_identity(archive.session, ticket)


def test_files_of_no_ticket_go_after_a_week(archive: Archive) -> None:
    keep_file(archive, None)
    keep_file(archive, None, MONDAY + SECOND)
    keep_file(archive, archive.file(), MONDAY)
    assert archive.purge(MONDAY + 7 * DAY)["files"] == 1
    assert archive.count(Evidence) == 2
    assert archive.purge(MONDAY + 8 * DAY)["files"] == 1
    assert archive.count(Evidence, Evidence.ticket_id.is_not(None)) == 1


def test_drafts_and_attempts_go_when_their_time_is_over(archive: Archive) -> None:
    for number, at in enumerate((MONDAY, MONDAY + SECOND)):
        archive.session.add(PetitionDraft(digest=str(number), kind="to_cao", body="x", at=at))
        archive.session.add(ReceiptAttempt(number="PA", at=at + 6 * DAY))
    archive.session.flush()
    counts = archive.purge(MONDAY + 7 * DAY)
    assert (counts["drafts"], counts["attempts"]) == (1, 1)
    assert (archive.count(PetitionDraft), archive.count(ReceiptAttempt)) == (1, 1)


def test_notices_go_only_after_they_were_read(archive: Archive) -> None:
    ticket = archive.file()
    for key in ("read", "unread"):
        escalation.put(archive.session, archive.admin, ticket, "deadline", key, MONDAY)
    read = update(StaffNotice).where(StaffNotice.key.endswith(":read")).values(read_at=MONDAY + DAY)
    archive.session.execute(read)
    assert archive.purge(MONDAY + 90 * DAY)["notices"] == 0
    assert archive.purge(MONDAY + 91 * DAY)["notices"] == 1
    assert archive.session.scalars(select(StaffNotice.key)).one().endswith(":unread")


def test_many_tickets_go_in_several_calls(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_TICKETS", 2)
    for _ in range(3):
        archive.close(archive.file(contact=NAMED))
    assert [archive.purge(MONDAY + FIVE_YEARS)["tickets"] for _ in range(3)] == [2, 1, 0]


def test_without_a_rule_nothing_goes(archive: Archive) -> None:
    ticket = archive.file()
    archive.close(ticket)
    with pytest.raises(LookupError):
        archive.purge(datetime(2025, 12, 31, tzinfo=MONDAY.tzinfo))


# The audit chain and reasons that are gone


def test_a_reason_that_went_before_its_time_is_found(archive: Archive) -> None:
    ticket = archive.file()
    archive.take(ticket, "reject", MONDAY)
    archive.take(ticket, "reopen", MONDAY)
    archive.session.execute(text("delete from audit_text"))
    assert [problem for problem in audit.verify(archive.session) if "lý do kèm theo đã mất" in problem] != []


def test_a_ticket_that_only_claims_to_be_purged_excuses_nothing(archive: Archive) -> None:
    ticket = archive.file()
    archive.take(ticket, "reject", MONDAY)
    ticket.purged_at = MONDAY
    archive.session.execute(text("delete from audit_text"))
    assert audit.verify(archive.session) != []


def test_a_purge_of_one_ticket_excuses_no_other_and_nothing_later(archive: Archive) -> None:
    gone, other = archive.file(), archive.file()
    archive.take(gone, "reject", MONDAY)
    archive.purge(MONDAY + FIVE_YEARS)
    assert audit.verify(archive.session) == []
    for ticket in (gone, other):
        row = audit.write(
            archive.session,
            at=MONDAY,
            actor=SYSTEM.id,
            action="x",
            ticket_id=ticket.id,
            data={},
            texts={"reason": "y"},
        )
        assert audit.verify(archive.session) == []
        archive.session.execute(text("delete from audit_text where seq = :seq"), {"seq": row.seq})
        assert audit.verify(archive.session) == [f"dòng {row.seq}: lý do kèm theo đã mất"]
        archive.session.add(AuditText(seq=row.seq, texts={"reason": "y"}))
        archive.session.flush()
