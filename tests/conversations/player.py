"""Plays one scripted conversation over HTTP: citizens in their browsers, staff at the desk."""

import html
import io
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
from PIL import Image

from kit import clock
from kit.settings import ROOT
from tests.clerk import ADMIN, PASSWORD, Clerk
from tests.stack import REPLY_SECONDS, Citizen, Stack, wait_for

STORY = "sáng nay cán bộ phường 3 thành phố sóc trăng nạt tôi khi làm giấy kết hôn, nói năng rất khó nghe"
HIDDEN, NAMED, ANONYMOUS = "Đồng ý, giấu tên", "Đồng ý, để lại tên và số", "Đồng ý, ẩn danh hoàn toàn"
IDENTITY = "Nguyễn Văn Thử 0912345678"
SEND = "Đúng, gửi đi"
# Made on the command line when a script first needs them: user name → full name, role, unit of data/agencies.yml.
ACCOUNTS = {
    "phuloi": ("Lâm Quốc Hưng", "unit_head", "ubnd:31510"),
    "kesach": ("Trần Thu Vân", "unit_head", "ubnd:31528"),
    "cantho": ("Phạm Hoài Đức", "unit_head", "ubnd-tp-can-tho"),
    "doankiemtra": ("Dương Mỹ Lệ", "inspector", ""),
}
_INVISIBLE = re.compile(r"<(style|script|details)\b.*?</\1>|<[^>]+>", re.DOTALL)


