"""The processes of one instance: started in order, watched, stopped in reverse."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import httpx

from assembly import databases, ports
from assembly.children import Child, bound_log
from assembly.training import RASA_PYTHON, rasa_environment
from bot.rasa import RasaClient
from kit.errors import SetupError
from kit.settings import ROOT, Settings

_LOOPBACK = "127.0.0.1"
_ANYWHERE = ("0.0.0.0", "::", "localhost", _LOOPBACK)  # noqa: S104  (names to compare with; nothing binds here)
RASA_SECONDS = 240  # 20–40 s on two cores; several times that on a cold, busy machine
APP_SECONDS = 60


class NotReady(SetupError):
    """Một phần của Tiếp Dân chưa sẵn sàng."""


class Stack:
    """PostgreSQL, Rasa, app and worker under one roof. Every child holds `lock_fd` for as long as it lives."""

    def __init__(self, settings: Settings, lock_fd: int) -> None:
        self.settings = settings
        self.server = databases.embedded(settings)
        self.children: list[Child] = []
        self._fds = (lock_fd,)
        self._impatient = False

    def start_database(self) -> None:
        """Start the embedded server, if it is ours to start, and make the roles. Raises SetupError."""
        if self.server is not None:
            self.server.start(self._fds)
        databases.create_roles(self.settings, self.server)

    def start_rasa(self, model: Path) -> None:
        """Start Rasa on loopback with a model; it takes half a minute to be ready."""
        command = [str(RASA_PYTHON), "-m", "rasa", "run", "--model", str(model), "--interface", _LOOPBACK]
        command += ["--port", str(self.settings.rasa_port), "--credentials", "credentials.yml"]
        command += ["--endpoints", "endpoints.yml"]
        # It keeps nothing that a kill could spoil, and its server is slow to end politely.
        self._start("rasa", command, rasa_variables(self.settings), grace=4)

    def start_app(self) -> None:
        """Start the public process."""
        command = [sys.executable, "-m", "uvicorn", "--factory", "assembly.app:create_app", "--no-access-log"]
        command += ["--host", self.settings.host, "--port", str(self.settings.port), "--no-server-header"]
        command += ["--timeout-graceful-shutdown", "3"]  # open event streams would otherwise never end
        self._start("app", command, _own_variables(self.settings), grace=8)

    def start_worker(self) -> None:
        """Start the worker."""
        command = [sys.executable, "-m", "assembly.worker"]
        self._start("worker", command, _own_variables(self.settings), grace=15)

    def wait_for_rasa(self) -> None:
        """Wait until Rasa's gateway has its model. Raises ChildDied or NotReady."""
        with contextlib.closing(RasaClient(self.settings.rasa_url, "")) as rasa:
            self._wait(rasa.ready, RASA_SECONDS, "Rasa", "rasa.log")

    def wait_for_app(self) -> None:
        """Wait until the app answers, its database included. Raises ChildDied or NotReady."""
        self._wait(lambda: _get(f"{local_url(self.settings)}/healthz") == 200, APP_SECONDS, "Ứng dụng", "app.log")

    def wait_for_everything(self) -> None:
        """Wait until the app says that it can serve citizens. Raises ChildDied or NotReady."""
        self._wait(lambda: _get(f"{local_url(self.settings)}/readyz") == 200, APP_SECONDS, "Ứng dụng", "worker.log")

    def check(self) -> None:
        """Raises ChildDied or PostgresFailed when something of ours has ended."""
        if self.server is not None:
            self.server.check()
        for child in self.children:
            child.check()

    def tidy_logs(self) -> None:
        """Keep every log within its bound while its process writes on."""
        for path in (self.settings.var_dir / "log").glob("*.log"):
            if not path.name.endswith(".1.log"):
                bound_log(path)

    def hurry(self) -> None:
        """Give nobody grace any more."""
        self._impatient = True
        for child in self.children:
            if child.process is not None:
                with contextlib.suppress(ProcessLookupError):
                    child.process.kill()

    def stop(self, say: Callable[[str], None] = lambda _: None) -> None:
        """Stop everything in reverse order of starting. Never raises for a process that is already gone."""
        for child in reversed(self.children):
            say(f"Dừng {child.name} …")
            child.stop(0 if self._impatient else None)
        if self.server is not None and self.server.process is not None:
            say("Dừng PostgreSQL …")
            self.server.stop()

    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        found = {child.name: child.pid for child in self.children}
        if self.server is not None and self.server.process is not None:
            found["postgres"] = self.server.process.pid
        return found

    def _start(self, name: str, command: list[str], env: dict[str, str], *, grace: float) -> None:
        child = Child(name, command, env, self.settings.var_dir / "log" / f"{name}.log", grace)
        self.children.append(child)
        child.start(self._fds)

    def _wait(self, ready: Callable[[], bool], seconds: float, what: str, log: str) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                where = self.settings.var_dir / "log" / log
                raise NotReady(f"{what} chưa sẵn sàng sau {seconds:.0f} giây. Xem {where}.")
            time.sleep(0.1)


def require_free_ports(settings: Settings, parts: Iterable[str]) -> None:
    """Raises PortTaken for the first port that somebody else holds. `parts`: postgres, rasa, app."""
    wanted = {
        "postgres": (_LOOPBACK, settings.postgres_port, "POSTGRES_PORT", "PostgreSQL"),
        "rasa": (_LOOPBACK, settings.rasa_port, "RASA_PORT", "Rasa"),
        "app": (settings.host, settings.port, "PORT", "trang web"),
    }
    for part in parts:
        if part != "postgres" or not settings.database_url:
            ports.require_free(*wanted[part])


def local_url(settings: Settings) -> str:
    """Where this machine finds the app, whatever the public address is."""
    host = _LOOPBACK if settings.host in _ANYWHERE else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def rasa_variables(settings: Settings) -> dict[str, str]:
    """All that Rasa needs to know, and no more: no channel token, no key, no password of the tickets' database."""
    return {
        **rasa_environment(),
        **databases.rasa_variables(settings),
        "GATEWAY_SECRET": settings.gateway_secret.get_secret_value(),
        "ACTIONS_SECRET": settings.actions_secret.get_secret_value(),
        "ACTIONS_URL": f"{local_url(settings)}/actions/webhook",
    }


def _own_variables(settings: Settings) -> dict[str, str]:
    """The environment of app and worker: ours, with the ports of this instance made plain."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "VAR_DIR": str(settings.var_dir),
        "PORT": str(settings.port),
        "RASA_PORT": str(settings.rasa_port),
        "POSTGRES_PORT": str(settings.postgres_port),
    }


def _get(url: str) -> int:
    try:
        return httpx.get(url, timeout=3, trust_env=False).status_code  # a proxy cannot see our loopback
    except httpx.HTTPError:
        return 0
