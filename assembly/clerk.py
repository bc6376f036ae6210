"""Tickets, accounts and the audit trail for the owner of the machine, on the command line. Identities stay sealed."""

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from rich.table import Column, Table
from sqlalchemy.orm import Session

from assembly import witness
from assembly.bootstrap import DATA
from assembly.console import done, out, say
from assembly.instance import instance
from backlog import audit, queries, words, workflow
from backlog.errors import TicketNotFound
from backlog.model import ROLES, Ticket
from backlog.policy import ROLE_WORDS
from backlog.staff import add_staff
from backlog.workflow import State
from catalogue.load import Facts, load_facts
from desk.passwords import hash_password, one_time_password
from kit import clock
from kit.db import make_engine, session_scope
from kit.errors import Conflict, Invalid
from kit.settings import load_settings

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


class ChainBroken(Conflict):
    """Chuỗi nhật ký không còn nguyên."""


@contextmanager
def database() -> Iterator[Session]:
    """One transaction on the tickets' database, which is started if it does not run."""
    with instance("database") as settings:
        engine = make_engine(settings.dsn, pool_size=1)
        try:
            with session_scope(engine) as session:
                yield session
        finally:
            engine.dispose()


def list_tickets(*, everything: bool) -> None:
    """Print the tickets, the most urgent first; only those still owed an answer unless `everything`."""
    facts = load_facts(DATA)
    with database() as session:
        found = [ticket for ticket in queries.every(session) if everything or State(ticket.state).is_open]
        found.sort(key=lambda ticket: ticket.due_at)
        if not found:
            out.print("Chưa có phiếu nào." if everything else "Không có phiếu nào đang chờ xử lý.")
            return
        out.print(_table(found, facts))


def show_ticket(number: str) -> None:
    """Print one ticket: facts, thread, history. Raises TicketNotFound."""
    facts = load_facts(DATA)
    with database() as session:
        ticket = _ticket(session, number)
        for title, value in _facts(ticket, facts):
            if value:
                out.print(f"{title + ':':<18} {value}", soft_wrap=True)
        out.print(f"\n{ticket.story}", soft_wrap=True)
        for message in queries.messages(session, ticket):
            aside = " (nội bộ)" if message.audience == "internal" else ""
            out.print(f"\n{_moment(message.at)} {_AUTHORS[message.author]}{aside}: {message.text}", soft_wrap=True)
        out.print("\nLịch sử:")
        for step, _ in queries.history(session, ticket):
            out.print(f"  {_moment(step.at)}  {_action(step.action)}", soft_wrap=True)


def export_tickets(target: Path | None, *, as_csv: bool, with_story: bool) -> None:
    """Write all tickets to a file or to standard output, never with who told them, with the story only if asked."""
    facts = load_facts(DATA)
    with database() as session:
        rows = [_row(ticket, facts, with_story=with_story) for ticket in queries.every(session)]
    if target is None:
        _write(rows, sys.stdout, as_csv=as_csv)
        return
    try:
        # utf-8-sig: without the mark at the start a spreadsheet shows Vietnamese as rubbish
        with target.open("w", encoding="utf-8-sig" if as_csv else "utf-8", newline="") as file:
            _write(rows, file, as_csv=as_csv)
    except OSError as error:
        raise Invalid(f"Không ghi được {target}: {error.strerror}.") from None
    done(f"Đã ghi {len(rows)} phiếu vào {target}.")


def add_user(username: str, full_name: str, role: str, unit: str | None) -> None:
    """Make an account and print its one-time password. Raises UsernameTaken or Invalid."""
    if role not in ROLES:
        known = ", ".join(f"{role} ({ROLE_WORDS[role]})" for role in ROLES)
        raise Invalid(f"Không có vai trò {role}. Chọn một trong: {known}.")
    if unit is not None and unit not in load_facts(DATA).agencies:
        raise Invalid(f"Không có đơn vị {unit} trong data/agencies.yml.")
    password = one_time_password()
    with database() as session:
        add_staff(session, username, full_name, role, unit, hash_password(password))
    done(f"Đã tạo tài khoản {username.strip().lower()} ({ROLE_WORDS[role]}).")
    out.print(f"Mật khẩu dùng một lần: {password}")
    say("Mật khẩu chỉ hiện lần này; người dùng phải đổi ở lần đăng nhập đầu tiên.")


