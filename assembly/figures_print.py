"""`tiepdan figures`: what became of the tickets of a period, as one table with the total in its last row."""

from collections.abc import Mapping
from datetime import date

from rich.table import Column, Table

from assembly.bootstrap import DATA
from assembly.clerk import database
from assembly.console import out
from backlog import words
from backlog.figures import By, Figures, Period, figures
from catalogue.load import Facts, load_facts

_TITLES: dict[By | None, str] = {
    "unit": "Đơn vị đang giữ phiếu",
    "category": "Loại việc",
    "kind": "Loại phiếu",
    "month": "Tháng gửi",
    None: "",
}
_COLUMNS = (
    "Nhận",
    "Đang xử lý",
    "Đã quá hạn",
    "Đã trả lời",
    "Đúng hạn",
    "Trễ hạn",
    "Tỷ lệ đúng hạn",
    "Số ngày (trung vị)",
    "Mở lại",
    "Không thụ lý",
    "Dân rút",
    "Điểm trung bình",
    "Lượt chấm",
)


def print_figures(first: date, last: date, by: By | None) -> None:
    """Print the figures of tickets filed from `first` to `last`. Raises Invalid when the last day comes first."""
    period = Period(first, last)
    with database() as session:
        groups = figures(session, period, by=by) if by else {}
        total = figures(session, period, by=None)[""]
    span = f"từ {first:%d/%m/%Y} đến {last:%d/%m/%Y}"
    if not total.filed:
        out.print(f"Không có phiếu nào gửi {span}.")
        return
    out.print(f"Phiếu gửi {span}, tính đến lúc này:", soft_wrap=True)
    out.print(_table(groups, total, by, load_facts(DATA)))
    if by == "category":
        out.print("Một phiếu có thể thuộc nhiều loại việc, nên cộng các dòng có thể lớn hơn tổng.", soft_wrap=True)
    out.print(
        "Tỷ lệ đúng hạn tính trên phiếu đã trả lời và phiếu đã quá hạn, không tính phiếu còn hạn.", soft_wrap=True
    )


def _table(groups: Mapping[str, Figures], total: Figures, by: By | None, facts: Facts) -> Table:
    table = Table(_TITLES[by], *(Column(title, justify="right") for title in _COLUMNS), box=None)
    for key, one in groups.items():
        table.add_row(_name(key, by, facts), *_cells(one))
    table.add_row("Tổng", *_cells(total), style="bold")
    return table


def _name(key: str, by: By | None, facts: Facts) -> str:
    if by == "unit":
        return facts.agencies.get(key).name if key in facts.agencies else key
    if by == "month":
        return f"{key[5:]}/{key[:4]}"
    known = words.CATEGORIES if by == "category" else words.KINDS
    return known.get(key, key) or "không ghi loại việc"


def _cells(one: Figures) -> list[str]:
    numbers = (one.filed, one.open, one.late_open, one.answered, one.on_time, one.late_answered)
    outcomes = (one.reopened, one.rejected, one.withdrawn)
    share = None if one.on_time_share is None else 100 * one.on_time_share
    return [
        *map(str, numbers),
        _decimal(share, "%"),
        _decimal(one.median_days),
        *map(str, outcomes),
        _decimal(one.rating_mean),
        str(one.rating_n),
    ]


def _decimal(value: float | None, unit: str = "") -> str:
    """One place after a comma, as Vietnamese is written; a dash for what there is none of."""
    return "–" if value is None else f"{value:.1f}{unit}".replace(".", ",")
