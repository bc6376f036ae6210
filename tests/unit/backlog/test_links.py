"""Tickets that belong together: suggested only to those who may see them, linked once, split with their clock."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backlog import identity, links, policy, queries, tickets
from backlog.context import CITIZEN, SYSTEM, Actor, Change, Desk, staff_actor
from backlog.errors import Incomplete, NotAllowed, TicketNotFound, WrongState
from backlog.identity import Contact
from backlog.model import Ticket, TicketLink
from catalogue.load import Facts
from kit.crypto import Sealer
from kit.outbox import OutboxMessage, read_body
from tests.factories import MONDAY, OTHER_UNIT, make_conversation, make_staff, make_ticket

STORY = "sáng nay chị Lan ở quầy 3 nạt tôi trước mặt mọi người vì thiếu một tờ photo"
TWIN = "chi Lan quay 3 nat mot ba cu truoc mat moi nguoi sang nay vi thieu to photo"
PART = "còn hồ sơ đất thì hẹn hoài không trả"


@pytest.fixture
def desk(session: Session, facts: Facts, sealer: Sealer) -> Desk:
    return Desk(session, facts, sealer, MONDAY + timedelta(days=2))


@pytest.fixture
def head(session: Session) -> Actor:
    return staff_actor(make_staff(session, "unit_head", full_name="Võ Thị Đứng Đầu"))


def file(desk: Desk, story: str = STORY, **more: Any) -> Ticket:
    conversation = make_conversation(desk.session, desk.sealer)
    values: dict[str, Any] = {"counter": "quầy số 3", "conversation_id": conversation} | more
    return make_ticket(desk.session, desk.facts, desk.sealer, story=story, **values)


def told(desk: Desk, ticket: Ticket) -> list[str]:
    query = select(OutboxMessage).where(OutboxMessage.conversation_id == ticket.conversation_id)
    return [read_body(desk.sealer, row)["text"] for row in desk.session.scalars(query.order_by(OutboxMessage.id))]


def suggested(desk: Desk, actor: Actor, ticket: Ticket) -> list[Ticket]:
    return [one.ticket for one in links.suggestions(desk, actor, ticket)]


# Suggestions


def test_the_same_story_told_by_another_is_suggested_and_says_why(desk: Desk, head: Actor) -> None:
    ticket, twin = file(desk), file(desk, TWIN)
    (found,) = links.suggestions(desk, head, ticket)
    assert found.ticket is twin
    assert 0.55 <= found.score <= 1
    assert "cùng người hoặc quầy" in found.why
    assert "cùng loại việc" in found.why
    assert [one.ticket for one in links.suggestions(desk, head, twin)] == [ticket]


def test_another_story_is_not_suggested(desk: Desk, head: Actor) -> None:
    ticket = file(desk)
    file(desk, "hồ sơ đất trễ hẹn hai tháng không một lời xin lỗi", counter="", categories=["delay"])
    assert suggested(desk, head, ticket) == []


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("of another unit", {"place_key": None, "agency_key": OTHER_UNIT}),
        ("of another kind", {"kind": "kien_nghi"}),
        ("filed fifteen days later", {"now": MONDAY + timedelta(days=15)}),
        ("filed fifteen days earlier", {"now": MONDAY - timedelta(days=15)}),
        ("about another day", {"event_first": date(2026, 11, 12), "event_last": date(2026, 11, 12)}),
    ],
)
def test_only_what_may_be_the_same_event_is_suggested(
    desk: Desk, head: Actor, words: str, more: dict[str, Any]
) -> None:
    day = date(2026, 11, 16)
    ticket = file(desk, event_first=day, event_last=day)
    file(desk, TWIN, **({"event_first": day, "event_last": day} | more))
    assert suggested(desk, head, ticket) == []


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("filed fourteen days later", {"now": MONDAY + timedelta(days=14)}),
        ("a day that nobody knows", {"event_first": None, "event_last": None}),
        ("days that meet at their border", {"event_first": date(2026, 11, 10), "event_last": date(2026, 11, 16)}),
        ("one day without an end", {"event_last": None}),
    ],
)
def test_days_that_may_meet_are_suggested(desk: Desk, head: Actor, words: str, more: dict[str, Any]) -> None:
    day = date(2026, 11, 16)
    ticket = file(desk, event_first=day, event_last=day)
    twin = file(desk, TWIN, **({"event_first": day, "event_last": day} | more))
    assert suggested(desk, head, ticket) == [twin]


def test_nobody_is_suggested_what_they_may_not_see(desk: Desk) -> None:
    ticket = file(desk)
    hidden = file(desk, f"{TWIN}, cả chị Hạnh cũng vậy", official="chị Hạnh")
    about = staff_actor(make_staff(desk.session, "unit_head", full_name="Nguyễn Thị Hạnh"))
    other = staff_actor(make_staff(desk.session, "unit_head", full_name="Nguyễn Thị Cúc"))
    assert suggested(desk, about, ticket) == []
    assert suggested(desk, other, ticket) == [hidden]


def test_a_handler_is_not_suggested_a_colleague_s_ticket(desk: Desk, head: Actor) -> None:
    ticket, twin = file(desk), file(desk, TWIN)
    mine, other = make_staff(desk.session, full_name="Lý A Một"), make_staff(desk.session, full_name="Lý A Hai")
    tickets.change(desk, head, twin, "assign", Change(assignee=other))
    assert suggested(desk, staff_actor(mine), ticket) == []
    assert suggested(desk, staff_actor(other), ticket) == [twin]


def test_what_is_done_is_neither_suggested_nor_compared(desk: Desk, head: Actor) -> None:
    ticket, done = file(desk), file(desk, TWIN)
    tickets.change(desk, CITIZEN, done, "withdraw")
    assert suggested(desk, head, ticket) == []
    assert suggested(desk, head, done) == []


@pytest.mark.parametrize("actor", [CITIZEN, SYSTEM])
def test_only_staff_get_suggestions(desk: Desk, actor: Actor) -> None:
    ticket = file(desk)
    file(desk, TWIN)
    assert suggested(desk, actor, ticket) == []


def test_at_most_three_are_suggested_the_likeliest_first(desk: Desk, head: Actor) -> None:
    ticket = file(desk)
    for _ in range(4):
        file(desk, TWIN, counter="")
    same = file(desk)
    found = links.suggestions(desk, head, ticket)
    assert len(found) == links.MOST_SUGGESTED
    assert found[0].ticket is same
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


# Links


def test_two_tickets_are_linked_once_in_either_direction(desk: Desk, head: Actor) -> None:
    first, second = file(desk), file(desk, TWIN)
    links.relate(desk, head, first, second)
    links.relate(desk, head, second, first)
    assert links.linked(desk.session, first) == [(second, "related")]
    assert links.linked(desk.session, second) == [(first, "related")]
    assert desk.session.scalars(select(func.count(TicketLink.id))).one() == 1
    for one, other in ((first, second), (second, first)):
        row, _ = queries.history(desk.session, one)[-1]
        assert (row.action, row.data) == ("link", {"target": other.number})
        assert [row.action for row, _ in queries.history(desk.session, one)].count("link") == 1


def test_a_ticket_is_not_linked_with_itself(desk: Desk, head: Actor) -> None:
    ticket = file(desk)
    with pytest.raises(Incomplete):
        links.relate(desk, head, ticket, ticket)


def test_an_unseen_ticket_is_not_there_to_link(desk: Desk, head: Actor) -> None:
    ticket, unseen = file(desk), file(desk, TWIN, place_key=None, agency_key=OTHER_UNIT)
    for pair in ((ticket, unseen), (unseen, ticket)):
        with pytest.raises(TicketNotFound):
            links.relate(desk, head, *pair)
    assert links.linked(desk.session, ticket) == []


@pytest.mark.parametrize("role", ["handler", "inspector", "trainer"])
def test_only_leads_link_and_split(desk: Desk, role: str) -> None:
    ticket, other = file(desk), file(desk, TWIN)
    actor = staff_actor(make_staff(desk.session, role, full_name="Lý A Một"))
    for someone in (actor, CITIZEN, SYSTEM):
        with pytest.raises(NotAllowed):
            links.relate(desk, someone, ticket, other)
        with pytest.raises(NotAllowed):
            links.split(desk, someone, ticket, PART, ["delay"])


# Splitting


def test_a_part_keeps_the_clock_the_place_and_the_citizen(desk: Desk, head: Actor) -> None:
    ticket = file(desk)
    part = links.split(desk, head, ticket, f"  {PART} ", ["attitude"])
    assert (part.story, part.categories) == (PART, ["attitude"])
    assert (part.clock_from, part.due_at) == (ticket.clock_from, ticket.due_at), "splitting must not buy time"
    assert part.filed_at == desk.now
    assert (part.place_key, part.unit_key, part.counter) == (ticket.place_key, ticket.unit_key, ticket.counter)
    assert part.conversation_id == ticket.conversation_id
    assert part.number != ticket.number
    assert links.linked(desk.session, ticket) == [(part, "split")]
    row, _ = queries.history(desk.session, ticket)[-1]
    assert (row.action, row.data) == ("split", {"target": part.number})


def test_the_citizen_hears_once_of_the_split(desk: Desk, head: Actor) -> None:
    ticket = file(desk)
    part = links.split(desk, head, ticket, PART, ["delay"])
    again = links.split(desk, head, ticket, f"{PART}\n", ["delay"])
    assert again.id == part.id
    (said,) = told(desk, ticket)
    assert ticket.number in said
    assert part.number in said


def test_the_name_stays_with_the_first_ticket(desk: Desk, head: Actor) -> None:
    ticket = file(desk, contact=Contact("named", "Lê Thị Thử", "0912345678"))
    part = links.split(desk, head, ticket, PART, ["delay"])
    assert identity.has_identity(desk.session, ticket)
    assert not identity.has_identity(desk.session, part)
    written = [row.data for row, _ in queries.history(desk.session, part)]
    assert "Thử" not in str(written)


def test_a_part_of_an_anonymous_ticket_stays_anonymous(desk: Desk, head: Actor) -> None:
    ticket = file(desk, contact=Contact("anonymous"))
    part = links.split(desk, head, ticket, PART, ["delay"])
    assert (ticket.conversation_id, part.conversation_id) == (None, None)


def test_a_part_about_the_same_official_is_kept_from_them(desk: Desk, head: Actor) -> None:
    ticket = file(desk, official="chị Hạnh")
    part = links.split(desk, head, ticket, PART, ["delay"])
    about = make_staff(desk.session, full_name="Nguyễn Thị Hạnh")
    assert policy.in_conflict(desk.session, about, part)


@pytest.mark.parametrize(
    ("story", "categories"), [("", ["delay"]), ("  \n", ["delay"]), (PART, []), (PART, ["delay", "made_up"])]
)
def test_a_split_needs_a_story_and_known_categories(
    desk: Desk, head: Actor, story: str, categories: list[str]
) -> None:
    ticket = file(desk)
    with pytest.raises(Incomplete):
        links.split(desk, head, ticket, story, categories)
    assert links.linked(desk.session, ticket) == []


def test_what_is_done_is_not_split(desk: Desk, head: Actor) -> None:
    ticket = file(desk)
    tickets.change(desk, CITIZEN, ticket, "withdraw")
    with pytest.raises(NotAllowed):
        links.split(desk, head, ticket, PART, ["delay"])


# Merging twins


def test_twins_are_merged_answered_once_and_both_are_told(desk: Desk, head: Actor) -> None:
    ticket, twin = file(desk), file(desk, TWIN)
    tickets.change(desk, head, twin, "merge", Change(target=ticket))
    assert (twin.state, twin.merged_into) == ("merged", ticket.id)
    assert ticket.number in told(desk, twin)[-1]
    assert suggested(desk, head, ticket) == []
    tickets.change(desk, head, ticket, "start")
    tickets.change(desk, head, ticket, "answer", Change(text="Chúng tôi xin lỗi.", checked="Đã hỏi."))
    for one in (ticket, twin):
        assert "Chúng tôi xin lỗi." in told(desk, one)[-1]
        assert one.number in told(desk, one)[-1]


def test_citizens_of_a_chain_of_merged_tickets_are_all_told(desk: Desk, head: Actor) -> None:
    first, second, third = file(desk), file(desk, TWIN), file(desk, TWIN)
    tickets.change(desk, head, third, "merge", Change(target=second))
    tickets.change(desk, head, second, "merge", Change(target=first))
    assert third.merged_into == first.id
    tickets.change(desk, head, first, "start")
    tickets.change(desk, head, first, "answer", Change(text="Chúng tôi xin lỗi.", checked="Đã hỏi."))
    assert all("Chúng tôi xin lỗi." in told(desk, one)[-1] for one in (first, second, third))


def test_a_merged_citizen_hears_of_delay_but_not_of_another_s_name_or_question(desk: Desk, head: Actor) -> None:
    named = file(desk, contact=Contact("named", "Lê Thị Thử", "0912345678"))
    twin = file(desk, TWIN)
    tickets.change(desk, head, twin, "merge", Change(target=named))
    before = len(told(desk, twin))
    identity.open_identity(desk, make_staff(desk.session, "inspector", None), named, "xác minh lời kể")
    links.split(desk, head, named, PART, ["delay"])
    tickets.change(desk, head, named, "start")
    tickets.change(desk, head, named, "ask", Change(text="Mấy giờ?"))
    assert len(told(desk, twin)) == before
    assert len(told(desk, named)) == 3


@pytest.mark.parametrize("target", ["itself", "done"])
def test_a_ticket_is_not_merged_into_itself_or_into_what_is_done(desk: Desk, head: Actor, target: str) -> None:
    ticket, other = file(desk), file(desk, TWIN)
    tickets.change(desk, CITIZEN, other, "withdraw")
    with pytest.raises((Incomplete, WrongState)):
        tickets.change(desk, head, ticket, "merge", Change(target=ticket if target == "itself" else other))
    assert (ticket.state, ticket.merged_into) == ("received", None)
