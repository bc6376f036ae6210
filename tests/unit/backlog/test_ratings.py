"""Ratings: one to five after an answer, the last one counts, and a good one ends the ticket."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from backlog import queries, ratings, tickets
from backlog.context import CITIZEN, Change, Desk, staff_actor
from backlog.errors import WrongState
from backlog.model import Ticket
from catalogue.load import Facts
from kit.crypto import Sealer
from kit.errors import Invalid
from tests.factories import MONDAY, make_conversation, make_staff, make_ticket


@pytest.fixture
def desk(session: Session, facts: Facts, sealer: Sealer) -> Desk:
    return Desk(session, facts, sealer, MONDAY + timedelta(hours=1))


@pytest.fixture
def ticket(session: Session, facts: Facts, sealer: Sealer) -> Ticket:
    return make_ticket(session, facts, sealer, conversation_id=make_conversation(session, sealer))


@pytest.fixture
def answered(desk: Desk, ticket: Ticket) -> Ticket:
    actor = staff_actor(make_staff(desk.session))
    tickets.change(desk, actor, ticket, "start")
    return tickets.change(desk, actor, ticket, "answer", Change(text="Đã nhắc nhở.", checked="Đã hỏi."))


@pytest.mark.parametrize(
    ("stars", "state"), [(1, "answered"), (2, "answered"), (3, "closed"), (4, "closed"), (5, "closed")]
)
def test_a_good_rating_ends_the_ticket_and_a_low_one_leaves_it_open_to_reopening(
    desk: Desk, answered: Ticket, stars: int, state: str
) -> None:
    assert ratings.rate(desk, answered, stars).stars == stars
    assert answered.state == state
    assert (stars > ratings.LOW) == (state == "closed")


@pytest.mark.parametrize("stars", [-1, 0, 6, 55])
def test_other_numbers_are_refused(desk: Desk, answered: Ticket, stars: int) -> None:
    with pytest.raises(Invalid):
        ratings.rate(desk, answered, stars)
    assert ratings.of(desk.session, answered) is None


def test_what_has_not_been_answered_cannot_be_rated(desk: Desk, ticket: Ticket) -> None:
    with pytest.raises(WrongState):
        ratings.rate(desk, ticket, 5)
    tickets.change(desk, CITIZEN, ticket, "withdraw")
    with pytest.raises(WrongState):
        ratings.rate(desk, ticket, 5)


def test_the_last_rating_counts_and_every_one_is_in_the_audit_trail(desk: Desk, answered: Ticket) -> None:
    ratings.rate(desk, answered, 1)
    later = Desk(desk.session, desk.facts, desk.sealer, desk.now + timedelta(hours=1))
    found = ratings.rate(later, answered, 4)
    assert (found.stars, found.at) == (4, later.now)
    assert answered.state == "closed"
    rows = [row.data for row, _ in queries.history(desk.session, answered) if row.action == "rate"]
    assert rows == [{"stars": 1}, {"stars": 4}]


def test_a_closed_ticket_may_still_be_rated(desk: Desk, answered: Ticket) -> None:
    tickets.change(desk, CITIZEN, answered, "close")
    assert ratings.rate(desk, answered, 2).stars == 2
    assert answered.state == "closed"


def test_a_word_is_kept_with_its_rating_and_stays_when_the_stars_change(desk: Desk, answered: Ticket) -> None:
    ratings.rate(desk, answered, 2)
    ratings.add_word(desk, answered, "  chưa xin lỗi tôi ")
    ratings.rate(desk, answered, 3)
    found = ratings.of(desk.session, answered)
    assert found is not None
    assert (found.stars, found.word) == (3, "chưa xin lỗi tôi")
    assert "xin lỗi" not in str([row.data for row, _ in queries.history(desk.session, answered)])


def test_a_word_without_a_rating_goes_nowhere(desk: Desk, answered: Ticket) -> None:
    ratings.add_word(desk, answered, "không có điểm")
    assert ratings.of(desk.session, answered) is None


def test_after_a_low_rating_the_ticket_can_be_opened_again(desk: Desk, answered: Ticket) -> None:
    ratings.rate(desk, answered, 1)
    tickets.change(desk, CITIZEN, answered, "reopen", Change(reason="chưa đúng"))
    assert answered.state == "reopened"
    with pytest.raises(WrongState):
        ratings.rate(desk, answered, 5)


def test_a_rating_that_is_told_again_changes_nothing(desk: Desk, answered: Ticket) -> None:
    ratings.rate(desk, answered, 1)
    before = len(queries.history(desk.session, answered))
    assert ratings.rate(desk, answered, 1).stars == 1
    assert len(queries.history(desk.session, answered)) == before