def verify_audit() -> None:
    """Check the hash chain against itself and the copies of its head. Raises ChainBroken with what is wrong."""
    witnessed = witness.read(witness.path_in(load_settings().var_dir))
    with database() as session:
        problems = audit.verify(session, witnessed)
    if problems:
        raise ChainBroken("Chuỗi nhật ký không còn nguyên:\n" + "\n".join(f"  {problem}" for problem in problems))
    done("Chuỗi nhật ký nguyên vẹn.")


def show_audit_head() -> None:
    """Print how long the chain is and its last hash, to be kept elsewhere."""
    with database() as session:
        head = audit.head(session)
    out.print(f"{head.count} {head.hash}", soft_wrap=True)


_AUTHORS = {"citizen": "Người dân", "staff": "Cán bộ", "system": "Hệ thống"}


def _ticket(session: Session, number: str) -> Ticket:
    from vntext.patterns import find_ticket_numbers

    typed = find_ticket_numbers(number)
    ticket = queries.by_number(session, typed[0].value if typed else number.strip().upper())
    if ticket is None:
        raise TicketNotFound(f"Không có phiếu {number}. Xem các phiếu bằng `tiepdan tickets list --all`.")
    return ticket


def _table(tickets: Sequence[Ticket], facts: Facts) -> Table:
    table = Table(Column("Số phiếu", no_wrap=True), "Trạng thái", "Hạn", "Việc", "Đơn vị xử lý", box=None)
    now = clock.now()
    for ticket in tickets:
        late = " (quá hạn)" if State(ticket.state).is_open and ticket.due_at < now else ""
        table.add_row(
            ticket.number,
            workflow.WORDS[State(ticket.state)],
            _moment(ticket.due_at) + late,
            _subject(ticket),
            _agency(ticket.unit_key, facts),
        )
    return table


def _facts(ticket: Ticket, facts: Facts) -> list[tuple[str, str]]:
    return [
        ("Số phiếu", ticket.number),
        ("Trạng thái", workflow.WORDS[State(ticket.state)]),
        ("Việc", _subject(ticket)),
        ("Nơi xảy ra", ticket.place_text),
        ("Cơ quan", _agency(ticket.agency_key, facts)),
        ("Quầy", ticket.counter),
        ("Người được nêu", ticket.official),
        ("Lúc", ticket.event_text),
        ("Thủ tục", ticket.procedure_name),
        ("Gửi lúc", _moment(ticket.filed_at)),
        ("Hạn trả lời", f"{_moment(ticket.due_at)} ({ticket.deadline_basis})"),
        ("Đơn vị xử lý", _agency(ticket.unit_key, facts)),
    ]


def _row(ticket: Ticket, facts: Facts, *, with_story: bool) -> dict[str, Any]:
    row = {
        "number": ticket.number,
        "kind": ticket.kind,
        "state": ticket.state,
        "categories": ticket.categories,
        "agency": _agency(ticket.agency_key, facts),
        "place": ticket.place_text,
        "event_first": ticket.event_first.isoformat() if ticket.event_first else None,
        "event_last": ticket.event_last.isoformat() if ticket.event_last else None,
        "procedure_code": ticket.procedure_code,
        "unit": _agency(ticket.unit_key, facts),
        "filed_at": ticket.filed_at.isoformat(),
        "due_at": ticket.due_at.isoformat(),
        "answered_at": ticket.answered_at.isoformat() if ticket.answered_at else None,
        "closed_at": ticket.closed_at.isoformat() if ticket.closed_at else None,
    }
    return row | {"story": ticket.story} if with_story else row


def _write(rows: list[dict[str, Any]], file: TextIO, *, as_csv: bool) -> None:
    if not as_csv:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        return
    writer = csv.writer(file)
    for place, row in enumerate(rows):
        if place == 0:
            writer.writerow(row)
        writer.writerow([_cell(value) for value in row.values()])


def _cell(value: object) -> str:
    """A cell that a spreadsheet takes for text: a citizen's "=…" must not become a formula."""
    text = ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _subject(ticket: Ticket) -> str:
    named = ", ".join(words.CATEGORIES.get(category, category) for category in ticket.categories)
    return f"{words.KINDS[ticket.kind]}: {named}" if named else words.KINDS[ticket.kind]


def _agency(key: str | None, facts: Facts) -> str:
    return facts.agencies.get(key).name if key and key in facts.agencies else ""


def _action(action: str) -> str:
    known = {transition.action: transition.words for transition in workflow.TRANSITIONS}
    return words.ACTIONS.get(action) or known.get(action) or action


def _moment(at: datetime) -> str:
    return f"{at.astimezone(clock.VIETNAM):%d/%m/%Y %H:%M}"
