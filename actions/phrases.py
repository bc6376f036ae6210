"""What citizens say to the complaint form in words where a button would do. Everything is read without its marks."""

import re

from catalogue.agencies import Office
from vntext.fold import fold

_NOT = r"(?:khong|ko|hong|hok|k)"
# The surest first: "ẩn danh hoàn toàn" hides more than "giấu tên".
_CONTACTS = (
    ("anonymous", re.compile(r"\ban danh hoan toan\b|\bhoan toan an danh\b")),
    ("named", re.compile(r"\bde lai (?:ca )?(?:ten|so)\b|(?<!khong )(?<!ko )(?<!khoi )\b(?:cho|ghi|khai) ten\b")),
    ("chat", re.compile(rf"\ban danh\b|\bgiau\b|\b(?:{_NOT}|khoi) (?:muon )?(?:de|cho|ghi|neu) ten\b")),
)
_REFUSES = re.compile(rf"\b{_NOT} dong y\b|\b(?:thoi|khoi|dung|{_NOT}) (?:gui|goi)\b")
_YES = re.compile(
    r"^(?:da |u |uh |ok |okie |vang )?(?:em )?(?:gui|goi|dung|chuan|chinh xac)"
    r"(?: vay| y| di| roi| luon| giup| dum| gium| nha| nhe| a| em)*[ .!]*$"
)
_MENDS = re.compile(rf"^\W*(?:a |ay |y )?(?:nham|lon|sua|{_NOT} phai|y (?:toi|tui) la)\b")
_NOT_BUT = re.compile(rf"\b(?:chu )?{_NOT} phai\b.+?(?:,|\bma la\b|\bma\b)\s*")
_UNKNOWN = re.compile(rf"^\W*(?:toi |tui |minh |em )?(?:chua|{_NOT}) (?:ro|biet|nho|chac)\b")
_VAGUE = re.compile(r"\b(?:lau roi|lau lam|may|vai|khoang|tam|chung|hoi do|nam ngoai|nam kia)\b")
_WHICH = (
    (re.compile(r"\b(?:dau tien|thu nhat|so 1|1)\b"), 0),
    (re.compile(r"\b(?:thu hai|so 2|2)\b"), 1),
)
_STORIES = (
    ("two", re.compile(r"\b(?:hai|2)\b|\btach\b|\brieng\b")),
    ("one", re.compile(r"\b(?:mot|1)\b|\bchung\b|\bgop\b")),
)
_POLICE = re.compile(r"\bcong an\b")


def contact(text: str) -> str:
    """ "anonymous", "named" or "chat"; empty when a text chooses none."""
    return next((name for name, known in _CONTACTS if known.search(fold(text))), "")


def refuses(text: str) -> bool:
    """Whether somebody does not agree that anything is kept or sent."""
    return bool(_REFUSES.search(fold(text)))


def says_yes(text: str) -> bool:
    """Whether a short text sends the complaint off: "gởi đi"."""
    return bool(_YES.match(fold(text)))


def mends(text: str) -> bool:
    """Whether a text begins as a correction does."""
    return bool(_MENDS.match(fold(text)))


def meant_from(text: str) -> int:
    """Where that begins which a correction puts in the place of what it denies: "không phải hôm qua, thứ sáu"."""
    denied = _NOT_BUT.search(fold(text))
    return denied.end() if denied and text[denied.end() :].strip() else 0


def knows_not(text: str) -> bool:
    """ "chưa rõ", "không nhớ"."""
    return bool(_UNKNOWN.match(fold(text)))


def is_vague(text: str) -> bool:
    """Whether a time is only told by and large: "lâu rồi, tầm mấy tháng trước"."""
    return bool(_VAGUE.search(fold(text)))


def which(text: str) -> int | None:
    """Which of several offered things is meant, from nought; None when that is not said."""
    return next((at for known, at in _WHICH if known.search(fold(text))), None)


def story_count(text: str) -> str:
    """ "one" or "two"; empty when a text says neither."""
    return next((name for name, known in _STORIES if known.search(fold(text))), "")


def office(text: str) -> Office:
    """Which office of a place a text is about: its police where it says so, else its committee."""
    return "police" if _POLICE.search(fold(text)) else "committee"
