"""`tiepdan doctor`: looks at everything that a run needs, and says what to do about what is not in order.

It changes nothing and starts nothing: a database that is not running is looked at only as far as that goes.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import httpx
import psycopg
from psycopg.rows import dict_row

from assembly import env_file, migrate, ports, run_lock, training
from assembly.bootstrap import DATA
from assembly.console import out
from assembly.databases import OLDEST, rasa_url
from assembly.stack import local_url
from catalogue import load
from catalogue.errors import CatalogueError
from kit import clock
from kit.db import make_engine
from kit.errors import SetupError
from kit.settings import Settings, load_settings

Verdict = Literal["ok", "note", "bad"]
_WORDS: dict[Verdict, str] = {"ok": "OK", "note": "lưu ý", "bad": "hỏng"}
_LEAST_SPACE_MB = 2000
_MOST_DRIFT_SECONDS = 2.0
_OWNER = "Đặt OWNER_DATABASE_URL là tài khoản chủ, DATABASE_URL là tài khoản ít quyền hơn: xem README.md."
_CALENDAR_DAYS = 120  # longer than any deadline in data/deadlines.yml, with time to add a year


@dataclass(frozen=True)
class Finding:
    """One line of the report; `advice` says what to do when it is not in order."""

    verdict: Verdict
    text: str
    advice: str = ""


Check = Callable[[Settings], Iterator[Finding]]


class NotHealthy(SetupError):
    """Có mục chưa ổn; làm theo lời chỉ ở từng dòng."""


def doctor() -> None:
    """Print one line a check. Raises NotHealthy when something is broken."""
    findings = examine()
    for finding in findings:
        out.print(f"{_WORDS[finding.verdict]:<6} {finding.text}", soft_wrap=True)
        if finding.advice:
            out.print(f"{'':<6} → {finding.advice}", soft_wrap=True)
    if any(finding.verdict == "bad" for finding in findings):
        raise NotHealthy


def examine(path: Path = env_file.PATH) -> list[Finding]:
    """Every finding, in the order in which a person would mend them."""
    findings = [*versions(), *env_mode(path)]
    try:
        settings = load_settings()
    except SetupError as error:
        return [*findings, Finding("bad", "Cấu hình", error.message)]
    return findings + [finding for check in CHECKS for finding in check(settings)]


def versions() -> Iterator[Finding]:
    """Both interpreters and what matters most inside them."""
    ours = ".".join(map(str, sys.version_info[:3]))
    yield Finding("ok", f"Python {ours} (ứng dụng)")
    command = "import sys, importlib.metadata as m; print('%d.%d.%d' % sys.version_info[:3], m.version('rasa'))"
    try:
        done = subprocess.run(
            [str(training.RASA_PYTHON), "-c", command], capture_output=True, text=True, check=True, timeout=30
        )
        python, rasa = done.stdout.split()
        yield Finding("ok", f"Python {python}, Rasa {rasa}")
    except (OSError, ValueError, subprocess.SubprocessError):
        yield Finding("bad", "Môi trường của Rasa không chạy được", "Chạy: rm -rf .venvs/rasa && make setup")


def env_mode(path: Path) -> Iterator[Finding]:
    """Nobody else may read the keys."""
    if not path.exists():
        yield Finding("note", f"Chưa có {path.name}", "`make run` sẽ tạo tệp này.")
    elif path.stat().st_mode & 0o077:
        yield Finding("bad", f"{path.name}: người khác đọc được", f"Chạy: chmod 600 {path.name}")
    else:
        yield Finding("ok", f"{path.name}: chỉ chủ đọc được")


def disk(settings: Settings) -> Iterator[Finding]:
    """Room for PostgreSQL, models and logs."""
    place = next(path for path in (settings.var_dir, *settings.var_dir.parents) if path.exists())
    free = shutil.disk_usage(place).free // 2**20
    advice = "" if free >= _LEAST_SPACE_MB else f"Dọn bớt: cần ít nhất {_LEAST_SPACE_MB} MB."
    yield Finding("bad" if advice else "ok", f"Đĩa còn {free} MB", advice)


def data(_: Settings) -> Iterator[Finding]:
    """The reference data, every fault with file and line."""
    faults = load.check(DATA)
    yield Finding("bad" if faults else "ok", f"Dữ liệu trong data/: {len(faults)} lỗi")
    for fault in faults[:20]:
        yield Finding("bad", str(fault), "Sửa dòng này rồi chạy `tiepdan procedures check`.")


def time(_: Settings) -> Iterator[Finding]:
    """A clock that is behind what we have already read is wrong, and deadlines with it."""
    now = clock.now()
    try:
        newest = max(one.as_of for one in load.read_procedures(DATA / "procedures"))
    except CatalogueError:
        return
    if now.date() < newest:
        yield Finding(
            "bad", f"Đồng hồ máy chỉ {clock.say_date(now.date())}", "Chỉnh giờ máy (timedatectl set-ntp true)."
        )
    else:
        yield Finding("ok", f"Đồng hồ: {now:%H:%M} {clock.say_date(now.date())}, giờ Việt Nam")


def calendar(_: Settings) -> Iterator[Finding]:
    """A deadline beyond the last year of the working calendar cannot be counted, and no ticket can be filed then."""
    try:
        last = load.load_facts(DATA).calendar.last_year
    except CatalogueError:
        return
    left = (date(last, 12, 31) - clock.now().date()).days
    advice = "" if left > _CALENDAR_DAYS else f"Thêm năm {last + 1} vào data/calendar/overlay.yml."
    yield Finding("bad" if advice else "ok", f"Lịch làm việc: có đến hết năm {last}", advice)


def model(_: Settings) -> Iterator[Finding]:
    """Whether the model is the one of today's data and code."""
    try:
        training.export_lexicon()
    except CatalogueError:
        yield Finding("note", "Mô hình: chưa xem được vì dữ liệu có lỗi")
        return
    found = training.current_model()
    if found:
        yield Finding("ok", f"Mô hình {found.name} đúng với dữ liệu")
    else:
        yield Finding(
            "note", "Mô hình chưa có hoặc cũ hơn dữ liệu", "`make run` sẽ huấn luyện, hoặc chạy ngay: make train"
        )


