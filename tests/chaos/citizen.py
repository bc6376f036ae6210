"""A citizen who files complaints through the real chat, one after another, each with a marker in its story."""

import threading
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.chaos.browser import Browser

# Each says who, where, when and for what: the form then asks only about the contact and for the confirmation.
STORIES = (
    "sáng nay cán bộ phường 3 thành phố sóc trăng nạt tôi khi làm giấy kết hôn, nói năng rất khó nghe",
    "hôm qua ở phường 4 thành phố sóc trăng tôi chờ từ 7 giờ tới 9 giờ làm giấy khai sinh mà không thấy ai làm việc",
    "ba co quay so 3 ubnd phuong 2 tp soc trang sang nay noi chuyen hon hao, co to giay khai sinh bat toi di 3 lan",
)
PRESSES = ("Đồng ý, giấu tên", "Đúng, gửi đi")
MESSAGES = 1 + len(PRESSES)  # that a complaint takes
_CONSONANTS = "bcdghklmnpqrstvx"


@dataclass
class Complaint:
    """One complaint. `confirmed`: the server has said that it has the last press."""

    marker: str
    story: str
    confirmed: bool = False
    trouble: str = ""


class Citizen(threading.Thread):
    """Tells all of `complaints`, each to its receipt. What goes wrong is written down, not raised."""

    def __init__(self, name: str, browser: Browser, complaints: list[Complaint]) -> None:
        super().__init__(name=name, daemon=True)
        self.browser = browser
        self.complaints = complaints

    def run(self) -> None:
        """Live through it."""
        for complaint in self.complaints:
            try:
                self.browser.open()
                self._file(complaint)
            except TimeoutError as error:
                complaint.trouble = str(error)
                return
            except Exception as error:
                complaint.trouble = f"{type(error).__name__}: {error}"

    def _file(self, complaint: Complaint) -> None:
        self.browser.say(f"{complaint.story}, chuyện của {complaint.marker}")
        for title in PRESSES:
            reply = self.browser.next_reply()
            choice = next((choice for choice in reply["choices"] if choice["title"] == title), None)
            if choice is None:
                complaint.trouble = f"{title!r} was not offered but: {_short(reply)}"
                self._leave()
                return
            self.browser.press(choice)
        complaint.confirmed = True
        reply = self.browser.next_reply()
        if "receipt" not in reply["custom"].get("ticket", {}):
            complaint.trouble = f"confirmed, and the answer was: {_short(reply)}"

    def _leave(self) -> None:
        """Out of the form, so that the next complaint begins at its beginning."""
        self.browser.say("hủy")
        self.browser.next_reply()


def complaints(count: int, luck: Random) -> list[Complaint]:
    """`count` complaints with different markers; words of no language, so that nothing is read into them."""
    markers: set[str] = set()
    while len(markers) < count:
        markers.add("".join(luck.choices(_CONSONANTS, k=10)))
    return [Complaint(marker, luck.choice(STORIES)) for marker in sorted(markers)]


def _short(reply: dict[str, Any]) -> str:
    return str(reply["text"])[:160].replace("\n", " / ")
