"""The page of figures: whose tickets are counted, for which days, and how the numbers are said."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

import httpx
import pytest
from sqlalchemy.orm import Session

from backlog.model import Rating, Staff
from catalogue.load import Facts
from desk import figures
from kit import clock
from kit.crypto import Sealer
from tests.factories import OTHER_UNIT, UNIT, make_ticket

Add = Callable[..., Staff]
SignIn = Callable[[str], None]
NOVEMBER = datetime(2026, 11, 16, 9, tzinfo=clock.VIETNAM)


def rows(page: str) -> list[list[str]]:
    """The cells of each row of the table, tags taken away."""
    found = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found]
    return [[" ".join(re.sub("<[^>]+>", "", cell).split()) for cell in row] for row in cells]


def test_a_trainer_sees_no_figures(client: httpx.Client, add: Add, sign_in: SignIn) -> None:
    add("hl", "trainer")
    sign_in("hl")
    assert client.get("/desk/figures").status_code == 403
    assert 'href="/desk/figures"' not in client.get("/desk/password").text


def test_only_tickets_that_one_may_see_are_counted(
    client: httpx.Client, add: Add, sign_in: SignIn, session: Session, facts: Facts, sealer: Sealer
) -> None:
    for unit in (UNIT, OTHER_UNIT, OTHER_UNIT):
        make_ticket(session, facts, sealer, now=NOVEMBER).unit_key = unit
    session.flush()
    add("truong", "unit_head", UNIT), add()
    sign_in("truong")
    assert rows(client.get("/desk/figures?period=2026-11").text)[-1][:2] == ["Tổng", "1"]
    sign_in("hoa")
    shown = rows(client.get("/desk/figures?period=2026-11").text)
    names = [facts.agencies.get(unit).name for unit in (OTHER_UNIT, UNIT)]
    assert [row[:2] for row in shown[1:]] == [[names[0], "2"], [names[1], "1"], ["Tổng", "3"]]


def test_numbers_are_said_as_people_write_them(
    client: httpx.Client, add: Add, sign_in: SignIn, session: Session, facts: Facts, sealer: Sealer
) -> None:
    done, late, rated = (make_ticket(session, facts, sealer, now=NOVEMBER) for _ in range(3))
    done.state, done.answered_at = "answered", NOVEMBER + timedelta(days=2, hours=12)
    rated.state, rated.answered_at = "answered", NOVEMBER + timedelta(days=3, hours=12)
    late.due_at = NOVEMBER + timedelta(hours=1)
    session.add_all(
        [Rating(ticket_id=done.id, stars=5, at=NOVEMBER), Rating(ticket_id=rated.id, stars=4, at=NOVEMBER)]
    )
    session.flush()
    add()
    sign_in("hoa")
    total = rows(client.get("/desk/figures?period=2026").text)[-1]
    assert total == ["Tổng", "3", "2", "1", "66,7%", "3,0", "4,5 trên 5 (2 lượt)"]


@pytest.mark.parametrize(
    ("by", "first"),
    [
        ("category", "Thái độ phục vụ"),
        ("kind", "Phản ánh"),
        ("month", "Tháng 11/2026"),
        ("unit", "UBND phường Phú Lợi"),
    ],
)
def test_tickets_are_grouped_as_asked(
    client: httpx.Client,
    add: Add,
    sign_in: SignIn,
    session: Session,
    facts: Facts,
    sealer: Sealer,
    by: str,
    first: str,
) -> None:
    make_ticket(session, facts, sealer, now=NOVEMBER)
    add()
    sign_in("hoa")
    page = client.get(f"/desk/figures?period=2026-q4&by={by}").text
    assert rows(page)[1][:2] == [first, "1"]
    assert "quý 4/2026 (01/10/2026 đến 31/12/2026)" in page
    assert ("lớn hơn tổng" in page) == (by == "category")


@pytest.mark.parametrize(
    "query", ["", "period=", "period=2026-13", "period=2026-q5", "period=9999", "period=%00", "by=unit'--&period=x"]
)
def test_a_bent_period_is_this_month(client: httpx.Client, add: Add, sign_in: SignIn, query: str) -> None:
    add()
    sign_in("hoa")
    page = client.get(f"/desk/figures?{query}")
    today = clock.now()
    assert page.status_code == 200
    assert f"Không có phiếu nào gửi trong tháng {today.month}/{today.year}" in page.text


def test_an_older_period_stays_chosen(client: httpx.Client, add: Add, sign_in: SignIn) -> None:
    add()
    sign_in("hoa")
    assert '<option value="2021-02" selected>Tháng 2/2021</option>' in client.get("/desk/figures?period=2021-02").text


def test_no_period_of_the_future_is_offered() -> None:
    offered = figures.offered(date(2026, 2, 10))
    assert offered["Tháng"][:3] == ["2026-02", "2026-01", "2025-12"]
    assert offered["Quý"][:2] == ["2026-q1", "2025-q4"]
    assert offered["Năm"] == ["2026", "2025", "2024"]