def network(settings: Settings) -> Iterator[Finding]:
    """Ports: ours when we run, free when we do not."""
    state = run_lock.running(settings.var_dir)
    if state is not None:
        yield Finding("ok", f"Tiếp Dân đang chạy (tiến trình {state['pid']})")
        yield _health(load_settings(port=state["port"]))
        return
    wanted = [("PORT", settings.host, settings.port), ("RASA_PORT", "127.0.0.1", settings.rasa_port)]
    if not settings.database_url:
        wanted.append(("POSTGRES_PORT", "127.0.0.1", settings.postgres_port))
    for setting, host, port in wanted:
        try:
            ports.require_free(host, port, setting, setting)
            yield Finding("ok", f"Cổng {port} ({setting}) còn trống")
        except SetupError as error:
            yield Finding("bad", f"Cổng {port} ({setting})", error.message)


def database(settings: Settings) -> Iterator[Finding]:
    """Reachable, new enough, current, and of one mind with us about the time."""
    state = run_lock.running(settings.var_dir)
    if state is None and not settings.database_url:
        made = (settings.var_dir / "postgres" / "PG_VERSION").exists()
        yield Finding(
            "note", f"PostgreSQL đi kèm chưa chạy ({'đã' if made else 'chưa'} có dữ liệu)", "Nó chạy cùng `make run`."
        )
        return
    if state is not None:
        settings = load_settings(postgres_port=state["postgres_port"])
    try:
        yield from _database(settings)
        psycopg.connect(rasa_url(settings).set(drivername="postgresql").render_as_string(hide_password=False)).close()
        yield Finding("ok", "Cơ sở dữ liệu của Rasa trả lời")
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        yield Finding(
            "bad", f"PostgreSQL không trả lời: {reason}", "Xem DATABASE_URL trong .env và máy chủ PostgreSQL."
        )


def _database(settings: Settings) -> Iterator[Finding]:
    with psycopg.connect(settings.dsn, connect_timeout=5, row_factory=dict_row) as connection:
        row: dict[str, Any] = (
            connection.execute("select extract(epoch from clock_timestamp())::float8 as seconds").fetchone() or {}
        )
        drift = abs(clock.now().timestamp() - row["seconds"])
        version = connection.info.server_version
    yield Finding("ok" if version >= OLDEST * 10_000 else "bad", f"PostgreSQL {version // 10_000}.{version % 10_000}")
    late = drift > _MOST_DRIFT_SECONDS
    yield Finding(
        "bad" if late else "ok",
        f"Đồng hồ của PostgreSQL lệch {drift:.1f} giây",
        "Bật đồng bộ giờ trên cả hai máy (timedatectl set-ntp true)." if late else "",
    )
    engine = make_engine(settings.dsn, pool_size=1)
    try:
        current, owns = migrate.is_current(engine), migrate.owns_audit(engine)
    finally:
        engine.dispose()
    yield Finding(
        "ok" if current else "bad", "Lược đồ dữ liệu", "" if current else "Chạy lại `make run` để nâng lược đồ."
    )
    if owns:
        yield Finding(
            "note", "Nhật ký thay đổi: tài khoản của ứng dụng là chủ bảng, nên có thể tự tắt khóa của nó", _OWNER
        )


def _health(settings: Settings) -> Finding:
    try:
        parts = httpx.get(f"{local_url(settings)}/readyz", timeout=5, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return Finding("bad", "Trang web không trả lời", f"Xem {settings.var_dir / 'log' / 'app.log'}.")
    silent = [name for name, alive in parts.items() if not alive]
    if silent:
        return Finding("bad", f"Chưa sẵn sàng: {', '.join(silent)}", f"Xem nhật ký trong {settings.var_dir / 'log'}.")
    return Finding("ok", "Trang web, bộ xử lý và Rasa đều sẵn sàng")


CHECKS: tuple[Check, ...] = (disk, data, calendar, time, model, network, database)
