"""The command line: what a person types, handed to the part that does it. Imports inside commands keep it quick."""

from typing import Annotated

import typer

from assembly.console import done

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
for group, name in ((procedures, "procedures"), (tickets, "tickets"), (users, "user"), (audit, "audit")):
    app.add_typer(group, name=name)

Message = Annotated[str, typer.Argument(help="Tin nhắn; bỏ trống thì đọc từ bàn phím.")]
AsJsonLines = Annotated[
    bool, typer.Option("--jsonl", help="Mỗi dòng vào là một tin, mỗi dòng ra là một đối tượng JSON.")
]


@app.command()
def run() -> None:
    """Chạy toàn bộ Tiếp Dân cho tới khi bấm Ctrl-C."""
    from assembly.supervisor import run as run_everything

    run_everything()


@app.command()
def ask(message: Message = "", *, jsonl: AsJsonLines = False) -> None:
    """Hỏi thử: hiện cách hiểu và câu trả lời. Không ghi phiếu."""
    from assembly.trying import try_out

    try_out(message, jsonl=jsonl, answering=True)


@app.command()
def parse(message: Message = "", *, jsonl: AsJsonLines = False) -> None:
    """Xem bot hiểu một tin nhắn ra sao, không trả lời."""
    from assembly.trying import try_out

    try_out(message, jsonl=jsonl, answering=False)


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
