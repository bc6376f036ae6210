"""Page: the queue, the most urgent ticket first."""

import re
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from backlog import queries
from backlog.policy import Permission
from backlog.queries import PAGE_SIZE, QueueFilters
from desk import words
from desk.gate import AtDesk, opens
from desk.pages import render

router = APIRouter()
MOST_WAITING = 8
"""How many of the things that wait are listed at once: the list stands above the queue, not in its place."""


@router.get("")
@opens(Permission.VIEW_TICKETS)
def show_queue(request: Request, desk: AtDesk) -> Response:
    """The tickets that this person may see, filtered as asked."""
    query = request.query_params
    state = query.get("state", "open")
    filters = QueueFilters(
        state=state if state in {"open", "all", *words.STATES} else "open",
        unit=query.get("unit", "").replace("\0", ""),
        mine=query.get("mine") == "1",
        late=query.get("late") == "1",
        number=query.get("number", "").replace("\0", ""),
    )
    page = max(1, int(query["page"])) if re.fullmatch("[0-9]{1,5}", query.get("page", "")) else 1
    tickets, total = queries.queue(desk.session, desk.staff, filters, desk.now, page)
    return render(
        request,
        desk,
        "queue.html",
        tickets=tickets,
        total=total,
        filters=filters,
        page=page,
        same_filters=urlencode([(name, value) for name, value in query.items() if name not in ("page", "done")]),
        pages=max(1, -(-total // PAGE_SIZE)),
        units=sorted(desk.facts.agencies, key=lambda agency: agency.name),
        facts=desk.facts,
        now=desk.now,
        most_waiting=MOST_WAITING,
    )
