"""What a command needs of Tiếp Dân: the running one, or parts of it, started for as long as the command lasts."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any, Literal

from assembly import databases, run_lock, supervisor
from assembly.console import stage
from assembly.ports import free_port
from assembly.run_lock import RunLock
from assembly.stack import Stack
from kit.errors import SetupError
from kit.settings import Settings, load_settings

Parts = Literal["database", "rasa", "actions", "everything"]
_START_SECONDS = 300  # a supervisor that is still training when the command comes


@contextlib.contextmanager
def instance(parts: Parts) -> Iterator[Settings]:
    """Settings under which `parts` answer. Each level includes those before it:

    "database" has the newest schema and data, "rasa" understands, "actions" answers as well, "everything" delivers.
    Raises SetupError when something cannot be started, AlreadyRunning when a command holds the place for long.
    """
    settings = supervisor.prepare()
    state = _running(settings)
    if state is not None:
        yield load_settings(
            port=state["port"],
            rasa_port=state["rasa_port"],
            postgres_port=state["postgres_port"],
            var_dir=settings.var_dir,
        )
        return
    with RunLock(settings.var_dir, "command") as lock:
        own = load_settings(
            port=free_port(),
            rasa_port=free_port(),
            postgres_port=free_port(),
            host="127.0.0.1",
            public_url="",
            var_dir=settings.var_dir,
        )
        whole = Stack(own, lock.fd)
        with supervisor.stopping_on_signals(whole):
            _start(whole, parts)
            yield own


def _running(settings: Settings) -> dict[str, Any] | None:
    state = run_lock.running(settings.var_dir)
    if state is not None or not run_lock.starting(settings.var_dir):
        return state
    deadline = time.monotonic() + _START_SECONDS
    with stage("Chờ Tiếp Dân khởi động xong"):
        while run_lock.starting(settings.var_dir):
            if (state := run_lock.running(settings.var_dir)) is not None:
                return state
            if time.monotonic() > deadline:
                raise SetupError("Tiếp Dân đang khởi động mà chưa xong. Xem cửa sổ đang chạy `tiepdan run`.")
            time.sleep(0.2)
    return None


def _start(whole: Stack, parts: Parts) -> None:
    with stage("Mở cơ sở dữ liệu"):
        whole.start_database()
        databases.migrate_and_load(whole.settings)
    if parts == "database":
        return
    model = supervisor.train_if_needed(whole.settings)
    with stage("Khởi động phần hiểu câu hỏi"):
        whole.start_rasa(model)
        if parts != "rasa":
            whole.start_app()
        whole.wait_for_rasa()
        if parts != "rasa":
            whole.wait_for_app()
        if parts == "everything":
            whole.start_worker()
            whole.wait_for_everything()
