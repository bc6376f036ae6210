"""What the citizen thinks of an answer: one to five, and a word. A low one opens the way to reopening."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backlog import audit, queries, tickets
from backlog.context import CITIZEN, Desk
from backlog.errors import WrongState
from backlog.model import Rating, Ticket
from backlog.workflow import State
from kit.errors import Invalid

LOW = 2
"""Up to this many stars the citizen is asked whether the ticket should be opened again."""
_RATED = (State.ANSWERED, State.CLOSED)


def rate(desk: Desk, ticket: Ticket, stars: int) -> Rating:
    """Take a rating; a later one replaces it. Three and more end the ticket.

    Raises Invalid outside 1 to 5, WrongState for a ticket that has not been answered.
    """
    if not 1 <= stars <= 5:
        raise Invalid("Anh/chị chấm từ 1 đến 5 giúp.")
    ticket = queries.locked(desk.session, ticket)
    if ticket.state not in _RATED:
        raise WrongState("Phiếu chưa có trả lời nên chưa chấm điểm được.")
    given = of(desk.session, ticket)
    if given is not None and given.stars == stars:  # a turn that is told again rates nothing anew
        return given
    row = insert(Rating).values(ticket_id=ticket.id, stars=stars, word="", at=desk.now)
    desk.session.execute(
        row.on_conflict_do_update(index_elements=["ticket_id"], set_={"stars": stars, "at": desk.now})
    )
    audit.write(
        desk.session, at=desk.now, actor=CITIZEN.id, action="rate", ticket_id=ticket.id, data={"stars": stars}
    )
    if stars > LOW and ticket.state == State.ANSWERED:
        tickets.change(desk, CITIZEN, ticket, "close")
    return desk.session.scalars(
        select(Rating).where(Rating.ticket_id == ticket.id).execution_options(populate_existing=True)
    ).one()


def add_word(desk: Desk, ticket: Ticket, word: str) -> None:
    """Put the citizen's own words to a rating that is there; without one nothing happens."""
    found = of(desk.session, ticket)
    if found is not None:
        found.word = word.strip()
        desk.session.flush()


def of(session: Session, ticket: Ticket) -> Rating | None:
    """The rating of a ticket, if it has one."""
    return session.get(Rating, ticket.id)
