"""`tiepdan run`: everything from an empty directory to a bot that answers, and down again without leftovers."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import Engine

from assembly import databases, env_file, stack, training
from assembly.bootstrap import DATA
from assembly.console import done, say, stage
from assembly.run_lock import RunLock
from assembly.stack import Stack, local_url
from backlog import staff
from catalogue.errors import CatalogueError
from catalogue.load import check
from desk.passwords import hash_password, one_time_password
from kit.db import make_engine, session_scope
from kit.errors import SetupError
from kit.settings import ROOT, Settings, load_settings

ADMIN = "quantri"
_LEAST_SPACE = 500 * 2**20  # bytes: a model, the logs and room for PostgreSQL to go on
_WATCH_SECONDS = 0.25
_TIDY_SECONDS = 60


class StopRequested(BaseException):
    """Somebody asked us to stop: Ctrl-C, SIGTERM or a closed terminal."""


def run() -> None:
    """Start everything, watch it, stop it. Returns when asked to stop; raises SetupError when something is wrong."""
    settings = prepare()
    with RunLock(settings.var_dir) as lock:
        whole = Stack(settings, lock.fd)
        try:
            with stopping_on_signals(whole):
                _start(whole)
                _announce(whole)
                lock.publish(
                    port=settings.port,
                    rasa_port=settings.rasa_port,
                    postgres_port=settings.postgres_port,
                    pids=whole.pids(),
                )
                _watch(whole)
        except StopRequested:
            done("Đã dừng.")


@contextmanager
def stopping_on_signals(whole: Stack) -> Iterator[None]:
    """Whatever ends the block, everything in `whole` is stopped. A signal ends it by raising StopRequested;
    a second one takes the children's time to finish away."""
    before = _on_signals(_request_stop)
    try:
        yield
    except StopRequested:
        say("Đang dừng …")
        raise
    finally:
        _on_signals(lambda *_: whole.hurry())
        whole.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def prepare() -> Settings:
    """Directories, space, `.env`, settings. Raises SetupError."""
    fresh = env_file.ensure(data=Path(os.environ.get("VAR_DIR") or ROOT / "var") / "postgres")
    settings = load_settings()
    if fresh:
        say("Đã tạo .env với các khóa bí mật. Giữ kỹ tệp này: mất nó thì không mở được dữ liệu đã niêm phong.")
    try:
        (settings.var_dir / "log").mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(settings.var_dir).free
    except OSError as error:
        raise SetupError(
            f"Không dùng được thư mục {settings.var_dir}: {error.strerror}. Xem lại quyền của nó."
        ) from None
    if free < _LEAST_SPACE:
        raise SetupError(
            f"Đĩa chỉ còn {free // 2**20} MB, cần ít nhất {_LEAST_SPACE // 2**20} MB. Dọn bớt rồi chạy lại."
        )
    return settings


def train_if_needed(settings: Settings) -> Path:
    """Today's model, trained now when data or pipeline have changed."""
    training.export_lexicon()
    model = training.current_model()
    if model is not None:
        return model
    with stage("Huấn luyện phần hiểu câu hỏi (khoảng một phút)"):
        return training.train(settings.var_dir / "log" / "training.log")


def _start(whole: Stack) -> None:
    settings = whole.settings
    stack.require_free_ports(settings, ("postgres", "rasa", "app"))
    with stage("Kiểm tra dữ liệu"):
        if faults := check(DATA):
            raise CatalogueError(faults)
    with stage("Khởi động PostgreSQL" if whole.server else "Kết nối PostgreSQL"):
        whole.start_database()
    with stage("Chuẩn bị cơ sở dữ liệu và nạp dữ liệu"):
        databases.migrate_and_load(settings)
    whole.start_rasa(train_if_needed(settings))  # the slowest: everything else starts while it loads
    with stage("Khởi động trang web"):
        whole.start_app()
        whole.wait_for_app()
    with stage("Khởi động Rasa"):
        whole.wait_for_rasa()
    with stage("Khởi động bộ xử lý"):
        whole.start_worker()  # last: turns that find no Rasa would wait longer and longer before they try again
        whole.wait_for_everything()


def _announce(whole: Stack) -> None:
    address = whole.settings.public_url.rstrip("/") or local_url(whole.settings)
    password = _first_administrator(whole.settings)
    say("")
    done("Tiếp Dân đã sẵn sàng.")
    say(f"  Người dân hỏi và phản ánh:  {address}/")
    say(f"  Bàn làm việc của cán bộ:    {address}/desk")
    say(f"  Tình trạng hệ thống:        {address}/readyz")
    if password:
        say(f"  Quản trị viên đầu tiên:     {ADMIN}   mật khẩu dùng một lần: {password}")
    say("  Dừng: Ctrl-C. Nhật ký: " + str(whole.settings.var_dir / "log"))


def _first_administrator(settings: Settings) -> str | None:
    """Make the first administrator, where there is no staff at all; returns the password to show once."""
    engine: Engine = make_engine(settings.dsn, pool_size=1)
    try:
        with session_scope(engine) as session:
            if staff.anyone(session):
                return None
            password = one_time_password()
            staff.add_staff(session, ADMIN, "Quản trị viên", "admin", None, hash_password(password))
            return password
    finally:
        engine.dispose()


def _watch(whole: Stack) -> None:
    tidied = time.monotonic()
    while True:
        time.sleep(_WATCH_SECONDS)
        whole.check()
        if time.monotonic() - tidied > _TIDY_SECONDS:
            whole.tidy_logs()
            tidied = time.monotonic()


def _on_signals(handler: Callable[[int, FrameType | None], object]) -> dict[int, Any]:
    """Returns the handlers before."""
    return {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}


def _request_stop(*_: object) -> None:
    raise StopRequested
