"""The national catalogue on the command line: import a snapshot, compare two, find what reads badly."""

import contextlib
import json
import resource
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import typer
from rich.table import Column, Table

from assembly import imported_names
from assembly.bootstrap import DATA
from assembly.clerk import database
from assembly.console import done, out, say
from catalogue import national, quality, store
from catalogue.amendments import repealed
from catalogue.answers import Asked, answer
from catalogue.load import load_facts, read_amendments
from catalogue.national import Change, ImportReport
from catalogue.procedures import ASPECTS
from kit import clock
from kit.settings import ROOT

REPORT = ROOT / "reports" / "catalogue" / "import.json"
_SHOWN = 12  # lines of each part of a report on the screen; the file has all


class _DryRun(Exception):
    """Takes everything back."""


def import_files(paths: Sequence[Path], as_of: date, *, dry_run: bool) -> None:
    """Import snapshots of the portal, all or nothing, and print what changed. The whole report goes to a file."""
    started = time.monotonic()
    ended = {code: change.law for code, change in repealed(read_amendments(DATA)[0]).items()}
    report = ImportReport()
    with contextlib.suppress(_DryRun), database() as session:
        report = national.import_files(session, paths, as_of, ended)
        if dry_run:
            raise _DryRun
        imported_names.refresh(session)
    _write(report)
    _print(report)
    seconds, peak = time.monotonic() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say(f"{seconds:.0f} giây, bộ nhớ cao nhất {peak} MB. Báo cáo đầy đủ: {REPORT.relative_to(ROOT)}")
    if dry_run:
        done("Chỉ chạy thử: chưa ghi gì.")
    else:
        done("Đã ghi. Chạy `./tiepdan train` (hoặc khởi động lại) để bot tìm được các thủ tục mới.")


def diff(older: Path, newer: Path) -> None:
    """Print what changed between two snapshots, field by field."""
    found = national.compare(older, newer, clock.now().date())
    say(f"Mới: {len(found.new)} · thay đổi: {len(found.changed)} · bỏ: {len(found.gone)} · như cũ: {found.unchanged}")
    for title, rows in (("Mới", found.new), ("Bỏ", found.gone)):
        for code, name in sorted(rows):
            typer.echo(f"{title}\t{code}\t{name}")
    for change in sorted(found.changed, key=lambda one: one.code):
        for field, (before, after) in change.fields.items():
            line = f"Đổi\t{change.code}\t{change.name}\t{field}\t{before}\t→\t{after}"
            typer.echo(line)


def check_all() -> None:
    """Render every aspect of everything imported, and list what reads badly and what is marked as doubtful."""
    facts, asked = load_facts(DATA), Asked(clock.now())
    marks: Counter[tuple[str, str]] = Counter()
    bad: list[tuple[str, str, str]] = []
    count = 0
    with database() as session:
        for procedure in store.imported(session):
            count += 1
            marks.update(procedure.unverified.items())
            for aspect in ASPECTS:
                found = quality.faults(answer(procedure, aspect, facts, asked))
                bad += [(procedure.code, aspect, fault[:100]) for fault in found]
    if not count:
        done("Chưa nhập thủ tục nào từ Cổng. Nhập bằng `./tiepdan procedures import TỆP`.")
        return
    table = Table(Column("Số thủ tục", justify="right"), "Mục", "Đã đánh dấu vì", box=None)
    for (name, reason), number in marks.most_common():
        table.add_row(str(number), name, reason)
    out.print(table)
    for code, aspect, fault in bad:
        typer.echo(f"Đọc không xuôi\t{code}\t{aspect}\t{fault}")
    done(f"{count} thủ tục × {len(ASPECTS)} câu trả lời: {len(bad)} câu đọc không xuôi.")


def _write(report: ImportReport) -> None:
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    body = {
        "new": [{"code": code, "name": name} for code, name in report.new],
        "changed": [_plain(change) for change in report.changed],
        "unchanged": report.unchanged,
        "curated": report.covered,
        "gone": report.gone,
        "partial": report.partial,
        "rejected": [{"code": one.code, "reason": one.reason} for one in report.rejected],
        "marked": [{"field": name, "reason": why, "count": n} for (name, why), n in report.marks.most_common()],
    }
    REPORT.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _plain(change: Change) -> dict[str, object]:
    fields = {name: {"from": before, "to": after} for name, (before, after) in change.fields.items()}
    return {"code": change.code, "name": change.name, "fields": fields}


def _print(report: ImportReport) -> None:
    say(f"Mới: {len(report.new)} · thay đổi: {len(report.changed)} · như cũ: {report.unchanged}")
    say(f"Đã có bản kiểm tra của ta, giữ bản đó: {report.covered} · lặp lại: {report.repeated}")
    for change in report.changed[:_SHOWN]:
        say(f"  {change.code} {change.name}: {', '.join(change.fields)}")
    say(f"Không nhận: {len(report.rejected)}")
    for reason, number in report.reasons.most_common(_SHOWN):
        say(f"  {number} bản ghi: {reason}")
    if report.gone and report.partial:
        say(f"Tệp chỉ là một phần danh mục: giữ nguyên {len(report.gone)} thủ tục không có trong tệp.")
    elif report.gone:
        say(f"Không còn trên Cổng, thôi trả lời: {len(report.gone)} thủ tục.")
