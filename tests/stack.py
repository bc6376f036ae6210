"""The whole Tiếp Dân as one object for tests: started by its own supervisor, spoken to over HTTP as people do."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from cryptography.fernet import Fernet

from kit.settings import ROOT, Settings
from tests.ports import free_port

START_SECONDS = 300  # the first start may train
REPLY_SECONDS = 30


def wait_for[Found](condition: Callable[[], Found | None], seconds: float, what: str) -> Found:
    """The first true value of `condition`. Raises TimeoutError that names what was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise TimeoutError(f"waited {seconds} s for {what}")


class Stack:
    """PostgreSQL, Rasa, app and worker on ports of their own, with a `var` directory of their own."""

    def __init__(self, var: Path) -> None:
        secret = "for-tests-only-" + uuid.uuid4().hex
        self.var = var
        self.environment = {
            "VAR_DIR": str(var),
            "PORT": str(free_port()),
            "RASA_PORT": str(free_port()),
            "POSTGRES_PORT": str(free_port()),
            "DATABASE_URL": "",
            "POSTGRES_SUPERUSER_PASSWORD": secret,
            "POSTGRES_PASSWORD": secret,
            "RASA_POSTGRES_PASSWORD": secret,
            "GATEWAY_SECRET": secret,
            "ACTIONS_SECRET": secret,
            "CHOICE_KEY": secret,
            "DIGEST_KEY": secret,
            "SEAL_KEYS": Fernet.generate_key().decode(),
            "PUBLIC_URL": "",
        }
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where the app answers."""
        return f"http://127.0.0.1:{self.environment['PORT']}"

    @property
    def settings(self) -> Settings:
        """The settings that the processes of this stack see."""
        fields = {name.lower(): value for name, value in self.environment.items() if value}
        return Settings(_env_file=None, **fields)  # type: ignore[arg-type]  # pydantic parses the strings

    def start(self) -> None:
        """Run `tiepdan run` and wait until everything is ready."""
        self.var.mkdir(parents=True, exist_ok=True)
        with (self.var / "supervisor.log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "assembly", "run"],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        wait_for(self._ready, START_SECONDS, "the stack to be ready")

    def stop(self) -> int:
        """Ask the supervisor to stop; returns its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def _ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the supervisor ended:\n{(self.var / 'supervisor.log').read_text()[-3000:]}")
        if not (self.var / "run.json").exists():  # published after the announcement with the first password
            return False
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


class Citizen:
    """One browser on the web chat."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=10)
        self.http.post("/chat/session").raise_for_status()
        self.seen = 0

    def close(self) -> None:
        """Close the browser."""
        self.http.close()

    def say(self, text: str, message_id: str | None = None) -> dict[str, Any]:
        """Write something and wait for the bot's next reply."""
        self.send({"id": message_id or str(uuid.uuid4()), "text": text})
        return self.next_reply()

    def press(self, title: str) -> dict[str, Any]:
        """Press a button of the last reply that has one of this title."""
        offered = [choice for entry in self.history() for choice in entry["choices"]]
        code = next(choice["code"] for choice in reversed(offered) if choice["title"] == title)
        self.send({"id": str(uuid.uuid4()), "choice": code, "title": title})
        return self.next_reply()

    def send(self, message: dict[str, Any]) -> None:
        """Post a message without waiting for the reply."""
        self.http.post("/chat/messages", json=message).raise_for_status()

    def history(self) -> list[dict[str, Any]]:
        """Everything in this conversation."""
        messages: list[dict[str, Any]] = self.http.get("/chat/history").raise_for_status().json()["messages"]
        return messages

    def replies(self) -> list[dict[str, Any]]:
        """What was said to the citizen."""
        return [entry for entry in self.history() if entry["from"] != "citizen"]

    def next_reply(self) -> dict[str, Any]:
        """The next reply that this citizen has not seen yet."""

        def fresh() -> dict[str, Any] | None:
            return next((entry for entry in self.replies() if entry["seq"] > self.seen), None)

        reply = wait_for(fresh, REPLY_SECONDS, "a reply")
        self.seen = reply["seq"]
        return reply