class Browser(Citizen):
    """A citizen's browser that tells answers of the bot from messages that come by themselves."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.noticed = 0

    def next_reply(self) -> dict[str, Any]:
        """The next answer of the bot."""
        reply = self._next(lambda entry: entry["from"] == "bot" and entry["seq"] > self.seen, "an answer")
        self.seen = reply["seq"]
        return reply

    def next_notice(self) -> dict[str, Any]:
        """The next message that staff or the system has sent."""
        notice = self._next(lambda entry: entry["from"] != "bot" and entry["seq"] > self.noticed, "a notice")
        self.noticed = notice["seq"]
        return notice

    def upload(self, text: str) -> dict[str, Any]:
        """Send a small picture, with or without a word, and wait for the bot's answer."""
        picture = io.BytesIO()
        Image.new("RGB", (8, 8), "white").save(picture, "PNG")
        form = {"id": str(uuid.uuid4()), "text": text}
        files = {"files": ("anh.png", picture.getvalue(), "image/png")}
        self.http.post("/chat/files", data=form, files=files).raise_for_status()
        return self.next_reply()

    def _next(self, wanted: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        return wait_for(lambda: next(filter(wanted, self.replies()), None), REPLY_SECONDS, what)


class Office:
    """The people at the desk of one stack; each account is made and signed in when it is first needed."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.clerks: dict[str, Clerk] = {}

    def close(self) -> None:
        """Close their browsers."""
        for clerk in self.clerks.values():
            clerk.close()

    def clerk(self, username: str) -> Clerk:
        """Somebody at the desk, signed in."""
        if username not in self.clerks:
            clerk = self.clerks[username] = Clerk(self.stack.url)
            first = PASSWORD if username == ADMIN else self._account(username)
            clerk.get("/desk")
            clerk.post("/desk/login", username=username, password=first)
            if first != PASSWORD:
                clerk.post("/desk/password", old=first, new=PASSWORD, again=PASSWORD)
            assert "Danh sách phiếu" in clerk.get("/desk")
        return self.clerks[username]

    def _account(self, username: str) -> str:
        """Make an account; its one-time password."""
        full_name, role, unit = ACCOUNTS[username]
        words = ["user", "add", username, full_name, "--role", role, *(["--unit", unit] if unit else [])]
        made = subprocess.run(
            [sys.executable, "-m", "assembly", *words],
            cwd=ROOT,
            env={**os.environ, **self.stack.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        printed = re.search(r"Mật khẩu dùng một lần:\s*(\S+)", made.stdout)
        assert printed, made.stdout
        return printed[1]


class Player:
    """Plays one script. Keeps what its texts may name in braces: the tickets, their receipts, and days."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.people = {"here": Browser(office.stack.url)}
        today = clock.now().astimezone(clock.VIETNAM)
        self.words = {"today": f"{today:%d/%m/%Y}", "yesterday": f"{today - timedelta(days=1):%d/%m/%Y}"}
        self.last: dict[str, Any] = {}

    def close(self) -> None:
        """Close the browsers."""
        for browser in self.people.values():
            browser.close()

    def fill(self, text: str) -> str:
        """A text of the script with `{number}`, `{receipt}`, `{other}`, `{today}` … filled in."""
        for name, value in self.words.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def file(self, contact: str) -> None:
        """File the usual story, with the contact that the button of this title stands for."""
        browser = self.people["here"]
        browser.say(STORY)
        browser.press(contact)
        if contact == NAMED:
            browser.say(IDENTITY)
        self._keep(browser.press(SEND), "here")

    def do(self, step: dict[str, Any]) -> dict[str, Any]:
        """What happens in a step; returns the reply, the notice or the page to look at."""
        if "staff" in step:
            self.last = self._at_the_desk(step)
        elif "open" in step:
            self.last = self._open(step["open"])
        else:
            where = step.get("from", "here")
            if where not in self.people:
                self.people[where] = Browser(self.office.stack.url)
            self.last = self._as_citizen(self.people[where], step)
            self._keep(self.last, where)
        return self.last

    def _as_citizen(self, browser: Browser, step: dict[str, Any]) -> dict[str, Any]:
        if "say" in step:
            return browser.say(self.fill(step["say"]))
        if "press" in step:
            return browser.press(step["press"])
        if "upload" in step:
            return browser.upload(step["upload"])
        return browser.next_notice() if "wait" in step else _resend(browser)

    def _keep(self, reply: dict[str, Any], where: str) -> None:
        """Remember a ticket whose receipt was told; a receipt that it replaces stays known as the old one."""
        ticket = reply["custom"].get("ticket") or {}
        if "receipt" not in ticket:
            return
        if where != "here":
            self.words |= {"other": ticket["number"], "other_receipt": ticket["receipt"]}
            return
        self.words["old_receipt"] = self.words.get("receipt", "")
        self.words |= {"number": ticket["number"], "receipt": ticket["receipt"]}

    def _at_the_desk(self, step: dict[str, Any]) -> dict[str, Any]:
        """Look at a ticket or for it in the list, write a note, or take an action of the workflow."""
        clerk = self.office.clerk(step.get("by", ADMIN))
        number = self.fill(step.get("about", "{number}"))
        if step["staff"] == "look for":
            return _page(clerk.get(f"/desk?number={number}"))
        if step["staff"] == "see":
            return _page(clerk.http.get(f"/desk/tickets/{number}").text)
        clerk.get(f"/desk/tickets/{number}")
        place = "note" if step["staff"] == "note" else f"actions/{step['staff']}"
        form = {name: self.fill(value) for name, value in step.get("with", {}).items()}
        return _page(clerk.post(f"/desk/tickets/{number}/{place}", **form))

    def _open(self, path: str) -> dict[str, Any]:
        """Follow the address in the last reply whose path begins so."""
        address = re.search(rf"https?://\S*{re.escape(path)}\S+", self.last["text"])
        assert address, self.last["text"]
        return _page(httpx.get(address[0], timeout=10).raise_for_status().text)


def _resend(browser: Browser) -> dict[str, Any]:
    """The same message once more, as a browser on a bad line does; then a question, to see what came of it."""
    sent = next(entry for entry in reversed(browser.history()) if entry["from"] == "citizen")
    browser.send({"id": sent["id"], "text": sent["text"]})
    return browser.say("phiếu của tôi tới đâu rồi")


def _page(markup: str) -> dict[str, Any]:
    """What a page says, without the forms that are folded away, as a reply to look at."""
    text = " ".join(html.unescape(_INVISIBLE.sub(" ", markup)).split())
    return {"text": text, "choices": [], "custom": {}}
