"""The command line: what a person types, handed to the part that does it. Imports inside commands keep it quick."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from assembly.console import done, out

app = typer.Typer(
    name="tiepdan",
    help="Tiếp Dân: hỏi thủ tục, nhận phản ánh, trả lời người dân.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
procedures = typer.Typer(help="Dữ liệu thủ tục.", no_args_is_help=True)
tickets = typer.Typer(help="Phiếu phản ánh, kiến nghị.", no_args_is_help=True)
users = typer.Typer(help="Tài khoản cán bộ.", no_args_is_help=True)
audit = typer.Typer(help="Nhật ký thay đổi.", no_args_is_help=True)
keys = typer.Typer(help="Khóa niêm phong.", no_args_is_help=True)
groups = {"procedures": procedures, "tickets": tickets, "user": users, "audit": audit, "keys": keys}
for name, group in groups.items():
    app.add_typer(group, name=name)

Message = Annotated[list[str] | None, typer.Argument(help="Tin nhắn; bỏ trống thì đọc từ bàn phím.")]
AsJsonLines = Annotated[
    bool, typer.Option("--jsonl", help="Mỗi dòng vào là một tin, mỗi dòng ra là một đối tượng JSON.")
]


@app.command()
def run() -> None:
    """Chạy toàn bộ Tiếp Dân cho tới khi bấm Ctrl-C."""
    from assembly.supervisor import run as run_everything

    run_everything()


@app.command()
def chat() -> None:
    """Trò chuyện với bot ngay trong cửa sổ lệnh, như trên trang web."""
    from assembly.chatting import chat as talk

    talk()


@app.command()
def ask(message: Message = None, *, jsonl: AsJsonLines = False) -> None:
    """Hỏi thử: hiện cách hiểu và câu trả lời. Không ghi phiếu."""
    from assembly.trying import try_out

    try_out(" ".join(message or ()), jsonl=jsonl, answering=True)


@app.command()
def parse(message: Message = None, *, jsonl: AsJsonLines = False) -> None:
    """Xem bot hiểu một tin nhắn ra sao, không trả lời."""
    from assembly.trying import try_out

    try_out(" ".join(message or ()), jsonl=jsonl, answering=False)


@app.command()
def train(
    *,
    force: Annotated[bool, typer.Option("--force", help="Huấn luyện lại dù không có gì thay đổi.")] = False,
    lexicon_only: Annotated[bool, typer.Option("--lexicon-only", help="Chỉ xuất bảng tên cho huấn luyện.")] = False,
) -> None:
    """Huấn luyện phần hiểu câu hỏi khi dữ liệu hoặc mã thay đổi."""
    from assembly import training
    from assembly.console import stage
    from kit.settings import ROOT

    training.export_lexicon()
    if lexicon_only:
        done(f"Đã ghi {training.LEXICON.relative_to(ROOT)}.")
    elif not force and (model := training.current_model()):
        done(f"Mô hình {model.name} đang đúng với dữ liệu, không cần huấn luyện lại.")
    else:
        with stage("Huấn luyện"):
            model = training.train(ROOT / "var" / "log" / "training.log", force=force)
        done(f"Mô hình mới: {model.name}.")


@app.command(name="eval", context_settings={"ignore_unknown_options": True})
def evaluate(arguments: Annotated[list[str] | None, typer.Argument(help="Chuyển cho bộ đo.")] = None) -> None:
    """Đo phần hiểu câu hỏi; kết quả trong reports/nlu/."""
    from assembly import supervisor, training

    given = arguments or []
    files = any(one.split("=")[0] in ("--train", "--test", "--help") for one in given)
    training.evaluate(None if files else supervisor.train_if_needed(supervisor.prepare()), given)


@app.command()
def route(
    story: Annotated[list[str], typer.Argument(help="Lời kể của người dân.")],
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Hiện từng quy tắc đã thử và vì sao.")] = False,
) -> None:
    """Xem phiếu với lời kể này sẽ tới đơn vị nào."""
    from assembly.route_print import print_route

    print_route(" ".join(story), explain=explain)


@app.command("figures")
def show_figures(
    *,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Từ ngày; bỏ trống thì đầu tháng này.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Đến hết ngày; bỏ trống thì hôm nay.")
    ] = None,
    by: Annotated[
        Literal["unit", "category", "kind", "month"] | None, typer.Option(help="Chia theo đơn vị, loại, kiểu, tháng.")
    ] = None,
) -> None:
    """Số liệu các phiếu gửi trong một khoảng ngày: nhận, trả lời, đúng hạn, mở lại, điểm chấm."""
    from assembly.figures_print import print_figures
    from kit import clock

    today = clock.now().date()
    print_figures(first.date() if first else today.replace(day=1), last.date() if last else today, by)


@app.command()
def purge() -> None:
    """Xóa những gì đã hết thời hạn lưu."""
    from assembly.retention import purge as purge_now

    purge_now()


@app.command()
def doctor() -> None:
    """Xem mọi thứ cần để chạy, và chỉ cách sửa."""
    from assembly.doctor import doctor as look

    look()


@app.command()
def calendar(
    year: Annotated[int | None, typer.Argument(help="Năm; bỏ trống thì năm nay.")] = None,
) -> None:
    """In lịch làm việc của một năm: ngày nghỉ, ngày làm bù, nguồn, điều chưa chắc."""
    from assembly.calendar_print import print_year
    from kit import clock

    print_year(year or clock.now().year)


@procedures.command("import")
def import_procedures(
    files: Annotated[list[Path], typer.Argument(help="Tệp JSON từng dòng của Cổng, nén gzip hay không.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chạy thử: báo cáo, không ghi.")] = False,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chụp dữ liệu, mặc định là hôm nay.")
    ] = None,
) -> None:
    """Nhập danh mục quốc gia: tất cả hoặc không gì cả, báo cáo từng thay đổi."""
    from assembly import national
    from kit import clock

    national.import_files(files, as_of.date() if as_of else clock.now().date(), dry_run=dry_run)


@procedures.command("diff")
def diff_procedures(
    older: Annotated[Path, typer.Argument(help="Bản chụp cũ.")],
    newer: Annotated[Path, typer.Argument(help="Bản chụp mới.")],
) -> None:
    """So hai bản chụp của Cổng: thủ tục mới, bỏ, đổi mục nào từ gì thành gì."""
    from assembly import national

    national.diff(older, newer)


@procedures.command("check")
def check_procedures(
    *, everything: Annotated[bool, typer.Option("--all", help="Cả các thủ tục nhập từ Cổng.")] = False
) -> None:
    """Kiểm tra dữ liệu trong data/; mỗi lỗi có tệp và dòng."""
    from assembly.bootstrap import DATA
    from catalogue.errors import CatalogueError
    from catalogue.load import check, read_procedures

    if faults := check(DATA):
        raise CatalogueError(faults)
    done(f"Dữ liệu đúng: {len(read_procedures(DATA / 'procedures'))} thủ tục.")
    if everything:
        from assembly import national

        national.check_all()


@procedures.command("list")
def list_procedures(field: Annotated[str, typer.Option(help="Chỉ một lĩnh vực.")] = "") -> None:
    """Liệt kê thủ tục: mã, tên, lĩnh vực, ngày xem nguồn, độ tin cậy, điều chưa xác minh."""
    from rich.table import Column, Table

    from assembly.bootstrap import DATA
    from catalogue.load import read_procedures, rows

    table = Table(Column("Mã", no_wrap=True), "Tên", "Lĩnh vực", "Xem ngày", "Tin cậy", "Chưa xác minh", box=None)
    for row in rows(read_procedures(DATA / "procedures")):
        if field.lower() in row.field.lower():
            table.add_row(row.code, row.short_name, row.field, row.as_of, row.confidence, row.unverified)
    out.print(table)


@tickets.command("list")
def list_tickets(*, everything: Annotated[bool, typer.Option("--all", help="Kể cả phiếu đã xong.")] = False) -> None:
    """Các phiếu, gấp nhất trước."""
    from assembly import clerk

    clerk.list_tickets(everything=everything)


@tickets.command("show")
def show_ticket(number: Annotated[str, typer.Argument(help="Số phiếu, ví dụ PA-2026-000123-4.")]) -> None:
    """Một phiếu: sự việc, trao đổi, lịch sử. Danh tính không hiện ở đây."""
    from assembly import clerk

    clerk.show_ticket(number)


@tickets.command("export")
def export_tickets(
    target: Annotated[Path | None, typer.Argument(help="Tệp .csv hoặc .jsonl; bỏ trống thì in ra màn hình.")] = None,
    *,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Xuất JSON, mỗi phiếu một dòng.")] = False,
    with_story: Annotated[bool, typer.Option("--with-story", help="Kèm lời kể của người dân.")] = False,
) -> None:
    """Xuất mọi phiếu, không kèm danh tính."""
    from assembly import clerk

    as_json = jsonl or (target is not None and target.suffix == ".jsonl")
    clerk.export_tickets(target, as_csv=not as_json, with_story=with_story)


@users.command("add")
def add_user(
    username: Annotated[str, typer.Argument(help="Tên đăng nhập.")],
    full_name: Annotated[str, typer.Argument(help="Họ và tên.")],
    role: Annotated[str, typer.Option(help="handler, unit_head, coordinator, inspector, admin, trainer.")],
    unit: Annotated[str | None, typer.Option(help="Khóa của đơn vị trong data/agencies.yml.")] = None,
) -> None:
    """Tạo tài khoản cán bộ và in mật khẩu dùng một lần."""
    from assembly import clerk

    clerk.add_user(username, full_name, role, unit)


@audit.command("verify")
def verify_audit() -> None:
    """Kiểm tra chuỗi băm của nhật ký."""
    from assembly import clerk

    clerk.verify_audit()


@audit.command("head")
def audit_head() -> None:
    """In độ dài và mã băm cuối của nhật ký, để cất một bản ở nơi khác."""
    from assembly import clerk

    clerk.show_audit_head()


@keys.command("rotate")
def rotate_keys() -> None:
    """Niêm phong lại mọi thứ bằng khóa mới, bỏ khóa cũ. Dừng Tiếp Dân trước khi chạy."""
    from assembly.keys import rotate_all

    rotate_all()
