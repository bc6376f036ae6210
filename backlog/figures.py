"""Figures on tickets: the one query layer of the staff desk, reports and public pages. Numbers, never a ticket.

Every call is one statement, so that its numbers fit one another whatever is being written meanwhile.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, Self

from sqlalchemy import (
    ColumnElement,
    Double,
    Row,
    ScalarSelect,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from backlog import policy
from backlog.model import Rating, Staff, Ticket, TicketPause
from backlog.workflow import OPEN, State
from kit import clock
from kit.errors import Invalid

By = Literal["unit", "category", "kind", "month"]


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both included, from midnight to midnight in Vietnam.

    Raises Invalid when the last day comes before the first.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise Invalid("Ngày cuối đang đứng trước ngày đầu. Anh/chị đổi lại giúp.")

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        """One calendar month. Raises ValueError for a month that does not exist."""
        return cls(date(year, month, 1), _month_end(year, month))

    @classmethod
    def quarter(cls, year: int, quarter: int) -> Self:
        """Three months; `quarter` is 1 to 4. Raises ValueError for another."""
        return cls(date(year, 3 * quarter - 2, 1), _month_end(year, 3 * quarter))

    @classmethod
    def year(cls, year: int) -> Self:
        """One calendar year."""
        return cls(date(year, 1, 1), date(year, 12, 31))

    @property
    def start(self) -> datetime:
        """The first moment that belongs to the period."""
        return datetime.combine(self.first, time(), clock.VIETNAM)

    @property
    def end(self) -> datetime:
        """The first moment that does not belong to it any more."""
        return datetime.combine(self.last + timedelta(days=1), time(), clock.VIETNAM)


@dataclass(frozen=True)
class Figures:
    """What became of a group of tickets. Numbers of tickets, but for the four that say otherwise.

    `on_time` and `late_answered` make up `answered`; `late_open` is part of `open`. `on_time_share` is 0 to 1, of
    what was answered or is late; None when nothing was. `median_days` is the agency's own time in days of 24 h,
    from the start of the clock to the answer without the waiting for the citizen; None without an answer.
    `rating_mean` is 1 to 5, None without a rating; `rating_n` is the number of ratings.
    """

    filed: int = 0
    open: int = 0
    answered: int = 0
    on_time: int = 0
    late_answered: int = 0
    late_open: int = 0
    on_time_share: float | None = None
    median_days: float | None = None
    reopened: int = 0
    rejected: int = 0
    withdrawn: int = 0
    rating_mean: float | None = None
    rating_n: int = 0


def figures(
    session: Session,
    period: Period,
    *,
    by: By | None,
    staff: Staff | None = None,
    kind: str | None = None,
    now: datetime | None = None,
) -> dict[str, Figures]:
    """Figures for each group in the order of its key; with `by` None one group, "", also when it is empty.

    Which tickets: those *filed* in the period (`filed_at`, Vietnam's time), whatever happened to them and when.
    They are counted as they stand now, so the figures of a past month change until its last ticket is answered.
    With `staff` only what policy.visible_tickets shows them; without, everything. Purged tickets count: their
    dates stay.

    Groups: "unit" is the unit that has the ticket now; "month" is that of filing, "2026-11". By "category" a
    ticket counts in each of its categories (the groups add up to more than the total), in "" when it has none.

    In time: an answer at `due_at` or before. A reopened ticket is judged by its new clock and last answer only.
    One that is open and not yet due is neither in time nor late, and so not in `on_time_share`. Nor are the
    rejected, the withdrawn and those handed to other authorities: they were not answered. While the agency waits
    for the citizen a ticket does not become late; one that was late when the question went out stays so.

    Merged tickets are in `filed`, and their citizens' ratings count; the answer is their target's, counted there.

    `now` decides which open tickets are late; left out, it is the present.
    """
    tickets = _tickets(period, staff, kind, now or clock.now())
    found = _read(session, _keyed(tickets, by))
    return found or {"": Figures()} if by is None else found


def public_figures(
    session: Session, period: Period, *, smallest: int = 5, now: datetime | None = None
) -> dict[str, Figures]:
    """`figures` by unit for everybody to see: no group has fewer than `smallest` tickets.

    A small group would point at persons. Smaller units are folded into ""; while that is itself too small, the
    next smallest unit joins it, or else whoever subtracts the units from the total would still find it. When all
    units together are too few there is nothing to show.
    """
    tickets = _tickets(period, None, None, now or clock.now())
    count, unit = func.count(), tickets.c.unit
    smaller = func.sum(count).over(order_by=(count, unit), rows=(None, -1)).label("smaller")
    sizes = select(unit, count.label("size"), smaller).group_by(unit).subquery()
    folded = or_(sizes.c.size < smallest, and_(sizes.c.smaller > 0, sizes.c.smaller < smallest))
    key = case((folded, ""), else_=unit).label("key")
    return _read(session, select(key, tickets).join(sizes, sizes.c.unit == unit), smallest)


def _month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _tickets(period: Period, staff: Staff | None, kind: str | None, now: datetime) -> Subquery:
    """One row a ticket: the columns to group by, and whether and how it counts."""
    is_open = Ticket.state.in_([str(state) for state in OPEN])
    answered = and_(Ticket.answered_at.is_not(None), Ticket.state != State.MERGED)
    wanted = (
        select(
            Ticket.unit_key.label("unit"),
            Ticket.kind.label("kind"),
            func.to_char(func.timezone(clock.VIETNAM.key, Ticket.filed_at), "YYYY-MM").label("month"),
            Ticket.categories.label("categories"),
            is_open.label("open"),
            answered.label("answered"),
            and_(answered, Ticket.answered_at <= Ticket.due_at).label("on_time"),
            and_(is_open, Ticket.due_at < func.coalesce(_waiting_since(), now)).label("late_open"),
            _own_days().label("days"),
            (Ticket.reopened > 0).label("reopened"),
            (Ticket.state == State.REJECTED).label("rejected"),
            (Ticket.state == State.WITHDRAWN).label("withdrawn"),
            Rating.stars.label("stars"),
        )
        .outerjoin(Rating, Rating.ticket_id == Ticket.id)
        .where(Ticket.filed_at >= period.start, Ticket.filed_at < period.end)
    )
    if kind is not None:
        wanted = wanted.where(Ticket.kind == kind)
    if staff is not None:
        wanted = wanted.where(Ticket.id.in_(policy.visible_tickets(staff).with_only_columns(Ticket.id)))
    return wanted.subquery("tickets")


def _waiting_since() -> ScalarSelect[datetime]:
    """Since when the agency has been waiting for the citizen; NULL when it is not."""
    waiting = select(func.min(TicketPause.started_at))
    return waiting.where(TicketPause.ticket_id == Ticket.id, TicketPause.ended_at.is_(None)).scalar_subquery()


def _own_days() -> ColumnElement[Any]:
    """The agency's own time to the answer, in days. Pauses of an earlier run of the clock are not of this one."""
    paused = (
        select(func.sum(TicketPause.ended_at - TicketPause.started_at))
        .where(TicketPause.ticket_id == Ticket.id, TicketPause.started_at >= Ticket.clock_from)
        .scalar_subquery()
    )
    own = Ticket.answered_at - Ticket.clock_from - func.coalesce(paused, timedelta())
    return cast(extract("epoch", own), Double) / 86400


def _keyed(tickets: Subquery, by: By | None) -> Select[Any]:
    """The rows of `tickets` with the key of their group; a ticket with two categories is there twice."""
    if by is None:
        return select(literal("", String).label("key"), tickets)
    if by != "category":
        return select(tickets.c[by].label("key"), tickets)
    each = func.jsonb_array_elements_text(tickets.c.categories).column_valued("category")
    own = select(each.label("name")).distinct().lateral("own")  # named twice in one ticket, it still counts once
    return select(func.coalesce(own.c.name, "").label("key"), tickets).outerjoin(own, true())


def _read(session: Session, keyed: Select[Any], smallest: int = 1) -> dict[str, Figures]:
    rows = keyed.subquery("keyed").c
    count = func.count()
    query = select(
        rows.key,
        count.label("filed"),
        *(
            count.filter(rows[name]).label(name)
            for name in ("open", "answered", "on_time", "late_open", "reopened", "rejected", "withdrawn")
        ),
        func.percentile_cont(0.5).within_group(rows.days).filter(rows.answered).label("median_days"),
        cast(func.avg(rows.stars), Double).label("rating_mean"),
        func.count(rows.stars).label("rating_n"),
    )
    grouped = query.group_by(rows.key).having(count >= smallest).order_by(rows.key)
    return {row.key: _figures(row) for row in session.execute(grouped)}


def _figures(row: Row[Any]) -> Figures:
    values = dict(row._mapping)
    del values["key"]
    late = row.answered - row.on_time
    judged = row.answered + row.late_open
    return Figures(**values, late_answered=late, on_time_share=row.on_time / judged if judged else None)
