"""Page: figures on the tickets that this person may see, for a month, a quarter or a year."""

import re
from datetime import date
from typing import get_args

from fastapi import APIRouter, Request, Response

from backlog.figures import By, Figures, Period, figures
from backlog.policy import Permission
from catalogue.load import Facts
from desk import words
from desk.gate import AtDesk, opens
from desk.pages import render

router = APIRouter()
_ASKED = re.compile(r"(20\d\d)(?:-(0[1-9]|1[0-2])|-q([1-4]))?")
_YEARS = 3
"""How many years back the page offers."""
BY: dict[By, str] = {"unit": "Đơn vị", "category": "Loại việc", "kind": "Loại phiếu", "month": "Tháng gửi"}


@router.get("/figures")
@opens(Permission.VIEW_TICKETS)
def show_figures(request: Request, desk: AtDesk) -> Response:
    """One table: groups in rows, the total last. This month and by unit unless asked otherwise."""
    query, today = request.query_params, desk.now.date()
    asked = query.get("period", "")
    if not _ASKED.fullmatch(asked):
        asked = f"{today:%Y-%m}"
    by: By = next((one for one in get_args(By) if one == query.get("by")), "unit")
    span = period(asked)
    groups = figures(desk.session, span, by=by, staff=desk.staff, now=desk.now)
    return render(
        request,
        desk,
        "figures.html",
        period=span,
        asked=asked,
        asked_words=say(asked),
        offered=offered(today),
        say=say,
        by=by,
        bys=BY,
        rows=[(_name(key, by, desk.facts), groups[key]) for key in _order(groups, by)],
        total=figures(desk.session, span, by=None, staff=desk.staff, now=desk.now)[""],
    )


def period(asked: str) -> Period:
    """The days of "2026-11", "2026-q4" or "2026"."""
    found = _ASKED.fullmatch(asked)
    assert found is not None  # whoever calls has looked
    year, month, quarter = found.groups()
    if month:
        return Period.month(int(year), int(month))
    return Period.quarter(int(year), int(quarter)) if quarter else Period.year(int(year))


def say(asked: str) -> str:
    """A period as people say it: "tháng 11/2026", "quý 4/2026", "năm 2026"."""
    year, _, part = asked.partition("-")
    if not part:
        return f"năm {year}"
    return f"quý {part[1:]}/{year}" if part.startswith("q") else f"tháng {int(part)}/{year}"


def offered(today: date) -> dict[str, list[str]]:
    """The periods to choose from by kind, the latest first; none lies in the future."""
    years = [today.year - back for back in range(_YEARS)]
    months = [f"{year}-{month:02}" for year in years[:2] for month in range(12, 0, -1)]
    quarters = [f"{year}-q{quarter}" for year in years[:2] for quarter in range(4, 0, -1)]
    listed = {"Tháng": months, "Quý": quarters, "Năm": [str(year) for year in years]}
    return {name: [one for one in ones if period(one).first <= today] for name, ones in listed.items()}


def _order(groups: dict[str, Figures], by: By) -> list[str]:
    """Months as they come, anything else with the most tickets first."""
    return sorted(groups, key=lambda key: (0 if by == "month" else -groups[key].filed, key))


def _name(key: str, by: By, facts: Facts) -> str:
    if by == "unit":
        return facts.agencies.get(key).name
    if by == "month":
        return f"tháng {int(key[5:])}/{key[:4]}"
    known = words.CATEGORIES if by == "category" else words.KINDS
    return known.get(key, "không ghi loại việc")
